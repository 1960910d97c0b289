"""What an asset's references come to: assets it comes after, bytes it needs, and findings for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

from amlmigrate.bytes.prefixes import prefix_of
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import strings
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.reference import Reference
from amlmigrate.core.workspace import Location
from amlmigrate.kinds import all_kinds


@dataclass(slots=True)
class Needs:
    """What one asset needs to be there before it."""

    assets: set[Address] = field(default_factory=set)
    places: set[Location] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


class Resolver:
    """Resolves references against one inventory; labels mean the newest version of the name."""

    def __init__(self, inventory: Inventory, mapping: Mapping) -> None:
        self._inventory = inventory
        self._mapping = mapping
        self._newest: dict[Address, Asset] = {}
        self._stores: dict[str, Address] = {}
        for asset in inventory.assets.values():
            if store := all_kinds()[asset.address.kind].datastore(asset):
                self._stores[store.name] = asset.address
            if asset.address.version is not None:
                known = self._newest.get(asset.address.container)
                if known is None or asset.created_at >= known.created_at:
                    self._newest[asset.address.container] = asset

    def needs(self, asset: Asset) -> Needs:
        """Everything one asset needs, and what a reviewer must know of what it names."""
        kind = all_kinds()[asset.address.kind]
        found = Needs()
        references = kind.references(asset)
        for reference in references:
            self._resolve(asset, reference, found)
        named = {reference.where for reference in references}
        texts = dict(strings(asset.properties))
        for pointer in kind.uris:
            if pointer in texts and f"/properties{pointer}" not in named:
                found.findings.append(_outside(asset, texts[pointer]))
        return found

    def _resolve(self, asset: Asset, reference: Reference, found: Needs) -> None:
        if not self._mapping.in_source(reference.scope):
            found.findings.append(_elsewhere(asset, reference))
            return
        if reference.kind and reference.name:
            self._asset(asset, reference, found)
            return
        if reference.datastore:
            store = self._stores.get(reference.datastore)
            if store is None:
                found.findings.append(_missing(asset, reference.text))
                return
            found.assets.add(store)
        place = self._mapping.locate(reference)
        if place is None:
            if reference.job:
                found.findings.append(_job(asset, reference))
            elif reference.datastore and _of_service(self._mapping, reference.datastore):
                found.findings.append(_share(asset, reference))
            return
        if self._mapping.place(place) is not None:
            found.places.add(prefix_of(place))
        elif not reference.datastore:
            found.findings.append(_outside(asset, reference.text))

    def _asset(self, asset: Asset, reference: Reference, found: Needs) -> None:
        kind = str(reference.kind)
        if kind not in all_kinds():
            return
        container = Address(kind, str(reference.name))
        if reference.label or (reference.version is None and container not in self._inventory.assets):
            newest = self._newest.get(container)
            address = newest.address if newest else None
        else:
            address = Address(kind, str(reference.name), reference.version)
        if address in self._inventory.assets and address != asset.address:
            found.assets.add(address)
        elif address != asset.address and not str(reference.name).startswith("AzureML-"):
            found.findings.append(_missing(asset, reference.text))


def _of_service(mapping: Mapping, name: str) -> bool:
    store = mapping.source.datastore(name)
    return store is not None and store.system


def _share(asset: Asset, reference: Reference) -> Finding:
    return Finding(
        "warning",
        str(asset.address),
        f"Its bytes lie in a file share of the workspace, and none are copied: '{reference.text}'.",
        "Copy the share to the target's with AzCopy: until then the asset names bytes that are not there.",
    )


def _missing(asset: Asset, text: str) -> Finding:
    return Finding(
        "warning",
        str(asset.address),
        f"It refers to '{text}', which is not in the source workspace.",
        "Nothing is needed if it never worked; otherwise create what is missing in the target.",
    )


def _elsewhere(asset: Asset, reference: Reference) -> Finding:
    return Finding(
        "warning",
        str(asset.address),
        f"It refers to another workspace: '{reference.text}'.",
        "It is left as it is; check that the target's users may read it there.",
    )


def _outside(asset: Asset, text: str) -> Finding:
    return Finding(
        "warning",
        str(asset.address),
        f"Its bytes lie outside the workspace: '{text}'.",
        "The reference is left as it is; the bytes are neither copied nor checked.",
    )


def _job(asset: Asset, reference: Reference) -> Finding:
    return Finding(
        "warning",
        str(asset.address),
        f"It refers to a job's output whose place is not known: '{reference.text}'.",
        "Jobs stay in the source: register the output as an asset of its own before the move.",
    )
