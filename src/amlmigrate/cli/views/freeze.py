"""What `freeze` says at its end: what would be done, what was done, and what somebody still has to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlmigrate.cli.views.ending import EndView, NamedEnd
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.few import many
from amlmigrate.core.freeze_record import Assignment
from amlmigrate.freezing.give_back import Back
from amlmigrate.freezing.stage import FreezeResult, GiveBackResult


@dataclass(frozen=True, slots=True)
class FreezeView(EndView):
    """How a freeze ended."""

    folder: Path
    result: FreezeResult

    @property
    def code(self) -> ExitCode:
        """What it comes to."""
        left = self.result.writers.undecided or self.result.came.stayed
        return ExitCode.INCOMPLETE if left and not self.result.dry_run else ExitCode.DONE

    @property
    def ending(self) -> NamedEnd:
        """Of what would be done, or was."""
        report = self.result.report
        files = {"Evidence": str(report.path)} if report else {}
        told = (self._text(), tuple(self._lines()), files, self._next(), self._members())
        return NamedEnd("freeze.dry", *told) if self.result.dry_run else NamedEnd("freeze.end", *told)

    @property
    def _taken(self) -> list[Assignment]:
        return self.result.writers.removable if self.result.dry_run else self.result.came.taken

    def _text(self) -> str:
        writers, came = self.result.writers, self.result.came
        text = self._lead()
        if stays := len(writers.undecided):
            text += (
                f" {stays} at the storage account stay: it is not known whether it serves another workspace too."
            )
        if others := writers.staying - stays:
            # Not all of it is a role assignment: another tenant may manage the subscription.
            what = "right that allows writing stays"
            several = "rights that allow writing stay"
            text += f" {others} {what if others == 1 else several}: see the warnings."
        if came.unknown:
            gone = many(len(came.unknown), "is", "are")
            text += f" {gone} gone, and it is not known who removed it, which needs a decision."
        return text

    def _lead(self) -> str:
        writers, came = self.result.writers, self.result.came
        if self.result.dry_run:
            return f"Nothing was changed. {many(len(writers.removable), 'role assignment')} would be removed."
        if came.taken:
            taken = many(len(came.taken), "role assignment was", "role assignments were")
            return f"Frozen: {taken} removed. It takes some minutes to take effect."
        if writers.staying or came.stayed or came.gone:
            return "Nothing was removed."
        return "Nothing to remove: no other role assignment lets anybody write to the source."

    def _next(self) -> str:
        known = self.result.known
        if self.result.dry_run or (self.result.came.stayed and not self.result.writers.undecided):
            following = f"migrate freeze {self.folder}"
        elif self.result.writers.undecided:
            following = f"get the rights that are missing, then migrate freeze {self.folder}"
        else:
            following = "migrate plan, run and verify once more"
        return following + (f"; to restore all: migrate freeze {self.folder} --back" * bool(known and known.owed))

    def _lines(self) -> Iterable[str]:
        came = self.result.came
        yield from map(str, self._taken)
        yield from (f"not removed: {one}: {why}" for one, why in came.stayed)
        yield from (f"gone before it was removed, so it will not be restored: {one}" for one in came.gone)
        yield from (f"not known who removed it: {one.address}: {one}" for one in came.unknown)
        yield from self.result.elsewhere
        findings = (*self.result.writers.findings, *self.result.early_ends)
        yield from (f"warning: {one.address}: {one.summary} {one.remedy}" for one in findings)

    def _members(self) -> dict[str, Any]:
        came, writers = self.result.came, self.result.writers
        return {
            "assignments": _dicts(self._taken),
            "stayed": [{"id": one.id, "reason": why} for one, why in came.stayed],
            "gone": _dicts(came.gone),
            "unknown": _dicts(came.unknown),
            "undecided": _dicts(writers.undecided),
            "findings": [finding.as_dict() for finding in (*writers.findings, *self.result.early_ends)],
        }


@dataclass(frozen=True, slots=True)
class GiveBackView(EndView):
    """What was given back and what was not, with what to do about each."""

    folder: Path
    result: GiveBackResult

    @property
    def code(self) -> ExitCode:
        """What it comes to."""
        came = self.result.came
        if came and came.denied:
            return ExitCode.DENIED
        return ExitCode.INCOMPLETE if came and came.left else ExitCode.DONE

    @property
    def ending(self) -> NamedEnd:
        """Of what was given, or would be."""
        return self._given(self.result.came) if self.result.came else self._nothing_given()

    def _nothing_given(self) -> NamedEnd:
        """What would be given back, or that all was."""
        known = self.result.known
        owed = [one for one in known.owed if one.address not in self.result.let_go]
        shown = owed or known.assignments
        members = {"assignments": _dicts(shown)}
        lines = tuple(f"{one.address}: {one.state.value}: {one}" for one in shown)
        if not owed:
            text = "Nothing is frozen any more: everything was restored or is settled."
            return NamedEnd("back.end", text, lines, members=members)
        many_owed = many(len(owed), "role assignment")
        text = f"Nothing was changed. {many_owed} would be restored, or left to decide."
        return NamedEnd("back.dry", text, lines, members=members)

    def _given(self, came: Back) -> NamedEnd:
        report = self.result.report
        there = many(len(came.there), "was", "were")
        left = f"; {len(came.left)} could not be restored" if came.left else ""
        return NamedEnd(
            "back.end",
            f"Restored: {many(len(came.made), 'role assignment')}; {there} there already{left}.",
            tuple(self._lines(came)),
            {"Evidence": str(report.path)} if report else {},
            _next(self.folder, came) if came.left else "",
            {
                "restored": _dicts(came.made),
                "renamed": _dicts(came.renamed),
                "ended": _dicts(came.ended),
                "let_go": _dicts(came.let_go),
                "placeless": _dicts(came.placeless),
                "failed": [{"id": one.id, "address": one.address, "reason": why} for one, why in came.left],
            },
        )

    def _lines(self, came: Back) -> Iterable[str]:
        source, let_go = self.result.source, self.result.let_go
        removed = source.removed if source else ""
        yield from (f"there under another name: {one}" for one in came.renamed)
        yield from (f"not restored, it has ended: {one}" for one in came.ended)
        yield from (f"not restored, {let_go[one.address]}: {one}" for one in came.let_go)
        yield from (f"not restored, the workspace was removed ({removed}): {one}" for one in came.placeless)
        yield from (f"not restored: {one.address}: {one}: {why}" for one, why in came.left)
        if source and source.unread:
            yield f"not checked: whether the workspace is still the same one: {source.unread}"
        if why := self.result.not_compared:
            yield f"not checked: whether the plan's folder is as new as the target knows: {why}"


def _dicts(assignments: Iterable[Assignment]) -> list[dict[str, Any]]:
    return [one.as_dict() for one in assignments]


def _next(folder: Path, came: Back) -> str:
    waive = f'migrate waive {came.left[0][0].address} {folder} --reason "..."'
    if came.unknown:
        address = came.unknown[0].address
        waive = f'migrate waive {address} {folder} --reason "..."'
        return (
            "find out who removed it (in the subscription's activity log), then for each: migrate freeze"
            f" {folder} --back --give {address}, or waive it: {waive}"
        )
    return f"fix it, then migrate freeze {folder} --back; waive what cannot be restored: {waive}"
