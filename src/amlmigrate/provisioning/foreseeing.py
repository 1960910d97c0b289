"""What would be refused on the way is asked before anything is written: names, quotas, regions, policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from amlmigrate.core.armid import ArmId, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.parallel import gathered
from amlmigrate.core.spelling import plain_region
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.policies import restrictions
from amlmigrate.policies.restrictions import GROUP, PolicyQuestion
from amlmigrate.posture.reading import tried, tried_list
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.wanted import same


@dataclass(slots=True)
class _Foreseen:
    """Why a step would be refused, what of it cannot be undone, and what could not be asked."""

    reasons: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


async def foreseen(planned: list[PlannedPart[KnownValues]], port: DesiredPort) -> list[PlannedPart[KnownValues]]:
    """The plan, with a refusal for each creation that Azure would refuse, as far as it can be asked."""
    made = [each for each in planned if each.step.verb is DesiredVerb.CREATE and each.step.change]
    offered = dict(_offered(planned))
    group = next((each.part.id for each in made if _type(each.part.id) == GROUP), "")
    found = await gathered({id(each): _of(each, port, offered, group) for each in made})
    return [_with(each, found[id(each)]) if id(each) in found else each for each in planned]


async def _of(
    planned: PlannedPart[KnownValues], port: DesiredPort, offered: dict[str, frozenset[str]], group: str
) -> _Foreseen:
    part, found = planned.part, _Foreseen()
    body = (planned.step.change.body if planned.step.change else None) or {}
    here, regions = plain_region(str(body.get("location", ""))), offered.get(_type(part.id).lower())
    if here and regions and here not in regions:
        found.reasons.append(f"Azure does not offer it in {here}.")
    if part.worldwide:
        await _name(part, port, found)
    if part.counted:
        await _quota(part, port, here, found)
    if part.recovered:
        await _recovered(part, port, found)
    if part.given_up:
        await _given_up(part, port, found)
    if "location" in body:
        await _policies(part, port, body, group, found)
    return found


async def _name(part: ProvisioningPart, port: DesiredPort, found: _Foreseen) -> None:
    """Whether the name is free in the world (`checkNameAvailability` of storage, vaults and registries).

    Each takes `name` and `type` (azure-rest-api-specs: storage, keyvault, containerregistry). Inferred (AZ-DEL-5):
    it counts deleted vaults of other subscriptions, too.
    """
    type_, name = _type(part.id), name_of(part.id)
    path = f"{_subscription(part.id)}/providers/{ArmId.of(part.id).namespace}/checkNameAvailability"
    read = await tried(port.resources.arm.post(path, {"name": name, "type": type_}))
    if read.value is None:
        found.unasked.append(f"whether the name '{name}' is free: {read.refused}")
    elif read.value.get("nameAvailable") is False and await port.resources.get(part.id) is None:
        why = str(read.value.get("message") or read.value.get("reason"))
        found.reasons.append(f"The name '{name}' cannot be had: {why} Names of this kind are the world's; choose"
                             " another one in the file.")  # fmt: skip


async def _recovered(part: ProvisioningPart, port: DesiredPort, found: _Foreseen) -> None:
    """Whether a deleted one, with all that others kept in it, would come back under the name."""
    name = name_of(part.id)
    group = str(ArmId.of(part.id).group_id)
    path = f"{group}/providers/{ArmId.of(part.id).namespace}/{part.recovered}"
    read = await tried_list(port.resources.arm, path)
    # A group that is not there has none.
    if read.value is None and await port.resources.get(group) is not None:
        found.unasked.append(f"whether a deleted one would come back under the name '{name}': {read.refused}")
    if any(same(one.get("name"), name) for one in read.value or ()):
        found.reasons.append(
            f"A deleted one of the name '{name}' would come back with all that is in it, which is others': choose"
            " another name, recover it and adopt it, or delete it for good."
        )


async def _given_up(part: ProvisioningPart, port: DesiredPort, found: _Foreseen) -> None:
    """Whether a deleted one of the name, with all that somebody kept in it, could still be brought back."""
    name = name_of(part.id)
    path = f"{_subscription(part.id)}/providers/{ArmId.of(part.id).namespace}/{part.given_up}"
    read = await tried_list(port.resources.arm, path)
    if read.value is None:
        found.unasked.append(f"whether a deleted one of the name '{name}' could be recovered: {read.refused}")
    for told in (properties_of(one) for one in read.value or () if same(one.get("name"), name)):
        found.asks.append(
            f"the {part.what} '{name}' was deleted on {told.get('deletionTime') or 'a day unknown'}"
            f" ({told.get('storageAccountResourceId') or 'where is not told'}), and can be recovered with all that"
            " was in it only until one of its name is made"
        )


async def _quota(part: ProvisioningPart, port: DesiredPort, here: str, found: _Foreseen) -> None:
    """Whether the subscription may have one more in the region."""
    provider = ArmId.of(part.id).namespace
    path = f"{_subscription(part.id)}/providers/{provider}/locations/{here}/usages"
    read = await tried_list(port.resources.arm, path)
    if read.value is None:
        found.unasked.append(f"the quota of {provider} in {here}: {read.refused}")
    for usage in read.value or ():
        used, limit = usage.get("currentValue"), usage.get("limit")
        if (usage.get("name") or {}).get("value") != part.counted or used is None or limit is None:
            continue
        if used >= limit:
            found.reasons.append(f"The subscription has {used} of {limit} in {here}: ask for a higher quota.")


async def _policies(
    part: ProvisioningPart, port: DesiredPort, body: Document, group: str, found: _Foreseen
) -> None:
    """Which policies would deny it.

    In a group that is yet to be made none can be assigned: then what the subscription inherits and has counts.
    """
    of_subscription = group or _type(part.id) == GROUP
    scope = _subscription(part.id) if of_subscription else str(ArmId.of(part.id).group_id)
    answer = await restrictions.ask(port.resources.arm, PolicyQuestion(part.id, body, scope))
    if answer.unasked:
        found.unasked.append(f"whether a policy denies it: {answer.unasked}")
    found.unasked += [f"whether it is denied by {one}" for one in answer.not_checked]
    for one in answer.refusals:
        said = f" It says: {one.message.rstrip('.')}." if one.message else ""
        found.reasons.append(
            f"The policy '{one.title}' denies it ({one.assignment}): change the file so that it complies, or"
            f" ask whoever owns the policy for an exemption.{said}"
        )


def _with(planned: PlannedPart[KnownValues], found: _Foreseen) -> PlannedPart[KnownValues]:
    step = planned.step
    if found.reasons:
        return replace(
            planned,
            step=DesiredStep(DesiredVerb.REFUSE, step.what, step.id, tuple(found.reasons)),
            asks=(),
        )
    unasked = tuple(f"not checked: {one}" for one in found.unasked)
    step = replace(step, notes=(*step.notes, *found.asks, *unasked))
    return replace(planned, step=step, asks=(*planned.asks, *found.asks))


def _offered(planned: Iterable[PlannedPart[KnownValues]]) -> Iterator[tuple[str, frozenset[str]]]:
    """Type in lower case to the regions that its provider offers it in."""
    for each in planned:
        document = each.found if isinstance(each.found, dict) else {}
        for told in document.get("resourceTypes") or ():
            type_ = f"{document.get('namespace')}/{told.get('resourceType')}".lower()
            yield type_, frozenset(plain_region(str(one)) for one in told.get("locations") or ())


def _type(id_: str) -> str:
    """The type in an ARM id; that of a resource group for a group's."""
    return ArmId.of(id_).spelled_type or GROUP


def _subscription(id_: str) -> str:
    return str(ArmId.of(id_).subscription_id)
