"""What comes next for a plan, as it is typed, and where it stands in a few words."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from amlmigrate.core.errors import MigrateError
from amlmigrate.core.few import many
from amlmigrate.core.plan import Plan
from amlmigrate.core.state import Outcome
from amlmigrate.ledger.items import Item
from amlmigrate.ledger.read_only_copy import for_reading
from amlmigrate.planning.review import settle_conflicts
from amlmigrate.status.stages import Stages, stages


def after(plan: Plan, folder: Path) -> str:
    """The next step of a plan once a command has ended; what `status` cannot tell is for `status` to say why."""
    try:
        with for_reading(folder, plan) as ledger:
            return following(stages(plan, folder, ledger))
    except MigrateError:
        return f"migrate status {folder}"


def following(found: Stages) -> str:
    """The next step; empty after the removal of everything."""
    folder, left, findings, residuals = found.folder, found.left, found.findings, found.residuals.open
    waive = "migrate waive {} " + f'{folder} --reason "..."'
    conflicts = [one for one in found.items if one.outcome is Outcome.CONFLICT]
    waiting = [one for one in found.items if one.outcome is Outcome.TO_CUT_OVER]
    unselected = [one for one in found.items if one.outcome is Outcome.UNSELECTED]
    remove = f"migrate decommission {folder} --confirm {found.plan.header.source_ref.short}"
    steps = (
        (found.evidence, f"migrate evidence check {folder}"),
        # The workspace may be gone: only the same command finds out, and says what came of it.
        (found.removing, remove),
        (residuals, waive.format(quote(residuals[0].address) if residuals else "")),
        (found.removal, ""),
        (found.going_back, f"migrate cutover {folder} --back"),
        (found.cutting_over, f"migrate cutover {folder}, or to take it back: migrate cutover {folder} --back"),
        (found.cutover and found.cutover.ended, f"migrate cutover {folder} --back"),
        (not found.approval.given, f"have somebody else run: migrate approve {folder}"),
        # `run` refuses a plan with one before it changes anything.
        (not found.run.begun and conflicts, settle_conflicts(folder)),
        (not found.run.begun, f"migrate run {folder}"),
        (found.run.remaining or found.run.cut_off, f"migrate run {folder} --resume"),
        (
            left,
            "do what manual.md lists, or for each: " + waive.format(quote(left[0].address) if left else ""),
        ),
        (
            findings,
            "do what each finding says, or for each: " + waive.format(quote(findings[0]) if findings else ""),
        ),
        (not (found.verify and found.verify.proven), f"migrate verify {folder}"),
        (not found.cutover, f"migrate cutover {folder}"),
        # The gate of the removal asks for each of them.
        (waiting, _by_hand(found.plan, waiting, folder)),
        (
            unselected,
            "plan what was left by selection, or say that it may go with the source, for each: "
            + waive.format(quote(unselected[0].address) if unselected else ""),
        ),
        (found.soak and not found.soak.is_over, f"{remove}, once the soak is over"),
        (True, remove),
    )
    return next(step for due, step in steps if due)


def _by_hand(plan: Plan, waiting: list[Item], folder: Path) -> str:
    """What a person does who has made what no cutover makes, or what was taken up again once that had ended."""
    address = quote(waiting[0].address) if waiting else ""
    told = f"make live yourself what is left for the cutover, then for each: migrate done {address} {folder}"
    of_cutover = {str(step.address) for step in plan.steps if step.cut_over}
    if any(one.address in of_cutover for one in waiting):
        return f"{told}; or cut over again: migrate cutover {folder} --back, then migrate cutover {folder}"
    return told


def in_short(found: Stages) -> str:
    """The latest stage that a plan has come to, in a few words."""
    verify, removal, cutover = found.verify, found.removal, found.cutover
    residuals = len(found.residuals.open)
    left = f", {many(residuals, 'residual')} open" if residuals else ""
    approved = "not begun" if not found.approval.needed else "approved, not begun"
    latest = (
        (found.evidence, "its evidence was altered"),
        (found.removing, f"removal begun {found.removing}, not ended"),
        (removal, f"removed {removal and removal.time}{left}"),
        (found.cutting_over, found.cutting_over[:1].lower() + found.cutting_over[1:].rstrip(".")),
        (cutover and cutover.ended, f"cut over {cutover and cutover.time}, and live no more"),
        (cutover, f"cut over {cutover and cutover.time}"),
        (verify, f"{verify and verify.colour}, {found.open} open"),
        (found.run.begun, f"run, {found.run.remaining} remaining, {found.open} open"),
        (not found.approval.given, "not approved yet"),
        (True, approved),
    )
    return next(text for so, text in latest if so)
