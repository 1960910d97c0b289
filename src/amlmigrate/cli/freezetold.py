"""What `freeze` says: what would be done, what was done, and what somebody still has to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.evidence.frozen import FreezeRecord
from amlmigrate.freezing.freeze import TakenRights
from amlmigrate.freezing.give_back import Back, Source
from amlmigrate.freezing.writers import Writers
from amlmigrate.ledger.evidence import EvidenceFile


class FreezeReport:
    """What a freeze says at its end."""

    def __init__(self, view: View, folder: Path, writers: Writers, elsewhere: list[str]) -> None:
        self._view = view
        self._folder = folder
        self._writers = writers
        self._elsewhere = elsewhere

    def dry(self, known: FreezeRecord | None) -> ExitCode:
        """Of what would be done."""
        text = f"Nothing was changed. {many(len(self._writers.removable), 'role assignment')} would be taken away."
        self._tell("freeze.dry", text, f"migrate freeze {self._folder}", known, TakenRights(), None)
        return ExitCode.DONE

    def end(self, known: FreezeRecord, came: TakenRights, report: EvidenceFile | None) -> ExitCode:
        """Of what was done."""
        count, stays = len(came.taken), bool(self._writers.undecided)
        if count:
            taken = many(count, "role assignment was", "role assignments were")
            text = f"Frozen: {taken} taken away. It takes some minutes until that counts."
        elif self._writers.staying or came.stayed or came.gone:
            text = "Nothing was taken away."
        else:
            text = "Nothing to take away: no other role assignment lets anybody write the source."
        again = bool(came.stayed)
        following = (
            f"get the rights that are missing, then migrate freeze {self._folder}"
            if stays
            else f"migrate freeze {self._folder}"
            if again
            else "migrate plan, run and verify once more"
        )
        self._tell("freeze.end", text, following, known, came, report)
        return ExitCode.INCOMPLETE if stays or again else ExitCode.DONE

    def _tell(
        self,
        name: str,
        text: str,
        following: str,
        known: FreezeRecord | None,
        came: TakenRights,
        report: EvidenceFile | None,
    ) -> None:
        writers = self._writers
        if stays := len(writers.undecided):
            text += (
                f" {stays} at the storage account stay: it is not known whether it serves another workspace too."
            )
        if others := writers.staying - stays:
            # Not all of it is a role assignment: another tenant may manage the subscription.
            what = "right by which somebody may write stays"
            several = "rights by which somebody may write stay"
            text += f" {others} {what if others == 1 else several}: see the warnings."
        if came.unknown:
            gone = many(len(came.unknown), "is", "are")
            text += f" {gone} gone, and it is not known who did that, which needs a decision."
        if known and known.owed:
            following += f"; to give all back: migrate freeze {self._folder} --back"
        warnings = (f"warning: {one.address}: {one.summary} {one.remedy}" for one in writers.findings)
        data: dict[str, Any] = {
            "text": text,
            "assignments": [one.as_dict() for one in (writers.removable if name == "freeze.dry" else came.taken)],
            "stayed": [{"id": one.id, "reason": why} for one, why in came.stayed],
            "gone": [one.as_dict() for one in came.gone],
            "unknown": [one.as_dict() for one in came.unknown],
            "undecided": [one.as_dict() for one in writers.undecided],
            "findings": [finding.as_dict() for finding in writers.findings],
            "lines": [
                *map(str, writers.removable if name == "freeze.dry" else came.taken),
                *(f"not taken: {one}: {why}" for one, why in came.stayed),
                *(f"gone before it was taken, so it will not be given back: {one}" for one in came.gone),
                *(f"not known by whom: {one.address}: {one}" for one in came.unknown),
                *self._elsewhere,
                *warnings,
            ],
            "files": {"Evidence": str(report.path)} if report else {},
            "next": following,
        }
        self._view.result(name, data)


def listed(writers: Writers) -> Event:
    """What will be taken away, before any of it is."""
    lines = [str(one) for one in writers.removable]
    return Event("freeze.list", {"assignments": [one.as_dict() for one in writers.removable], "lines": lines})


def nothing_given(view: View, known: FreezeRecord | None, let_go: Mapping[str, str]) -> ExitCode:
    """Says what would be given back, or that all was."""
    owed = [one for one in (known.owed if known else ()) if one.address not in let_go]
    text = (
        f"Nothing was changed. {many(len(owed), 'role assignment')} would be given back, or left to decide."
        if owed
        else "Nothing is frozen any more: all was given back, or is settled."
    )
    shown = owed or (known.assignments if known else ())
    lines = [f"{one.address}: {one.state.value}: {one}" for one in shown]
    data = {"text": text, "assignments": [one.as_dict() for one in shown], "lines": lines}
    view.result("back.dry" if owed else "back.end", data)
    return ExitCode.DONE


def given(
    view: View,
    folder: Path,
    came: Back,
    source: Source,
    let_go: Mapping[str, str],
    report: EvidenceFile | None,
    not_compared: str,
) -> ExitCode:
    """Says what was given back and what was not, with what to do about each.

    `not_compared`: why the target did not tell whether the folder is the newest, where it did not.
    """
    there = many(len(came.there), "was", "were")
    left = f"; {len(came.left)} could not be given back" if came.left else ""
    data: dict[str, Any] = {
        "text": f"Given back: {many(len(came.made), 'role assignment')}; {there} there already{left}.",
        "restored": [one.as_dict() for one in came.made],
        "renamed": [one.as_dict() for one in came.renamed],
        "ended": [one.as_dict() for one in came.ended],
        "let_go": [one.as_dict() for one in came.let_go],
        "placeless": [one.as_dict() for one in came.placeless],
        "failed": [{"id": one.id, "address": one.address, "reason": why} for one, why in came.left],
        "lines": [
            *(f"there under another name: {one}" for one in came.renamed),
            *(f"not given back, it has ended: {one}" for one in came.ended),
            *(f"not given back, {let_go[one.address]}: {one}" for one in came.let_go),
            *(f"not given back, the workspace was removed ({source.removed}): {one}" for one in came.placeless),
            *(f"not given back: {one.address}: {one}: {why}" for one, why in came.left),
            *(
                [f"not checked: whether the workspace is still the same one: {source.unread}"]
                * bool(source.unread)
            ),
            *(
                [f"not checked: whether the plan's folder is as new as the target knows: {not_compared}"]
                * bool(not_compared)
            ),
        ],
        "files": {"Evidence": str(report.path)} if report else {},
    }
    if came.left:
        data["next"] = _next(folder, came)
    view.result("back.end", data)
    if came.denied:
        return ExitCode.DENIED
    return ExitCode.INCOMPLETE if came.left else ExitCode.DONE


def _next(folder: Path, came: Back) -> str:
    waive = f'migrate waive {came.left[0][0].address} {folder} --reason "..."'
    if came.unknown:
        address = came.unknown[0].address
        waive = f'migrate waive {address} {folder} --reason "..."'
        return (
            "look who took it (the subscription's activity log tells), then for each:"
            f" migrate freeze {folder} --back --give {address}, or let it go: {waive}"
        )
    return f"set it right, then migrate freeze {folder} --back; what cannot be given is let go: {waive}"
