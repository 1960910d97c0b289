"""Reads the keys that were asked for, each with its versions, vault, rights, log and dependants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from amlmigrate.cloud.directory import Directory
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.keys import KeyVersion, Rotation, key_of_document, newest_first, rotation_of
from amlmigrate.core.parallel import gathered
from amlmigrate.keys import auditlog, dependants, profiles, searching
from amlmigrate.keys.dependants import LevelsOf
from amlmigrate.keys.model import (
    AuditLog,
    Dependant,
    DependantKind,
    KeyInUse,
    KeyName,
    KeySurvey,
    UnreadPlace,
)
from amlmigrate.keys.scope import KeyScope, selected
from amlmigrate.posture import tagging
from amlmigrate.posture.custodians import VaultRights, rights_of
from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.finder import VAULTS, AccountFinder
from amlmigrate.posture.profiles import Profile, shipped
from amlmigrate.posture.reading import NOTHING, Read, tried, tried_list, tried_vault
from amlmigrate.scanning.standing import StandingDecisions
from amlmigrate.scanning.subscriptions import chosen

T = TypeVar("T")
_VERSIONS = "Microsoft.KeyVault/vaults/keys/read (data), or Microsoft.KeyVault/vaults/keys/versions/read"
# What a vault answers for a key that it does not have (AZ-KEY-6).
NO_KEY = "KeyNotFound"
_HSM = "It lies in a managed HSM, whose keys are not read here: Azure ML takes keys of key vaults only."


@dataclass(frozen=True, slots=True)
class KeyRules:
    """What keys and their dependants are held to: a tagging standard, what owners decided by scans, a table of
    profiles, a profile for all."""

    standard: tagging.Standard = field(default_factory=tagging.read)
    profiles: Mapping[str, Profile] = field(default_factory=shipped)
    profile: str = ""
    decisions: StandingDecisions = field(default_factory=StandingDecisions)

    @property
    def levels(self) -> LevelsOf:
        """What tells the levels of a resource."""
        return dependants.by(self.standard, self.decisions)


async def read(side: Side, scope: KeyScope, now: datetime, rules: KeyRules | None = None) -> KeySurvey:
    """All that can be read of the keys in a scope; `now` is in UTC.

    What cannot be read of one of them is kept with its reason, and stops nothing else. Raises BadInputError where
    a scope has no key, and ServiceError and OutOfReachError where not even the subscriptions can be listed.
    """
    rules = rules or KeyRules()
    looked, _ = await chosen(side.arm, scope.looked_in, ())
    found = await searching.search(side, scope.with_own(looked), rules.levels)
    names = await selected(side, scope, found)
    by_key: dict[KeyName, list[Dependant]] = defaultdict(list)
    for one in found.dependants:
        by_key[KeyName.of(one.ref)].append(one)
    finder = AccountFinder(side, scope.first_subscription)
    vaults = await gathered({one.vault: _vault_id(finder, one, by_key.get(one, ())) for one in names})
    if scope.key:
        _check_vault(scope.key, vaults[scope.key.vault])
    around = await gathered({id_: _vault(side, id_, now) for id_ in set(vaults.values()) if id_})
    keys = await gathered(
        {
            name: _key(side, name, around.get(vaults[name.vault], _UNSEEN), by_key.get(name, ()), rules)
            for name in names
        }
    )
    if scope.key:
        _check(keys[scope.key])
    ids = {who for one in keys.values() for who in (one.managers.value.all if one.managers.value else ())}
    told = await Directory(side.login, side.credential).names(ids)
    every = tuple(keys[name] for name in sorted(keys))
    places = tuple(scope.with_own(looked))
    notes = tuple(rules.decisions.notes(_places_of(every), now))
    return KeySurvey(every, places, tuple(found.unread), now, told, notes)


def _places_of(keys: Iterable[KeyInUse]) -> set[str]:
    """The subscriptions of the workspaces under keys: of others nothing is decided."""
    under = (one for key in keys for one in key.dependants if one.kind is DependantKind.WORKSPACE)
    return {ArmId.of(one.id).subscription for one in under}


@dataclass(frozen=True, slots=True)
class _Vault:
    """What the keys of one vault have in common."""

    id: str
    document: Read[Document]
    rights: Read[VaultRights]
    log: Read[AuditLog]


_NOWHERE: Read[Any] = Read(refused="Its vault is in no subscription that this caller can see.")
_UNSEEN = _Vault("", _NOWHERE, _NOWHERE, _NOWHERE)


async def _vault(side: Side, id_: str, now: datetime) -> _Vault:
    document = await known(tried(side.arm.get(id_)))
    log = known(auditlog.read(side, id_, now))
    rights = known(rights_of(side, id_, document))
    found: dict[str, Read[Any]] = await gathered({"rights": rights, "log": log})
    return _Vault(id_, document, found["rights"], found["log"])


def _check_vault(name: KeyName, vault_id: str) -> None:
    """Raises BadInputError for a key that was named and whose vault nobody sees."""
    if not vault_id:
        raise BadInputError(
            f"The vault '{name.vault_name}' is in no subscription that you see.",
            address=name.id,
            remedy="Check its name, or sign in to the tenant of its subscription.",
        )


def _check(key: KeyInUse) -> None:
    """Raises BadInputError for a key that was named and is not there."""
    if key.versions.code == NO_KEY:
        raise BadInputError(
            f"The vault '{key.name.vault_name}' has no key '{key.name.name}'.",
            address=key.name.id,
            remedy=f"Look which it has: az keyvault key list --vault-name {key.name.vault_name}",
        )


async def known(call: Awaitable[Read[T]]) -> Read[T]:
    """A read of which it is told, too, where Azure is out of order: of one key nothing is known then."""
    try:
        return await call
    except (ServiceError, OutOfReachError) as error:
        return Read(refused=error.summary)


async def _vault_id(finder: AccountFinder, name: KeyName, under: Iterable[Dependant]) -> str:
    """As a dependant tells it, else by the name, of which there is one in Azure."""
    if name.of_hsm:
        return ""
    told = next((one.ref.vault_id for one in under if one.ref.vault_id), "")
    return told or await finder.id_of(VAULTS, name.vault_name)


async def _key(side: Side, name: KeyName, vault: _Vault, under: Iterable[Dependant], rules: KeyRules) -> KeyInUse:
    if name.of_hsm:
        profile = profiles.of(rules.profiles, (one.tags for one in under), rules.profile)
        refused: Read[Any] = Read(refused=_HSM)
        return KeyInUse(name, "", profile, tuple(under), *[refused] * 5)
    ref = KeyRef(vault.id, name.vault, name.name, "")
    found: dict[str, Read[Any]] = await gathered(
        {"versions": known(_versions(side, ref)), "rotation": known(_rotation(side, ref))}
    )
    rights = vault.rights
    managers = rights.value.managers(ref) if rights.value else Read(refused=rights.refused)
    made = KeyInUse(
        name,
        vault.id,
        profiles.default(),
        tuple(under),
        vault=vault.document,
        managers=managers,
        log=vault.log,
        **found,
    )
    tags = (made.tags, *(one.tags for one in made.dependants))
    return replace(made, profile=profiles.of(rules.profiles, tags, rules.profile))


async def _versions(side: Side, ref: KeyRef) -> Read[tuple[KeyVersion, ...]]:
    """From the vault, else from ARM, which shows keys to whoever reads the vault and knows no firewall."""
    found = await tried_vault(side.vaults.versions(ref.vault, ref.name))
    if found.code == NO_KEY:
        return Read(refused="The vault has no such key.", code=NO_KEY)
    if found.refused and ref.vault_id:
        shown = await tried_list(side.arm, f"{ref.vault_id}/keys/{ref.name}/versions")
        if shown.value is None:
            return Read(refused=shown.refused, code=shown.code)
        found = Read([key_of_document(one).version for one in shown.value])
    if found.value is None:
        return Read(refused=found.refused, code=found.code)
    if not found.value:
        return Read(refused="The vault has no such key.", code=NO_KEY)
    return Read(await in_order(side, ref, found.value))


async def in_order(side: Side, ref: KeyRef, versions: Sequence[KeyVersion]) -> tuple[KeyVersion, ...]:
    """Newest first; of two of one second the vault, else ARM, says which counts."""
    found = newest_first(versions)
    if len(found) < 2 or found[0].created != found[1].created:
        return found
    newest = (await tried_vault(side.vaults.key(ref.vault, ref.name))).value
    if newest is None and ref.vault_id:
        shown = (await tried(side.arm.get(f"{ref.vault_id}/keys/{ref.name}"))).value
        newest = key_of_document(shown) if shown else None
    return newest_first(found, newest.version.id if newest else "")


async def _rotation(side: Side, ref: KeyRef) -> Read[Rotation]:
    found = await tried_vault(side.vaults.rotation(ref.vault, ref.name))
    if not found.refused or not ref.vault_id:
        return found
    shown = await tried(side.arm.get(f"{ref.vault_id}/keys/{ref.name}"))
    if shown.value is None:
        return Read(refused=shown.refused or found.refused)
    return Read(rotation_of(properties_of(shown.value).get("rotationPolicy") or {}))


def unread_of(key: KeyInUse) -> list[UnreadPlace]:
    """What of one key could not be read, with the action that it takes."""
    vault = "Microsoft.KeyVault/vaults"
    parts: tuple[tuple[str, Read[Any], str], ...] = (
        ("the vault", key.vault, f"{vault}/read"),
        # That the key is not there is known.
        ("the versions", NOTHING if key.versions.code == NO_KEY else key.versions, _VERSIONS),
        ("the rotation policy", key.rotation, f"{vault}/keyrotationpolicies/read (data), or {vault}/keys/read"),
        ("who may change it", key.managers, "Microsoft.Authorization/roleAssignments/read"),
        ("the audit log", key.log, "Microsoft.OperationalInsights/workspaces/query/read"),
    )
    return [
        UnreadPlace(f"{key.name.id}: {what}", action, one.refused) for what, one, action in parts if one.refused
    ]
