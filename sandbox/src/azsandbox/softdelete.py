"""Accounts that keep deleted blobs for a while, or earlier versions: what their listings show of them.

learn.microsoft.com: soft-delete-blob-overview, versioning-overview. With versions a deleted blob is told by these
alone, as was seen (Azure/azure-sdk-for-java#19335). Bringing one back is not built.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from xml.etree import ElementTree

from azsandbox.calls import Answer, HttpCall
from azsandbox.listednames import name_of, named
from azsandbox.messages import BlobsKept, Keeps, PastBlob
from azsandbox.refusals import storage_error

Shown = Callable[[str, str, str], Awaitable[ElementTree.Element | None]]
_DONE = (200, 201, 202)
# What makes a blob another one (versioning-overview); a change of its metadata makes a version, and nothing that a
# soft delete would keep.
_WRITES = ("", "blocklist")
_VERSION = "x-ms-version-id"
_MARKER = "2!"
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Before:
    """A blob right before a call that may end it, and what its account keeps of that."""

    place: tuple[str, str, str]
    keeps: Keeps
    properties: dict[str, str] | None


class SoftDelete:
    """Notes what is lost, and shows it to who asks for it."""

    def __init__(self, kept: BlobsKept, shown: Shown) -> None:
        self._kept, self._shown = kept, shown

    async def refusal(self, call: HttpCall) -> Answer | None:
        """What is asked of the past and not built: to bring a blob back, to list containers that were deleted."""
        account, container, _ = _place(call)
        include = call.query.get("include", "").split(",")
        strange = "deleted" in include if not container else "deletedwithversions" in include
        if strange or (call.query.get("comp") == "undelete" and self._kept.keeps(account) != Keeps()):
            return storage_error(501, "NotImplemented", "The requested operation is not implemented.")
        return None

    async def before(self, call: HttpCall) -> Before | None:
        """The blob of a call that may end it as it is; None where nothing is kept, or nothing ends."""
        account, container, blob = place = _place(call)
        keeps = self._kept.keeps(account) if blob else Keeps()
        if keeps == Keeps() or not _ends(call, versions=keeps.versions):
            return None
        if call.method != "DELETE" and not keeps.overwrites:
            return None
        found = await self._shown(account, container, blob)
        return Before(place, keeps, None if found is None else {one.tag: one.text or "" for one in found})

    async def after(self, call: HttpCall, answer: Answer, before: Before | None) -> None:
        """Keeps what the call ended, and adds what is kept to a listing that asks for it."""
        account, container, _ = _place(call)
        if before is not None and answer.status in _DONE:
            self._keep(call, answer, before)
        elif call.method == "DELETE" and answer.status in _DONE and call.query.get("restype") == "container":
            self._kept.forget(account, container)
        elif call.method == "GET" and answer.status in _DONE and call.query.get("comp") == "list" and container:
            await self._list(call, answer, account, container)

    def _keep(self, call: HttpCall, answer: Answer, before: Before) -> None:
        account, container, blob = before.place
        (seconds, moment), keeps = self._kept.moment(), before.keeps
        if before.properties is not None:
            version = self._kept.current(account, container).get(blob, "")
            if not version and keeps.versions:
                # Written while no versions were kept. Inferred (AZ-BLOB-17): what it was is a version from now
                # on.
                version, (seconds, moment) = moment, self._kept.moment()
            past = PastBlob(blob, before.properties, version=version)
            if not keeps.versions:
                written = call.method != "DELETE"
                past = replace(past, deleted=seconds, days=keeps.days, snapshot=moment if written else "")
            self._kept.note(account, container, past)
        gone = call.method == "DELETE" or not keeps.versions
        self._kept.became(account, container, blob, "" if gone else moment)
        if not gone:
            answer.headers[_VERSION] = moment

    async def _list(self, call: HttpCall, answer: Answer, account: str, container: str) -> None:
        asked = {"deleted", "versions"}.intersection(call.query.get("include", "").split(","))
        if not asked:
            return
        wanted = [
            one
            for one in self._kept.listed(account, container)
            if ("deleted" in asked and one.deleted) or ("versions" in asked and not one.deleted)
        ]
        current = self._kept.current(account, container) if "versions" in asked else _NOTHING
        if not wanted and not current:
            return
        page = ElementTree.fromstring(await answer.whole())  # noqa: S314 - written by our own child process
        _add(page, call, wanted, current)
        answer.body = b'<?xml version="1.0" encoding="utf-8"?>' + ElementTree.tostring(page, "utf-8")
        answer.length = None
        answer.headers.popall("Content-Length", None)


def _place(call: HttpCall) -> tuple[str, str, str]:
    container, _, blob = call.path.lstrip("/").partition("/")
    return call.host.partition(".")[0], container, blob


def _ends(call: HttpCall, *, versions: bool) -> bool:
    if call.method == "DELETE":
        only = (
            call.headers.get("x-ms-delete-snapshots", "").lower() == "only"
        )  # the blob itself stays (delete-blob)
        return not only and not {"snapshot", "versionid", "comp"} & call.query.keys()
    comp = call.query.get("comp", "")
    return call.method == "PUT" and (comp in _WRITES or (versions and comp == "metadata"))


def _add(page: ElementTree.Element, call: HttpCall, past: Iterable[PastBlob], current: Mapping[str, str]) -> None:
    """Puts those between the blobs of a page that their names belong between, each before the blob itself."""
    blobs = page.find("Blobs")
    assert blobs is not None
    names = [(name_of(one.find("Name")), one) for one in blobs]
    for name, one in names:
        if one.tag == "Blob" and name in current:
            ElementTree.SubElement(one, "VersionId").text = current[name]
            ElementTree.SubElement(one, "IsCurrentVersion").text = "true"
    rows = [(name, 1, one) for name, one in names]
    rows += [(one.name, 0, _element(one)) for one in _here(page, call, past) if not _folder(call, one.name)]
    folders = {_folder(call, one.name) for one in _here(page, call, past)} - {"", *(name for name, _ in names)}
    start = _opened(call.query.get("marker", ""))
    # Where the page before ended in a folder, it has shown it.
    rows += [(one, 1, named("BlobPrefix", one)) for one in folders if not start.startswith(one)]
    for element in list(blobs):
        blobs.remove(element)
    blobs.extend(element for *_, element in sorted(rows, key=lambda row: row[:2]))


def _here(page: ElementTree.Element, call: HttpCall, past: Iterable[PastBlob]) -> list[PastBlob]:
    """Those after the marker of the page before, and up to the one that the page itself ends with."""
    start, end = _opened(call.query.get("marker", "")), _opened(page.findtext("NextMarker") or "")
    prefix = call.query.get("prefix", "")
    return [
        one for one in past if one.name.startswith(prefix) and one.name > start and (not end or one.name <= end)
    ]


def _folder(call: HttpCall, name: str) -> str:
    """What a list with a delimiter shows instead of a name; '' where it shows that itself.

    Inferred (AZ-BLOB-18): it does so of blobs that were deleted, as of all others.
    """
    prefix, delimiter = call.query.get("prefix", ""), call.query.get("delimiter", "")
    found = name.find(delimiter, len(prefix)) if delimiter else -1
    return "" if found < 0 else name[: found + len(delimiter)]


def _opened(marker: str) -> str:
    """The last name of the page before, which the child's markers hold (`node/names.js`)."""
    return base64.b64decode(marker.removeprefix(_MARKER)).decode() if marker.startswith(_MARKER) else marker


def _element(one: PastBlob) -> ElementTree.Element:
    blob = named("Blob", one.name)
    if one.deleted:
        ElementTree.SubElement(blob, "Deleted").text = "true"
    if one.snapshot:
        ElementTree.SubElement(blob, "Snapshot").text = one.snapshot
    if one.version:
        ElementTree.SubElement(blob, "VersionId").text = one.version
    properties = ElementTree.SubElement(blob, "Properties")
    for name, text in one.properties.items():
        ElementTree.SubElement(properties, name).text = text
    if one.deleted:
        ElementTree.SubElement(properties, "DeletedTime").text = formatdate(one.deleted, usegmt=True)
        ElementTree.SubElement(properties, "RemainingRetentionDays").text = str(one.days)
    return blob
