"""One item left to do by hand, as its files in `by-hand/` tell of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from amlmigrate.cloud.arm import api_version
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, mapped, properties_of
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Step
from amlmigrate.core.workspace import WORKING_SHARE, Location, Service
from amlmigrate.inventory.regional import one_region
from amlmigrate.kinds import Way, all_kinds, holding, kind_of, root_of
from amlmigrate.planning.byhand import commands
from amlmigrate.planning.byhand.bodies import body
from amlmigrate.planning.byhand.hiding import HiddenNames, hidden
from amlmigrate.planning.placing import ANEW

_PRINCIPAL = "PRINCIPAL_ID"
_ANOTHER = "another name than in the source: it is one in a region"


@dataclass(slots=True)
class ItemFiles:
    """What an item's files say: its definition, the commands, and the body that they send, if they send one."""

    definition: Any
    commands: list[str] = field(default_factory=list)
    body: Document | None = None
    fill_in: dict[str, str] = field(default_factory=dict)
    see: str = ""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of items; `suffix` is that of the cloud's storage hosts.

    `shared`: others keep bytes in the source's account, or may. What all have is never copied whole then.
    """

    mapping: Mapping
    suffix: str
    shared: bool = False

    def tell(self, step: Step, left: Asset | None, file: str) -> ItemFiles:
        """What is told of one; `file` is that of its body, from the plan's folder."""
        if step.is_bytes:
            return self._container(step)
        if left is None:
            return ItemFiles({"reason": step.reason})
        if (kind := kind_of(left.address)) and kind.way is Way.GIVE:
            made = [str(one) for one in left.document["commands"]]
            filled = {commands.NEW_ID: "the object id of the target's identity"}
            fill = {name: told for name, told in filled.items() if any(f"${{{name}}}" in one for one in made)}
            return ItemFiles(left.document["definition"], made, fill_in=fill)
        if left.many.lines or left.not_listed or "properties" not in left.document:
            return self._list(left)
        return self._document(left, file)

    def _document(self, left: Asset, file: str) -> ItemFiles:
        address, document = left.address, left.document
        names = HiddenNames()
        shown = hidden(document, names)
        kind, root = kind_of(address), root_of(address)
        if kind and kind.way is Way.LOCK:
            made = commands.lock(address.name, document, self.mapping.target.ref.id)
            return ItemFiles(shown, made, fill_in=_places(names))
        if kind and kind.way is Way.KEEP_IN_VAULT:
            sides = (self.mapping.source, self.mapping.target)
            vaults = (str(one.properties.get("keyVault") or "") for one in sides)
            return ItemFiles(shown, commands.restore_in_vault(address.name, *vaults))
        if kind and kind.way is Way.ASSIGN:
            return self._assignment(left, shown, _places(names))
        source, target = (
            self._path(address, workspace.ref.id) for workspace in (self.mapping.source, self.mapping.target)
        )
        called = self.mapping.called(address)
        if called != address:
            target = self._path(called, self.mapping.target.ref.id)
        elif root and root.regional and self._same_region:
            anew = Address(address.kind, ("${NEW_NAME}", *address.path[1:]))
            target = self._path(anew, self.mapping.target.ref.id)
        sent = hidden(self._renamed(body(kind, document, self.mapping), names), names)
        places = _places(names) | ({"NEW_NAME": _ANOTHER} if "${NEW_NAME}" in target else {})
        fill = [name for name in places if f"${{{name}}}" in f"{sent}{target}"]
        version = api_version(source)
        return ItemFiles(
            shown,
            commands.put(target, file, fill, version),
            sent,
            places,
            commands.get(source, version),
        )

    def _assignment(self, left: Asset, shown: Document, fill_in: dict[str, str]) -> ItemFiles:
        """A role assignment; who gets it is filled in where that is another one than in the source."""
        other = left.beside.get(ANEW)
        line = {**properties_of(shown), **({"principalId": f"${{{_PRINCIPAL}}}"} if other else {})}
        made = commands.assign_roles([line], self.mapping.source.ref.id, self.mapping.target.ref.id)
        asked = fill_in | ({_PRINCIPAL: other["principalId"]} if other else {})
        asked = {name: place for name, place in asked.items() if f"${{{name}}}" in made[0]}
        return ItemFiles(shown, [*(f"read -r {name}" for name in asked), *made], fill_in=asked)

    def _renamed(self, sent: Document, names: HiddenNames) -> Document:
        """A body that refers to what has another name in the target by a name to be filled in."""
        if not self._same_region:
            return sent
        regional = {name.lower(): kind for name, kind in all_kinds().items() if kind.regional}
        kinds = "|".join(sorted(regional))
        below = re.compile(rf"({re.escape(self.mapping.target.ref.id)}/({kinds})/)([^/]+)", re.IGNORECASE)

        known = {one.name.lower() for one in self.mapping.names.values()}

        def named(match: re.Match[str]) -> str:
            if match[3].lower() in regional[match[2].lower()].built_in | known:
                return match[0]
            name = names.of(f"{match[2]}/{match[3]}", f"new name of {match[3]}")
            return f"{match[1]}${{{name}}}"

        return dict(mapped(sent, lambda _, text: below.sub(named, text)))

    @property
    def _same_region(self) -> bool:
        return one_region(self.mapping.source, self.mapping.target)

    def _path(self, address: Address, workspace: str) -> str:
        """The ARM path of an item below a workspace."""
        kind = kind_of(address)
        return f"{workspace}/{quote(kind.path(address) if kind else str(address), safe='/${}')}"

    def _list(self, left: Asset) -> ItemFiles:
        """What stands for many, or for what nobody could list."""
        ref, kind = self.mapping.target.ref, kind_of(left.address)
        way = kind.way if kind else Way.PUT
        shown = hidden(left.document, HiddenNames(), place="/")
        if way is Way.KEEP:
            source = self.mapping.source.ref
            return ItemFiles(shown, commands.keep_jobs(source.subscription, source.group, source.name))
        if way is Way.ASSIGN:
            made = commands.assign_roles(
                [one for one in left.many.lines if not one.get("eligible")], self.mapping.source.ref.id, ref.id
            )
            return ItemFiles(
                shown | {"assignments": [hidden(line, HiddenNames(), place="/") for line in left.many.lines]}, made
            )
        return ItemFiles(shown)

    def _share(self, source: Location, step: Step) -> ItemFiles:
        """The files of a share: where it has a place in the target, there, else in one of its name."""
        mapping, name = self.mapping, source.container
        # The service makes both of its own in every workspace's account, whatever datastores lead there.
        own = mapping.source.names(name) or name == WORKING_SHARE
        called = name.replace(mapping.source.workspace_id, mapping.target.workspace_id) if own else name
        goal = mapping.place(source) or Location(mapping.target.storage_account, called, service=Service.FILE)
        old, new = (f"https://{one.account}.file.{self.suffix}/{one.container}" for one in (source, goal))
        account = "" if own or mapping.place(source) else mapping.target.storage_account_id
        fill = self._chosen(mapping.source.owns(name))
        definition = {"account": source.account, "share": source.container, "listing_sha256": step.source_sha256}
        made = commands.copy_share(old, new, account, goal.container, chosen=bool(fill))
        return ItemFiles(definition, made, fill_in=fill)

    def _chosen(self, own: bool) -> dict[str, str]:
        """What has to be filled in where others' paths may lie beside this workspace's."""
        if own or not self.shared:
            return {}
        return {commands.PATHS: "the paths in it that are this workspace's, `;` between them: the rest is others'"}

    def _container(self, step: Step) -> ItemFiles:
        """What a container or share holds: where it has a place in the target, there, else under its own name."""
        service = Service.BLOB if step.address.kind == holding().name else Service.FILE
        source = Location(self.mapping.source.storage_account, step.address.name, service=service)
        if service is Service.FILE:
            return self._share(source, step)
        goal = self.mapping.place(source) or Location(self.mapping.target.storage_account, source.container)
        urls = (self._url(place) for place in (source, goal))
        definition = {
            "account": source.account,
            "container": source.container,
            "listing_sha256": step.source_sha256,
        }
        fill = self._chosen(self.mapping.source.owns(source.container))
        return ItemFiles(
            definition, commands.copy_container(*urls, to_folder=bool(goal.path), chosen=bool(fill)), fill_in=fill
        )

    def _url(self, place: Location) -> str:
        path = f"/{quote(place.path)}" if place.path else ""
        return f"https://{place.account}.blob.{self.suffix}/{place.container}{path}"


def _places(names: HiddenNames) -> dict[str, str]:
    """Each name that stands for a text, and where that stands in the document."""
    return {
        name: place.partition("#")[0] if place.startswith("/") else f"what {place} is called in the target"
        for place, name in names.by_place.items()
    }
