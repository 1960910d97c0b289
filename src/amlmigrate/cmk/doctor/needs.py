"""Every permission that the commands need: by whom, where, for what. Documentation and roles are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from amlmigrate.core.workspace import DATASTORES
from amlmigrate.kinds import Kind, all_kinds, holding, moving_kinds

PLAN, RUN, VERIFY, DECOMMISSION = STAGES = ("plan", "run", "verify", "decommission")
DOCTOR = "doctor"

WS = "Microsoft.MachineLearningServices/workspaces"
ACCOUNT = "Microsoft.Storage/storageAccounts"
FILE = f"{ACCOUNT}/fileServices"
VAULT = "Microsoft.KeyVault/vaults"
AUTHORIZATION = "Microsoft.Authorization"

SideName = Literal["source", "target"]


class Where(StrEnum):
    """The scopes at which permissions are asked for."""

    SOURCE = "source workspace"
    SOURCE_ACCOUNT = "source storage account"
    SOURCE_GROUP = "source resource group"
    SOURCE_SUBSCRIPTION = "source subscription"
    SOURCE_ACCOUNT_SUBSCRIPTION = "source storage account's subscription"
    TARGET = "target workspace"
    TARGET_ACCOUNT = "target storage account"
    TARGET_VAULT = "target key vault"
    TARGET_IDENTITY = "target identity"
    TARGET_REGISTRY = "target container registry"
    TARGET_INSIGHTS = "target Application Insights"
    TARGET_LOGS = "target Log Analytics"
    TARGET_SUBSCRIPTION = "target subscription"

    @property
    def side(self) -> SideName:
        """Which workspace it belongs to."""
        return "source" if self.value.startswith("source") else "target"


@dataclass(frozen=True, slots=True)
class Need:
    """One permission. `action` is as a role has it; `asks` are the operations that stand for its `*`.

    `only` says where it is needed; what is needed always is an error when it is missing, all else a warning.
    `by` is the sign-in that needs it: the copies read the source with the target's.
    """

    where: Where
    action: str
    stages: tuple[str, ...]
    why: str
    data: bool = False
    only: str = ""
    asks: tuple[str, ...] = ()
    by: SideName | None = None

    @property
    def operations(self) -> tuple[str, ...]:
        """What is looked up in the rights of whoever signed in."""
        return self.asks or (self.action,)

    @property
    def always(self) -> bool:
        """Whether a stage cannot do without it."""
        return not self.only

    @property
    def signed_in(self) -> SideName:
        """Whose sign-in needs it."""
        return self.by or self.where.side


# Below a workspace every collection is read; a right that is missing would hide what has to be moved.
_READS = tuple(
    action
    for kind in all_kinds().values()
    for action in kind.permissions.read
    if action.startswith(f"{WS}/") and action != f"{WS}/read"
)
_STORE = holding().permissions
_BYTES = _STORE.data
_ALL, _READING = STAGES, (PLAN, RUN, VERIFY, DECOMMISSION)
OWN_SECRETS = "datastores of your own have a secret"
_TAGS = "blobs have index tags"
_POSTURE = "the posture of the target is to be known"
# `decommission` refuses where the vault was not read.
PROOF = "the posture of the target is to be known, as `decommission` demands"
_WRAPS = "that the key works is to be tried"
_TOLD = "it is to be told what stays"
_CHECKS = "what is in the way is to be known beforehand"
# What these find missing is told by the check that could not be made, once.
_BEFORE = (PLAN, DOCTOR)


def _each(
    where: Where,
    actions: tuple[str, ...],
    stages: tuple[str, ...],
    why: str,
    *,
    only: str = "",
    data: bool = False,
) -> tuple[Need, ...]:
    """A need for each of some actions of a kind."""
    return tuple(Need(where, action, stages, why, data=data, only=only) for action in actions)


def _made() -> tuple[list[Kind], list[Kind]]:
    """The kinds of which something is made in the target: those without versions, and those with them."""
    kinds = [kind for kind in moving_kinds().values() if not kind.inherent]
    return [kind for kind in kinds if not kind.versioned], [kind for kind in kinds if kind.versioned]


def _writes() -> tuple[Need, ...]:
    """Of what has versions the first operation is that of a version, the others are those of its name."""
    plain, versioned = _made()
    only = "there are any"
    return (
        *(
            Need(Where.TARGET, action, (RUN,), f"creates {kind.name}")
            for kind in plain
            for action in kind.permissions.write
        ),
        *(
            Need(Where.TARGET, kind.permissions.write[0], (RUN,), "creates, updates, archives versions")
            for kind in versioned
        ),
        *(
            Need(Where.TARGET, action, (RUN,), "containers that say something themselves", only=only)
            for kind in versioned
            for action in kind.permissions.write[1:]
        ),
    )


def _secrets(where: Where, why: str, only: str) -> tuple[Need, ...]:
    actions = (action for kind in moving_kinds().values() for action in kind.permissions.secrets)
    return tuple(Need(where, action, (RUN,), why, only=only) for action in actions)


def _removes() -> tuple[Need, ...]:
    blocking = [kind for kind in reversed(all_kinds().values()) if kind.blocks_deletion]
    return (
        Need(Where.SOURCE, f"{WS}/delete", (DECOMMISSION,), "removes the source"),
        Need(Where.SOURCE_GROUP, f"{WS}/read", (DECOMMISSION,), "whether the group's list still has the source"),
        *(
            Need(
                where,
                f"{AUTHORIZATION}/locks/read",
                (DECOMMISSION,),
                "locks that a purge would pass by",
                only="`--purge` is asked for",
            )
            for where in (Where.SOURCE_GROUP, Where.SOURCE_SUBSCRIPTION)
        ),
        *(
            Need(
                Where.SOURCE,
                action,
                (DECOMMISSION,),
                "they block the deletion",
                only="there are any",
            )
            for kind in blocking
            for action in kind.permissions.delete
        ),
        Need(
            Where.SOURCE_SUBSCRIPTION,
            "Microsoft.MachineLearningServices/locations/workspaceOperationsStatus/read",
            (DECOMMISSION,),
            "waits for the deletion",
            only="the address that Azure names is not enough",
        ),
        *(
            Need(
                where,
                action,
                (DECOMMISSION,),
                "whether another workspace has the account, or a datastore in the containers",
                only="`--storage delete` is asked for",
            )
            for where in (Where.SOURCE_SUBSCRIPTION, Where.SOURCE_ACCOUNT_SUBSCRIPTION)
            for action in (f"{WS}/read", f"{WS}/{DATASTORES}/read", f"{AUTHORIZATION}/permissions/read")
        ),
        *(
            Need(Where.SOURCE_ACCOUNT, f"{ACCOUNT}/{name}/read", (DECOMMISSION,), why, only=_TOLD)
            for name, why in (("encryptionScopes", "the keys of what stays"),)
        ),
        *_each(
            Where.SOURCE_ACCOUNT,
            _STORE.delete,
            (DECOMMISSION,),
            "removes the containers",
            only="`--storage delete` is asked for",
        ),
    )


def _proofs() -> tuple[Need, ...]:
    """What the claims about the target are read with."""
    logs = "Microsoft.OperationalInsights"
    reads = (
        (Where.TARGET_VAULT, f"{VAULT}/keys/read", "the key, and its newest version"),
        (Where.TARGET_VAULT, f"{VAULT}/keys/versions/read", "the state of the key's version in use"),
        (
            Where.TARGET_IDENTITY,
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "who it is, where the workspace does not show that",
        ),
        (Where.TARGET_REGISTRY, "Microsoft.ContainerRegistry/registries/read", "its key"),
        (Where.TARGET_INSIGHTS, "Microsoft.Insights/components/read", "where its logs lie"),
        (Where.TARGET_LOGS, f"{logs}/workspaces/read", "the cluster in which the logs lie"),
        (Where.TARGET_LOGS, f"{logs}/clusters/read", "the key of the cluster"),
        (Where.TARGET_VAULT, f"{AUTHORIZATION}/roleAssignments/read", "who may use the key"),
        (Where.TARGET_VAULT, f"{AUTHORIZATION}/roleDefinitions/read", "who may use the key"),
        (Where.TARGET, f"{AUTHORIZATION}/roleAssignments/read", "who may write to the workspace"),
        (Where.TARGET, f"{AUTHORIZATION}/roleDefinitions/read", "who may write to the workspace"),
        (Where.TARGET_VAULT, f"{AUTHORIZATION}/denyAssignments/read", "whether the key is denied"),
        (Where.TARGET, f"{AUTHORIZATION}/denyAssignments/read", "who is kept from writing to the workspace"),
        (Where.TARGET_VAULT, f"{AUTHORIZATION}/roleAssignmentScheduleInstances/read", "whether a role ends"),
        *(
            (where, f"{AUTHORIZATION}/roleEligibilityScheduleInstances/read", "who may activate a role")
            for where in (Where.TARGET_VAULT, Where.TARGET)
        ),
    )
    in_vault = (
        ("keys/read", "the key's state, as the vault itself tells it", _POSTURE),
        ("keyrotationpolicies/read", "its rotation, as the vault itself tells it", _POSTURE),
        ("keys/wrap/action", "wraps a few bytes", _WRAPS),
        ("keys/unwrap/action", "unwraps them", _WRAPS),
    )
    return (
        Need(Where.TARGET_VAULT, f"{VAULT}/read", _ALL, "purge protection and place", only=PROOF),
        *(Need(where, action, _ALL, why, only=_POSTURE) for where, action, why in reads),
        *(
            Need(Where.TARGET_VAULT, f"{VAULT}/{name}", _ALL, why, data=True, only=only)
            for name, why, only in in_vault
        ),
    )


def _checks() -> tuple[Need, ...]:
    """What is in the way of a move is read with these."""
    locked = (Where.TARGET, Where.TARGET_ACCOUNT, Where.TARGET_VAULT)
    of_subscription = (
        ("Microsoft.Resources/subscriptions/providers/read", "which providers are registered"),
        ("Microsoft.MachineLearningServices/locations/usages/read", "quotas that are used up"),
        ("Microsoft.KeyVault/deletedVaults/read", "deleted vaults whose names are blocked"),
    )
    return (
        Need(
            Where.SOURCE_ACCOUNT,
            f"{AUTHORIZATION}/locks/read",
            (*_BEFORE, DECOMMISSION),
            "locks that are in the way",
            only=f"{_CHECKS}, or `--storage delete` is asked for",
        ),
        *(
            Need(where, f"{AUTHORIZATION}/locks/read", _BEFORE, "locks that are in the way", only=_CHECKS)
            for where in locked
        ),
        *(
            Need(Where.TARGET, f"{AUTHORIZATION}/{name}/read", _BEFORE, "policies that would deny", only=_CHECKS)
            for name in ("policyAssignments", "policyDefinitions", "policySetDefinitions")
        ),
        *(
            Need(
                where,
                f"{AUTHORIZATION}/{name}/read",
                _BEFORE,
                "which data actions are granted, to the caller and to the target's identity",
                only=_CHECKS,
            )
            for where in (Where.SOURCE_ACCOUNT, Where.TARGET_ACCOUNT)
            for name in ("roleAssignments", "roleDefinitions")
        ),
        *(Need(Where.TARGET_SUBSCRIPTION, action, _BEFORE, why, only=_CHECKS) for action, why in of_subscription),
        Need(
            Where.TARGET_SUBSCRIPTION,
            "Microsoft.Resources/subscriptions/read",
            (PLAN,),
            "of which Entra tenant it is; without it that of the sign-in counts",
            only="decisions need an approval",
        ),
    )


_COMPARED = "what protects the blobs of both accounts is to be compared"


def _protection() -> tuple[Need, ...]:
    """Lifecycle rules that are not known to leave the copies alone, a removal refuses, unless that is let go."""
    service, rules, replication = ("blobServices", "managementPolicies", "objectReplicationPolicies")
    tasks = "storageTaskAssignments"
    looks = {
        (Where.SOURCE_ACCOUNT, service): (PLAN, VERIFY, DECOMMISSION),
        (Where.TARGET_ACCOUNT, service): (PLAN, VERIFY),
        (Where.SOURCE_ACCOUNT, rules): (PLAN, VERIFY),
        (Where.TARGET_ACCOUNT, rules): (PLAN, VERIFY, DECOMMISSION),
        (Where.SOURCE_ACCOUNT, replication): (PLAN, VERIFY),
        (Where.TARGET_ACCOUNT, replication): (PLAN, VERIFY),
        (Where.TARGET_ACCOUNT, tasks): (VERIFY,),
    }
    why = {service: "soft delete and versions of blobs", rules: "lifecycle rules", replication: "replication"}
    why[tasks] = "storage tasks that might delete copies"
    return tuple(
        Need(where, f"{ACCOUNT}/{name}/read", stages, why[name], only=_COMPARED)
        for (where, name), stages in looks.items()
    )


NEEDS: tuple[Need, ...] = (
    Need(Where.SOURCE, f"{WS}/read", _ALL, "reads the workspace"),
    Need(Where.SOURCE, f"{WS}/*/read", _ALL, "every collection is listed", asks=_READS),
    Need(
        Where.SOURCE,
        f"{AUTHORIZATION}/locks/read",
        (DECOMMISSION,),
        "locks on the workspace, its group and its subscription; `plan` lists the workspace's",
    ),
    *(
        Need(Where.SOURCE, f"{name}/read", _READING, f"lists the workspace's {what}", only="they are to be listed")
        for name, what in (
            (f"{AUTHORIZATION}/roleAssignments", "role assignments"),
            ("Microsoft.Insights/diagnosticSettings", "diagnostic settings"),
        )
    ),
    *_secrets(Where.SOURCE, "copies their secrets", OWN_SECRETS),
    Need(Where.SOURCE_ACCOUNT, f"{ACCOUNT}/read", _BEFORE, "its network", only=_CHECKS),
    *_each(Where.SOURCE_ACCOUNT, _STORE.read, _READING, "lists the containers"),
    *(
        Need(Where.SOURCE_ACCOUNT, action, _READING, "lists the file shares")
        for kind in all_kinds().values()
        for action in kind.permissions.read
        if action.startswith(f"{FILE}/")
    ),
    *_each(Where.SOURCE_ACCOUNT, _BYTES.read, _READING, "lists blobs; `verify` reads every byte", data=True),
    *(
        Need(
            Where.SOURCE_ACCOUNT,
            action,
            (RUN,),
            "the target's storage reads it with the token of the target's sign-in",
            data=True,
            by="target",
        )
        for action in _BYTES.read
    ),
    *_each(Where.SOURCE_ACCOUNT, _BYTES.read_tags, _READING, "index tags", data=True, only=_TAGS),
    *(
        Need(
            Where.SOURCE_ACCOUNT,
            action,
            _READING,
            "lists notebooks",
            data=True,
            only="there are file shares",
        )
        for kind in all_kinds().values()
        for action in kind.permissions.data.read
        if action.startswith(f"{FILE}/")
    ),
    Need(Where.TARGET, f"{WS}/read", _ALL, "reads the workspace"),
    Need(Where.TARGET, f"{WS}/*/read", _ALL, "what is there already", asks=_READS),
    *_writes(),
    *_secrets(
        Where.TARGET,
        "the key of the new account",
        "a datastore of your own, with an account key, lies over the workspace's own container",
    ),
    *_protection(),
    Need(Where.TARGET_ACCOUNT, f"{ACCOUNT}/read", _ALL, "whether it is under a customer's key"),
    *_each(Where.TARGET_ACCOUNT, _STORE.read, _ALL, "each container's default encryption scope"),
    Need(
        Where.TARGET_ACCOUNT,
        f"{ACCOUNT}/encryptionScopes/read",
        _ALL,
        "whose key an encryption scope has",
        only="a container or a blob has one",
    ),
    *_each(Where.TARGET_ACCOUNT, _BYTES.read, _READING, "what is there already", data=True),
    *_each(Where.TARGET_ACCOUNT, _BYTES.read_tags, _READING, "index tags", data=True, only=_TAGS),
    *_each(
        Where.TARGET_ACCOUNT,
        _BYTES.write,
        (RUN, DECOMMISSION),
        "the lease, without which nothing is changed; the copies of `run`",
        data=True,
    ),
    *_each(Where.TARGET_ACCOUNT, _BYTES.write_tags, (RUN,), "index tags", data=True, only=_TAGS),
    *_each(
        Where.TARGET_ACCOUNT,
        _BYTES.delete,
        (RUN, DECOMMISSION),
        "blobs that were deleted in the source since; at the very end the lease's blob",
        data=True,
        only="a plan was made with --delete, or the source has been removed",
    ),
    *_proofs(),
    *_checks(),
    *_removes(),
)


def needs(*stages: str) -> tuple[Need, ...]:
    """The needs of some stages, in the table's order."""
    return tuple(need for need in NEEDS if set(stages) & set(need.stages))


def of_stages() -> tuple[Need, ...]:
    """What the stages need for their own work, without what only tells beforehand what is in the way."""
    return tuple(need for need in NEEDS if need.stages != _BEFORE)
