"""What protects the blobs of a storage account, read of both sides, and what of it the target has not.

Nothing of it is written by a move: it belongs to the account, and what it is worth is for its owner to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from amlmigrate.cloud.session import Session, Side
from amlmigrate.core.address import blob_address
from amlmigrate.core.armid import ArmId, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.few import few, many
from amlmigrate.core.finding import Finding, Severity
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import gathered
from amlmigrate.core.workspace import Location, Service, Workspace
from amlmigrate.kinds import holding
from amlmigrate.posture import blobservice, containerprotection, lifecycle, replication, storagetasks
from amlmigrate.posture.reading import NOTHING, Read, missing_action, tried, tried_list

_STORAGE = "Microsoft.Storage/storageAccounts"
# For an account without lifecycle rules (Azure/azure-sdk-for-net, Azure.ResourceManager.Storage,
# StorageAccountTests); whatever else is answered is no knowledge.
_NO_POLICY = "ManagementPolicyNotFound"
# Made with the first bytes: it has no policies yet.
_NO_CONTAINER = "ContainerNotFound"
_NOT_SHOWN = "Azure answers that there is no such thing."
_NAMED = 5
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class AccountProtection:
    """What was read of one account, which `id` names: settings, lifecycle rules, replication, containers."""

    id: str
    account: Read[Document] = field(default=NOTHING, kw_only=True)
    service: Read[Document] = NOTHING
    lifecycle: Read[Document] = NOTHING
    replication: Read[list[Document]] = NOTHING
    containers: Read[list[Document]] = NOTHING

    @property
    def name(self) -> str:
        """The account's name."""
        return name_of(self.id)

    @property
    def settings(self) -> Document:
        """The properties of its blob service."""
        return blobservice.settings(self.service.value) or {}

    @property
    def purgeable(self) -> bool:
        """Whether deleted versions and snapshots may be deleted for good (storage description)."""
        return (self.settings.get("deleteRetentionPolicy") or {}).get("allowPermanentDelete") is True

    @property
    def retention(self) -> tuple[int, bool]:
        """The policy that all its new containers inherit: for how many days, and whether it is locked.

        Storage description, `ImmutableStorageAccount`; of one that is disabled nothing holds.
        """
        found = properties_of(self.account.value).get("immutableStorageWithVersioning") or {}
        policy = found.get("immutabilityPolicy") or {}
        state = str(policy.get("state") or "").lower()
        days = int(policy.get("immutabilityPeriodSinceCreationInDays") or 0)
        return (days, state == "locked") if found.get("enabled") is True and state != "disabled" else (0, False)

    def days(self, policy: str) -> int:
        """For how long a policy of the blob service keeps what is deleted: 0 where it is off."""
        return blobservice.days(self.settings, policy) or 0


@dataclass(frozen=True, slots=True)
class AccountPair:
    """Both accounts, the containers that go from one to the other, and the places in the target that get bytes."""

    source: AccountProtection
    target: AccountProtection
    containers: dict[str, str] = field(default_factory=dict)
    places: tuple[Location, ...] = ()
    # Stored access policies of each of these containers, by its name in the source: there, and in the target.
    policies: dict[str, tuple[Read[dict[str, str]], Read[dict[str, str]]]] = field(default_factory=dict)


async def read(side: Side, account: str) -> AccountProtection:
    """Reads it of an account, by its ARM id. Raises ServiceError and OutOfReachError where ARM is out of order."""
    itself, service, rules, replicated, containers = await asyncio.gather(
        tried(side.arm.get(account)),
        blobservice.read(side, account),
        _rules(side, account),
        tried_list(side.arm, f"{account}/objectReplicationPolicies"),
        tried_list(side.arm, f"{account}/blobServices/default/containers"),
    )
    return AccountProtection(account, service, rules, replicated, containers, account=itself)


async def _rules(side: Side, account: str) -> Read[Document]:
    found = await tried(side.arm.get(f"{account}/managementPolicies/default"))
    return NOTHING if found.code == _NO_POLICY else found


async def pair(clouds: Session, mapping: Mapping, places: Iterable[Location]) -> AccountPair | None:
    """Both default accounts as they are; None where they are one, or a workspace names none.

    `places` are those in the source that have bytes.
    """
    left, right = mapping.source.storage_account_id, mapping.target.storage_account_id
    if not left or not right or ArmId.of(left) == ArmId.of(right):
        return None
    # Of files nothing of this kind is protected.
    every = [place for place in places if place.service is Service.BLOB]
    goals = _goals(mapping, every)
    containers = {at.container: to.container for at in every if (to := mapping.place(at)) and to in goals}
    source, target = await asyncio.gather(read(clouds.source, left), read(clouds.target, right))
    policies = await gathered({at: _policies(clouds, mapping, at, to) for at, to in containers.items()})
    return AccountPair(source, target, containers, goals, policies)


async def _policies(
    clouds: Session, mapping: Mapping, name: str, goal: str
) -> tuple[Read[dict[str, str]], Read[dict[str, str]]]:
    sides = ((clouds.source, mapping.source, name), (clouds.target, mapping.target, goal))
    left, right = await asyncio.gather(
        *(tried(side.blobs.access_policies(Location(it.storage_account, one))) for side, it, one in sides)
    )
    return left, Read({}) if right.code == _NO_CONTAINER else right


def _goals(mapping: Mapping, places: Iterable[Location]) -> tuple[Location, ...]:
    """Where in the target's own account they go."""
    account = mapping.target.storage_account.lower()
    goals = (mapping.place(place) for place in places if place.service is Service.BLOB)
    return tuple(dict.fromkeys(goal for goal in goals if goal and goal.account.lower() == account))


async def beforehand(clouds: Session, mapping: Mapping, places: Iterable[Location]) -> list[Finding]:
    """The same findings for a plan: told, since they are looked at afresh by each verification."""
    found = await pair(clouds, mapping, places)
    return [replace(one, severity="warning") for one in findings(found)] if found else []


async def afresh(clouds: Session, mapping: Mapping, places: Iterable[Location]) -> tuple[list[Finding], list[str]]:
    """The findings as a verification has them, and what was not compared.

    What is weaker in the target keeps it from being green.
    """
    found = await pair(clouds, mapping, places)
    if found is None:
        return [], []
    return findings(found), [*not_compared(found), *await storagetasks.unseen(clouds.target, found.target.id)]


async def ending(side: Side, mapping: Mapping, places: Iterable[Location]) -> list[Finding]:
    """Of these only what would end copies, or is not known of that: before what cannot be undone."""
    account = mapping.target.storage_account_id
    if not account or ArmId.of(account) == ArmId.of(mapping.source.storage_account_id):
        return []
    rules = await _rules(side, account)
    found = AccountPair(
        AccountProtection(""), AccountProtection(account, lifecycle=rules), {}, _goals(mapping, places)
    )
    return [one for one in (*_unread(found), *_lifecycle(found)) if one.severity == "blocks"]


async def unwritable(side: Side, target: Workspace) -> list[str]:
    """Why no lease could be had in the target's default container; of what cannot be read the lease will tell."""
    place, account = await side.workspace(target.ref).default_container(), target.storage_account_id
    if place is None:
        return []
    container = place.container
    found = await tried(side.arm.get(f"{account}/blobServices/default/containers/{container}"))
    kept = containerprotection.keeps(properties_of(found.value))
    told = f"{account}: '{container}' is under {kept}, so that the lease cannot be written into it."
    return [f"{told} Take it off until the source is removed."] if kept else []


def findings(found: AccountPair) -> list[Finding]:
    """All that the target's account protects less, and what of its own rules would end the copies."""
    source, target = found.source, found.target
    return [
        *_unread(found),
        *_kept(source, target),
        *_retained(source, target),
        *_replicated(found),
        *_lifecycle(found),
        *_signed(found),
        *containerprotection.weaker(source.containers.value, target.containers.value, found.containers),
    ]


def _kept(source: AccountProtection, target: AccountProtection) -> Iterator[Finding]:
    """Versions and soft delete."""
    if source.service.value is None or target.service.value is None:
        return
    if (
        source.settings.get("isVersioningEnabled") is True
        and target.settings.get("isVersioningEnabled") is not True
    ):
        yield Finding(
            "blocks",
            target.id,
            f"The source's account keeps earlier versions of blobs, and '{target.name}' does not.",
            f"Switch it on ({_update(target)} --enable-versioning true), or waive this finding.",
            code="versions-not-kept",
        )
    if told := _shorter(source, target, "deleteRetentionPolicy", "blobs"):
        yield Finding("blocks", target.id, *told, code="deleted-blobs-kept-shorter")
    if target.purgeable and not source.purgeable and source.days("deleteRetentionPolicy"):
        yield Finding(
            "blocks",
            target.id,
            f"Deleted versions and snapshots that '{target.name}' keeps may be deleted for good.",
            "Take that back (az rest --method put on its blobServices/default, deleteRetentionPolicy"
            ".allowPermanentDelete false), or waive this finding.",
            code="deleted-blobs-kept-shorter",
        )
    if told := _shorter(source, target, "restorePolicy", "blobs"):
        yield Finding("blocks", target.id, *told, code="restore-shorter")
    if told := _shorter(source, target, "containerDeleteRetentionPolicy", "containers"):
        yield Finding("blocks", target.id, *told, code="containers-kept-shorter")


def _shorter(
    source: AccountProtection, target: AccountProtection, policy: str, what: str
) -> tuple[str, str] | None:
    """What is said, and what to do, where a policy keeps what is deleted for a shorter time."""
    before, now = source.days(policy), target.days(policy)
    if before <= now:
        return None
    days = many(now, "day")
    if policy == "restorePolicy":
        return (
            f"Blobs of the source's account can be put back as they were in the last {many(before, 'day')}, and of"
            f" '{target.name}' {f'in the last {days}' if now else 'they cannot'}.",
            f"Set it ({_update(target)} --enable-restore-policy true --restore-days {before}), or waive this"
            " finding.",
        )
    option = "delete-retention" if what == "blobs" else f"{what.removesuffix('s')}-delete-retention"
    return (
        f"The source's account keeps deleted {what} for {many(before, 'day')}, and '{target.name}' {_for(now)}.",
        f"Set it ({_update(target)} --enable-{option} true --{option}-days {before}), or waive this finding.",
    )


def _update(account: AccountProtection) -> str:
    return f"az storage account blob-service-properties update --account-name {account.name}"


def _retained(source: AccountProtection, target: AccountProtection) -> Iterator[Finding]:
    """The policy of retention that is the account's own."""
    (days, locked), (there, firm) = source.retention, target.retention
    if target.account.value is not None and (days > there or (days and locked and not firm)):
        kept, there_too = many(days, "day"), many(there, "day")
        how, other = "locked" if locked else "not locked", "locked" if firm else "not locked"
        yield Finding(
            "blocks",
            target.id,
            f"A policy of the source's account keeps new blobs from being changed for {kept} ({how}), and"
            f" one of '{target.name}' {f'for {there_too} ({other})' if there else 'does not'}.",
            "Such a policy can be had by a new account alone (az storage account create --enable-alw true); or"
            " waive this finding.",
            code="immutability-weaker",
        )


def _replicated(found: AccountPair) -> Iterator[Finding]:
    """Policies name accounts: none is another account's, and one about other containers is none for these."""
    there = found.target.replication.value
    if there is None:
        return
    names = {name.lower(): goal.lower() for name, goal in found.containers.items()}
    wanted = {
        (way, names.get(container, container))
        for way, container in replication.ways(found.source.name, found.source.replication.value or ())
    }
    if lost := sorted(wanted - replication.ways(found.target.name, there)):
        told = [f"{way} '{container}'" if container else f"{way} it" for way, container in lost]
        yield Finding(
            "blocks",
            found.target.id,
            f"The source's account replicates blobs, and '{found.target.name}' does not in the same way:"
            f" {', '.join(told)}.",
            "Create the policies again for the target (az storage account or-policy create), or waive this"
            " finding.",
            code="replication-left",
        )


def _signed(found: AccountPair) -> Iterator[Finding]:
    """Stored access policies, by which shared access signatures are given and taken back."""
    for name, (before, now) in sorted(found.policies.items()):
        there = now.value or {}
        left = sorted(key for key, value in (before.value or {}).items() if there.get(key) != value)
        if left and not now.refused:
            yield Finding(
                "warning",
                str(blob_address(name)),
                f"Stored access policies of it are not, or otherwise, on '{found.containers[name]}' in the target:"
                f" {few(left, _NAMED)}.",
                "Signatures of the old account end with it; create the policies again where new signatures are"
                " to follow them (az storage container policy create).",
                code="access-policies-left",
            )


def not_compared(found: AccountPair) -> Iterator[str]:
    """Stored access policies that were not shown: a token may not be let to them, whatever its roles."""
    unread = {name: one.code for name, both in found.policies.items() for one in both if one.refused}
    if unread:
        names, codes = (few(sorted(set(texts)), _NAMED) for texts in (unread, unread.values()))
        shown = f"Azure shows them to a key of the account, not to this token ({codes})"
        yield f"stored access policies of {names}: {shown}"


def _lifecycle(found: AccountPair) -> Iterator[Finding]:
    """Rules of the target that would end copies; rules of the source that the target lacks."""
    policy = found.target.lifecycle.value or {}
    for rule, places in lifecycle.ending(policy, found.places).items():
        where = few([f"{place.container}/{place.path}".rstrip("/") for place in places], _NAMED)
        yield Finding(
            "blocks",
            found.target.id,
            f"The lifecycle rule '{rule.name}' of '{found.target.name}' (SHA-256 {rule.sha256[:_DIGITS]})"
            f" {' and '.join(rule.does)} blobs where copies lie, once they are old enough: {where}.",
            "Leave these places out of the rule (az storage account management-policy), or waive this finding.",
            code="lifecycle-ends-copies",
        )
    there = lifecycle.actions(policy)
    before = lifecycle.actions(found.source.lifecycle.value or {})
    left = sorted(name for name, does in before.items() if there.get(name) != does)
    if left and not found.target.lifecycle.refused:
        yield Finding(
            "warning",
            found.target.id,
            f"The source's account has lifecycle rules that '{found.target.name}' has not, or that do other things"
            f" there: {few(left, _NAMED)}.",
            "Create them again where they count; none of a name or container of the source is copied.",
            code="lifecycle-rules-left",
        )


def _unread(found: AccountPair) -> Iterator[Finding]:
    """What could not be read is told, and never taken for nothing; of the target's rules it has to be known."""
    for account in (found.source, found.target):
        for what, read_, action in (
            ("its own settings", account.account, f"{_STORAGE}/read"),
            ("the settings of its blob service", account.service, f"{_STORAGE}/blobServices/read"),
            ("its object replication policies", account.replication, f"{_STORAGE}/objectReplicationPolicies/read"),
            ("its containers", account.containers, ", ".join(holding().permissions.read)),
        ):
            if read_.value is None:
                yield Finding(
                    "warning",
                    account.id,
                    f"Not compared: {what} could not be read: {read_.refused or _NOT_SHOWN}",
                    f"Grant {missing_action(read_.refused, action)} on the account.",
                    code="protection-unread",
                )
    sides: tuple[tuple[AccountProtection, Severity], ...] = ((found.source, "warning"), (found.target, "blocks"))
    for account, severity in sides:
        if account.lifecycle.refused:
            action = missing_action(account.lifecycle.refused, f"{_STORAGE}/managementPolicies/read")
            yield Finding(
                severity,
                account.id,
                f"Its lifecycle rules could not be read: {account.lifecycle.refused}",
                f"Grant {action} on the account.",
                code="lifecycle-unread",
            )


def _for(count: int) -> str:
    return f"for {many(count, 'day')}" if count else "does not"
