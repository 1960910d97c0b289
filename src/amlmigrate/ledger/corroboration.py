"""Whether evidence bears out what a ledger says that the tool made: only that may be overwritten or deleted.

A ledger is a file like any other: edited, put back from a backup, or of another plan it must not make somebody
else's blobs the tool's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from amlmigrate.core.errors import RefusedError
from amlmigrate.core.plan import Step
from amlmigrate.evidence import Run
from amlmigrate.evidence.run import MadeRecord
from amlmigrate.ledger.evidence import EvidenceFile, end_problems, examine, last, of_another
from amlmigrate.ledger.ledger import Ledger
from amlmigrate.ledger.missing import EVIDENCE


def made(ledger: Ledger) -> MadeRecord:
    """The digest of all that it says that the tool made, and how it left it, for the report of a run."""
    sha, count = hashlib.sha256(), 0
    for line in ledger.claims():
        count += 1
        sha.update("\0".join(line).encode() + b"\n")
    return MadeRecord(count=count, sha256=sha.hexdigest())


def problems(ledger: Ledger, reports: list[EvidenceFile]) -> Iterator[str]:
    """Where a plan's own ledger says another thing than the report of its last run.

    After a run that was killed it knows more than any report.
    """
    if ledger.untold_runs:
        return
    told = last(reports, Run)
    if told is None:
        if not ledger.begun and any(ledger.claims()):
            yield "The ledger tells of what was made in the target, and of no run that made it."
    elif told.content.made != made(ledger):
        yield f"What the ledger says was made in the target is not what {told.path.name} tells."


def doubt(folder: Path, ledger: Ledger) -> str:
    """Why the ledger of another plan's folder is not taken at its word; '' where it may be.

    Here nothing rests on the ledger alone: what a run that was cut off did has to be told of first.
    """
    if not any(ledger.claims()):
        return ""
    reports, wrong = examine(folder / EVIDENCE)
    wrong += [*end_problems(ledger.meta(), folder / EVIDENCE, reports), *of_another(ledger.meta(), reports)]
    if found := [*map(str, wrong), *problems(ledger, reports)]:
        return found[0]
    if ledger.untold_runs:
        return f"no report tells what its last run did: continue with `migrate run {folder} --resume` first"
    return "" if last(reports, Run) else "no report of a run bears it out"


def refuse_outside(steps: Iterable[Step], ledger: Ledger) -> None:
    """Raises RefusedError where a ledger claims for the tool what its plan could not have made."""
    if strange := outside(steps, ledger):
        raise RefusedError(
            f"The ledger cannot be trusted: it says that the tool made '{strange}', which its plan does not make.",
            address=str(ledger.path),
            remedy="Put the original ledger back. Without it make a new plan in another folder: what is in the"
            " target is adopted.",
        )


def outside(steps: Iterable[Step], ledger: Ledger) -> str:
    """What a ledger claims that its plan could not have made: the first of it; '' where there is none."""
    items: set[str] = set()
    prefixes: dict[tuple[str, str], set[str]] = {}
    for step in steps:
        items.add(str(step.address))
        if step.bytes:
            place = step.bytes.target
            prefixes.setdefault(place.key, set()).add(place.path.rstrip("/"))
    strange = (address for address in sorted(ledger.owned()) if address not in items)
    if found := next(strange, None):
        return found
    for (account, container, path), *_ in ledger.blobs():
        if not _below(path, prefixes.get((account, container), set())):
            return f"{account}/{container}/{path}"
    return ""


def _below(path: str, prefixes: set[str]) -> bool:
    """Whether it is one of them, or lies in a folder that is."""
    if "" in prefixes:
        return True
    while path:
        if path in prefixes:
            return True
        path = path.rpartition("/")[0]
    return False
