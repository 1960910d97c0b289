"""What `verify` says at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlmigrate.cli.views.ending import CommandEnd
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding
from amlmigrate.cutover.changes_since import RAN, RAN_AS_OPERATOR, UNSEEN
from amlmigrate.evidence import Verify
from amlmigrate.evidence.headline import not_let_go, unchecked
from amlmigrate.evidence.verify import DifferenceRecord, MLClientReads, SinceCutover
from amlmigrate.ledger.evidence import EvidenceFile

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page

# Members of the report that stand in the event as they are, where the report has them.
_SHOWN = (
    *("green", "same", "of", "not_in_target", "not_the_same", "not_compared", "items", "differences", "unsettled"),
    *("open_findings", "foreign_bytes", "posture", "found", "warnings", "not_checked", "since_cutover"),
)


@dataclass(frozen=True, slots=True)
class VerifyView:
    """What a verification came to, by its report, and the next step of the plan where it is green."""

    report: EvidenceFile[Verify]
    folder: Path
    following: str

    def human(self, page: Page) -> None:
        """What is the same, what is not, and what was not looked at."""
        self._ending.human(page)

    def as_json(self) -> Iterator[Event]:
        """The same, with the members of the report that programs go by; the report itself has more."""
        members = self.report.content.as_dict()
        shown = {name: members[name] for name in _SHOWN if name in members}
        yield Event("verify.end", {**self._ending.members(), **shown})

    @property
    def code(self) -> ExitCode:
        """The exit code that it comes to."""
        content = self.report.content
        if content.green:
            return ExitCode.DONE
        refused = any(one.severity == "error" for one in content.posture)
        lost = content.since_cutover and content.since_cutover.open
        settled = not (content.differences or content.unsettled or content.open_findings or lost)
        return ExitCode.REFUSED if refused and settled else ExitCode.INCOMPLETE

    @property
    def _ending(self) -> CommandEnd:
        content = self.report.content
        return CommandEnd(
            _headline(content) + (_mlclient(content.sdk) if content.sdk else ""),
            # What the plan warned of may still be so, and is told once.
            list(dict.fromkeys(_lines(content))),
            content.items,
            {"Evidence": str(self.report.path)},
            self.following if content.green else f"migrate status {self.folder}",
        )


def _lines(content: Verify) -> Iterator[str]:
    yield from (f"difference: {_difference(one)}" for one in content.differences)
    yield from (f"waived: {_difference(one)}" for one in content.tolerated or ())
    yield from (f"{one.outcome.value}: {one.address}: {one.detail}" for one in content.unsettled)
    if content.since_cutover:
        yield from _since_lines(content.since_cutover)
    yield from (f"over foreign bytes: {one.address}: {one.detail}" for one in content.foreign_bytes)
    yield from map(_finding, content.posture)
    yield from (f"false MD5 label, kept as in the source: {path}" for path in content.false_md5_labels)
    yield from (f"{one.address}: {one.detail}" for one in content.decided_findings)
    yield from map(_finding, (*content.found, *content.warnings))
    yield from (f"not checked: {what}" for what in content.not_checked)


def _difference(one: DifferenceRecord) -> str:
    return f"{one.address} {one.field}: expected {one.expected!r}, found {one.actual!r}"


def _finding(one: Finding) -> str:
    return f"{one.severity}: {one.address}: {one.summary}"


def _headline(content: Verify) -> str:
    if content.since_cutover:
        return living_headline(content, content.since_cutover)
    return content.headline or ""


def _mlclient(sdk: MLClientReads) -> str:
    """What MLClient reads, where it was asked."""
    asked = f" MLClient reads {sdk.readable} of {many(sdk.assets, 'asset')} in the target"
    alike, unknown = len(sdk.unreadable_alike), len(sdk.source_not_checked)
    more = [f"{alike} it can read on neither side"] * bool(alike)
    more += [f"in the source {many(unknown, 'was', 'were')} not checked"] * bool(unknown)
    return "; ".join([asked, *more]) + "."


def living_headline(content: Verify, since: SinceCutover) -> str:
    """What a report of a verification after the cutover comes to, in one sentence."""
    used = sum(1 for one in since.changes if not one.finding and one.what not in (*UNSEEN, RAN))
    operators = {one.finding for one in since.changes if one.what == RAN_AS_OPERATOR}
    named = sum(1 for one in since.open if one.address in operators)
    open_ = len(since.open) - named
    let_go = sum(1 for one in since.changes if one.finding and one.finding not in operators) - open_
    idle = sum(1 for one in since.changes if one.what in UNSEEN)
    if content.green:
        lost = f", {many(let_go, 'lost one was', 'lost ones were')} waived" if let_go else ""
        rest = f"; {told}" if (told := unchecked(content)) else ""
        return (
            f"Green at depth {content.depth} since the cutover: the source is as it was, and so are"
            f" {many(content.blobs, 'proven blob')} in the target{lost};"
            f" {many(used, 'other change')} there{f'; {idle} not seen to run yet' if idle else ''}{rest}."
        )
    runs = f" {named} in the name of who moved it," if named else ""
    return (
        f"Not green: {many(open_, 'proven item')} lost in the target since the cutover,{runs}"
        f" {many(len(content.differences), 'difference')},"
        f" {len(content.unsettled)} open{not_let_go(content)}."
    )


def _since_lines(since: SinceCutover) -> Iterator[str]:
    """Each change since the cutover, what is to be decided first."""
    yield from map(_finding, since.open)
    shown = {one.address for one in since.open}
    rest = (one for one in since.changes if one.finding not in shown)
    for one in rest:
        by = f" as '{one.now}'" if one.what == RAN and one.now else ""
        yield f"{one.what}{by} since the cutover: {one.address}, seen at {one.seen}"
