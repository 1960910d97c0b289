"""A chain of evidence on disk with a verification and a cutover, made of values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.builders.reports import report
from tests.builders.world import NEW_BLOBS, OLD_BLOBS, blob, containers, plan, step

from amlmigrate.bytes.binding import bound
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.asset import Blob
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.seal import FILE
from amlmigrate.core.workspace import Location
from amlmigrate.cutover import record
from amlmigrate.ledger.evidence import Evidence, EvidenceFile

COPY = "blobs/c/m"
PLAN = plan(
    step("models/m/1"),
    step(
        COPY,
        action=Action.COPY,
        bytes=Bytes(Location("acct", OLD_BLOBS, "m"), Location("cmkacct", NEW_BLOBS, "m"), 2, 2),
    ),
)
DOCUMENTS = ({"models/m/1": "s"}, {"models/m/1": "t", "data/theirs/1": "u"})
# Two proven ones, and one of the target's own.
PROVEN = [blob("m/a", 3, '"a"'), blob("m/b", 3, '"b"')]
OWN = blob("other", 3, '"o"')


def listed(*target: Blob, source: list[Blob] | None = None) -> Containers:
    """Both sides' containers."""
    return containers({OLD_BLOBS: PROVEN if source is None else source}, {NEW_BLOBS: list(target)})


def parts(documents: Any, found: Containers) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The four digests, and the same by address."""
    sealed = bound(PLAN, documents, found)
    return sealed.digests, sealed.parts


def verified(chain: Evidence, documents: Any = DOCUMENTS, **more: Any) -> EvidenceFile:
    """A green verification of what both sides hold."""
    digests, by_address = parts(documents, listed(*PROVEN, OWN))
    lines = [
        {"account": "cmkacct", "container": NEW_BLOBS, "path": one.path, "sha256": f"sha of {one.path}"}
        for one in PROVEN
    ]
    with chain.alone():
        files = [
            chain.add_file("manifest-target.jsonl", b"".join(json.dumps(line).encode() + b"\n" for line in lines)),
            chain.add_file(FILE, json.dumps(by_address).encode()),
        ]
        content = {
            "plan": {"sha256": PLAN.sha256},
            "time": "2026-01-01T00:00:00+00:00",
            "green": True,
            "depth": "checksum",
            "digests": digests,
            "manifests": files,
        }
        return chain.add(report("verify", **(content | more)))


def cut_over(chain: Evidence, **more: Any) -> EvidenceFile:
    """A cutover of that."""
    newest = chain.reports()[-1] if chain.reports() else verified(chain)
    return record_of(chain, newest, **({"time": "2026-01-02T00:00:00+00:00"} | more))


def record_of(chain: Evidence, newest: EvidenceFile, **more: Any) -> EvidenceFile:
    """The record of a cutover that rests on a verification, added."""
    told = report("cutover", **more)
    names = ("time", "plan", "by", "tool", "source", "target", "service_time", "unfrozen", "writers", "warnings")
    content = {name: getattr(told, name) for name in names}
    return record.add(chain, newest, PLAN, DOCUMENTS, listed(*PROVEN, OWN), **content)


def chain(folder: Path, ledger: Any) -> Evidence:
    """The chain of a ledger that is bound to the plan."""
    ledger.bind(PLAN)
    return Evidence(folder, ledger)
