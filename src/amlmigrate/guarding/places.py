"""Where what a guardrail is about lies: its own scope, or each subscription below its management group.

What lies below a management group no list of its own shows: its exemptions are asked for only with a filter that
leaves those below out (AZ-POLICY-40), and workspaces are listed by subscription.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from amlmigrate.cloud import tenants
from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.parallel import each
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.wanted import Guardrail
from amlmigrate.posture.reading import Read, tried, tried_list
from amlmigrate.scanning.scan import UNREGISTERED

_EXEMPTIONS = "providers/Microsoft.Authorization/policyExemptions"
_WORKSPACES = "providers/Microsoft.MachineLearningServices/workspaces"
_ML = "Microsoft.MachineLearningServices"
_AT_ONCE = 8
_NO_SUBSCRIPTION = "SubscriptionNotFound"
# Each 404 that says so: AZ-POLICY-42, AZ-POLICY-43; of a resource group `Arm.get` knows.
_SAYS_SO = {True: "NotFound", False: _NO_SUBSCRIPTION}
_SCOPE = "Check `scope` in the file, and in which tenant you are signed in (--tenant)."
# What a scope is and what to do where it is not there, by whether it is in a resource group.
_ABSENT = {
    True: ("resource group", f"{_SCOPE} A resource group has to be there before it is guarded."),
    False: ("subscription", _SCOPE),
}


@dataclass(frozen=True, slots=True)
class GuardedPlaces:
    """ARM ids under which all of a scope can be listed; `refused` says why they are not known."""

    scopes: tuple[str, ...]
    refused: str = ""

    def has(self, id_: str) -> bool:
        """Whether something lies in one of them."""
        return any(ArmId.of(id_).within(ArmId.of(scope)) for scope in self.scopes)


async def places(arm: Arm, guardrail: Guardrail) -> GuardedPlaces:
    """The scope itself; of a management group the subscriptions below it, at any depth.

    Raises BadInputError for a scope that is not there, and ServiceError for a subscription or a group that may not
    be read: its definitions lie at the subscription, and would be made before its assignment is refused.
    """
    if not guardrail.at_management_group:
        await _read(arm, guardrail, *_ABSENT[bool(ArmId.of(guardrail.scope).group)])
        return GuardedPlaces((guardrail.scope,))
    try:
        await _group(arm, guardrail)
    except ServiceError as error:
        if error.transient:
            raise
        return GuardedPlaces((), error.summary)
    # Groups are among the descendants too (AZ-POLICY-41).
    read = await tried_list(arm, f"{guardrail.scope}/descendants")
    if read.value is None:
        return GuardedPlaces((), f"which subscriptions lie in the management group: {read.refused}")
    below = (one for one in read.value if str(one.get("type", "")).lower().endswith("/subscriptions"))
    return GuardedPlaces(tuple(f"/subscriptions/{one['name']}" for one in below))


async def tenant_of(side: Side, guardrail: Guardrail) -> str:
    """The scope's tenant. Raises BadInputError where it is not there, ServiceError where it may not be read."""
    if guardrail.at_management_group:
        found = properties_of(await _group(side.arm, guardrail)).get("tenantId")
        return str(found or await side.credential.tenant())
    return await tenants.of_target(side, ArmId.of(guardrail.scope).subscription)


async def _group(arm: Arm, guardrail: Guardrail) -> Document:
    """The management group. One that is not there is answered 404, or 403 as one that is not to be read
    (AZ-POLICY-42)."""
    remedy = "Write its id, as `az account management-group list` shows it, not its display name."
    return await _read(arm, guardrail, "management group", remedy)


async def _read(arm: Arm, guardrail: Guardrail, what: str, remedy: str) -> Document:
    """The scope. Raises BadInputError where Azure says that it is not there, and no other 404 says so."""
    try:
        found = await arm.get(guardrail.scope)
    except ServiceError as error:
        if (error.status, error.code) != (404, _SAYS_SO[guardrail.at_management_group]):
            raise
        what, found = "subscription" if error.code == _NO_SUBSCRIPTION else what, None
    if found is None:
        raise BadInputError(f"Azure says that there is no such {what}.", address=guardrail.scope, remedy=remedy)
    return found


def bounded(met: GuardedEstate, guardrail: Guardrail, where: GuardedPlaces) -> GuardedEstate:
    """What of a scan and of plans lies below a management group, and which subscription was not scanned. Pure."""
    if not guardrail.at_management_group:
        return met
    if where.refused:
        return replace(met, unlisted=where.refused)
    subscriptions = [ArmId.of(one).subscription for one in where.scopes]
    return replace(
        met,
        old=tuple(one for one in met.old if where.has(one.id)),
        plans=tuple(one for one in met.plans if where.has(one.source)),
        removed=tuple(one for one in met.removed if where.has(one.id)),
        uncovered=tuple(one for one in subscriptions if one.lower() not in met.scanned),
    )


async def workspaces(arm: Arm, where: GuardedPlaces) -> Read[list[Document]]:
    """All that Azure lists; none of a subscription that never registered their provider, where the list fails."""
    return await _all(arm, where, _WORKSPACES)


async def exemptions(arm: Arm, where: GuardedPlaces) -> Read[list[Document]]:
    """All of the scope and of what is above it, each once: lists of subscriptions have those of their groups."""
    read = await _all(arm, where, _EXEMPTIONS)
    if read.value is None:
        return read
    return Read(list({key_of(one.get("id")): one for one in read.value}.values()))


async def _all(arm: Arm, where: GuardedPlaces, collection: str) -> Read[list[Document]]:
    """One list of each place, together; the first refusal where one is refused."""
    if where.refused:
        return Read(refused=where.refused)
    found: dict[str, Read[list[Document]]] = {}

    async def read(scope: str) -> None:
        found[scope] = await _one(arm, scope, collection)

    await each(where.scopes, read, parallel=_AT_ONCE)
    if refused := next((one for one in found.values() if one.value is None), None):
        return refused
    return Read([document for scope in where.scopes for document in found[scope].value or ()])


async def _one(arm: Arm, scope: str, collection: str) -> Read[list[Document]]:
    """A list. In a subscription that never registered the provider it would have the client register it."""
    if collection == _WORKSPACES:
        provider = await tried(arm.get(f"{ArmId.of(scope).subscription_id}/providers/{_ML}"))
        if str((provider.value or {}).get("registrationState", "")).lower() in UNREGISTERED:
            return Read([])
    return await tried_list(arm, f"{scope}/{collection}")
