"""What becomes of a name, whose state holds for all of its versions, and of archiving it, which hides them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.few import few
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action
from amlmigrate.core.writes import Desired, Write
from amlmigrate.kinds import Kind, versions_digest
from amlmigrate.planning.diff import StepVerdict, document_verdict, later, own_bag

BROUGHT = "is created with its first version"
NO_VERSION_REASON = "the name has no description, tags or archived state, and no version of it moves"
_NAMED = 20


class NameVerdicts:
    """The verdicts on names. `plain` are those of which the source says nothing (`choice.plain_names`)."""

    def __init__(self, target: Inventory, prior: OwnershipRecord, plain: frozenset[Address]) -> None:
        self._prior = prior
        self._target = target.assets.keys()
        self._plain = plain
        self._theirs = _theirs(target.assets, prior)

    def verdicts(self, kind: Kind, name: Address, desired: Desired, there: Asset | None) -> list[StepVerdict]:
        """What becomes of the name, and then of archiving it where that is a step of its own."""
        first = desired.first
        if there is None and name in self._plain:
            return [StepVerdict(Action.CREATE, BROUGHT, first.body)]
        if len(desired.writes) == 1 or (there and there.archived):
            return [self._verdict(kind, name, desired, there)]
        found = self._verdict(kind, name, replace(desired, writes=(first,)), there)
        if found.action is Action.CONFLICT:
            # It is shown with all in which they differ.
            return [self._verdict(kind, name, desired, there)]
        archiving = desired.at_once
        return [found, self._archiving(kind, name, found, desired, archiving, there).for_(archiving)]

    def _verdict(self, kind: Kind, name: Address, desired: Desired, there: Asset | None) -> StepVerdict:
        found = document_verdict(kind, desired, there, self._prior, name)
        free = there and not self._prior.owns(name) and kind.is_placeholder(name, there.document)
        if free and found.action is Action.CONFLICT:
            return StepVerdict(
                Action.CREATE,
                "the target has the name, without description, tags or archived state",
                desired.first.body,
            )
        return found

    def _archiving(
        self,
        kind: Kind,
        name: Address,
        found: StepVerdict,
        desired: Desired,
        archiving: Write,
        there: Asset | None,
    ) -> StepVerdict:
        # Whoever lets it go does so for the versions that the target has now.
        held = versions_digest(name, self._target)
        if theirs := self._theirs.get(name):
            return StepVerdict(Action.CONFLICT, hides(theirs), target_sha256=held)
        body = desired.first.body
        if there is None or found.action is not Action.ADOPT:
            return later(archiving, archiving.over(found.body or body))
        verdict = document_verdict(kind, desired, there, self._prior, name)
        if verdict.action is Action.CONFLICT and kind.is_placeholder(name, there.document):
            # All its versions are the tool's own, and nobody else says anything of it.
            own = body | {"properties": body["properties"] | own_bag(kind, there.document)}
            return replace(later(archiving, archiving.over(own)), target_sha256=kind.state(there.document))
        if verdict.action is Action.CONFLICT:
            return replace(verdict, target_sha256=held)
        return replace(verdict, reason=archiving.reason)


def hides(theirs: Iterable[Address]) -> str:
    """What archiving a name takes away from others: with it all of its versions are archived.

    Learn, `az ml model archive`: a container's archiving is that of all versions under its name, none of which can
    be restored by itself.
    """
    named = few(sorted(map(str, theirs)), _NAMED)
    return f"archiving the name hides all of its versions, and this tool did not create all of them: {named}"


def _theirs(assets: Mapping[Address, Asset], prior: OwnershipRecord) -> dict[Address, list[Address]]:
    found: dict[Address, list[Address]] = defaultdict(list)
    for address in assets:
        if address.version is not None and not prior.owns(address):
            found[address.container].append(address)
    return found
