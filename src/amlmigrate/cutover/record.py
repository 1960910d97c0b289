"""The record of a cutover: a report that holds the source to what it was, and the target to what was proven."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from amlmigrate.bytes.binding import bound
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.address import Address
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.escapes import as_json
from amlmigrate.core.plan import MOVED, Plan
from amlmigrate.core.seal import FILE
from amlmigrate.core.workspace import Location
from amlmigrate.evidence import Cutover, CutoverBack, Verify
from amlmigrate.evidence.cutover import Verified
from amlmigrate.evidence.members import Digests
from amlmigrate.ledger.evidence import Evidence, EvidenceFile, last

TARGET = "blobs-target.jsonl"
_MANIFEST = "manifest-target.jsonl"


@dataclass(frozen=True, slots=True)
class HeldBlob:
    """A blob of the target as it was at the cutover.

    `sha256` is of its bytes where they were proven to be the source's, else None; `item` is then the address of
    the plan's step that it belongs to.
    """

    account: str
    container: str
    path: str
    length: int
    etag: str
    sha256: str | None = None
    item: str = ""

    @property
    def place(self) -> Location:
        """Where it lies."""
        return Location.of_key(self.account, self.container, self.path)


def active(reports: list[EvidenceFile]) -> EvidenceFile[Cutover] | None:
    """The cutover from which on the target lives; None where there was none, or it was taken back."""
    found, back = last(reports, Cutover), last(reports, CutoverBack)
    return found if found and (back is None or back.number < found.number) else None


def refuse_cut_over(reports: list[EvidenceFile], address: Path) -> None:
    """Raises RefusedError where the plan is cut over: its target is its users' from then on."""
    if found := active(reports):
        raise RefusedError(
            f"The plan was cut over at {found.content.time}: nothing of it is carried out any more.",
            address=str(address),
            remedy=f"Make a new plan for what came later, or take it back first: migrate cutover {address} --back",
        )


def add(
    evidence: Evidence,
    verified: EvidenceFile[Verify],
    plan: Plan,
    documents: tuple[dict[str, str], dict[str, str]],
    listed: Containers,
    /,
    **content: Any,
) -> EvidenceFile[Cutover]:
    """Adds the record: what both sides hold now, by address, and each blob of the target.

    `verified` is the verification that it rests on, of which both sides are known to be what they were.
    `documents` are the digests of the source's and of the target's, `content` all else that the record says.
    """
    now = bound(plan, documents, listed)
    with evidence.alone():
        files = [
            evidence.add_file(FILE, now.data),
            evidence.add_file(TARGET, _lines(_held(verified, plan, listed))),
        ]
        told = Cutover(
            **content,
            evidence=Verified(number=verified.number, sha256=verified.sha256),
            digests=Digests(**now.digests),
            manifests=tuple(files),
        )
        return evidence.add(told)


def held(cutover: EvidenceFile[Cutover]) -> Iterator[HeldBlob]:
    """Each blob that the target had at the cutover."""
    return (HeldBlob(**line) for line in _read(cutover, TARGET))


def moved(plan: Plan) -> dict[Address, str]:
    """The addresses that the target has for the documents that the plan brings there, and the plan's for each."""
    return {
        step.called: str(step.address)
        for step in plan.steps
        if step.action in MOVED and not step.is_bytes and not step.address.phase
    }


def _held(verified: EvidenceFile[Verify], plan: Plan, listed: Containers) -> Iterator[HeldBlob]:
    """The target's blobs as they are listed, with what the verification read of them."""
    read = {
        (line["account"], line["container"], line["path"]): line["sha256"] for line in _read(verified, _MANIFEST)
    }
    places = plan.places(source=False)
    cover = PrefixSet(places)
    for (account, container), listing in listed.target.items():
        # Of a directory of a share nothing is proven but that the files in it are there.
        for path, blob in ((path, blob) for path, blob in listing.blobs.items() if not blob.folder):
            sha256 = read.get((account, container, path))
            prefix = cover.prefix(Location.of_key(account, container, path)) if sha256 else None
            item = places[prefix] if prefix else ""
            yield HeldBlob(account, container, path, blob.length, blob.etag, sha256, item)


def _lines(found: Iterator[HeldBlob]) -> bytearray:
    lines = bytearray()
    for one in found:
        lines += as_json(asdict(one)).encode() + b"\n"
    return lines


def _read(report: EvidenceFile, name: str) -> Iterator[dict[str, Any]]:
    """The lines of one of a report's files."""
    for one in report.content.files:
        if one.file.endswith(f"-{name}"):
            with (report.path.parent / one.file).open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)
