"""Computes: clusters, instances, and what was attached."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from amlmigrate.cloud.errors import ProvisioningFailedError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of, without_nulls
from amlmigrate.core.finding import Finding
from amlmigrate.core.given import Unshown
from amlmigrate.core.held_secrets import hold
from amlmigrate.core.mapping import Mapping as WorkspaceMapping
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.newname import NameRule
from amlmigrate.core.placement import AS_IT_IS, Around, Placement
from amlmigrate.core.pointers import EACH, member, names_of, without
from amlmigrate.core.reference import Reference
from amlmigrate.core.spelling import plain_region
from amlmigrate.core.switched import Settings, laid
from amlmigrate.core.translation import Difference
from amlmigrate.core.writes import Accepted, Desired, PlanContext, Write
from amlmigrate.kinds import _compute_credentials as credentials
from amlmigrate.kinds import _compute_instances as instances
from amlmigrate.kinds._base import STATE, Kind, WorkspacePort
from amlmigrate.kinds._compute_removal import MADE_BY_SERVICE, WITH_DISK, Compute
from amlmigrate.kinds._fields import COMMON
from amlmigrate.kinds._given import how_to_give
from amlmigrate.kinds._listed import CREATED
from amlmigrate.kinds._losses import Loss
from amlmigrate.kinds._machines import Machines
from amlmigrate.kinds._permissions import ML, Permissions
from amlmigrate.kinds._secrets import whole

# What only the service writes below `properties`, by the way to it; `state` is whether an instance runs.
_WRITTEN = (
    ((), frozenset({"state"})),
    (("properties",), frozenset({"state"})),
    (("properties", "sshSettings"), frozenset({"sshPort", "adminUserName"})),
    (("properties", "schedules", "computeStartStop", EACH), frozenset({"id", "provisioningStatus"})),
)
# A cluster grows and shrinks by itself.
_GROWS = (
    *("allocationState", "allocationStateTransitionTime", "errors"),
    *("currentNodeCount", "targetNodeCount", "nodeStateCounts"),
)
_CLUSTER = "amlcompute"
# Attached by what is behind them and by an identity, without anything that nobody is shown (AZ-COMPUTE-9).
_ATTACHED_BY_ID = frozenset({"kubernetes", "synapsespark", "datafactory"})
# Of a Spark pool the service shows what the pool is, which is not the compute's to say (AZ-COMPUTE-9).
_POOL = "synapsespark"
_SCALE = "/properties/properties/scaleSettings"
_MINIMUM = f"{_SCALE}/minNodeCount"
_LEAST = ("properties", "scaleSettings", "minNodeCount")
# Of a Kubernetes cluster: secrets of its extension, which a GET should not show (AZ-COMPUTE-4), and no plan holds.
_OF_EXTENSION = frozenset({"relayConnectionString", "serviceBusConnectionString"})
# Of these the letter case says nothing.
_CASELESS = ("osType", "vmPriority", "vmSize", "remoteLoginPortPublicAccess")
_REMEDY = "Create the compute in the target; names are unique in a region."
# AZ-COMPUTE-1. What is attached gets no more than 16 signs.
_NAMES = NameRule(
    re.compile(r"[a-zA-Z](?![a-zA-Z0-9-]*-[0-9]*\Z)[a-zA-Z0-9-]{2,23}"),
    24,
    "it has 3 to 24 letters, digits and -, a letter first, and a letter somewhere after its last -",
)
_NAMES_OF_ATTACHED = replace(_NAMES, longest=16)


class Computes(Kind):
    """A cluster is created with a minimum of 0 nodes. The cutover sets it in the target, after the source's is 0.

    What is attached without a credential is attached again. No two computes of a region have one name.
    """

    name = "computes"
    has_disks = True
    counted = 8
    blocks_deletion = True
    regional = "computes"
    # AZ-COMPUTE-12.
    caseless = True
    # Nobody makes serverless compute (AZ-COMPUTE-11).
    built_in = frozenset({"serverless"})
    sdk_operations = "compute"
    volatile = (
        "modifiedOn",
        "provisioningErrors",
        *(f"properties|{name}" for name in _GROWS),
        # An instance is started and stopped, and counts what is mounted on it.
        *(f"properties|{name}" for name in ("state", "lastOperation", "applications", "connectivityEndpoints")),
        *(
            f"properties|{name}"
            for name in ("containers", "dataDisks", "dataMounts", "versions", "osImageMetadata")
        ),
    )
    fields = replace(
        COMMON.but(
            computed={
                "createdOn": "when it was made",
                "modifiedOn": "when it was changed",
                "provisioningErrors": "what the service met",
                "isAttachedCompute": "of its type",
            },
            mutable={"properties/scaleSettings": "how many nodes it has, and for how long"},
            secrets={},
        ),
        # The properties inside are typed (AZ-LIVE-1), and no place for an origin.
        customer_maps={"tags": "a tag may have no value"},
        provenance="",
    )

    @property
    def permissions(self) -> Permissions:
        # A read that is POST (the reference of api-version 2023-04-01).
        return Permissions.of(f"{ML}/{self.name}", harmless=("listnodes/action",), acts=("stop/action",))

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        return [_with_reason(one) for one in await super().scan(source, parents)]

    async def retire(self, source: WorkspacePort, asset: Asset) -> None:
        query = {"underlyingResourceAction": Compute.of(asset).action}
        await source.delete(self.path(asset.address), query)

    def lost(self, asset: Asset) -> Loss | None:
        return Compute.of(asset).loss()

    def principals(self, asset: Asset) -> tuple[str, ...]:
        own = _type(asset.properties) == WITH_DISK and instances.owner(properties_of(asset.properties))
        return (str(own["objectId"]),) if own else ()

    def placement(self, asset: Asset, around: Around) -> Placement:
        return instances.placement(asset, around.principals) if self.principals(asset) else AS_IT_IS

    def region(self, asset: Asset) -> str:
        return str(asset.properties.get("computeLocation") or super().region(asset))

    def keeps_region(self, asset: Asset) -> bool:
        # What is behind it lies there, whatever region its workspace is in.
        return bool(asset.properties.get("computeLocation")) and _type(asset.properties) not in MADE_BY_SERVICE

    def new_names(self, asset: Asset) -> NameRule:
        return _NAMES if _type(asset.properties) in MADE_BY_SERVICE else _NAMES_OF_ATTACHED

    def unshown(self, asset: Asset) -> tuple[Unshown, ...]:
        return tuple(credentials.unshown(asset))

    def let(self, asset: Asset, given: frozenset[str], asked: frozenset[str]) -> bool:
        if _type(asset.properties) == WITH_DISK:
            return instances.ASKED in asked and instances.owner(properties_of(asset.properties)) is not None
        # What `_with_reason` asks for.
        wanted = credentials.wanted(asset.properties)
        return bool(wanted) and all(not given.isdisjoint(names) for names in wanted)

    def quiet(self, asset: Asset) -> Mapping[str, Any]:
        return {_MINIMUM: 0} if _kept_nodes(asset.properties) else {}

    def setting(self, document: Document, settings: Settings) -> Write:
        # A PUT of the whole would have no password for SSH, which no GET shows (AZ-COMPUTE-8).
        return Write(laid(document, settings), patches=(_SCALE,))

    def anew(self, properties: Document) -> Document:
        for way, names in _WRITTEN:
            properties = without(properties, way, names)
        return properties

    def placed(self, properties: Document, source: str, target: str) -> Document:
        return {**properties, "computeLocation": target} if _moves(properties, source) else properties

    def writable(self, properties: Document) -> Document:
        kind = _type(properties)
        properties = without(self.anew(properties), ("properties",), frozenset(_GROWS) | _OF_EXTENSION)
        properties = credentials.without_any(properties)
        if kind in MADE_BY_SERVICE:
            # It names a cluster of the service's own while that is being made.
            return _left_out(properties, "resourceId")
        return _left_out(properties, "properties") if kind == _POOL else properties

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        made = instances.sent(asset, plan.mapping) if _type(asset.properties) == WITH_DISK else asset
        found = super().desired(credentials.with_login(made, plan.allowed.given(asset.address)), plan)
        body, moved = _placed(found.first.body, plan.mapping)
        for pointer in _hidden(asset.document):
            body = instances.put(body, names_of(pointer), whole(pointer))
        told = (*found.findings, *_findings(asset, body, plan))
        found = replace(found, rewrites=(*found.rewrites, *moved), findings=told)
        if not (count := _kept_nodes(asset.properties)):
            return replace(found, writes=(Write(body),))
        many = f"{count} node{'s' * (count != 1)}"
        keeps = Write(
            body,
            "enable",
            stage="cutover",
            changes=(_MINIMUM,),
            reason=f"keeps at least {many} from the cutover on, once the source's keeps none",
        )
        return replace(found, writes=(Write(laid(body, {_MINIMUM: 0})), keeps))

    def references(self, asset: Asset) -> tuple[Reference, ...]:
        return (*super().references(asset), *instances.scripts(asset))

    async def settle(
        self, target: WorkspacePort, address: Address, accepted: Accepted | None = None
    ) -> Document | None:
        try:
            found = await super().settle(target, address, accepted)
        except ProvisioningFailedError:
            if accepted:
                # One whose setup failed may run all the same.
                await self.put_to_rest(target, address, await self.read(target, address))
            raise
        return await self.put_to_rest(target, address, found) if accepted else found

    async def put_to_rest(
        self, target: WorkspacePort, address: Address, there: Document | None
    ) -> Document | None:
        return await instances.stopped(target, self.path(address), there)

    def compares_secrets(self, document: Document) -> bool:
        return bool(_hidden(document))

    async def secret_of(self, port: WorkspacePort, address: Address) -> Document:
        found = _hidden(await self.read(port, address) or {})
        hold(found)
        return found

    def differences(self, address: Address, wanted: Document, actual: Document) -> list[Difference]:
        found = super().differences(address, wanted, actual)
        if _type(properties_of(wanted)) != WITH_DISK:
            return found
        # What a second PUT makes of one that somebody works on is not known (AZ-COMPUTE-7).
        return [replace(one, changeable=one.field == STATE) for one in found]

    def machines(self, body: Document) -> Machines | None:
        properties = properties_of(body)
        inner = properties_of(properties)
        if _type(properties) == WITH_DISK:
            # One that is stopped keeps its cores (ai-docs how-to-create-compute-instance).
            return Machines(str(inner.get("vmSize") or ""), 1, kept=True)
        if _type(properties) != _CLUSTER:
            return None
        spare = str(inner.get("vmPriority") or "").lower() == "lowpriority"
        count = _kept_nodes(properties)
        most = member(inner, ("scaleSettings", "maxNodeCount"))
        most = max(count, most if isinstance(most, int) and not isinstance(most, bool) else 1)
        return Machines(str(inner.get("vmSize") or ""), max(count, 1), bool(count), spare, most)

    def canonical(self, document: Document) -> Document:
        found = super().canonical(document)
        if place := found.get("computeLocation"):
            found["computeLocation"] = plain_region(place)
        if isinstance(kind := found.get("computeType"), str):
            found["computeType"] = kind.lower()
        if inner := properties_of(found):
            found["properties"] = _plain(instances.plain(inner) if _type(found) == WITH_DISK else inner)
        return found

    def example(self) -> Asset:
        return Asset(
            Address.of("computes", "cpu"),
            {
                "name": "cpu",
                "location": "westeurope",
                "tags": {"team": "risk"},
                "identity": {"type": "SystemAssigned", "principalId": "0-0", "tenantId": "1-1"},
                "properties": {
                    "createdOn": "2026-01-01T00:00:00.0000000+00:00",
                    "modifiedOn": "2026-01-01T00:00:00.0000000+00:00",
                    "disableLocalAuth": True,
                    "description": "Trains",
                    "resourceId": None,
                    "computeType": "AmlCompute",
                    "computeLocation": "westeurope",
                    "provisioningState": "Succeeded",
                    "provisioningErrors": None,
                    "isAttachedCompute": False,
                    "properties": {
                        "vmSize": "STANDARD_DS3_V2",
                        "vmPriority": "Dedicated",
                        "osType": "Linux",
                        "scaleSettings": {
                            "minNodeCount": 1,
                            "maxNodeCount": 4,
                            "nodeIdleTimeBeforeScaleDown": "PT2M",
                        },
                        "remoteLoginPortPublicAccess": "Disabled",
                        "enableNodePublicIp": True,
                        "isolatedNetwork": False,
                        "subnet": None,
                        "userAccountCredentials": None,
                        "propertyBag": {},
                        "allocationState": "Steady",
                        "currentNodeCount": 1,
                        "targetNodeCount": 1,
                        "nodeStateCounts": {"idleNodeCount": 1},
                        "errors": None,
                    },
                },
                "systemData": CREATED,
            },
        )


def _left_out(properties: Document, name: str) -> Document:
    return {key: value for key, value in properties.items() if key != name}


def _type(properties: Document) -> str:
    return str(properties.get("computeType") or "").lower()


def _kept_nodes(properties: Document) -> int:
    """How many nodes a cluster keeps though nothing runs; 0 of all else."""
    count = member(properties, _LEAST)
    kept = _type(properties) == _CLUSTER and isinstance(count, int) and not isinstance(count, bool)
    return max(int(count), 0) if kept else 0


def _with_reason(asset: Asset) -> Asset:
    """With why a person has to make it, where one has to."""
    kind = _type(asset.properties)
    if kind == _CLUSTER or kind in _ATTACHED_BY_ID:
        return asset
    told = asset.properties.get("computeType")
    remedy = _REMEDY
    if kind == WITH_DISK:
        why = "it is one person's instance, with a disk that holds local files and environments and is not copied"
        remedy = (
            f"To have it made anew and stopped, for its owner: `plan --computes {instances.ASKED}`. {_REMEDY}"
            if instances.owner(properties_of(asset.properties))
            else f"It does not say whose it is. {_REMEDY}"
        )
    elif kind in credentials.ATTACHED:
        why = f"it was attached with a credential, which nobody is shown: its type is {told}"
        remedy = f"{how_to_give(asset.address, *credentials.wanted(asset.properties))} {_REMEDY}"
    else:
        why = f"its type is '{told}', which this version does not attach or make"
    return replace(asset, reason=why, remedy=remedy)


def _lies_in(place: object, region: str) -> bool:
    return place is not None and plain_region(place) == plain_region(region)


def _moves(properties: Document, region: str) -> bool:
    """Whether it lies in the source's region, and is made in the target's; what is attached stays where it is."""
    return _type(properties) in MADE_BY_SERVICE and _lies_in(properties.get("computeLocation"), region)


def _placed(body: Document, mapping: WorkspaceMapping) -> tuple[Document, list[Rewrite]]:
    """In the target's region what lies in the source's and is made there."""
    place, goal = properties_of(body).get("computeLocation"), mapping.target.location
    if not _moves(properties_of(body), mapping.source.location) or place == goal:
        return body, []
    moved = {**body, "properties": {**body["properties"], "computeLocation": goal}}
    return moved, [Rewrite("/properties/computeLocation", str(place), goal)]


def _hidden(document: Document) -> Document:
    """By JSON pointers, what of a document may be a secret whatever its form."""
    properties = properties_of(document)
    return instances.hidden(properties_of(properties)) if _type(properties) == WITH_DISK else {}


def _findings(asset: Asset, body: Document, plan: PlanContext) -> list[Finding]:
    address = str(asset.address)
    found = [*(instances.findings(asset, plan.mapping) if _type(asset.properties) == WITH_DISK else ())]
    found += credentials.findings(asset, plan.allowed.given(asset.address))
    if "systemassigned" in str((asset.document.get("identity") or {}).get("type") or "").lower():
        told = "It signs in by an identity of its own: the target's has another id."
        remedy = "Give the new identity the rights that the old one has."
        found.append(Finding("warning", address, told, remedy, code="compute-identity"))
    if isinstance(subnet := member(properties_of(body), ("properties", "subnet", "id")), str):
        told = f"Its nodes are in a subnet, which has to be of a network in the cluster's region: '{subnet}'."
        remedy = (
            "If that network is elsewhere, leave it out with --exclude, and create it in a subnet of the region."
        )
        found.append(Finding("warning", address, told, remedy, code="compute-subnet"))
    return found


def _plain(inner: Document) -> Document:
    """The properties inside, in the one spelling in which two are compared."""
    kept = {
        name: value
        for name, value in without_nulls(inner).items()
        # Whom an attached one signs in as may be shown or not.
        if value is not False and value not in ({}, [], "") and name != credentials.ACCOUNT
    }
    for name in _CASELESS:
        if isinstance(kept.get(name), str):
            kept[name] = kept[name].lower()
    return kept


KIND = Computes()
