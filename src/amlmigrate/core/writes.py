"""What a kind wants of the target: the changing calls that make an item there, and what the service answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from amlmigrate.core.address import Address
from amlmigrate.core.allowed import Allowed
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, overlaid
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping, Rewrite
from amlmigrate.core.plan import CUTOVER, RUN, Stage


@dataclass(frozen=True, slots=True)
class Write:
    """One changing call, as the plan holds it.

    `body` is the whole ARM envelope, but for `{"$secret": …}` markers. The write with the phase "" makes the item;
    those of a phase (`core.address.PHASES`) come after it, one after the other, and after all of `after`.
    `changes` are the JSON pointers of what a phase is about, `reason` why it is a write of its own. One of the
    stage `cutover` goes live only when the old workspace stops, and `run` never makes it. `by_hand`: why the
    cutover does not make it either, but a person, as a sentence; '' where it does. `patches` are the JSON pointers
    of what alone is sent, by PATCH, where a PUT of the whole would take something away; empty: it is a PUT.
    """

    body: Document
    phase: str = ""
    after: tuple[Address, ...] = ()
    stage: Stage = RUN
    changes: tuple[str, ...] = ()
    reason: str = ""
    by_hand: str = ""
    patches: tuple[str, ...] = ()

    @property
    def sent(self) -> Document:
        """What the call sends."""
        return overlaid({}, self.body, self.patches) if self.patches else self.body

    def about(self, field: str) -> bool:
        """Whether a JSON pointer is of what this phase changes."""
        return any(f"{field}/".startswith(f"{pointer}/") for pointer in self.changes)

    def is_all(self, fields: set[str]) -> bool:
        """Whether these are of what this phase changes, the first of it among them."""
        return self.changes[:1] != () and self.changes[0] in fields and all(map(self.about, fields))

    def over(self, body: Document) -> Document:
        """A body as this phase changes it, all else as it is."""
        return overlaid(body, self.body, self.changes)

    @property
    def apart(self) -> bool:
        """Whether it cannot be made together with the one before it where the item is there already."""
        return bool(self.after) or self.stage == CUTOVER


@dataclass(frozen=True, slots=True)
class Desired:
    """All writes of an item in their order, what of it names another place, and what a reviewer must know."""

    writes: tuple[Write, ...]
    rewrites: tuple[Rewrite, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def first(self) -> Write:
        """The write that makes the item where it is not there."""
        return self.writes[0]

    @property
    def together(self) -> tuple[Write, ...]:
        """The first, and those that one call makes together with it where the item is there already."""
        count = next((place for place, one in enumerate(self.writes) if place and one.apart), len(self.writes))
        return self.writes[:count]

    @property
    def apart(self) -> tuple[Write, ...]:
        """All others, each a call of its own in any case."""
        return self.writes[len(self.together) :]

    @property
    def at_once(self) -> Write:
        """The last of `together`: what the item is to be where it is there, but for what the others change."""
        return self.together[-1]

    @property
    def ran(self) -> Document | None:
        """What the item is to be once `run` has made all that it makes; None where that is nothing."""
        return next((one.body for one in reversed(self.writes) if one.stage == RUN), None)

    def of(self, phase: str) -> Write | None:
        """The write of a phase."""
        return next((one for one in self.writes if one.phase == phase), None)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The service's answer to a changing call, which may only have begun.

    `existed`: it says that something was there before; not where an attempt without an answer came first, since
    that one may have made it. `operation` is where the change is polled, as a ledger keeps it; None where none is
    named.
    """

    document: Document
    existed: bool = False
    operation: Document | None = None


class PlanContext(Protocol):
    """What a pure translation may ask."""

    @property
    def mapping(self) -> Mapping:
        """Where things of the source are in the target."""
        ...

    @property
    def allowed(self) -> Allowed:
        """What the plan's options let move beside what moves anyway, and which secrets are given."""
        ...

    def children(self, address: Address) -> Sequence[Asset]:
        """What of the source lies directly below an item, as deployments do below their endpoint, and moves."""
        ...

    def target(self, address: Address) -> Address:
        """What the target calls an item of the source: another name where names are one in a region."""
        ...
