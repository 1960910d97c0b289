"""What the target calls what cannot keep its name: by a file, as earlier plans called it, else by its old name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from amlmigrate.core.address import Address
from amlmigrate.core.armid import key_of
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.namescope import NameScope, Taken, as_taken
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action
from amlmigrate.core.switched import SOURCE, Switched, of_side
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.inventory.regional import place_in_source, place_in_target, regional
from amlmigrate.kinds import Context, Listed, moving_kinds
from amlmigrate.planning.diff import document_verdict
from amlmigrate.planning.renames import Rename, Renames

# Source and target.
Pair = tuple[WorkspaceRef, WorkspaceRef]


@dataclass(slots=True)
class NewNames:
    """`names` are those of the target where they are others; `given` is what each has there, also its own."""

    names: dict[Address, Address] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    given: dict[Address, tuple[NameScope, str]] = field(default_factory=dict)

    @property
    def taken(self) -> set[Taken]:
        """What nothing else may have then."""
        return as_taken(self.given.values())


class NamesAlongside:
    """The names of plans that one command makes at the same time, by the pair of workspaces."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], set[Taken]] = {}

    def add(self, pair: Pair, taken: Iterable[Taken]) -> None:
        """Notes what workspaces of a pair have, or their plan gives."""
        self._of.setdefault(_key(pair), set()).update(taken)

    def of_others(self, pair: Pair) -> set[Taken]:
        """Those of all other pairs."""
        return {one for other, taken in self._of.items() if other != _key(pair) for one in taken}


def _key(pair: Pair) -> tuple[str, str]:
    return (key_of(pair[0].id), key_of(pair[1].id))


def chosen(
    source: Inventory,
    target: Inventory,
    asked: Renames,
    prior: OwnershipRecord,
    others: Iterable[Taken],
    switched: tuple[Switched, ...] = (),
) -> NewNames:
    """A name for each that is one in a region. `others` are those that plans of other pairs give.

    `switched`: what a cutover that stands has changed. Raises BadInputError for a line of the file that cannot be
    obeyed.
    """
    context = Context(Mapping(source.workspace, target.workspace), switched=of_side(switched, SOURCE))
    choice = _Choice(source, target, asked, prior, others, context)
    for line in asked.lines:
        choice.ask(line)
    choice.keep_earlier()
    choice.refuse_two()
    choice.make()
    return choice.found


class _Choice:
    """The names while they are chosen."""

    def __init__(
        self,
        source: Inventory,
        target: Inventory,
        asked: Renames,
        prior: OwnershipRecord,
        others: Iterable[Taken],
        context: Context,
    ) -> None:
        self._source, self._target, self._context = source, target, context
        self._asked, self._prior, self._others = asked, prior, frozenset(others)
        self._held = {asset.address: (kind, asset) for kind, asset in regional(source)}
        # By address in any case, as the target spells it: it is looked for by that from then on.
        self._spelled = {asset.address: asset.address.name for _, asset in regional(target)}
        self._in_target = {name.lower() for name in self._spelled.values()}
        self._lines: dict[Address, Rename] = {}
        # By address, what the target calls it, its own name too.
        self._called: dict[Address, str] = {}
        self.found = NewNames()

    def ask(self, line: Rename) -> None:
        """Takes a name from the file. Raises BadInputError."""
        if line.address not in self._held:
            raise self._asked.refused(line, f"is about '{line.address}', which the source does not have")
        kind, asset = self._held[line.address]
        rule = kind.new_names(asset)
        if not rule.takes(line.name):
            raise self._asked.refused(line, f"has '{line.name}', which cannot be a name: {rule.says}")
        place = self._place(kind, asset)
        for other in self._there(place):
            if other.name.lower() == line.name.lower():
                why = f"has '{line.name}', which {other} has in the source, in the same region"
                raise self._asked.refused(line, why, "Choose another name.")
        if (place, line.name.lower()) in self._others:
            why = f"has '{line.name}', which the plan of another workspace gives in the same region"
            raise self._asked.refused(line, why, "Choose another name.")
        earlier = self._earlier(asset.address)
        if earlier and self._made(earlier) and earlier.name.lower() != line.name.lower():
            why = f"has '{line.name}' for {line.address}, which an earlier plan has made as '{earlier.name}'"
            raise self._asked.refused(line, why, "Leave the line out, or remove what was made, and plan again.")
        self._lines[line.address] = line
        self._take(kind, asset, line.name)

    def keep_earlier(self) -> None:
        """Everything else keeps the name that an earlier plan of the pair gave it."""
        for address, (kind, asset) in self._held.items():
            earlier = self._earlier(address)
            if earlier and address not in self._called:
                self._take(kind, asset, earlier.name)

    def refuse_two(self) -> None:
        """Raises BadInputError for a line that gives a name which something else has then too."""
        for address, line in self._lines.items():
            place = self._place(*self._held[address])
            for other, (kind, asset) in self._held.items():
                name = self._called.get(other, other.name)
                if other != address and (self._place(kind, asset), name.lower()) == (place, line.name.lower()):
                    why = f"has '{line.name}', which {other} has in the target, in the same region"
                    raise self._asked.refused(line, why, "Choose another name.")

    def make(self) -> None:
        """Makes names for all else of the kinds that move, where their own are taken."""
        ours = {one.name.lower() for one in self._held} | {name.lower() for name in self._called.values()}
        ours |= {name for _, name in self._others}
        for address in sorted(self._held):
            kind, asset = self._held[address]
            if address in self._called or address.kind not in moving_kinds():
                continue
            if not self._must(kind, asset):
                self._take(kind, asset, address.name)
                continue
            rule = kind.new_names(asset)
            name = first = rule.beside(address.name, ours)
            if first.lower() in self._in_target and not self._is_there(asset, first):
                name = rule.beside(address.name, ours | self._in_target)
                self.found.findings.append(_there_already(address, first, name))
            ours.add(name.lower())
            self._take(kind, asset, name)

    def _is_there(self, asset: Asset, name: str) -> bool:
        """Whether the target has it under a name that is made of its own, though no ledger tells of that."""
        called = Address.of(asset.address.kind, name)
        there = self._target.assets.get(called)
        if there is None or asset.address not in self._source.assets:
            return False
        kind = moving_kinds()[asset.address.kind]
        desired = kind.desired(self._context.wished(asset), self._context)
        return document_verdict(kind, desired, there, self._prior, called).action is Action.ADOPT

    def _must(self, kind: Listed, asset: Asset) -> bool:
        """Whether it cannot have its own name: the source's has that, or something else of the region will."""
        place, address = self._place(kind, asset), asset.address
        own = (place, address.name.lower())
        if place_in_source(kind, asset, self._source.workspace) == place:
            # What an earlier plan has made under its own name, wherever it said that it lies, is that one; but not
            # where it has made another so.
            return own in self.found.taken or not self._made(address)
        # What the target has of that name is then the other one, which earlier plans, or the file, call so.
        return own in self.found.taken or (own in self._others and address not in self._target.assets)

    def _take(self, kind: Listed, asset: Asset, name: str) -> None:
        address = asset.address
        called = Address.of(address.kind, name)
        # Ledgers know what the tool made as it was sent.
        name = name if self._prior.owns(called) else self._spelled.get(called, name)
        self._called[address] = name
        if name != address.name:
            self.found.names[address] = Address.of(address.kind, name)
        self.found.given[address] = (self._place(kind, asset), name)

    def _place(self, kind: Listed, asset: Asset) -> NameScope:
        return place_in_target(kind, asset, self._source.workspace, self._target.workspace)

    def _there(self, place: NameScope) -> Iterable[Address]:
        """What of the source has its name in a place as long as the source is there."""
        for address, (kind, asset) in self._held.items():
            if place_in_source(kind, asset, self._source.workspace) == place:
                yield address

    def _earlier(self, address: Address) -> Address | None:
        text = self._prior.called.get(str(address))
        return Address.parse(text) if text else None

    def _made(self, earlier: Address) -> bool:
        return self._prior.owns(earlier) and earlier in self._target.assets


def _there_already(address: Address, first: str, name: str) -> Finding:
    return Finding(
        "warning",
        str(address),
        f"The target has '{first}' already, which is not known to be this one: it is made as '{name}'.",
        f"If '{first}' is meant to take its place, plan again with --rename and a line '{address},{first}'.",
        code="new-name-taken",
    )
