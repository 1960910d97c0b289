"""Computes: clusters, instances, and what was attached."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of, shown_properties, without_nulls
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping as WorkspaceMapping
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.newname import NameRule
from amlmigrate.core.pointers import EACH, member, without
from amlmigrate.core.spelling import plain_region
from amlmigrate.core.switched import Settings, laid
from amlmigrate.core.writes import Desired, PlanContext, Write
from amlmigrate.kinds._base import Kind, WorkspacePort
from amlmigrate.kinds._fields import COMMON
from amlmigrate.kinds._listed import CREATED
from amlmigrate.kinds._losses import Loss
from amlmigrate.kinds._machines import Machines
from amlmigrate.kinds._permissions import ML, Permissions

# What the service makes for a workspace alone; behind any other compute is something of the customer's.
_MADE_BY_SERVICE = frozenset({"amlcompute", "computeinstance"})
# Its disk is no part of the storage account: local files and environments (AZ-LIVE-6).
_WITH_DISK = "computeinstance"
Action = Literal["Delete", "Detach"]


@dataclass(frozen=True, slots=True)
class Compute:
    """A compute: `attached` is None where the service does not say whether somebody brought it along."""

    address: str
    kind: str
    attached: bool | None

    @classmethod
    def of(cls, left: Asset) -> Compute:
        """Reads a document of the collection; one that could not be read says nothing."""
        told = shown_properties(left.document) or {}
        attached = told.get("isAttachedCompute")
        return cls(
            str(left.address),
            str(told.get("computeType") or ""),
            attached if isinstance(attached, bool) else None,
        )

    @property
    def action(self) -> Action:
        """What is asked of the service: `Detach` leaves what is behind it, `Delete` takes that away.

        `isAttachedCompute` is false for what the service provisioned (compute description, 2023-04-01). Whatever
        does not say so, or is not of a kind that the service provisions, may be the customer's.
        """
        own = self.attached is False and self.kind.lower() in _MADE_BY_SERVICE
        return "Delete" if own else "Detach"

    @property
    def loses_disk(self) -> bool:
        """Whether a disk goes with it that holds what people put there."""
        return self.kind.lower() == _WITH_DISK

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone."""
        return {
            "address": self.address,
            "kind": self.kind,
            "attached": self.attached,
            "action": self.action,
            "loses_disk": self.loses_disk,
        }

    def loss(self) -> Loss:
        """For people, and in a tombstone."""
        if self.action == "Detach":
            what = self.kind or "of a kind that is not told"
            says = f"is detached, what is behind it stays: {self.address} ({what})"
        else:
            says = f"is lost for good{', with its disk' * self.loses_disk}: {self.address} ({self.kind})"
        return Loss("computes", self.as_dict(), says)


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
# With a password or a token, which a GET never shows (AZ-COMPUTE-4).
_WITH_SECRET = frozenset({"virtualmachine", "hdinsight", "databricks"})
# Of a Spark pool the service shows what the pool is, which is not the compute's to say (AZ-COMPUTE-9).
_POOL = "synapsespark"
_SCALE = "/properties/properties/scaleSettings"
_MINIMUM = f"{_SCALE}/minNodeCount"
_LEAST = ("properties", "scaleSettings", "minNodeCount")
_LOGIN = ("properties", "userAccountCredentials")
_PASSWORD = frozenset({"adminUserPassword"})
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
        return Permissions.of(f"{ML}/{self.name}", harmless=("listnodes/action",))

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        return [_with_reason(one) for one in await super().scan(source, parents)]

    async def retire(self, source: WorkspacePort, asset: Asset) -> None:
        query = {"underlyingResourceAction": Compute.of(asset).action}
        await source.delete(self.path(asset.address), query)

    def lost(self, asset: Asset) -> Loss | None:
        return Compute.of(asset).loss()

    def region(self, asset: Asset) -> str:
        return str(asset.properties.get("computeLocation") or super().region(asset))

    def new_names(self, asset: Asset) -> NameRule:
        return _NAMES if _type(asset.properties) in _MADE_BY_SERVICE else _NAMES_OF_ATTACHED

    def quiet(self, asset: Asset) -> Mapping[str, Any]:
        return {_MINIMUM: 0} if _kept_nodes(asset.properties) else {}

    def setting(self, document: Document, settings: Settings) -> Write:
        # A PUT of the whole would have no password for SSH, which no GET shows (AZ-COMPUTE-8).
        return Write(laid(document, settings), patches=(_SCALE,))

    def anew(self, properties: Document) -> Document:
        for way, names in _WRITTEN:
            properties = without(properties, way, names)
        return properties

    def writable(self, properties: Document) -> Document:
        kind = _type(properties)
        properties = without(self.anew(properties), ("properties",), frozenset(_GROWS) | _OF_EXTENSION)
        properties = without(properties, _LOGIN, _PASSWORD)
        if kind in _MADE_BY_SERVICE:
            # It names a cluster of the service's own while that is being made.
            return _left_out(properties, "resourceId")
        return _left_out(properties, "properties") if kind == _POOL else properties

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        found = super().desired(_with_login(asset), plan)
        body, moved = _placed(found.first.body, plan.mapping)
        told = (*found.findings, *_findings(asset, body))
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

    def machines(self, body: Document) -> Machines | None:
        properties = properties_of(body)
        if _type(properties) != _CLUSTER:
            return None
        inner = properties_of(properties)
        spare = str(inner.get("vmPriority") or "").lower() == "lowpriority"
        count = _kept_nodes(properties)
        return Machines(str(inner.get("vmSize") or ""), max(count, 1), kept=bool(count), spare=spare)

    def canonical(self, document: Document) -> Document:
        found = super().canonical(document)
        if place := found.get("computeLocation"):
            found["computeLocation"] = plain_region(place)
        if isinstance(kind := found.get("computeType"), str):
            found["computeType"] = kind.lower()
        if inner := properties_of(found):
            found["properties"] = _plain(inner)
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
    if kind == _WITH_DISK:
        why = "it is one person's instance, with a disk that holds local files and environments and is not copied"
    elif kind in _WITH_SECRET:
        why = f"it was attached with a credential, which nobody is shown: its type is {told}"
    else:
        why = f"its type is '{told}', which this version does not attach or make"
    return replace(asset, reason=why, remedy=_REMEDY)


def _with_login(asset: Asset) -> Asset:
    """Without an account for SSH of which nothing is shown that would open it."""
    login = member(asset.properties, _LOGIN)
    if not isinstance(login, dict) or login.get("adminUserSshPublicKey"):
        return asset
    properties = without(asset.properties, _LOGIN[:1], frozenset({_LOGIN[1]}))
    return replace(asset, document={**asset.document, "properties": properties})


def _placed(body: Document, mapping: WorkspaceMapping) -> tuple[Document, list[Rewrite]]:
    """In the target's region what lies in the source's."""
    place, goal = properties_of(body).get("computeLocation"), mapping.target.location
    if place is None or plain_region(place) != plain_region(mapping.source.location) or place == goal:
        return body, []
    moved = {**body, "properties": {**body["properties"], "computeLocation": goal}}
    return moved, [Rewrite("/properties/computeLocation", str(place), goal)]


def _findings(asset: Asset, body: Document) -> list[Finding]:
    found, address = [], str(asset.address)
    login = member(asset.properties, _LOGIN)
    if isinstance(login, dict) and login:
        key = bool(login.get("adminUserSshPublicKey"))
        told = (
            "If its account for SSH has a password too, the target's has only the public key."
            if key
            else "Its account for SSH is not made: nobody is shown its password."
        )
        remedy = "Whoever signs in to its nodes has to know; SSH is set when a cluster is made, and never after."
        found.append(Finding("warning", address, told, remedy, code="compute-login"))
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
        if value is not False and value not in ({}, [], "")
    }
    for name in _CASELESS:
        if isinstance(kept.get(name), str):
            kept[name] = kept[name].lower()
    return kept


KIND = Computes()
