"""Makes a plan of a source inventory, a target inventory and the listings of both sides' containers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from amlmigrate.bytes.listings import Listing, ListingDigest, listing_digest
from amlmigrate.bytes.prefixes import PrefixSet, prefix_of
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.address import Address
from amlmigrate.core.allowed import NOTHING, Allowed
from amlmigrate.core.asset import Asset, Blob, Inventory
from amlmigrate.core.documents import digest
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping, Rewrite
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Bytes, Step
from amlmigrate.core.redaction import masked
from amlmigrate.core.select import Selection
from amlmigrate.core.state import UNSELECTED_REASON
from amlmigrate.core.switched import SOURCE, TARGET, Switched, of_side
from amlmigrate.core.workspace import Location, address_of
from amlmigrate.core.writes import Desired
from amlmigrate.inventory.resolve import Dependencies, Resolver
from amlmigrate.inventory.target_users import TargetUsers
from amlmigrate.kinds import Context, Kind, Whose, document_digests, holdings, moving_kinds, state_digest
from amlmigrate.planning.asset_findings import foreign_bytes, names_source, refused_name, signed_lines
from amlmigrate.planning.bytesteps import BLOB, DELETE, ByteSteps, nobody, of_nothing_here, target_place
from amlmigrate.planning.bytesteps import PrefixSteps as PlannedBytes
from amlmigrate.planning.diff import StepVerdict, of_its_users, verdicts_on
from amlmigrate.planning.draft import Draft
from amlmigrate.planning.file_rewrites import FilesAnew
from amlmigrate.planning.graph import ordered
from amlmigrate.planning.moving_assets import choose, plain_names
from amlmigrate.planning.names import BROUGHT, NO_VERSION_REASON, NameVerdicts
from amlmigrate.planning.sequences import sequence
from amlmigrate.planning.unmoved_blobs import (
    EMPTY_REASON,
    NamedBlobs,
    OtherUsers,
    UnmovedBlobs,
    copied_roots,
    job_folders,
)
from amlmigrate.planning.vault_named import vault_named

# After every kind, however many there are.
_LAST = 99
NOBODY = OtherUsers()


class Planner:
    """Decides for each thing that the source holds what becomes of it."""

    def __init__(
        self,
        source: Inventory,
        target: Inventory,
        *,
        selection: Selection,
        prior: OwnershipRecord,
        copy_unreferenced: bool,
        others: OtherUsers = NOBODY,
        delete: bool = False,
        names: dict[Address, Address] | None = None,
        principals: dict[str, str] | None = None,
        switched: tuple[Switched, ...] = (),
        allowed: Allowed = NOTHING,
    ) -> None:
        self._source = source
        self._target = target
        self._selection = selection
        self._prior = prior
        self._copy_unreferenced = copy_unreferenced
        self._others = others
        self.mapping = Mapping(source.workspace, target.workspace, names or {}, principals or {})
        resolver = Resolver(source, target, self.mapping)
        self._needs = {address: resolver.needs(asset) for address, asset in source.assets.items()}
        self._by_hand = {left.address: resolver.needs_by_hand(left) for left in source.by_hand}
        self._holdings = holdings()
        self._files = FilesAnew(source.assets.values(), source.anew, self.mapping)
        plain = plain_names(source.assets.values())
        self._names = NameVerdicts(target, prior, plain)
        self._plain = plain
        choice = choose(source, self._needs, self._by_hand, selection)
        self._moving, self._wanted = choice.moving, choice.wanted
        moving = [asset for address, asset in source.assets.items() if address in self._moving]
        self.context = Context(self.mapping, moving, of_side(switched, SOURCE), allowed)
        self._live = of_side(switched, TARGET)
        self._cover = PrefixSet(choice.places)
        own = {there for there in map(self.mapping.called, self._moving) if prior.owns(there)}
        self._users = TargetUsers(target, own) if delete else None
        needed = self._users.of if self._users else nobody
        self._steps = ByteSteps(self.mapping, prior, self._files, delete, needed)
        # By container of the source, what of its blobs, or beside them, is not as it was meant in the target.
        self._theirs: dict[tuple[str, str], Listing] = {}

    def steps(self, containers: Containers) -> tuple[list[Step], list[Finding]]:
        """All steps in execution order, and the findings."""
        draft = Draft()
        self._cover = PrefixSet([*self._cover, *self._whole(containers, wanted=True)])
        if self._copy_unreferenced:
            roots = [place for found in self._unreferenced(containers) for place in found]
            self._cover = PrefixSet([*self._cover, *roots])
        self._bytes(draft, containers)
        draft.findings += of_nothing_here(self.mapping, self._prior, self._cover, containers)
        for asset in self._source.assets.values():
            self._document(draft, asset)
        moving_assets = (asset for address, asset in self._source.assets.items() if address in self._moving)
        sequence(draft, moving_assets, self._foreign())
        for left in self._source.by_hand:
            draft.add(_named_by_hand(left, self._said_of_others(left), self.mapping.called(left.address)))
        moving = [one for address, one in self._source.assets.items() if address in self._moving]
        both = self._source.workspace, self._target.workspace
        draft.findings += vault_named([*moving, *self._source.by_hand], *both)
        after = {address: frozenset(step.after) for address, step in draft.steps.items()}
        order = ordered(after, {address: self._rank(address, draft) for address in after})
        told = {self._source.workspace.id, *map(str, self._moving)}
        draft.findings += [finding for finding in self._source.findings if finding.about in told]
        return [draft.steps[address] for address in order], draft.findings

    def inventory_digest(self, containers: Containers) -> str:
        """SHA-256 over everything that the source was seen to hold."""
        seen = document_digests(self._source)
        seen |= {
            str(address_of(Location.of_key(*key))): listing_digest(found.blobs.values())
            for key, found in containers.source.items()
        }
        return digest(seen)

    def _rank(self, address: Address, draft: Draft) -> tuple[int, str, str]:
        if draft.steps[address].action is Action.DELETE:
            return _LAST + 1, "", str(address)
        order = [*(kind.name for kind in self._holdings.values()), *moving_kinds()]
        place = order.index(address.kind) if address.kind in order else len(order)
        asset = self._source.assets.get(address.item)
        # What comes by itself is looked at once all else was made: a page of a list then shows many of them.
        place = _LAST if address.phase or address in draft.brought else place
        return (place, asset.created_at if asset else "", str(address))

    # Bytes.

    def _bytes(self, draft: Draft, containers: Containers) -> None:
        planned = [found for prefix in self._cover if (found := self._steps.of(prefix, containers))]
        for found in planned:
            self._prefix(draft, found)
        known = self._known()
        unselected = PrefixSet([*self._of_unselected(), *self._whole(containers, wanted=False)])
        for listing in containers.source.values():
            rest = self._rest(draft, listing, UnmovedBlobs(listing.place, known), unselected)
            held = self._holdings[listing.place.service]
            if listing.refused:
                draft.add(_by_hand(held.refused(listing.place, listing.refused), ""))
            elif rest:
                draft.add(self._left(listing, rest))
            elif self._stray(listing) and not listing.blobs:
                draft.add(_by_hand(held.empty(listing.place), ""))
        # Last, since a blob may be called as anything else is.
        if self._users and any(found.delete for found in planned):
            draft.findings += self._users.findings()
        for found in planned:
            for step in found.apart:
                self._apart(draft, step)
            if found.delete:
                draft.add_marked(found.delete, DELETE)

    def _prefix(self, draft: Draft, found: PlannedBytes) -> None:
        """The step of a prefix, and what a reviewer must know of it."""
        draft.findings += [*signed_lines(found.step), *found.findings]
        if found.step.apart:
            self._apart(draft, found.step)
        else:
            draft.add(_without_secrets(found.step))

    def _apart(self, draft: Draft, step: Step) -> None:
        assert step.bytes
        place = step.bytes.source
        draft.add_marked(step, BLOB)
        theirs = self._theirs.setdefault(place.key, Listing(place))
        theirs.sorted.add([Blob(place.path, step.bytes.bytes, "")])

    def _unreferenced(self, containers: Containers) -> Iterable[Iterable[Location]]:
        """What `--unreferenced copy` copies: never what is, or may be, another workspace's."""
        for listing in containers.source.values():
            wanted = self._selection.takes(address_of(listing.place.at("")))
            if listing.blobs and wanted and self.mapping.place(listing.place) is not None:
                yield copied_roots(listing, self._source.workspace, self._others)

    def _whole(self, containers: Containers, *, wanted: bool) -> Iterable[Location]:
        """What moves as a whole, or is left by selection so: never what may be another workspace's."""
        for listing in containers.source.values():
            place = listing.place
            alone = not self._others or self._source.workspace.owns(place.container)
            whole = self._holdings[place.service].moves_whole and alone and listing.blobs
            if whole and self.mapping.place(place) and self._selection.takes(address_of(place)) is wanted:
                yield place

    def _stray(self, listing: Listing) -> bool:
        """Whether a container is none that every workspace has: an item of its own, whatever is in it."""
        whose = self._holdings[listing.place.service].whose(self.mapping, listing.place)
        return listing.exists and whose is not Whose.WORKSPACES

    def _left(self, listing: Listing, rest: UnmovedBlobs) -> Step:
        shared = bool(self._others) and not self._source.workspace.owns(listing.place.container)
        placed = self.mapping.place(listing.place) is not None
        left = self._holdings[listing.place.service].left(listing.place, rest.rest(), placed=placed, shared=shared)
        return _by_hand(left, self._others.beside if shared else "")

    def _said_of_others(self, left: Asset) -> str:
        """Of what lies in an account that serves others too, and does not bear this workspace's number."""
        workspace = self._source.workspace
        theirs = left.account == workspace.storage_account and workspace.workspace_id not in left.address.name
        return self._others.beside if theirs and self._others else ""

    def _known(self) -> NamedBlobs:
        """What else names blobs of the source: what stays without being left by selection, and jobs."""
        staying = (place for needs in self._needs.values() for place in needs.places)
        located = filter(None, map(self.mapping.locate, self._source.of_jobs))
        folders = (
            folder for root, _ in self.mapping.roots() for folder in job_folders(self._source.workspace, root)
        )
        whole = not any(left.not_listed and left.address.kind in moving_kinds() for left in self._source.by_hand)
        return NamedBlobs(PrefixSet(staying), PrefixSet([*map(prefix_of, located), *folders]), whole)

    def _of_unselected(self) -> PrefixSet:
        """Where the bytes lie of what is left by selection, and of what is left by hand."""
        left_out = (
            needs
            for address, asset in self._source.assets.items()
            if (needs := self._needs[address]).places
            and address not in self._moving
            and self._reason_to_stay(asset) == UNSELECTED_REASON
        )
        return PrefixSet(place for needs in (*left_out, *self._by_hand.values()) for place in needs.places)

    def _rest(self, draft: Draft, listing: Listing, rest: UnmovedBlobs, unselected: PrefixSet) -> UnmovedBlobs:
        """Leaves what only unselected assets refer to, and returns what nothing else does that was to move."""
        left: dict[Location, ListingDigest] = {}
        for blob in listing.sorted:
            place = listing.place.at(blob.path)
            if self._cover.prefix(place) is not None:
                continue
            if (prefix := unselected.prefix(place)) is None:
                rest.add(blob)
            else:
                left.setdefault(prefix, ListingDigest()).add(blob)
        for prefix, found in left.items():
            amount = Bytes(prefix, target_place(self.mapping, prefix), found.blobs, found.bytes)
            address = address_of(prefix)
            sha = found.hexdigest()
            draft.add(Step(address, Action.SKIP, UNSELECTED_REASON, source_sha256=sha, bytes=amount))
        return rest

    # Documents.

    def _document(self, draft: Draft, asset: Asset) -> None:
        kind = moving_kinds()[asset.address.kind]
        called = self.mapping.called(asset.address)
        base = Step(
            asset.address,
            Action.SKIP,
            # Also where only letter case tells them apart: the target is read by what it says.
            target=called if str(called) != str(asset.address) else None,
            source_id=str(asset.document.get("id", "")),
            target_id=f"{self._target.workspace.ref.id}/{kind.path(called)}".rstrip("/"),
            source_sha256=kind.digest(asset),
        )
        if asset.address not in self._moving:
            draft.add(replace(base, reason=self._reason_to_stay(asset)))
            return
        desired = kind.desired(self.context.wished(asset), self.context)
        there = self._target.assets.get(called)
        (verdict, *phases), shortfalls = self._verdicts(kind, asset, desired, there, called)
        phases = [of_its_users(kind, each, there, self._live) for each in phases]
        there = there if verdict.action is Action.CONFLICT else None
        needs = self._needs[asset.address]
        draft.findings += [*desired.findings, *needs.findings, *self._absent_bytes(asset, needs, draft)]
        draft.findings += [*shortfalls, *self._left_out(asset, needs), *self._files.findings(asset)]
        if verdict.action.carried_out:
            draft.findings += foreign_bytes(asset.address, needs.places, self._theirs)
        body = there.document if there else desired.writes[-1].body
        draft.findings += names_source(asset.address, body, self.mapping)
        if verdict.reason == BROUGHT:
            draft.brought.add(asset.address)
        elif verdict.action is Action.CREATE:
            draft.findings += refused_name(asset.address, called)
        step = replace(base, after=self._after(needs, draft), rewrites=desired.rewrites)
        draft.add(verdict.of(step))
        before = asset.address
        for each in phases:
            address = asset.address.at(each.phase)
            after = (before, *(one for one in each.after if one in self._moving or one in draft.steps))
            draft.add(each.of(replace(step, address=address, after=tuple(dict.fromkeys(after)))))
            before = address

    def _verdicts(
        self, kind: Kind, asset: Asset, desired: Desired, there: Asset | None, called: Address
    ) -> tuple[list[StepVerdict], list[Finding]]:
        """What becomes of each write of a document, and what a reviewer must know of the target's."""
        if kind.versioned and asset.address.version is None:
            return self._names.verdicts(kind, asset.address, desired, there), []
        return verdicts_on(kind, asset, desired, there, self._prior, called, self.mapping.names)

    def _reason_to_stay(self, asset: Asset) -> str:
        kind = moving_kinds()[asset.address.kind]
        if reason := kind.stays(asset):
            return reason
        if asset.address in self._plain:
            return NO_VERSION_REASON
        # What only something left by selection needs is left by selection itself, and not settled with it.
        unwanted = asset.address not in self._wanted and not self._selection.excludes(asset.address)
        if kind.only_if_referred(asset) and unwanted:
            return "anonymous, and nothing that moves refers to it"
        return UNSELECTED_REASON

    def _after(self, needs: Dependencies, draft: Draft) -> tuple[Address, ...]:
        prefixes = {self._cover.prefix(place) for place in needs.places}
        found = {address_of(prefix) for prefix in prefixes if prefix}
        found = {address for address in found if address in draft.steps}
        return tuple(sorted(found | ((needs.assets - needs.unordered) & self._moving), key=str))

    def _absent_bytes(self, asset: Asset, needs: Dependencies, draft: Draft) -> Iterable[Finding]:
        for place in sorted(needs.places, key=str):
            prefix = self._cover.prefix(place)
            if prefix is None or address_of(prefix) not in draft.steps:
                yield Finding(
                    "warning",
                    str(asset.address),
                    f"Its bytes are not there: nothing lies at '{place.container}/{place.path}' in the source.",
                    "The asset is created as it is; bring the bytes or leave it out.",
                    code="bytes-absent",
                )

    def _left_out(self, asset: Asset, needs: Dependencies) -> Iterable[Finding]:
        for needed in sorted(needs.assets - self._moving, key=str):
            if (called := self.mapping.called(needed)) in self._target.assets:
                continue
            stays = moving_kinds()[needed.kind].stays(self._source.assets[needed])
            why = f"stays ({stays}), and is" if stays else "is left by selection and"
            yield Finding(
                "warning" if stays else "blocks",
                str(asset.address),
                f"It refers to {needed}, which {why} not in the target.",
                "The asset is created as it is; move the other one too, or create it in the target"
                f"{f' as {called}' if called != needed else ''}.",
                code="reference-stays" if stays else "reference-left",
            )

    def _foreign(self) -> dict[Address, list[Address]]:
        """By name, the versions that only the target has."""
        found: dict[Address, list[Address]] = defaultdict(list)
        for address in self._target.assets:
            if address.version is not None and address not in self._source.assets:
                found[address.container].append(address)
        return found


def _by_hand(left: Asset, others: str) -> Step:
    if left.empty:
        return Step(left.address, Action.SKIP, left.reason or EMPTY_REASON, source_sha256=state_digest(left))
    owner = f" Made by {left.owner}." if left.owner else ""
    return Step(
        left.address,
        Action.MANUAL,
        f"{left.reason}{others}. {left.remedy}{owner}",
        source_id=str(left.document.get("id", "")),
        source_sha256=state_digest(left),
    )


def _named_by_hand(left: Asset, others: str, called: Address) -> Step:
    """The same of what has another name in the target."""
    if called == left.address:
        return _by_hand(left, others)
    named = replace(left, remedy=f"In the target it is to be called {called}. {left.remedy}")
    return replace(_by_hand(named, others), target=called)


def _without_secrets(step: Step) -> Step:
    lines = (Rewrite(line.where, masked(line.before), masked(line.after)) for line in step.rewrites)
    return replace(step, rewrites=tuple(lines))


def counts(steps: Iterable[Step]) -> dict[str, dict[str, int]]:
    """How many steps of each kind have which action."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for step in steps:
        found[step.address.collection][step.action.value] += 1
    return {kind: dict(sorted(actions.items())) for kind, actions in sorted(found.items())}
