"""Decisions of people: what was decided about which content, by whom, until when; and what can be decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from amlmigrate.core.documents import digest
from amlmigrate.core.finding import Severity
from amlmigrate.core.plan import Step


class DecisionVerb(StrEnum):
    """What a decision says of its address."""

    DONE = "done"
    WAIVE = "waive"
    # An option of a later command that needs an approval, as `--purge`.
    WANT = "want"
    # Only in evidence: the decision about that address is taken back.
    REOPEN = "reopen"


Sort = Literal["item", "finding", "residual", "frozen"]


@dataclass(frozen=True, slots=True)
class DecisionSubject:
    """What can be decided: an item of the plan, a finding, a residual, or what is frozen.

    `says` is what a person reads of it. Its digest is taken when it is needed: bodies are large.
    """

    address: str
    sort: Sort
    says: str
    content: Callable[[], Any] = field(repr=False, compare=False)
    step: Step | None = None
    # Of findings, the gravest of them.
    severity: Severity | None = None

    @property
    def sha256(self) -> str:
        """The digest that a decision names: another content is another decision."""
        return digest(self.content())


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision, as ledger and evidence have it.

    `sha256` is the digest of what was decided. `until` is an ISO time in UTC, empty where it does not end. `seen`:
    the tool itself saw in the target what was done.
    """

    address: str
    verb: DecisionVerb
    sha256: str
    reason: str
    by: str
    at: str
    object_id: str = ""
    until: str = ""
    seen: bool = False
    # The number of the evidence that says so.
    report: int = 0
    # Of which Entra tenant the identity is; '' where its token named none.
    tenant_id: str = ""

    @property
    def who(self) -> str:
        """By whom, for people."""
        return f"{self.by} (object id {self.object_id})" if self.object_id else self.by

    @property
    def detail(self) -> str:
        """What it says in every report."""
        if self.verb is DecisionVerb.WANT:
            return f"{self.reason} is wanted by {self.who}"
        why = f": {self.reason}" if self.reason else ""
        if self.verb is DecisionVerb.DONE:
            told = f"done by {self.who}, seen in the target" if self.seen else f"said by {self.who}, not seen"
            return told + why
        end = f", until {self.until}" if self.until else ""
        return f"waived by {self.who}{end}{why}"

    @property
    def digest(self) -> str:
        """What an approval of it names."""
        return digest(asdict(self) | {"verb": self.verb.value})

    def over(self, now: datetime | None = None) -> bool:
        """Whether its time has come to an end."""
        return bool(self.until) and (now or datetime.now(UTC)) >= datetime.fromisoformat(self.until)


def open_digest(decisions: list[Decision]) -> str:
    """The digest of all open decisions together, by which they are approved."""
    return digest(sorted(one.digest for one in decisions))
