"""The calls that a key gates, one for each thing under it and for the vault itself."""

from __future__ import annotations

from amlmigrate.cloud import registries
from amlmigrate.cloud.anyblob import any_blob
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import properties_of
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.parallel import gathered
from amlmigrate.core.workspace import DATASTORES
from amlmigrate.drilling.measuring import Probe
from amlmigrate.drilling.model import DrillRequest
from amlmigrate.keys.model import Dependant, DependantKind, vault_of

VAULT = "key vault"


async def of(side: Side, request: DrillRequest) -> list[Probe]:
    """In the order of the dependants, the vault last. What is missing is told, and raised by nobody."""
    under = request.key.dependants
    found = await gathered({number: _of(side, one) for number, one in enumerate(under)})
    return [*(found[number] for number in range(len(under))), _of_vault(side, request)]


async def _of(side: Side, one: Dependant) -> Probe:
    if one.kind is DependantKind.WORKSPACE:
        return _of_workspace(side, one)
    if one.kind is DependantKind.ACCOUNT:
        return await _of_account(side, one)
    if one.kind is DependantKind.REGISTRY:
        return _of_registry(side, one)
    return _unmeasured(one)


def _of_workspace(side: Side, one: Dependant) -> Probe:
    """What it holds is under its key; a list of its datastores reads that."""
    path = f"{one.id}/{DATASTORES}"

    async def ask() -> None:
        async for _ in side.arm.pages(path):
            return

    return Probe(one.id, one.kind.value, one.name, "list its datastores", ask)


async def _of_account(side: Side, one: Dependant) -> Probe:
    """The properties of one blob: lists go on without the key, and show nothing."""
    call = "read the properties of a blob"
    try:
        place = await any_blob(side.login, side.credential, ArmId.of(one.id).name)
    except MigrateError as error:
        return Probe(
            one.id, one.kind.value, one.name, call, _nothing, f"no blob could be looked for: {error.summary}"
        )
    if place is None:
        return Probe(one.id, one.kind.value, one.name, call, _nothing, "no blob was found in it; upload one")

    async def ask() -> None:
        if await side.blobs.head(place) is None:
            raise MigrateError(
                "The blob that was read is gone.",
                address=side.blobs.url(place),
                remedy="Upload one that stays, and drill again.",
            )

    return Probe(one.id, one.kind.value, one.name, f"{call} ({place.container}/{place.path})", ask)


def _of_registry(side: Side, one: Dependant) -> Probe:
    """Inferred (AZ-KEY-42): a registry without its key does not even list its repositories."""
    server = str(properties_of(one.document).get("loginServer") or "")

    async def ask() -> None:
        await registries.repositories(side.login, side.credential, server)

    return Probe(one.id, one.kind.value, one.name, "list its repositories", ask)


def _unmeasured(one: Dependant) -> Probe:
    """What lies in a scope: no call of this tool reads it."""
    return Probe(
        one.id,
        one.kind.value,
        one.name,
        "none",
        _nothing,
        f"no call that a {one.kind.value}'s key gates is made by this tool: look at it yourself",
    )


def _of_vault(side: Side, request: DrillRequest) -> Probe:
    """Wraps and unwraps a few bytes with the version."""
    version = request.version
    assert version is not None

    async def ask() -> None:
        if not await side.vaults.wraps(version.id):
            raise MigrateError(
                "The vault unwrapped something else than it had wrapped.",
                address=version.id,
                remedy="Look whether a proxy on the way changes answers.",
            )

    key = request.key
    return Probe(key.vault_id or key.name.vault, VAULT, vault_of(key), "wrap and unwrap with the version", ask)


async def _nothing() -> None:
    return
