"""What the target's own users refer to: the bytes that are not deleted without a decision of their own. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from amlmigrate.bytes.prefixes import prefix_of
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Inventory
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import Location
from amlmigrate.inventory.resolve import Dependencies, Resolver
from amlmigrate.kinds import moving_kinds

Key = tuple[str, str]
# What is said of files that may name places, and of which it is not known whether they do (`filefindings`).
_UNKNOWN = frozenset(
    (
        *("file-archived", "file-unreadable", "file-encoded", "file-too-large", "file-not-json", "file-not-text"),
        *("file-not-yaml", "file-unread", "delta-log-unread", "table-reads-unknown", "table-absent"),
    )
)
_QUOTED = re.compile("'[^']+'")


class TargetUsers:
    """By place, who of the target refers to it: an item that is not this move's own, or a job.

    `own` are the addresses of documents that the move brings and that are the tool's. The service's own datastores
    are nobody's reference: every blob lies below them. `unknown`: of whom it is not known, and
    why.
    """

    def __init__(self, target: Inventory, own: Container[Address]) -> None:
        self._by: dict[Key, dict[str, str]] = {}
        self.unknown = dict(_unknown(target, frozenset(map(str, filter(own.__contains__, target.assets)))))
        for place, who in _references(target, own):
            known = self._by.setdefault(place.key, {})
            for path in _spellings(place.path):
                known.setdefault(path, who)

    def of(self, place: Location) -> str:
        """Who refers to a blob, or to a folder above it; '' where nobody does."""
        known = self._by.get(place.key)
        if not known:
            return ""
        path = place.path
        ends = [len(path), *(at for at, sign in enumerate(path) if sign == "/")]
        found = (known.get(path[:end]) for end in sorted(ends, reverse=True))
        return next(filter(None, found), "") or known.get("", "")

    def findings(self) -> list[Finding]:
        """For a plan that deletes: nothing is deleted until somebody has looked, or let it go."""
        return [
            Finding(
                "error",
                address,
                f"The plan deletes blobs of the target, and what {address} there refers to is not known: {why}",
                "Look whether it needs any of them (`migrate show` lists them) and waive this finding, or plan"
                " without --delete.",
                code="users-unknown",
            )
            for address, why in sorted(self.unknown.items())
        ]


def _unknown(target: Inventory, own: Container[str]) -> Iterator[tuple[str, str]]:
    """By the address of an item, why what it refers to is not known, or not all of it."""
    for left in target.by_hand:
        if left.not_listed:
            yield str(left.address), left.reason
    found: dict[str, list[str]] = {}
    for finding in target.findings:
        if finding.code in _UNKNOWN and finding.about not in own:
            # The rest of its sentence is about the source.
            named = _QUOTED.search(finding.summary)
            found.setdefault(finding.about, []).append(f"{finding.code} {named[0] if named else ''}".rstrip())
    yield from ((address, f"{', '.join(sorted(set(said)))}.") for address, said in found.items())


def _spellings(path: str) -> Iterator[str]:
    """A path, and what clients may make of it: they resolve dots and escapes, and some drop a slash too many."""
    yield path
    plain = posixpath.normpath(unquote(path)).lstrip("/")
    yield "" if plain == "." else plain


def _references(target: Inventory, own: Container[Address]) -> Iterator[tuple[Location, str]]:
    mapping = Mapping(target.workspace, target.workspace)
    resolver = Resolver(target, target, mapping)
    through = _Through(target, resolver)
    for address, asset in target.assets.items():
        if address in own:
            continue
        store = moving_kinds()[address.kind].storage(asset).datastore
        if store and store.root and not store.system:
            yield store.root, str(address)
        yield from through.places(str(address), resolver.needs(asset))
    for left in target.by_hand:
        yield from through.places(str(left.address), resolver.needs_by_hand(left))
    for reference in target.of_jobs:
        if place := mapping.locate(reference):
            yield prefix_of(place), "a job"
        yield from through.places("a job", resolver.needs_of(reference))
    for store_root in (root for root, _ in mapping.roots()):
        for job in target.workspace.jobs:
            yield store_root.below(f"ExperimentRun/dcid.{job}"), f"the job {job}"
            yield store_root.below(f"azureml/{job}"), f"the job {job}"


@dataclass(slots=True)
class _Through:
    """What somebody needs, and what the assets that they name need in their turn, whoever made those.

    A deployment of the target serves the model that the move brought, and a job reads its data.
    """

    target: Inventory
    resolver: Resolver
    _known: dict[Address, Dependencies] = field(default_factory=dict)

    def places(self, who: str, needs: Dependencies) -> Iterator[tuple[Location, str]]:
        """Each place with who needs it, and by what."""
        yield from ((place, who) for place in needs.places)
        seen, queue = set(needs.assets), list(needs.assets)
        while queue:
            address = queue.pop()
            further = self._needs(address)
            yield from ((place, f"{who}, by {address},") for place in further.places)
            queue += further.assets - seen
            seen |= further.assets

    def _needs(self, address: Address) -> Dependencies:
        if address not in self._known:
            asset = self.target.assets.get(address)
            self._known[address] = self.resolver.needs(asset) if asset else Dependencies()
        return self._known[address]
