"""Every permission that the commands need: by whom, where, for what. Documentation and roles are made from it."""

from __future__ import annotations

from amlmigrate.core.workspace import DATASTORES, Service
from amlmigrate.doctor.need import (
    ACCOUNT,
    ASSIGN,
    AUTHORIZATION,
    BEFORE,
    CUTOVER,
    DECOMMISSION,
    DESTINATIONS,
    FILE,
    PLAN,
    RUN,
    STAGES,
    VAULT,
    VERIFY,
    WS,
    Need,
    Where,
)
from amlmigrate.doctor.needs_told import CHECKS, CUT_OVER, checks, proofs, protection
from amlmigrate.kinds import Kind, all_kinds, holding, holdings, moving_kinds

# Below a workspace every collection is read; a right that is missing would hide what has to be moved.
_READS = tuple(
    action
    for kind in all_kinds().values()
    for action in kind.permissions.read
    if action.startswith(f"{WS}/") and action != f"{WS}/read"
)
_STORE = holding().permissions
_BYTES = _STORE.data
# What a share takes, which an account may well have none of.
_SHARES = holdings()[Service.FILE].permissions
_THERE_ARE = "there are file shares"
_GIVES = f"{AUTHORIZATION}/roleAssignments/write"
_ALL, _READING = STAGES, (PLAN, RUN, VERIFY, DECOMMISSION)
OWN_SECRETS = "datastores of your own have a secret"
NAMED = "there are any such items"
_TAGS = "blobs have index tags"
_TOLD = "you want to know what stays"
_TAKES = "backs them up, or reads their values; compares them"
_WHERE = "in which region the vault is"
_LATER = "whose right to write begins later, ends, or may be activated"
_TENANT = "whether another tenant manages it"
_SUBSCRIPTIONS = (Where.SOURCE_SUBSCRIPTION, Where.SOURCE_ACCOUNT_SUBSCRIPTION)


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
            Need(
                Where.TARGET,
                action,
                (RUN, CUTOVER) if kind.name in _stopped() else (RUN,),
                f"creates {kind.name}",
                # What is another provider's takes a right that few have.
                only="" if action.startswith(f"{WS}/") else only,
                # Whoever gives rights may give themselves any.
                apart=ASSIGN if action == _GIVES else "",
            )
            for kind in plain
            for action in kind.permissions.write
        ),
        *(
            Need(Where.TARGET, kind.permissions.write[0], (RUN,), "creates, updates, archives versions")
            for kind in versioned
        ),
        *(
            Need(
                Where.TARGET, action, (RUN,), "writes names with a description, tags or archived state", only=only
            )
            for kind in versioned
            for action in kind.permissions.write[1:]
        ),
    )


def _named() -> tuple[Need, ...]:
    """What it takes elsewhere: with the key of an account one may do anything, and no run has that."""
    return tuple(
        Need(Where.NAMED, action, (RUN,), f"creates {kind.name} that name it", only=NAMED, apart=DESTINATIONS)
        for kind in moving_kinds().values()
        for one in kind.permissions.named
        for action in one.actions
    )


def _acts() -> tuple[Need, ...]:
    """What is asked of something that was just made."""
    return tuple(
        Need(Where.TARGET, action, (RUN,), f"stops {kind.name} that it has made", only="`--computes` is asked for")
        for kind in moving_kinds().values()
        for action in kind.permissions.acts
    )


def _around() -> tuple[Need, ...]:
    """What is read of what other providers have at the workspaces."""
    read = {
        kind.name: action
        for kind in moving_kinds().values()
        for action in kind.permissions.read
        if not action.startswith(f"{WS}/")
    }
    listed = "you want them listed"
    ends, roles = f"{AUTHORIZATION}/roleAssignmentScheduleInstances/read", f"{AUTHORIZATION}/roleDefinitions/read"
    eligible = f"{AUTHORIZATION}/roleEligibilityScheduleInstances/read"
    return (
        *(
            Need(Where.SOURCE, action, _READING, f"lists {name}", only=listed)
            for name, action in read.items()
            # Of locks it is a need of its own.
            if action != f"{AUTHORIZATION}/locks/read"
        ),
        *(Need(Where.TARGET, action, _ALL, f"what exists already of {name}") for name, action in read.items()),
        Need(Where.SOURCE, ends, _READING, "which of them end by themselves", only="there are role assignments"),
        Need(Where.TARGET, ends, _ALL, "which of them end by themselves", only="there are role assignments"),
        Need(Where.SOURCE, eligible, _READING, "which roles may be activated", only=listed),
        Need(Where.SOURCE, roles, _READING, "where custom roles may be given", only="there are role assignments"),
    )


def _secrets(where: Where, why: str, only: str) -> tuple[Need, ...]:
    """Those of kinds of which nobody can compare them."""
    actions = (action for kind in _with_secrets(compared=False) for action in kind.permissions.secrets)
    return tuple(Need(where, action, (RUN,), why, only=only) for action in actions)


def _compared_secrets(where: Where, stages: tuple[str, ...]) -> tuple[Need, ...]:
    return tuple(
        Need(where, action, stages, f"copies and compares the secrets of {kind.name}", only="there are any")
        for kind in _with_secrets(compared=True)
        for action in kind.permissions.secrets
    )


def _with_secrets(*, compared: bool) -> list[Kind]:
    kinds = moving_kinds().values()
    return [kind for kind in kinds if kind.compares_secrets(kind.example().document) is compared]


def _in_vaults() -> tuple[Need, ...]:
    """What lies in the vaults of both workspaces, beside its keys."""
    kinds = [kind for kind in moving_kinds().values() if kind.in_vault]
    listed, named = "you want the secrets of its vault listed", "`plan --vault-secrets` names any"
    return tuple(
        need
        for one in (kind.permissions.data for kind in kinds)
        for need in (
            *_each(Where.SOURCE_SECRETS, one.read, _READING, "lists its secrets", only=listed, data=True),
            *_each(Where.SOURCE_SECRETS, one.take, (RUN, VERIFY), _TAKES, only=named, data=True),
            *_each(Where.TARGET_SECRETS, one.read, _READING, "which of them exist already", only=named, data=True),
            *_each(Where.TARGET_SECRETS, one.write, (RUN,), "restores or sets them", only=named, data=True),
            *_each(Where.TARGET_SECRETS, one.take[-1:], (VERIFY,), "compares them", only=named, data=True),
            *_each(
                Where.SOURCE_SUBSCRIPTION,
                ("Microsoft.Resources/subscriptions/locations/read",),
                (PLAN,),
                "whether both vaults are of one geography",
                only=named,
            ),
            *_each(Where.SOURCE_SECRETS, (f"{VAULT}/read",), (PLAN,), _WHERE, only=named),
            *_each(Where.TARGET_SECRETS, (f"{VAULT}/read",), (PLAN,), _WHERE, only=named),
        )
    )


def _stopped() -> list[str]:
    """The kinds of which something stops in the source at the cutover, and starts in the target."""
    return [kind.name for kind in all_kinds().values() if kind.quiet(kind.example())]


def _cutover() -> tuple[Need, ...]:
    """What stops, and of what shows who may still write to the source all that no other stage reads."""
    instances = ("AssignmentScheduleInstances", "EligibilityScheduleInstances")
    later = ("AssignmentSchedules", "EligibilitySchedules")
    return (
        *(
            Need(Where.SOURCE, action, (CUTOVER,), f"stops {name}, and sets them back", only="any are at work")
            for name in _stopped()
            for action in all_kinds()[name].permissions.write
        ),
        *(
            Need(where, f"{AUTHORIZATION}/role{name}/read", (CUTOVER,), _LATER, only=CUT_OVER)
            for where, names in ((Where.SOURCE, later), (Where.SOURCE_ACCOUNT, (*later, *instances)))
            for name in names
        ),
        *(
            Need(where, "Microsoft.Resources/subscriptions/read", (CUTOVER,), _TENANT, only=CUT_OVER)
            for where in _SUBSCRIPTIONS
        ),
    )


def _removes() -> tuple[Need, ...]:
    kinds = reversed(all_kinds().values())
    blocking = tuple(action for kind in kinds if kind.blocks_deletion for action in kind.permissions.delete)
    purges = "`--purge` is asked for"
    return (
        Need(Where.SOURCE, f"{WS}/delete", (DECOMMISSION,), "removes the source"),
        Need(Where.SOURCE_GROUP, f"{WS}/read", (DECOMMISSION,), "whether the group's list still has the source"),
        *(
            Need(
                where,
                f"{AUTHORIZATION}/locks/read",
                (DECOMMISSION,),
                "locks that a purge would bypass",
                only=purges,
            )
            for where in (Where.SOURCE_GROUP, Where.SOURCE_SUBSCRIPTION)
        ),
        *_each(Where.SOURCE, blocking, (DECOMMISSION,), "removes what blocks the deletion", only="there are any"),
        Need(
            Where.SOURCE_SUBSCRIPTION,
            "Microsoft.MachineLearningServices/locations/workspaceOperationsStatus/read",
            (DECOMMISSION,),
            "waits for the deletion",
            only="the address that Azure names is not enough",
        ),
        *_removes_containers(),
    )


def _removes_containers() -> tuple[Need, ...]:
    only = "`--storage delete` is asked for"
    users = (f"{WS}/read", f"{WS}/{DATASTORES}/read", f"{AUTHORIZATION}/permissions/read")
    why = "whether another workspace uses the account, or has a datastore in the containers"
    return (
        *(
            need
            for where in _SUBSCRIPTIONS
            for need in _each(where, users, (CUTOVER, DECOMMISSION), why, only=f"{CUT_OVER}, or {only}")
        ),
        Need(
            Where.SOURCE_ACCOUNT,
            f"{ACCOUNT}/encryptionScopes/read",
            (DECOMMISSION,),
            "the keys of what stays",
            only=_TOLD,
        ),
        *_each(Where.SOURCE_ACCOUNT, _STORE.delete, (DECOMMISSION,), "removes the containers", only=only),
    )


NEEDS: tuple[Need, ...] = (
    Need(Where.SOURCE, f"{WS}/read", _ALL, "reads the workspace"),
    Need(Where.SOURCE, f"{WS}/*/read", _ALL, "lists every collection", asks=_READS),
    Need(
        Where.SOURCE,
        f"{AUTHORIZATION}/locks/read",
        (DECOMMISSION,),
        "locks on the workspace, its group and its subscription; `plan` lists the workspace's",
    ),
    *_around(),
    *_secrets(Where.SOURCE, "copies the secrets of datastores", OWN_SECRETS),
    *_compared_secrets(Where.SOURCE, (RUN, VERIFY)),
    Need(Where.SOURCE_ACCOUNT, f"{ACCOUNT}/read", BEFORE, "its network", only=CHECKS),
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
            "the target's storage reads the source with this token",
            data=True,
            by="target",
        )
        for action in _BYTES.read
    ),
    *_each(Where.SOURCE_ACCOUNT, _BYTES.read_tags, _READING, "index tags", data=True, only=_TAGS),
    *_each(
        Where.SOURCE_ACCOUNT,
        _SHARES.data.read,
        _READING,
        "lists files of shares; `verify` reads every byte",
        data=True,
        only=_THERE_ARE,
    ),
    Need(Where.TARGET, f"{WS}/read", _ALL, "reads the workspace"),
    Need(Where.TARGET, f"{WS}/*/read", _ALL, "what exists already", asks=_READS),
    *_writes(),
    *_named(),
    *_acts(),
    *_secrets(
        Where.TARGET,
        "the key of the new account",
        "a datastore of your own points to the workspace's own container with an account key",
    ),
    *_compared_secrets(Where.TARGET, (VERIFY,)),
    *protection(),
    Need(Where.TARGET_ACCOUNT, f"{ACCOUNT}/read", _ALL, "whether it is under a customer's key"),
    *_each(Where.TARGET_ACCOUNT, _STORE.read, _ALL, "each container's default encryption scope"),
    Need(
        Where.TARGET_ACCOUNT,
        f"{ACCOUNT}/encryptionScopes/read",
        _ALL,
        "whose key an encryption scope has",
        only="a container or a blob has one",
    ),
    *_each(Where.TARGET_ACCOUNT, _BYTES.read, _READING, "what exists already", data=True),
    *_each(Where.TARGET_ACCOUNT, _BYTES.read_tags, _READING, "index tags", data=True, only=_TAGS),
    *_each(
        Where.TARGET_ACCOUNT,
        _BYTES.write,
        (RUN, CUTOVER, DECOMMISSION),
        "the lease, without which nothing is changed; the copies of `run`",
        data=True,
    ),
    *_each(Where.TARGET_ACCOUNT, _BYTES.write_tags, (RUN,), "index tags", data=True, only=_TAGS),
    *_each(
        Where.TARGET_ACCOUNT,
        _SHARES.data.read,
        _READING,
        "what files exist already",
        data=True,
        only=_THERE_ARE,
    ),
    *_each(Where.TARGET_ACCOUNT, _SHARES.data.write, (RUN,), "copies files of shares", data=True, only=_THERE_ARE),
    *_each(
        Where.TARGET_ACCOUNT,
        _SHARES.data.delete,
        (RUN,),
        "gives a copied file its place; deletes copies whose source is gone",
        data=True,
        only=_THERE_ARE,
    ),
    *_each(
        Where.TARGET_ACCOUNT,
        _BYTES.delete,
        (RUN, DECOMMISSION),
        "deletes copies whose source is gone; at the very end the lease's blob",
        data=True,
        only="a plan was made with --delete, or the source has been removed",
    ),
    *_in_vaults(),
    *proofs(),
    *checks(),
    *_cutover(),
    *_removes(),
)


def needs(*stages: str) -> tuple[Need, ...]:
    """The needs of some stages, in the table's order."""
    return tuple(need for need in NEEDS if set(stages) & set(need.stages))


def of_stages() -> tuple[Need, ...]:
    """What the stages need for their own work, without what only tells beforehand what is in the way."""
    return tuple(need for need in NEEDS if need.stages != BEFORE)
