"""What `done`, `waive`, `reopen` and `approve` say at their end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from amlmigrate.cli.views.ending import EndView, NamedEnd
from amlmigrate.core.decision import Decision, DecisionVerb
from amlmigrate.core.few import many
from amlmigrate.deciding.approve import ApprovalResult
from amlmigrate.deciding.decide import DecisionResult

_ENDS = {
    DecisionVerb.WAIVE: NamedEnd("waive", "Waived"),
    DecisionVerb.DONE: NamedEnd("done", "Done by hand"),
    DecisionVerb.REOPEN: NamedEnd("reopen", "Open again"),
}
_SHOWN = ("address", "reason", "until", "seen", "detail", "sha256")


@dataclass(frozen=True, slots=True)
class DecisionView(EndView):
    """What was decided; `following`: the next step of the plan, where something is open again."""

    result: DecisionResult
    following: str = ""

    @property
    def ending(self) -> NamedEnd:
        """Each decision, and by whom."""
        result = self.result
        made = [*map(_line, result.made), *({"address": one, "detail": "open again"} for one in result.opened)]
        what = made[0]["address"] if len(made) == 1 else many(len(made), "address", "addresses")
        lines = (*(f"{one['address']}: {one['detail']}" for one in made), *filter(None, [result.unsigned]))
        identity = result.by.identity
        members = {
            "decisions": made,
            "by": result.by.local,
            "object_id": identity.object_id if identity else "",
        }
        end = _ENDS[result.verb]
        text = f"{end.text}: {what}."
        return replace(end, text=text, lines=lines, following=self.following, members=members)


@dataclass(frozen=True, slots=True)
class ApprovalView(EndView):
    """What was approved."""

    folder: Path
    result: ApprovalResult

    @property
    def ending(self) -> NamedEnd:
        """The plan, or each decision; and by whom."""
        made, decided = self.result.made, self.result.decided
        members = {
            "of": "plan" if decided is None else "decisions",
            "object_id": made.object_id,
            "by": made.by,
            "sha256": made.sha256,
            "new": self.result.new,
        }
        if decided is None:
            told = f"Approved by {made.by}." if self.result.new else f"Approved already by {made.by} at {made.at}."
            return NamedEnd("approve", told, following=f"migrate run {self.folder}", members=members)
        lines = tuple(f"{one.address}: {one.detail}" for one in decided)
        return NamedEnd(
            "approve",
            f"{many(len(decided), 'decision is', 'decisions are')} approved by {made.by}.",
            lines,
            members=members,
        )


def _line(one: Decision) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _SHOWN}
