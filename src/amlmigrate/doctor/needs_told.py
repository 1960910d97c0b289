"""What is needed to tell: the claims about the target, what is in the way, what protects the blobs."""

from __future__ import annotations

from amlmigrate.doctor.need import (
    ACCOUNT,
    AUTHORIZATION,
    BEFORE,
    CUTOVER,
    DECOMMISSION,
    PLAN,
    RUN,
    STAGES,
    VAULT,
    VERIFY,
    Need,
    Where,
)

_POSTURE = "you want to know the posture of the target"
# `decommission` refuses where the vault was not read.
PROOF = "you want to know the posture of the target, as `decommission` requires"
_WRAPS = "you want to test that the key works"
CHECKS = "you want to know obstacles beforehand"
CUT_OVER = "the source is cut over"
_GRANTED = "which data actions are granted, to the caller and to the target's identity"
EXEMPT = "the source is exempt from policies"
_RECOVERABLE = "you want to know whether the source can be recovered"


def proofs() -> tuple[Need, ...]:
    """What the claims about the target are read with."""
    logs = "Microsoft.OperationalInsights"
    reads = (
        (Where.TARGET_VAULT, f"{VAULT}/keys/read", "the key, and its newest version"),
        (Where.TARGET_VAULT, f"{VAULT}/keys/versions/read", "the state of the key's version in use"),
        (
            Where.TARGET_IDENTITY,
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "its ids, if the workspace does not show them",
        ),
        (Where.TARGET_REGISTRY, "Microsoft.ContainerRegistry/registries/read", "its key"),
        (Where.TARGET_INSIGHTS, "Microsoft.Insights/components/read", "where its logs are"),
        (Where.TARGET_LOGS, f"{logs}/workspaces/read", "the cluster in which the logs are"),
        (Where.TARGET_LOGS, f"{logs}/clusters/read", "the key of the cluster"),
        (Where.TARGET_VAULT, f"{AUTHORIZATION}/roleAssignments/read", "who may use the key"),
        (Where.TARGET_VAULT, f"{AUTHORIZATION}/roleDefinitions/read", "who may use the key"),
        (Where.TARGET, f"{AUTHORIZATION}/roleDefinitions/read", "who may write to the workspace"),
        (Where.TARGET_VAULT, f"{AUTHORIZATION}/denyAssignments/read", "whether the key is denied"),
        (Where.TARGET, f"{AUTHORIZATION}/denyAssignments/read", "who is denied writing to the workspace"),
        (Where.TARGET_VAULT, f"{AUTHORIZATION}/roleAssignmentScheduleInstances/read", "whether a role ends"),
        (
            Where.TARGET_VAULT,
            f"{AUTHORIZATION}/roleManagementPolicyAssignments/read",
            "whether activating a role that manages keys needs approval",
        ),
        *(
            (where, f"{AUTHORIZATION}/roleEligibilityScheduleInstances/read", "who may activate a role")
            for where in (Where.TARGET_VAULT, Where.TARGET)
        ),
    )
    in_vault = (
        ("keys/read", "the key's state, as the vault itself reports it", _POSTURE),
        ("keyrotationpolicies/read", "its rotation, as the vault itself reports it", _POSTURE),
        ("keys/wrap/action", "wraps a few bytes", _WRAPS),
        ("keys/unwrap/action", "unwraps them", _WRAPS),
    )
    return (
        Need(Where.TARGET_VAULT, f"{VAULT}/read", STAGES, "purge protection and place", only=PROOF),
        *(Need(where, action, STAGES, why, only=_POSTURE) for where, action, why in reads),
        *(
            Need(Where.TARGET_VAULT, f"{VAULT}/{name}", STAGES, why, data=True, only=only)
            for name, why, only in in_vault
        ),
    )


def checks() -> tuple[Need, ...]:
    """What is in the way of a move is read with these."""
    locked = (Where.TARGET_ACCOUNT, Where.TARGET_VAULT)
    of_subscription = (
        ("Microsoft.Resources/subscriptions/providers/read", "which providers are registered"),
        ("Microsoft.MachineLearningServices/locations/usages/read", "quotas that are used up, or do not suffice"),
        ("Microsoft.MachineLearningServices/locations/vmSizes/read", "how much of a quota a cluster takes"),
        ("Microsoft.KeyVault/deletedVaults/read", "deleted vaults whose names are blocked"),
    )
    return (
        Need(
            Where.SOURCE_ACCOUNT,
            f"{AUTHORIZATION}/locks/read",
            (*BEFORE, DECOMMISSION),
            "locks that are in the way",
            only=f"{CHECKS}, or `--storage delete` is asked for",
        ),
        *(
            Need(where, f"{AUTHORIZATION}/locks/read", BEFORE, "locks that are in the way", only=CHECKS)
            for where in locked
        ),
        *(
            Need(Where.TARGET, f"{AUTHORIZATION}/{name}/read", BEFORE, "policies that would deny", only=CHECKS)
            for name in ("policyAssignments", "policyDefinitions", "policySetDefinitions")
        ),
        *(
            Need(Where.TARGET_ACCOUNT, f"{AUTHORIZATION}/{name}/read", BEFORE, _GRANTED, only=CHECKS)
            for name in ("roleAssignments", "roleDefinitions")
        ),
        *(
            Need(
                Where.SOURCE_ACCOUNT,
                f"{AUTHORIZATION}/{name}/read",
                (*BEFORE, CUTOVER),
                f"{_GRANTED}; who may still write to the source",
                only=f"{CHECKS}, or {CUT_OVER}",
            )
            for name in ("roleAssignments", "roleDefinitions")
        ),
        *policies(),
        *(Need(Where.TARGET_SUBSCRIPTION, action, BEFORE, why, only=CHECKS) for action, why in of_subscription),
        Need(
            Where.TARGET_SUBSCRIPTION,
            "Microsoft.Resources/subscriptions/read",
            (PLAN,),
            "its Entra tenant; without this right the tenant of the sign-in counts",
            only="decisions need an approval",
        ),
    )


def policies() -> tuple[Need, ...]:
    """What Azure Policy would refuse, and what keeps the source from being refused."""
    predicted, exempt = (
        "Microsoft.PolicyInsights/checkPolicyRestrictions/read",
        f"{AUTHORIZATION}/policyExemptions",
    )
    why = "when the source's exemptions from policies end"
    return (
        Need(Where.TARGET, f"{exempt}/read", BEFORE, "from which policies the target is exempt", only=CHECKS),
        Need(Where.TARGET_GROUP, predicted, BEFORE, "what policies are predicted to refuse", only=CHECKS),
        Need(Where.SOURCE, f"{exempt}/read", (PLAN, RUN, DECOMMISSION), why, only=EXEMPT),
        *(
            Need(
                Where.SOURCE,
                f"{AUTHORIZATION}/{name}/read",
                (PLAN, RUN, DECOMMISSION),
                f"{why}, and which policies deny its deletion",
                only=CHECKS,
            )
            for name in ("policyAssignments", "policyDefinitions", "policySetDefinitions")
        ),
        Need(
            Where.SOURCE_GROUP,
            predicted,
            (DECOMMISSION,),
            "whether policies are predicted to refuse its recovery",
            only=_RECOVERABLE,
        ),
        Need(
            Where.SOURCE_GROUP,
            f"{exempt}/delete",
            (DECOMMISSION,),
            "removes the exemption that `migrate guard` made of it",
            only="it is still there without the workspace",
        ),
    )


_COMPARED = "you want to compare what protects the blobs of both accounts"


def protection() -> tuple[Need, ...]:
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
