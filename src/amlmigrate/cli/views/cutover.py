"""What `cutover` says at its end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from amlmigrate.cli.views.ending import EndView, NamedEnd
from amlmigrate.core.few import many
from amlmigrate.cutover.results import CutoverResult, Stopped, TakenBack
from amlmigrate.cutover.switching import Todo
from amlmigrate.evidence.members import Change


@dataclass(frozen=True, slots=True)
class CutoverView(EndView):
    """How a cutover ended, and the next step of the plan."""

    result: CutoverResult
    following: str

    @property
    def ending(self) -> NamedEnd:
        """Of a dry run, of one that is not finished, or of the record."""
        report, todo, made = self.result.report, self.result.todo, self.result.made
        lines = (*_done(made), *todo.lines(), *self.result.warnings)
        left = [one for one, _ in todo.left]
        members = {"given": _gives(made), "stopped": _stops(made), "started": _starts(made), "left": left}
        if report is None and not made:
            text = "Nothing stands in the way of the cutover. Nothing was recorded, and nothing was changed."
            members = {"gives": _gives(todo), "stops": _stops(todo), "starts": _starts(todo), "left": left}
            return NamedEnd("cutover.dry", text, lines, members=members)
        if report is None:
            text = "The cutover is begun, and not finished: this is still to be made."
            return NamedEnd("cutover.end", text, lines, following=self.following, members=members)
        time = report.content.time
        return NamedEnd(
            "cutover.end",
            f"Already cut over, at {time}."
            if self.result.already
            else f"Cut over: the target lives from {time} on. {_changed(made)}",
            lines,
            {"Evidence": str(report.path)},
            self.following,
            members,
        )


def _stops(todo: Todo) -> list[str]:
    return [str(one.address) for one in todo.stops]


def _gives(todo: Todo) -> list[str]:
    return [str(one.address) for one in todo.gives]


def _starts(todo: Todo) -> list[str]:
    return [str(one.address) for one in todo.starts]


def _done(made: Todo) -> tuple[str, ...]:
    """What was changed now, for people."""
    return (
        *(f"given elsewhere: {one.address}" for one in made.gives),
        *(f"stopped in the source: {one.address}" for one in made.stops),
        *(f"started in the target: {one.called}" for one in made.starts),
    )


def _changed(made: Todo) -> str:
    if not made:
        return "Neither workspace was changed."
    given = f"{len(made.gives)} given elsewhere, " if made.gives else ""
    return f"{given}{len(made.stops)} stopped in the source, {len(made.starts)} started in the target."


@dataclass(frozen=True, slots=True)
class StoppedView(EndView):
    """What works by itself was stopped in the source, and what runs there still."""

    folder: Path
    result: Stopped

    @property
    def ending(self) -> NamedEnd:
        """Of a dry run, or as it stands."""
        result = self.result
        stops, left = ([str(one.address) for one in some] for some in (result.stops, result.left))
        would = "stopped" if result.done else "would be stopped"
        lines = (
            *(f"{would} in the source: {one}" for one in stops),
            *(f"at work in the source: {one}" for one in left),
            *(f"in the source: {one}" for one in result.running),
        )
        members: dict[str, Any] = {"stopped": stops, "left": left, "running": list(result.running)}
        if not result.done:
            text = (
                "Nothing was recorded, and nothing was changed. Nothing stands in the way of stopping the source."
            )
            return NamedEnd("cutover.stop.dry", text, lines, members=members)
        if not result.at_rest:
            text = "Nothing new starts in the source by itself, but something still works there."
            if left:
                text = "Something was set to work in the source while it was stopped."
            following = f"migrate cutover {self.folder} --stop, once that has ended"
            return NamedEnd("cutover.stop", text, lines, following=following, members=members)
        text = "The source is at rest: nothing works there by itself, and nothing runs."
        following = (
            f"migrate cutover {self.folder}; if something came since it was verified, plan, run and verify the"
            f" difference, and cut over that plan. migrate cutover {self.folder} --back starts the source again"
        )
        return NamedEnd("cutover.stop", text, lines, following=following, members=members)


@dataclass(frozen=True, slots=True)
class TakenBackView(EndView):
    """How a cutover was taken back."""

    folder: Path
    result: TakenBack

    @property
    def ending(self) -> NamedEnd:
        """Of a dry run, or of the report."""
        report, changes = self.result.report, self.result.changes
        told = tuple(f"{one.what} in the target since: {one.address}" for one in changes)
        members: dict[str, Any] = {"changes": list(map(_change, changes)), "restores": list(self.result.restores)}
        ends = members["ends"] = list(self.result.ends)
        if report is None:
            text = "Nothing was recorded. The cutover would be taken back; no data is carried back."
            would = [f"warning: plan '{one}' was cut over too, and would be live no more" for one in ends]
            would += [f"would be set back in the {one}" for one in self.result.restores]
            return NamedEnd("cutover.back.dry", text, (*would, *told), members=members)
        kept = tuple(f"not set back in the {one.address}: {one.detail}" for one in self.result.kept)
        back = () if self.result.already else tuple(f"set back in the {one}" for one in self._set_back())
        also = tuple(f"warning: plan '{one}' was cut over too, and is live no more" for one in ends)
        members["kept"] = [asdict(one) for one in self.result.kept]
        stay = many(len(changes), "change stays", "changes stay")
        text = (
            f"Already taken back, at {report.content.time}."
            if self.result.already
            else f"Taken back: the evidence holds both sides again. {stay} in the target: no data is carried back."
        )
        files = {"Evidence": str(report.path)}
        lines = (*also, *kept, *back, *told)
        return NamedEnd("cutover.back", text, lines, files, f"migrate verify {self.folder}", members)

    def _set_back(self) -> list[str]:
        kept = {one.address for one in self.result.kept}
        return [one for one in self.result.restores if one not in kept]


def _change(one: Change) -> dict[str, Any]:
    return asdict(one)
