"""What an asset's references come to: assets it comes after, bytes it needs, and findings for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from amlmigrate.bytes.prefixes import prefix_of
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import strings
from amlmigrate.core.finding import Finding
from amlmigrate.core.json_strings import document_references
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.reference import Reference, one_version
from amlmigrate.core.workspace import Location
from amlmigrate.kinds import moving_kinds


@dataclass(slots=True)
class Dependencies:
    """What one asset needs to be there before it."""

    assets: set[Address] = field(default_factory=set)
    # Those of them that it need not come after.
    unordered: set[Address] = field(default_factory=set)
    places: set[Location] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


# Who refers to something where it does not matter who.
_NOBODY = Address("")


class Resolver:
    """Resolves references against one inventory; labels mean the newest version of the name.

    Clients ask for the newest of those that a list shows by default: neither archived (AZ-ASSET-18) nor
    anonymous (AZ-LIST-17). Only where there is none, the newest of all is meant.
    """

    def __init__(self, inventory: Inventory, target: Inventory, mapping: Mapping) -> None:
        self._inventory = inventory
        self._left = {left.address: left for left in inventory.by_hand}
        self._target = target
        self._made = {*target.assets, *(left.address for left in target.by_hand)}
        self._there = {address.container for address in target.assets}
        self._mapping = mapping
        self._newest: dict[Address, Asset] = {}
        self._stores: dict[str, Address] = {}
        for asset in inventory.assets.values():
            if store := moving_kinds()[asset.address.kind].storage(asset).datastore:
                self._stores[store.name.lower()] = asset.address
            if asset.address.version is not None:
                known = self._newest.setdefault(asset.address.container, asset)
                self._newest[asset.address.container] = max(known, asset, key=_newness)

    def needs(self, asset: Asset) -> Dependencies:
        """Everything one asset needs, and what a reviewer must know of what it names."""
        kind = moving_kinds()[asset.address.kind]
        found = Dependencies()
        named = kind.references(asset)
        self._all(asset.address, [one for one in named if one.where.startswith("/")], found)
        if asset.address.parent in self._inventory.assets:
            found.assets.add(asset.address.parent)
        documented = set(found.assets)
        self._all(asset.address, [one for one in named if not one.where.startswith("/")], found)
        # Files may well name each other in a circle; a document is made without a look into them.
        found.unordered = {one for one in found.assets - documented if one.kind == asset.address.kind}
        places = {reference.where for reference in named}
        texts = dict(strings(asset.properties))
        for pointer in kind.fields.uris:
            if pointer in texts and f"/properties{pointer}" not in places:
                found.findings.append(_outside(asset.address, texts[pointer]))
        return found

    def needs_by_hand(self, left: Asset) -> Dependencies:
        """The same for what is left to do by hand; a job is never made again, so that it needs nothing."""
        found = Dependencies()
        properties = left.properties
        self._all(left.address, document_references(properties, "/properties"), found)
        return found

    def needs_of(self, reference: Reference) -> Dependencies:
        """The same for one reference, whosever it is."""
        found = Dependencies()
        self._resolve(_NOBODY, reference, found)
        return found

    def _all(self, address: Address, named: Iterable[Reference], found: Dependencies) -> None:
        for reference in named:
            self._resolve(address, reference, found)
        # A pipeline names one thing in many of its nodes.
        found.findings = list(dict.fromkeys(found.findings))

    def _resolve(self, address: Address, reference: Reference, found: Dependencies) -> None:
        if not self._mapping.in_source(reference.scope):
            found.findings.append(_elsewhere(address, reference))
            return
        if reference.job:
            place = self._mapping.output(reference.job, reference.output or "", reference.path or "")
            if place is None:
                found.findings.append(_job(address, reference))
                return
            reference = replace(place, text=reference.text, exact=reference.exact)
        if reference.kind and reference.names:
            self._asset(address, reference, found)
            return
        if reference.datastore:
            store = self._stores.get(reference.datastore.lower())
            if store is None:
                found.findings.append(_missing(address, reference.text))
                return
            found.assets.add(store)
        self._place(address, reference, found)

    def _place(self, address: Address, reference: Reference, found: Dependencies) -> None:
        """The bytes that a reference names."""
        place = self._mapping.locate(reference)
        if place is None:
            if reference.datastore and _of_service(self._mapping, reference.datastore):
                found.findings.append(_share(address, reference))
        elif self._mapping.place(place) is not None:
            found.places.add(prefix_of(place, exact=reference.exact))
            if what := one_version(reference.text):
                found.findings.append(_one_version(address, reference.text, what))
        elif not reference.datastore:
            found.findings.append(_outside(address, reference.text))

    def _asset(self, by: Address, reference: Reference, found: Dependencies) -> None:
        kind = str(reference.kind)
        if kind not in moving_kinds():
            return
        container = Address(kind, reference.names)
        newest = self._newest.get(container)
        if reference.label or (reference.version is None and newest):
            address = newest.address if newest else None
        else:
            address = Address.of(kind, *reference.names, reference.version)
        if address == by:
            return
        if address in self._left:
            if self._mapping.called(address) not in self._made:
                found.findings.append(_by_hand(by, self._left[address], self._mapping.called(address)))
            return
        if (
            address
            and address.name.lower() in moving_kinds()[kind].built_in
            and address not in self._inventory.assets
        ):
            return
        known = self._inventory.assets.get(address) if address else None
        if known:
            found.assets.add(known.address)
        elif address not in self._target.assets and not (reference.label and container in self._there):
            found.findings.append(_missing(by, reference.text))


def _newness(asset: Asset) -> tuple[bool, str, tuple[int, int, str]]:
    return (not asset.archived and not asset.anonymous, asset.created_at, asset.address.order)


def _of_service(mapping: Mapping, name: str) -> bool:
    store = mapping.source.datastore(name)
    return store is not None and store.system


def _share(address: Address, reference: Reference) -> Finding:
    return Finding(
        "blocks",
        str(address),
        f"Its bytes are in a file share of the workspace, and none are copied: '{reference.text}'.",
        "Copy the share to the target's with AzCopy: until then the asset names bytes that are not there.",
        code="bytes-in-share",
    )


def _one_version(address: Address, text: str, what: str) -> Finding:
    return Finding(
        "blocks",
        str(address),
        f"It names one {what} of a blob, and none moves: in the target its address does not work: '{text}'.",
        f"Make that {what} a blob of its own in the source and let the item name it, or waive this finding.",
        code="one-version",
    )


def _missing(address: Address, text: str) -> Finding:
    return Finding(
        "warning",
        str(address),
        f"It refers to '{text}', which is not in the source workspace.",
        "Nothing is needed if it never worked; otherwise create what is missing in the target.",
        code="reference-missing",
    )


def _by_hand(address: Address, left: Asset, called: Address) -> Finding:
    named = f" as {called}" if called != left.address else ""
    return Finding(
        "warning",
        str(address),
        f"It refers to {left.address}, which is left to do by hand: {left.reason}.",
        f"Make that first{named}: until it is there, the service may refuse this one, and `migrate run --resume`"
        " tries it again. If you give it another name, name that with --rename and plan again.",
        code="reference-by-hand",
    )


def _elsewhere(address: Address, reference: Reference) -> Finding:
    return Finding(
        "warning",
        str(address),
        f"It refers to another workspace: '{reference.text}'.",
        "It is left as it is; check that the target's users may read it there.",
        code="reference-elsewhere",
    )


def _outside(address: Address, text: str) -> Finding:
    return Finding(
        "warning",
        str(address),
        f"Its bytes are outside the workspace: '{text}'.",
        "The reference is left as it is; the bytes are neither copied nor checked.",
        code="bytes-outside",
    )


def _job(address: Address, reference: Reference) -> Finding:
    return Finding(
        "blocks",
        str(address),
        f"It refers to a job's output whose place is not known: '{reference.text}'.",
        "Jobs stay in the source: register the output as an asset of its own before the move.",
        code="job-output-unknown",
    )
