"""The view for people: a progress bar while work goes on, tables and sentences at its end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from amlmigrate.cli.views import consoles, scans, terminal
from amlmigrate.cli.views.consoles import Piece
from amlmigrate.core.armid import name_of
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Plan, Step

_FOLD = 8
_LINES = 40
_WIDE, _ROOMY = 240, 160
_COLOURS = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.ADOPT: "cyan",
    Action.COPY: "green",
    Action.DELETE: "red",
    Action.MANUAL: "magenta",
    Action.SKIP: "dim",
    Action.CONFLICT: "red",
}
_BY_HAND = (Action.CONFLICT, Action.MANUAL)
_FAILED: Piece = ("failed", "red")


class HumanView:
    """Writes results to standard output and progress and errors to standard error."""

    def __init__(self) -> None:
        self._out = consoles.console()
        self._err = consoles.console(stderr=True)
        self._progress: Progress | None = None
        self._task: Any = None

    # Progress.

    def event(self, event: Event) -> None:
        """Something happened: moves the bar, or says it in a line where there is none to move."""
        data = event.data
        if about := {"fleet": self._fleet, "scan": self._scanning}.get(event.name.partition(".")[0]):
            about(event.name, data)
        elif event.name == "run.start":
            self._bar("Migrating", data["steps"], data["done"])
        elif event.name == "step.done":
            self._advance()
        elif event.name == "step.failed":
            self._say(_FAILED, f" {data['address']}: {data['reason']}")
        elif event.name == "step.blocked":
            self._say(("blocked", "yellow"), f" {data['address']} comes after {data['after']}")
        elif event.name == "verify.start":
            self._bar("Verifying", data["prefixes"], 0)
        elif event.name == "verify.prefix":
            self._advance()
        elif event.name == "verify.sdk":
            self._bar("Reading with MLClient", data["assets"], 0)
        elif event.name == "verify.read":
            self._advance()
        elif event.name == "inventory.kind":
            self._say(_dim(f"{data['workspace']}: {data['count']} {data['kind']}"))
        elif event.name == "inventory.container":
            self._say(_dim(f"{data['blobs']} blobs in {data['container']}"))
        else:
            self._changes(event.name, event.data)

    def _changes(self, name: str, data: dict[str, Any]) -> None:
        """What happens to the source, and to the run itself, is said line by line."""
        if name == "run.stopping":
            told = f"{data['steps']} steps end what they have under way; a second signal ends them at once"
            self._say(("stopping", "yellow"), f": {told}")
        elif name == "lease.kept":
            told = f"others wait until {data['until']}: {data['reason']}"
            self._say(("the lease on the target could not be given up", "yellow"), f", {told}")
        elif name == "decommission.listing":
            for line in data["lines"]:
                self._say(line)
        elif name == "decommission.removing":
            self._say(f"removing {data['address']}")
        elif name in ("provision.doing", "provision.waiting"):
            told = data.get("why") or data["action"]
            self._say(_dim(f"{data['what']} {name_of(data['id'])}: {told}"))
        elif name == "freeze.list":
            for line in data["lines"]:
                self._say(f"to be taken away: {line}")
        elif name in ("freeze.removing", "freeze.restoring"):
            self._say(f"{name.removeprefix('freeze.')} {data['text']}")

    def _fleet(self, name: str, data: dict[str, Any]) -> None:
        if name == "fleet.start":
            self._bar("Planning", data["plans"], data["done"])
            return
        if name == "fleet.left":
            return
        self._advance()
        if name == "fleet.failed":
            self._say(_FAILED, f" {data['address']}: {data['reason']}")
        else:
            self._say(_dim(f"wave {data['wave']}: {data['folder']}"))

    def _scanning(self, name: str, data: dict[str, Any]) -> None:
        if name == "scan.start":
            self._bar("Reading workspaces", data["workspaces"], 0)
        elif name == "scan.read":
            self._advance()
        elif name == "scan.unreadable":
            self._say(("not read", "yellow"), f" {data['address']}: {data['reason']}")
        elif name == "scan.kept":
            self.close()
            self._say(_dim(f"kept in {data['path']}"))
        elif name == "scan.tag":
            before, stays = data["before"], data["stays"]
            told = [f"{tag}: {before.get(tag, 'none')} -> {value}" for tag, value in data["tags"].items()]
            told += [f"{tag}: {there} stays, not {value}" for tag, (there, value) in stays.items()]
            self._say(f"tags of {data['address']}: {', '.join(told)}")
        elif name == "scan.tag.failed":
            self._say(_FAILED, f" {data['address']}: {data['reason']}")
        elif name == "scan.tags":
            self._say(
                f"{many(data['added'], 'tag')} to add, {many(data['changed'], 'value')} to change;"
                f" {data['written']} of {data['wanted']} workspaces were written to"
            )
            if data["kept"]:
                self._say(f"{data['kept']} values that are there stay; --overwrite changes them")

    def _bar(self, what: str, total: int, done: int) -> None:
        self.close()
        self._progress = Progress(
            TextColumn(what, markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._err,
            transient=True,
            # What others write is escaped where it is written; rich would obey the colours and links in it.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task(what, total=total, completed=done)
        self._progress.start()

    def _advance(self) -> None:
        if self._progress:
            self._progress.advance(self._task)

    def _say(self, *pieces: Piece) -> None:
        self._err.print(consoles.text(*pieces))

    def _print(self, *pieces: Piece) -> None:
        self._out.print(consoles.text(*pieces))

    def _gap(self) -> None:
        self._out.print()

    def close(self) -> None:
        """Ends the bar."""
        if self._progress:
            self._progress.stop()
            self._progress = None

    # A plan.

    def plan(self, plan: Plan, *, every: bool = False) -> None:
        """What is done to what, what is left to do by hand, what a reviewer must know, and how long it takes."""
        header = plan.header
        self._print("Plan ", (header.name, "bold"), f", made {header.created}")
        for word, ref, side in (
            ("from", header.source_ref, header.source),
            ("to  ", header.target_ref, header.target),
        ):
            self._print(f"  {word} {ref.short}  ({_key(side)}, {side['location']})")
        self._gap()
        self._out.print(_table(plan))
        self._lists(plan, every=every)
        self.findings(plan.header.findings)
        estimate = header.estimate
        self._gap()
        self._print(
            f"{many(header.blobs, 'blob')} with {size(header.bytes)} {'is' if header.blobs == 1 else 'are'} copied"
            f" inside Azure;{_deletes(estimate)}"
            f" {estimate['arm_reads']:g} reads and {estimate['arm_writes']:g} writes of ARM,"
            f" which allows them in {duration(estimate['floor_seconds'])} at the least."
        )

    def _lists(self, plan: Plan, *, every: bool) -> None:
        by_action: dict[Action, list[Step]] = defaultdict(list)
        for step in plan.steps:
            by_action[step.action].append(step)
        rest = (Action.DELETE, Action.UPDATE, Action.ADOPT, Action.CREATE, Action.COPY, Action.SKIP)
        for action in (*_BY_HAND, *rest):
            steps = by_action[action]
            if not steps:
                continue
            self._gap()
            self._print((action.value, _COLOURS[action]), f" ({len(steps)})")
            shown = steps if every else steps[: _LINES if action in _BY_HAND else _FOLD]
            for step in shown:
                self._print(f"  {step.address}  ", _dim(step.reason))
            if len(steps) > len(shown):
                self._print(
                    "  ", _dim(f"and {len(steps) - len(shown)} more; all of them with `migrate show --all`")
                )

    def findings(self, findings: Iterable[Finding]) -> None:
        """Each with its remedy below it."""
        for finding in findings:
            colour = "yellow" if finding.severity == "warning" else "red"
            self._gap()
            self._print((finding.severity, colour), f" {finding.address}: {finding.summary}")
            self._print("  ", _dim(finding.remedy))

    # A scan.

    def scan(self, workspaces: Sequence[dict[str, Any]]) -> None:
        """A table, and what could not be read."""
        self.close()
        # A file or a pipe has no width of its own.
        out = self._out if self._out.is_terminal else consoles.console(width=_WIDE)
        out.print(scans.table(workspaces, wide=out.width >= _ROOMY))
        gaps = scans.missing(workspaces)
        for gap in gaps[:_LINES]:
            self._print("  ", _dim(gap))
        if len(gaps) > _LINES:
            self._print("  ", _dim(f"and {len(gaps) - _LINES} more; all of them with --json"))

    def raw(self, text: str) -> None:
        """Text for another program, as it is."""
        self.close()
        terminal.write(text)

    def lines(self, lines: Iterable[str]) -> None:
        """Lines of text."""
        self.close()
        for line in lines:
            self._print(line)

    # Ends.

    def result(self, name: str, data: dict[str, Any]) -> None:
        """What a command came to: its text, its counts, its lists."""
        self.close()
        text = str(data.get("text") or "")
        if text.startswith("\n"):
            self._gap()
        for line in data.get("block", [text.removeprefix("\n")] if text else []):
            self._print(str(line))
        for what, count in (data.get("items") or {}).items():
            self._print(f"  {count:>7}  {what}")
        lines = data.get("lines", ())
        for line in lines[:_LINES]:
            self._print(f"  {line}")
        if len(lines) > _LINES:
            self._print(f"  and {len(lines) - _LINES} more; all of them with --json")
        for what, path in (data.get("files") or {}).items():
            self._print(f"{what}: {path}")
        if next_step := data.get("next"):
            self._print("Next: ", (str(next_step), "bold"))

    def error(self, error: MigrateError) -> None:
        """What went wrong, where, and what to do."""
        self.close()
        self._say((error.summary, "bold red"))
        if error.address:
            self._say(f"  at: {error.address}")
        if isinstance(error, RefusedError):
            for reason in error.reasons:
                self._say(f"  - {reason}")
        if error.remedy:
            self._say(f"  {error.remedy}")


def _deletes(estimate: dict[str, float]) -> str:
    """How many blobs of the target are deleted; earlier plans do not say."""
    count = estimate.get("blob_deletes", 0)
    copies = many(int(count), "copy whose source is gone is", "copies whose source is gone are")
    return f" {copies} deleted in the target;" if count else ""


def _dim(text: str) -> Piece:
    return text, "dim"


def _table(plan: Plan) -> Table:
    actions = [action for action in Action if any(step.action is action for step in plan.steps)]
    counted: dict[str, Counter[Action]] = defaultdict(Counter)
    for step in plan.steps:
        counted[step.address.collection][step.action] += 1
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("kind")
    for action in actions:
        table.add_column(action.value, justify="right", style=_COLOURS[action])
    for kind, counts in counted.items():
        table.add_row(consoles.text(kind), *(str(counts[action]) if counts[action] else "-" for action in actions))
    return table


def _key(header: dict[str, Any]) -> str:
    status = str((header.get("encryption") or {}).get("status", "")).lower()
    return "customer-managed key" if status == "enabled" else "Microsoft-managed key"


def size(count: float) -> str:
    """A number of bytes as people read it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def duration(seconds: float) -> str:
    """Seconds as people read them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
