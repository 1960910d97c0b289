"""The reference syntaxes of Azure ML: what a string in a document points to.

The forms are those of AZ-ASSET-34.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from amlmigrate.core.kindnames import declared, spelled
from amlmigrate.core.pointers import below
from amlmigrate.core.workspace import Location

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
# Inside a longer text a reference ends at one of these; alone in a member it may hold any of them.
_END = r"\s'\"<>|;,)\]}"
_WORKSPACE = (
    r"(?P<scheme>azureml://|azureml:/|/)subscriptions/(?P<subscription>[^/\s]+)/resourcegroups/(?P<group>[^/\s]+)"
    r"/(?P<provider>providers/Microsoft\.MachineLearningServices/)?workspaces/(?P<workspace>[A-Za-z0-9_-]+)"
)
_REGION = r"azureml://locations/(?P<region>[^/\s]+)/workspaces/(?P<workspace_id>[0-9a-fA-F-]+)"
# The copy of an account in its second region is read at `-secondary` (learn.microsoft.com, storage-redundancy),
# and moves with the account; no account has a hyphen in its name.
_HTTPS = (
    r"(?P<http>https?)://(?P<account>[a-z0-9]+)(?:-secondary)?\.(?:blob|dfs)\.(?P<suffix>core\.[a-z.]+?)(?P<port>:443)?"
    r"/(?P<container>[$a-z0-9-]+)"
)
_HADOOP = (
    r"(?P<scheme>wasbs?|abfss?)://(?P<container>[$a-z0-9-]+)@(?P<account>[a-z0-9]+)(?:-secondary)?"
    r"\.(?P<service>blob|dfs)\.(?P<suffix>core\.[a-z.]+?)"
)
_DATASTORE = rf"azureml://datastores/(?P<name>{_NAME})(?:/paths)?/"
_JOB = rf"azureml://jobs/(?P<job>[^/{_END}]+)/outputs/(?P<output>[^/{_END}]+)(?:/paths)?/?"
_RUN = rf"(?<![\w/])runs:/(?P<job>[^/{_END}]+)/"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# Inside longer texts.
WORKSPACE_URI = _compiled(rf"{_WORKSPACE}(?P<tail>[^{_END}]*)")
REGION_URI = _compiled(rf"{_REGION}(?P<tail>[^{_END}]*)")
HTTPS_URL = _compiled(rf"{_HTTPS}(?P<path>(?:/[^{_END}?]*)?)")
HADOOP_URL = _compiled(rf"{_HADOOP}(?P<path>(?:/[^{_END}]*)?)(?=$|[{_END}])")
DATASTORE_URI = _compiled(rf"{_DATASTORE}(?P<path>[^{_END}]*)")
JOB_URI = _compiled(rf"{_JOB}(?P<path>[^{_END}]*)")
RUN_URI = _compiled(rf"{_RUN}(?P<path>[^{_END}]*)")
_INSIDE = (WORKSPACE_URI, REGION_URI, (HTTPS_URL, HADOOP_URL))
# Alone: what stands in a member of these names is one reference to its end.
WHOLE_WORKSPACE = _compiled(rf"^{_WORKSPACE}(?P<tail>.*)$")
WHOLE_REGION = _compiled(rf"^{_REGION}(?P<tail>.*)$")
WHOLE_HTTPS = _compiled(rf"^{_HTTPS}(?P<path>(?:/[^?\n]*)?)(?=\?|$)")
WHOLE_HADOOP = _compiled(rf"^{_HADOOP}(?P<path>(?:/.*)?)$")
_ALONE = (WHOLE_WORKSPACE, WHOLE_REGION, (WHOLE_HTTPS, WHOLE_HADOOP))
_ALONE_IN = ("uri", "path")
# The root of a datastore is written with or without a slash at its end.
_ALONE_DATASTORE = _compiled(rf"^azureml://datastores/(?P<name>{_NAME})(?:/paths$|(?:/paths)?/(?P<path>.*)$)")
WHOLE_JOB = _compiled(rf"^{_JOB}(?P<path>.*)$")
WHOLE_RUN = _compiled(rf"^{_RUN}(?P<path>.*)$")
_SHORT = re.compile(rf"^(?i:azureml):(?P<name>{_NAME}):(?P<version>[^:/@\s]+)\Z")
_BARE = re.compile(r"^(?:(?i:azureml):)?(?P<name>[A-Za-z][A-Za-z0-9-]*)\Z")
_LABEL = re.compile(rf"^(?:(?i:azureml):)?(?P<name>{_NAME})@(?P<label>[A-Za-z0-9_-]+)\Z")
# Below a workspace; letter case counts in names and versions only.
_ITEM_TAIL = _compiled(r"^/(?P<kind>[a-z]+)/(?P<name>[^/]+)")
_STORE_TAIL = _compiled(r"^/datastores/(?P<name>[^/]+)(?:/paths(?:/(?P<path>.*))?|/(?P<rest>.+))$")
JOB_TAIL = _compiled(r"^/jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths)?(?:/(?P<path>.*))?$")

_ONE = {"versionid": "version", "snapshot": "snapshot"}

# Members whose text is for people: rewritten like all else, but no reason to move anything.
_PROSE = frozenset({"description", "display_name", "displayName", "tags", "$schema"})
# The member names under which a short form stands, and the kind that it then means.
_KIND_OF_MEMBER = {
    "environment": "environments",
    "environmentId": "environments",
    "code": "codes",
    "codeId": "codes",
    "component": "components",
    "componentId": "components",
    "model": "models",
    "modelId": "models",
    "trial": "components",
}
# The member names under which a name alone stands, and the kind that it is of: nothing of these has a version.
_KIND_OF_BARE = {
    "compute": "computes",
    "computeId": "computes",
    "compute_id": "computes",
    "compute_name": "computes",
    "default_compute": "computes",
    "defaultCompute": "computes",
}
_KIND_OF_TYPE = {
    "custom_model": "models",
    "mlflow_model": "models",
    "triton_model": "models",
    "uri_file": "data",
    "uri_folder": "data",
    "mltable": "data",
}


@dataclass(frozen=True, slots=True)
class WorkspaceScope:
    """The workspace that a full reference names; all None for the workspace that holds the document."""

    subscription: str | None = None
    group: str | None = None
    workspace: str | None = None
    workspace_id: str | None = None

    @property
    def local(self) -> bool:
        """Whether the reference names no workspace."""
        return self == WorkspaceScope()


@dataclass(frozen=True, slots=True)
class Reference:
    """What one string points to: an asset, or bytes in a datastore, an account or a job."""

    text: str
    where: str
    scope: WorkspaceScope = WorkspaceScope()
    kind: str | None = None
    # The names that lead to it, the last one of what has a version without that.
    names: tuple[str, ...] = ()
    version: str | None = None
    label: str | None = None
    datastore: str | None = None
    job: str | None = None
    output: str | None = None
    path: str | None = None
    location: Location | None = None
    # Whether wildcards in its path are signs of a name like all others.
    exact: bool = False


def stands_bare(member: str) -> bool:
    """Whether a name alone may stand in members of that name."""
    return member in _KIND_OF_BARE


def references(value: Any, where: str = "", member: str = "", beside: Any = None) -> Iterator[Reference]:
    """Every reference in a JSON value, at any depth, in strings of their own or inside longer texts."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key in _PROSE:
                continue
            yield from references(child, below(where, key), key, value)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from references(child, below(where, index), member, beside)
    elif isinstance(value, str) and value:
        yield from _in_text(value, where, member, beside)


def reference_of(text: str, where: str = "", member: str = "", beside: Any = None) -> Reference | None:
    """What a text names that is one address from its first sign to its last, whatever signs it holds.

    A short form counts where `member`, or the type `beside` it, tells what it means. None for any other text.
    """
    found = _whole(text, where, member, beside) or next(_full(text, where, *_ALONE), None)
    # The query is no part of a place, and a part of the address.
    return replace(found, text=text) if found else None


def one_version(text: str) -> str:
    """`version` or `snapshot` where a URL names one of a blob (Learn, Get Blob, parameters); else empty."""
    if not text.lower().startswith("http"):
        return ""
    named = {name.lower() for name, _ in parse_qsl(text.partition("?")[2], keep_blank_values=True)}
    return next((one for name, one in _ONE.items() if name in named), "")


def _in_text(text: str, where: str, member: str, beside: Any) -> Iterator[Reference]:
    plain = text.removeprefix("file:").removeprefix("folder:")
    whole = _whole(plain, where, member, beside)
    if whole is None and member.lower().endswith(_ALONE_IN):
        whole = next(_full(plain, where, *_ALONE), None)
    if whole:
        yield whole
        return
    yield from _full(text, where, *_INSIDE)
    for match in DATASTORE_URI.finditer(text):
        yield Reference(match[0], where, datastore=match["name"], path=match["path"])
    for match in JOB_URI.finditer(text):
        yield Reference(match[0], where, job=match["job"], output=match["output"], path=match["path"])
    for match in RUN_URI.finditer(text):
        yield Reference(match[0], where, job=match["job"], output="artifacts", path=match["path"])


def _full(
    text: str,
    where: str,
    workspaces: re.Pattern[str],
    regions: re.Pattern[str],
    urls: tuple[re.Pattern[str], ...],
) -> Iterator[Reference]:
    """The forms that name their workspace or account."""
    for match in workspaces.finditer(text):
        scope = WorkspaceScope(match["subscription"], match["group"], match["workspace"])
        yield _tail(match[0], where, scope, match["tail"])
    for match in regions.finditer(text):
        yield _tail(match[0], where, WorkspaceScope(workspace_id=match["workspace_id"]), match["tail"])
    for pattern in urls:
        for match in pattern.finditer(text):
            path = unquote(match["path"].removeprefix("/"))
            place = Location(match["account"], match["container"], path, match["suffix"])
            yield Reference(match[0], where, location=place)


def _whole(text: str, where: str, member: str, beside: Any) -> Reference | None:
    if match := _ALONE_DATASTORE.match(text):
        return Reference(text, where, datastore=match["name"], path=match["path"] or "")
    if match := WHOLE_JOB.match(text):
        return Reference(text, where, job=match["job"], output=match["output"], path=match["path"])
    if match := WHOLE_RUN.match(text):
        return Reference(text, where, job=match["job"], output="artifacts", path=match["path"])
    return _short(text, where, member, beside)


def _short(text: str, where: str, member: str, beside: Any) -> Reference | None:
    """What a short form names, of which only the member tells the kind."""
    if (bare := _KIND_OF_BARE.get(member)) and (match := _BARE.match(text)):
        return Reference(text, where, kind=bare, names=(match["name"],))
    kind = _KIND_OF_MEMBER.get(member) or _kind_beside(member, beside)
    if kind and (match := _SHORT.match(text)):
        return Reference(text, where, kind=kind, names=(match["name"],), version=match["version"])
    if kind and (match := _LABEL.match(text)):
        return Reference(text, where, kind=kind, names=(match["name"],), label=match["label"])
    return None


def _kind_beside(member: str, beside: Any) -> str | None:
    """`uri`, `path` and `value` of an input say by the `type` beside them what they name."""
    if member not in ("uri", "path", "value") or not isinstance(beside, dict):
        return None
    return _KIND_OF_TYPE.get(str(beside.get("job_input_type") or beside.get("type") or beside.get("jobInputType")))


def _tail(text: str, where: str, scope: WorkspaceScope, tail: str) -> Reference:
    if match := _STORE_TAIL.match(tail):
        return Reference(text, where, scope, datastore=match["name"], path=match["path"] or match["rest"] or "")
    if match := JOB_TAIL.match(tail):
        path = match["path"] or ""
        return Reference(text, where, scope, job=match["job"], output=match["output"], path=path)
    if match := _ITEM_TAIL.match(tail):
        found = Reference(text, where, scope, kind=spelled(match["kind"]), names=(match["name"],))
        return _below(found, tail[match.end() :])
    return Reference(text, where, scope)


def item_below(tail: str) -> Reference | None:
    """The item that is named below a workspace by `/kind/name…`; None where none is."""
    match = _ITEM_TAIL.match(tail)
    return (
        _below(Reference(tail, "", kind=spelled(match["kind"]), names=(match["name"],)), tail[match.end() :])
        if match
        else None
    )


def _below(found: Reference, tail: str) -> Reference:
    """What the rest of a path says: an item below it of a kind that is known, a version, or a label."""
    match = _ITEM_TAIL.match(tail)
    if not match:
        return found
    how, name = match["kind"].lower(), match["name"]
    if declared(kind := f"{found.kind}/{how}"):
        return _below(replace(found, kind=spelled(kind), names=(*found.names, name)), tail[match.end() :])
    if how == "versions":
        return replace(found, version=name)
    return replace(found, label=name) if how == "labels" else found
