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

from azsandbox.calls import Answer, Call
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

    async def refusal(self, call: Call) -> Answer | None:
        """What is asked of the past and not built: to bring a blob back, to list containers that were deleted."""
        account, container, _ = _place(call)
        include = call.query.get("include", "").split(",")
        strange = "deleted" in include if not container else "deletedwithversions" in include
        if strange or (call.query.get("comp") == "undelete" and self._kept.keeps(account) != Keeps()):
            return storage_error(501, "NotImplemented", "The requested operation is not implemented.")
        return None

    async def before(self, call: Call) -> Before | None:
        """The blob of a call that may end it as it is; None where nothing is kept, or nothing ends."""
        account, container, blob = place = _place(call)
        keeps = self._kept.keeps(account) if blob else Keeps()
        if keeps == Keeps() or not _ends(call, versions=keeps.versions):
            return None
        if call.method != "DELETE" and not keeps.overwrites:
            return None
        found = await self._shown(account, container, blob)
        return Before(place, keeps, None if found is None else {one.tag: one.text or "" for one in found})

    async def after(self, call: Call, answer: Answer, before: Before | None) -> None:
        """Keeps what the call ended, and adds what is kept to a listing that asks for it."""
        account, container, blob = _place(call)
        if before is not None and answer.status in _DONE:
            self._keep(call, answer, before)
        elif call.method == "DELETE" and answer.status in _DONE and not blob:
            self._kept.forget(account, container)
        elif call.method == "GET" and answer.status in _DONE and call.query.get("comp") == "list" and container:
            await self._list(call, answer, account, container)

    def _keep(self, call: Call, answer: Answer, before: Before) -> None:
        account, container, blob = before.place
        (seconds, moment), keeps = self._kept.moment(), before.keeps
        if before.properties is not None:
            version = self._kept.current(account, container).get(blob, "")
            past = PastBlob(blob, before.properties, version=version or (moment if keeps.versions else ""))
            if not keeps.versions:
                written = call.method != "DELETE"
                past = replace(past, deleted=seconds, days=keeps.days, snapshot=moment if written else "")
            self._kept.note(account, container, past)
        gone = call.method == "DELETE" or not keeps.versions
        self._kept.became(account, container, blob, "" if gone else moment)
        if not gone:
            answer.headers[_VERSION] = moment

    async def _list(self, call: Call, answer: Answer, account: str, container: str) -> None:
        asked = call.query.get("include", "").split(",")
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


def _place(call: Call) -> tuple[str, str, str]:
    container, _, blob = call.path.lstrip("/").partition("/")
    return call.host.partition(".")[0], container, blob


def _ends(call: Call, *, versions: bool) -> bool:
    if call.method == "DELETE":
        return not {"snapshot", "versionid", "comp"} & call.query.keys()
    comp = call.query.get("comp", "")
    return call.method == "PUT" and (comp in _WRITES or (versions and comp == "metadata"))


def _add(page: ElementTree.Element, call: Call, past: Iterable[PastBlob], current: Mapping[str, str]) -> None:
    """Puts those between the blobs of a page that their names belong between, each before the blob itself."""
    blobs = page.find("Blobs")
    assert blobs is not None
    names = [(one.findtext("Name") or "", one) for one in blobs]
    for name, one in names:
        if one.tag == "Blob" and name in current:
            ElementTree.SubElement(one, "VersionId").text = current[name]
            ElementTree.SubElement(one, "IsCurrentVersion").text = "true"
    prefix, start = call.query.get("prefix", ""), _opened(call.query.get("marker", ""))
    end = names[-1][0] if page.findtext("NextMarker") and names else None
    rows = [(name, 1, one) for name, one in names]
    delimiter = call.query.get("delimiter", "")
    for kept in past:
        here = kept.name.startswith(prefix) and kept.name > start and (end is None or kept.name <= end)
        if here and not (delimiter and delimiter in kept.name[len(prefix) :]):
            rows.append((kept.name, 0, _element(kept)))
    for element in list(blobs):
        blobs.remove(element)
    blobs.extend(element for *_, element in sorted(rows, key=lambda row: row[:2]))


def _opened(marker: str) -> str:
    """The last name of the page before, which the child's markers hold (`node/names.js`)."""
    return base64.b64decode(marker.removeprefix(_MARKER)).decode() if marker.startswith(_MARKER) else marker


def _element(one: PastBlob) -> ElementTree.Element:
    blob = ElementTree.Element("Blob")
    ElementTree.SubElement(blob, "Name").text = one.name
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
