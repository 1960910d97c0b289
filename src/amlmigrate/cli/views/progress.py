"""What people are told while work goes on: a function for each type of event."""

from __future__ import annotations

from functools import singledispatch
from typing import Protocol

from amlmigrate.cli.views.consoles import Piece
from amlmigrate.core import progress, run_progress
from amlmigrate.core.armid import name_of
from amlmigrate.core.few import agreed, many
from amlmigrate.core.metering import Meter
from amlmigrate.cutover import progress as cutover_progress
from amlmigrate.decommissioning import progress as removal_progress
from amlmigrate.desired import progress as desired_progress
from amlmigrate.drilling import progress as drill_progress
from amlmigrate.freezing import progress as freeze_progress


class ConsoleProgress(Protocol):
    """Lines, and a bar below them."""

    def bar(self, what: str, total: int, done: int) -> None:
        """Begins a bar in the place of any other."""
        ...

    def watch(self, what: str, items: str, meter: Meter) -> None:
        """Shows work that is counted in the place of any bar."""
        ...

    def advance(self) -> None:
        """Moves the bar on by one."""
        ...

    def say(self, *pieces: Piece) -> None:
        """Writes a line above the bar."""
        ...

    def close(self) -> None:
        """Ends the bar."""
        ...


_FAILED: Piece = ("failed", "red")


@singledispatch
def tell(event: object, to: ConsoleProgress) -> None:
    """Tells an event; most are for programs alone."""


@tell.register
def _(event: progress.KindListed, to: ConsoleProgress) -> None:
    to.say((f"{event.workspace}: {event.count} {event.kind}", "dim"))


@tell.register
def _(event: progress.ContainerListed, to: ConsoleProgress) -> None:
    to.say((f"{many(event.blobs, 'blob')} in {event.container}", "dim"))


@tell.register
def _(event: progress.FleetStarted, to: ConsoleProgress) -> None:
    to.bar("Planning", event.plans, event.done)


@tell.register
def _(event: progress.MemberPlanned, to: ConsoleProgress) -> None:
    to.advance()
    to.say((f"wave {event.wave}: {event.folder}", "dim"))


@tell.register
def _(event: progress.MemberFailed, to: ConsoleProgress) -> None:
    to.advance()
    to.say(_FAILED, f" {event.address}: {event.reason}")


@tell.register
def _(event: progress.ScanStarted, to: ConsoleProgress) -> None:
    to.bar("Reading workspaces", event.workspaces, 0)


@tell.register
def _(event: progress.WorkspaceRead, to: ConsoleProgress) -> None:
    to.advance()


@tell.register
def _(event: progress.UnreadablePlace, to: ConsoleProgress) -> None:
    to.say(("not read", "yellow"), f" {event.address}: {event.reason}")


@tell.register
def _(event: progress.ScanKept, to: ConsoleProgress) -> None:
    to.close()
    to.say((f"kept in {event.path}", "dim"))


@tell.register
def _(event: progress.TagsDue, to: ConsoleProgress) -> None:
    told = [f"{tag}: {event.before.get(tag, 'none')} -> {value}" for tag, value in event.tags.items()]
    told += [f"{tag}: {there} stays, not {value}" for tag, (there, value) in event.stays.items()]
    to.say(f"tags of {event.address}: {', '.join(told)}")


@tell.register
def _(event: progress.TagsFailed, to: ConsoleProgress) -> None:
    to.say(_FAILED, f" {event.address}: {event.reason}")


@tell.register
def _(event: progress.TagsTold, to: ConsoleProgress) -> None:
    were = agreed(event.wanted, "was", "were")
    to.say(
        f"{many(event.added, 'tag')} to add, {many(event.changed, 'value')} to change;"
        f" {event.written} of {many(event.wanted, 'workspace')} {were} written to"
    )
    if event.kept:
        is_there = agreed(event.kept, "value that is there stays", "values that are there stay")
        to.say(f"{event.kept} {is_there}; --overwrite changes {agreed(event.kept, 'it', 'them')}")


@tell.register(run_progress.RunReading)
@tell.register(run_progress.VerifyReading)
def _(event: run_progress.RunReading | run_progress.VerifyReading, to: ConsoleProgress) -> None:
    to.watch("Reading both workspaces", "lists", event.meter)


@tell.register
def _(event: run_progress.RunStarted, to: ConsoleProgress) -> None:
    to.watch("Migrating", "items", event.meter)


@tell.register
def _(event: run_progress.RunStopping, to: ConsoleProgress) -> None:
    told = many(event.steps, "step ends", "steps end")
    has = agreed(event.steps, "it has", "they have")
    to.say(("stopping", "yellow"), f": {told} what {has} under way; a second signal ends all at once")


@tell.register(run_progress.SdkTried)
def _(_: object, to: ConsoleProgress) -> None:
    to.advance()


@tell.register
def _(event: run_progress.StepFailed, to: ConsoleProgress) -> None:
    to.say(_FAILED, f" {event.address}: {event.reason}")


@tell.register
def _(event: run_progress.StepBlocked, to: ConsoleProgress) -> None:
    to.say(("blocked", "yellow"), f" {event.address} depends on {event.after}")


@tell.register
def _(event: run_progress.LeaseKept, to: ConsoleProgress) -> None:
    told = f"others wait until {event.until}: {event.reason}"
    to.say(("the lease on the target could not be given up", "yellow"), f", {told}")


@tell.register
def _(event: run_progress.VerifyStarted, to: ConsoleProgress) -> None:
    to.watch("Verifying", "prefixes", event.meter)


@tell.register
def _(event: run_progress.SdkStarted, to: ConsoleProgress) -> None:
    to.bar("Reading with MLClient", event.assets, 0)


@tell.register
def _(event: removal_progress.LossesListed, to: ConsoleProgress) -> None:
    for line in event.listing["lines"]:
        to.say(line)


@tell.register
def _(event: removal_progress.Removing, to: ConsoleProgress) -> None:
    to.say(f"removing {event.address}")


@tell.register
def _(event: freeze_progress.RightsListed, to: ConsoleProgress) -> None:
    for line in event.lines:
        to.say(f"to be removed: {line}")


@tell.register
def _(event: cutover_progress.SettingChanges, to: ConsoleProgress) -> None:
    to.say(f"setting in the {event.side}: {event.address}: {event.text}")


@tell.register
def _(event: freeze_progress.RightTaken, to: ConsoleProgress) -> None:
    to.say(f"removing {event.text}")


@tell.register
def _(event: freeze_progress.RightGiven, to: ConsoleProgress) -> None:
    to.say(f"restoring {event.text}")


@tell.register
def _(event: desired_progress.ResourceAwaited, to: ConsoleProgress) -> None:
    to.say((f"{event.what} {name_of(event.id)}: {event.why}", "dim"))


@tell.register
def _(event: desired_progress.ResourceBegun, to: ConsoleProgress) -> None:
    step = event.step
    to.say((f"{step.what} {name_of(step.id)}: {step.verb.value}", "dim"))


@tell.register
def _(event: drill_progress.DrillPrepared, to: ConsoleProgress) -> None:
    to.say(f"A watcher enables the version at {event.until} at the latest. To enable it before then:")
    to.say(event.literal)
    to.say(f"or, from any machine: {event.restore}")


@tell.register
def _(event: drill_progress.VersionDisabled, to: ConsoleProgress) -> None:
    to.say(("disabled", "yellow"), f" {event.version} at {event.at}")


@tell.register
def _(event: drill_progress.DrillSeen, to: ConsoleProgress) -> None:
    to.say((f"{event.id}: {event.what} after {event.seconds} s", "dim"))


@tell.register
def _(event: drill_progress.VersionEnabled, to: ConsoleProgress) -> None:
    to.say(f"{event.version}: {event.end}")
