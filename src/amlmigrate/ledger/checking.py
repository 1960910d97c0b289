"""Whether all that a folder shows is as it was written: evidence, ledger, a plan's decisions and map of ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amlmigrate.core.errors import BadInputError, PlanLockedError
from amlmigrate.core.plan import Plan
from amlmigrate.evidence import DrillRecord, RotationRecord, Run
from amlmigrate.ledger import decisions
from amlmigrate.ledger.evidence import EvidenceFile, end_problems, examine, of_another, only, strangers
from amlmigrate.ledger.exclusive import quiet
from amlmigrate.ledger.items import idmap
from amlmigrate.ledger.ledger import Ledger, NewerLedgerError
from amlmigrate.ledger.missing import EVIDENCE, FILE, IDMAP
from amlmigrate.ledger.read_only_copy import copied


@dataclass(slots=True)
class Check:
    """What a look at a folder came to. Whole: nothing is `altered`; `unchecked` is what that does not cover."""

    reports: list[EvidenceFile]
    altered: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def check(plan: Plan, folder: Path) -> Check:
    """Reads all of it and writes nothing, also where nothing can be written."""
    with quiet(folder):
        found = _chain(folder)
        found.altered += map(str, of_another(_bound(plan), found.reports))
        _with_ledger(plan.sha256, folder, found, _agree, _without)
    return found


def check_rotations(folder: Path) -> Check:
    """The chain of rotations and drills in a folder, in the same way: it belongs to no plan."""
    with quiet(folder):
        found = _chain(folder)
        strange = (one for one in found.reports if not isinstance(one.content, RotationRecord | DrillRecord))
        found.altered += [f"{one.path.name}: it is no report of a rotation or a drill" for one in strange]
        _with_ledger("", folder, found, _ends)
    return found


def _chain(folder: Path) -> Check:
    """The reports and the files beside them."""
    evidence = folder / EVIDENCE
    reports, problems = examine(evidence)
    found = Check(reports, list(map(str, problems)))
    # One that cannot be read may name it all the same.
    which = "no report that can be read" if problems else "no report"
    found.unchecked += [f"{path.name}: {which} names it" for path in strangers(evidence, reports)]
    return found


def _bound(plan: Plan) -> dict[str, str]:
    """What a ledger that is tied to the plan says of it, also where there is none."""
    sides = {f"{name}_workspace_id": str(side.get("workspaceId", "")) for name, side in _sides(plan)}
    return {"plan_sha256": plan.sha256, **sides}


def _sides(plan: Plan) -> tuple[tuple[str, dict[str, Any]], ...]:
    return ("source", plan.header.source), ("target", plan.header.target)


def _with_ledger(
    plan_sha256: str,
    folder: Path,
    found: Check,
    agree: Callable[[Path, Ledger, Check], None],
    without: Callable[[Path, Check], None] = lambda folder, found: None,
) -> None:
    """What the ledger knows of the evidence, and the evidence of the ledger; `plan_sha256` is '' for no plan's."""
    if not (folder / FILE).exists():
        what = "whether the last report is the last that there was"
        what += ", the decisions and ids in the ledger" if plan_sha256 else ""
        found.unchecked.append(f"{FILE} is missing, so: {what}")
        without(folder, found)
        return
    try:
        with copied(folder) as ledger:
            if ledger.plan_sha256 == plan_sha256:
                agree(folder, ledger, found)
            else:
                found.altered.append(f"{FILE}: it belongs to {'another' if plan_sha256 else 'a'} plan")
    except (NewerLedgerError, PlanLockedError) as error:
        found.unchecked.append(f"{FILE}: {error.summary}")
        without(folder, found)
    except BadInputError as error:
        found.altered.append(f"{FILE}: {error.summary}")


def _without(folder: Path, found: Check) -> None:
    """What the evidence alone tells of the files beside it."""
    if decisions.freeze_state(found.reports) or not decisions.of_file(folder / decisions.FREEZE_FILE):
        _sort(decisions.frozen(folder, found.reports, {}), found)
    else:
        found.unchecked.append(f"{decisions.FREEZE_FILE}: no report tells of it")
    _ids(folder, None, found)


def _ends(folder: Path, ledger: Ledger, found: Check) -> None:
    """Whether the last report is the one that the ledger knows."""
    if not found.altered:
        found.altered += map(str, end_problems(ledger.meta(), folder / EVIDENCE, found.reports))


def _agree(folder: Path, ledger: Ledger, found: Check) -> None:
    _ends(folder, ledger, found)
    _sort(decisions.problems(ledger, found.reports), found)
    _ids(folder, ledger, found)


def _sort(problems: Iterable[str], found: Check) -> None:
    """What was cut off is not altered."""
    for one in problems:
        (found.unchecked if decisions.FREEZE_UNREPORTED in one else found.altered).append(one)


def _ids(folder: Path, ledger: Ledger | None, found: Check) -> None:
    """The map of ids is what the last run told, or, where a later one was killed, what the ledger has."""
    now = decisions.of_file(folder / IDMAP)
    told = [one.content.idmap.sha256 for one in only(found.reports, Run)]
    if (told and now == told[-1]) or (ledger and now and (folder / IDMAP).read_bytes() == idmap(ledger)):
        return
    if told or (now and ledger):
        found.altered.append(f"{IDMAP}: {'it is not the one that was written' if now else 'it is not there'}")
    elif now or (ledger and ledger.begun and not ledger.untold_runs):
        found.unchecked.append(f"{IDMAP}: no report of a run tells of it")
