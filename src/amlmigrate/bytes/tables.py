"""`MLTable` files: what they read, what they are in the target, and what in them is left for people to look at.

The file is YAML (or JSON) of this name in a folder; `paths` is a list of maps of `file`, `folder` or `pattern` to
an address or to a path relative to that folder (schema: reference-yaml-mltable). The library joins a relative path
to the folder's address (mltable 1.7, `_utils._make_all_paths_absolute`). In what that comes to, as in any address,
`..` is resolved and `%20` a blank: so seen with mltable 1.7 (azureml-dataprep-rslex 2.26) by `wasbs`. Inferred
(AZ-ASSET-20): by `azureml` too. In folders of the machine `%20` is no blank.

Instead of paths a table may have a `query_source`: a query that is sent to a datastore, which is named by its
subscription, group, workspace and name, a member each (mltable 1.7, `schema/MLTable.json`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

import yaml

from amlmigrate.bytes.yamltext import Scalar, TextEdit, Yaml, applied, changes, load, walk
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.reference import Reference, WorkspaceScope, reference_of
from amlmigrate.core.reference_targets import Lead, lead, leads_within
from amlmigrate.core.workspace import DATASTORES, Location

NAME = "MLTable"
PATTERN = "pattern"
_PATHS = "paths"
_QUERY, _ARGUMENTS = "query_source", "handler_arguments"
_SUBSCRIPTION, _GROUP, _WORKSPACE, _STORE = "subscription", "resource_group", "workspace_name", "datastore_name"
# A short form below `paths` names a data asset.
_MEMBER, _BESIDE = "path", {"type": "mltable"}
_DOTS = re.compile(r"(?:^|/)\.{1,2}(?:/|\Z)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One thing that a table reads: by `file`, `folder` or `pattern`, the address or path as it is meant."""

    how: str
    text: str


@dataclass(frozen=True, slots=True)
class TableFindings:
    """What names the source in a file when all is rewritten that can be.

    `values` are read or written by the table; `text` is what only people read, or what it compares data with.
    """

    values: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


def is_table(path: str) -> bool:
    """Whether a blob of this path is such a file: the library asks for that name alone, in this letter case.

    So seen with mltable 1.7: it finds no `mltable`, `MLTABLE` or `MLTable.yaml`, whether named or in a folder.
    """
    return path.rpartition("/")[2] == NAME


def entries(text: str) -> list[TableEntry]:
    """What a table reads, in any of its documents and under any name. Raises NotYamlError."""
    loaded = load(text)
    found = [TableEntry(_QUERY, _datastore(query)) for query in _queries(loaded) if _STORE in query]
    for top in walk(_paths(loaded)):
        if isinstance(top, yaml.MappingNode):
            pairs = ((key.value, value) for key, value in top.value if isinstance(value, yaml.ScalarNode))
            found += [TableEntry(str(how), value.value.strip()) for how, value in pairs]
        elif isinstance(top, yaml.SequenceNode):
            found += [TableEntry("", one.value.strip()) for one in top.value if isinstance(one, yaml.ScalarNode)]
    return [entry for entry in dict.fromkeys(found) if entry.text]


def reference(entry: TableEntry, table: Location) -> Reference | None:
    """What an entry of the table at a place names; None where that is no address and no path in its container.

    A file of the machine that reads, and an address of another service, are such.
    """
    where = f"{table.container}/{table.path}"
    found = reference_of(entry.text, where, _MEMBER, _BESIDE)
    # Without its scheme a name with an at-sign is a file's, and no label of an asset.
    if found and (not found.kind or _SCHEME.match(entry.text) or entry.text.startswith("/")):
        # With its query, which says what of a URL is meant.
        return _resolved(replace(found, text=entry.text))
    path = None if _elsewhere(entry.text) else _joined(entry.text, table)
    if path is None or leaves_container(entry, table):
        return None
    return Reference(entry.text, where, location=table.at(path))


def readings(entry: TableEntry) -> tuple[TableEntry, ...]:
    """What an entry may mean: of a path with `%20` what it reads in folders, and what it reads over storage."""
    if _elsewhere(entry.text) or (decoded := unquote(entry.text)) == entry.text:
        return (entry,)
    return entry, replace(entry, text=decoded)


def leaves_container(entry: TableEntry, table: Location) -> bool:
    """Whether an entry is a path that leads above the root of the container that the table lies in."""
    return not _elsewhere(entry.text) and _joined(entry.text, table).split("/", 1)[0] == ".."


def _elsewhere(text: str) -> bool:
    return text.startswith("/") or _SCHEME.match(text) is not None


def _resolved(found: Reference) -> Reference:
    """The same without `.` and `..` in its path, which lead no higher than its container or datastore."""
    if found.location:
        return replace(found, location=replace(found.location, path=_plain(found.location.path)))
    return replace(found, path=_plain(found.path)) if found.datastore and found.path else found


def _plain(path: str) -> str:
    """A path as a URL is resolved (RFC 3986, 5.2.4): two slashes in a row stay."""
    if not _DOTS.search(path):
        return path
    kept: list[str] = []
    parts = path.split("/")
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    return "/".join(kept) + ("/" if parts[-1] in (".", "..") and kept else "")


def _joined(text: str, table: Location) -> str:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(table.path), text))
    return "" if path == "." else path


def table_changes(text: str, mapping: Mapping) -> list[TextEdit]:
    """What makes a table one that reads the same in the target. Raises NotYamlError."""
    found = load(text)
    wanted: dict[int, str] = {}
    moved = _moved(found, mapping)
    for scalar in found.scalars:
        after = moved.get(id(scalar.node)) or _after(scalar, mapping)
        if after != scalar.value:
            wanted[scalar.start] = after
    return changes(found, wanted)


def in_target(text: str, mapping: Mapping) -> str:
    """The table as it is in the target. Raises NotYamlError."""
    return applied(text, table_changes(text, mapping))


def table_findings(text: str, mapping: Mapping) -> TableFindings:
    """What names the source still in a table as it is in the target. Raises NotYamlError."""
    found = load(text)
    read = {id(node) for node in walk(_paths(found))}
    values: list[str] = []
    beside = _ours(found.beside(), mapping)
    for scalar in found.scalars:
        whole = _lead(scalar, mapping)
        # One address to its end may hold another, as where two stand in one value.
        named = [whole.address] if whole and whole.ours else _ours(scalar.value, mapping)
        (values if whole or id(scalar.node) in read else beside).extend(named)
    return TableFindings(tuple(values), tuple(beside))


def _ours(text: str, mapping: Mapping) -> list[str]:
    """What of the source a text names, be it by a form that nothing is written anew of."""
    return [one.address for one in leads_within(text, mapping) if one.ours] or mapping.places.named(text)


def _lead(scalar: Scalar, mapping: Mapping) -> Lead | None:
    # Most scalars are keys and numbers; every address but an id has a scheme.
    value = scalar.value.strip()
    return lead(value, mapping) if ":" in value or value.startswith("/") else None


def _after(scalar: Scalar, mapping: Mapping) -> str:
    """The value in the target: another one only where all of it, but for blanks around it, is one address."""
    found = _lead(scalar, mapping)
    return scalar.value.replace(found.address, found.after) if found else scalar.value


def _paths(found: Yaml) -> Iterator[yaml.Node]:
    yield from _members(found.documents, _PATHS)


def _members(nodes: Iterable[yaml.Node], name: str) -> Iterator[yaml.Node]:
    """What stands under a name, wherever it stands: a merge (`<<`) brings those of another map."""
    for node in walk(nodes):
        if isinstance(node, yaml.MappingNode):
            yield from (value for key, value in node.value if key.value == name)


def _queries(found: Yaml) -> Iterator[dict[str, yaml.ScalarNode]]:
    """What each query is sent to, by the names of its members.

    One given twice is read both ways: which of the two a reader takes, or that it refuses them, is its own affair.
    """
    for arguments in _members(_members(found.documents, _QUERY), _ARGUMENTS):
        if isinstance(arguments, yaml.MappingNode):
            pairs = [(key.value, value) for key, value in arguments.value if isinstance(value, yaml.ScalarNode)]
            last, first = dict(pairs), dict(reversed(pairs))
            yield from (last,) if last == first else (last, first)


def _scope(query: dict[str, yaml.ScalarNode]) -> WorkspaceScope:
    return WorkspaceScope(
        *(query[name].value if name in query else "" for name in (_SUBSCRIPTION, _GROUP, _WORKSPACE))
    )


def _datastore(query: dict[str, yaml.ScalarNode]) -> str:
    """The address of the datastore that a query is sent to."""
    scope = _scope(query)
    at = f"subscriptions/{scope.subscription}/resourcegroups/{scope.group}/workspaces/{scope.workspace}"
    return f"azureml://{at}/{DATASTORES}/{query[_STORE].value}/paths/"


def _moved(found: Yaml, mapping: Mapping) -> dict[int, str]:
    """The members by which queries name the source, by their nodes, with what they are in the target."""
    ref = mapping.target.ref
    there = {_SUBSCRIPTION: ref.subscription, _GROUP: ref.group, _WORKSPACE: ref.name}
    ours = [query for query in _queries(found) if mapping.in_source(_scope(query))]
    return {id(query[name]): value for query in ours for name, value in there.items()}
