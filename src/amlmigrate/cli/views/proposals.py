"""What is said of a proposal: all that it would change, its digest, and who approved it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from amlmigrate.cli.views.ending import EndView, NamedEnd
from amlmigrate.core.escapes import as_json
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.deciding.approvefile import FileApprovalResult
from amlmigrate.ledger.fileapprovals import FileApproval
from amlmigrate.ledger.proposals import Proposal, ProposedChange

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page

# As many digits as messages show; `approve` takes 8 or more.
_DIGITS = 16


def carried_out_by(path: Path, proposal: Proposal) -> str:
    """The command that carries a proposal out, as it is typed."""
    return join(["migrate", *proposal.command.split(), str(path), *proposal.options])


def approved_by(path: Path, proposal: Proposal) -> str:
    """The command that approves it, as it is typed."""
    return join(["migrate", "approve", str(path), "--digest", proposal.sha256[:_DIGITS]])


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal as `show` prints it; with `every`, what is sent too."""

    path: Path
    proposal: Proposal
    approvals: Sequence[FileApproval]
    every: bool = False

    def human(self, page: Page) -> None:
        """Each change, then what else a reviewer has to know, then the digest."""
        proposal = self.proposal
        page.line(self._head)
        for one in proposal.changes:
            self._change(page, one)
        for head, lines in proposal.told.items():
            page.gap()
            page.line(head)
            page.lines(lines)
        page.gap()
        page.line(self._text)
        page.lines(self._lines)
        page.next(approved_by(self.path, proposal))

    def as_json(self) -> Iterator[Event]:
        """`show.proposal`."""
        yield Event(
            "show.proposal",
            {
                "text": self._text,
                **self.proposal.as_dict(),
                "approvals": [asdict(one) for one in self.approvals],
                "next": approved_by(self.path, self.proposal),
            },
        )

    def _change(self, page: Page, one: ProposedChange) -> None:
        page.line(f"{one.action:>8}  {one.what}: {one.id}", hang=10)
        for note in one.notes:
            page.line(f"- {note}", indent=10)
        if self.every and one.body is not None:
            for line in as_json(one.body, indent=2).split("\n"):
                page.verbatim(f"{'':>10}{line}")

    @property
    def _head(self) -> str:
        one = self.proposal
        who = one.maker or "somebody whom the token did not name"
        return f"`migrate {one.command}` at {one.scope}, proposed at {one.created} by {who}:"

    @property
    def _text(self) -> str:
        changes = many(len(self.proposal.changes), "change")
        return f"{changes}. Digest of the proposal: {self.proposal.sha256[:_DIGITS]}."

    @property
    def _lines(self) -> list[str]:
        return [
            f"approved by {one.by} at {one.at}{one.comment and ': '}{one.comment}"
            + ("" if one.sha256 == self.proposal.sha256 else " (another state of this file)")
            for one in self.approvals
        ]


@dataclass(frozen=True, slots=True)
class FileApprovalView(EndView):
    """What `approve` says of a proposal."""

    path: Path
    result: FileApprovalResult

    @property
    def ending(self) -> NamedEnd:
        """Who approved it, and the command that carries it out."""
        made, new = self.result.made, self.result.new
        members = {
            "of": "proposal",
            "object_id": made.object_id,
            "by": made.by,
            "sha256": made.sha256,
            "new": new,
        }
        told = f"Approved by {made.by}." if new else f"Approved already by {made.by} at {made.at}."
        following = carried_out_by(self.path, self.result.proposal)
        return NamedEnd("approve", told, following=following, members=members)
