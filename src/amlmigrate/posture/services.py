"""Claims on registry, logs and computes, which hold data without being the workspace (AZ-KEY-10). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.core.armid import name_of
from amlmigrate.core.claim import Claim
from amlmigrate.core.documents import properties_of
from amlmigrate.posture.facts import DISKS, PostureFacts
from amlmigrate.posture.unproven import beside, unread


def registry_claims(facts: PostureFacts) -> Iterator[Claim]:
    """Premium and encrypted, which a registry can only be made as."""
    id_ = str(facts.workspace.properties.get("containerRegistry") or "")
    if not id_:
        yield Claim(
            "registry.encryption",
            None,
            "information",
            facts.workspace.id,
            "The workspace has no container registry; one that is attached later needs a key of its own.",
        )
        return
    if facts.registry.value is None:
        action = "Microsoft.ContainerRegistry/registries/read"
        yield from unread(("registry.encryption",), id_, _called(id_), facts.registry, action)
        return
    document = facts.registry.value
    encryption = properties_of(document).get("encryption") or {}
    sku, status = str((document.get("sku") or {}).get("name", "")), str(encryption.get("status", ""))
    good = sku.lower() == "premium" and status.lower() == "enabled"
    yield Claim(
        "registry.encryption",
        good,
        "warning",
        id_,
        f"The container registry is {'' if good else 'not '}under a customer's key.",
        ""
        if good
        else "A registry gets one at creation only: az acr create --sku Premium --identity ..."
        " --key-encryption-key ..., then az ml workspace update --container-registry ...",
        {"sku": sku, "status": status},
    )


def logs_claims(facts: PostureFacts) -> Iterator[Claim]:
    """Application Insights, through Log Analytics to a dedicated cluster with a key."""
    id_ = str(facts.workspace.properties.get("applicationInsights") or "")
    if not id_:
        yield from beside(("logs.encryption",), facts.workspace.id, "the workspace has no Application Insights")
        return
    for what, read, action in (
        (_called(id_), facts.insights, "Microsoft.Insights/components/read"),
        ("its Log Analytics workspace", facts.logs, "Microsoft.OperationalInsights/workspaces/read"),
        ("its Log Analytics cluster", facts.cluster, "Microsoft.OperationalInsights/clusters/read"),
    ):
        if read.refused or (read is facts.insights and read.value is None):
            yield from unread(("logs.encryption",), id_, what, read, action)
            return
    key = properties_of(facts.cluster.value).get("keyVaultProperties") or {}
    good = bool(key.get("keyName"))
    yield Claim(
        "logs.encryption",
        good,
        "warning",
        id_,
        f"The logs of Application Insights are {'' if good else 'not '}under a customer's key.",
        ""
        if good
        else "Link its Log Analytics workspace to a dedicated cluster with a key:"
        " az monitor log-analytics workspace linked-service create --name cluster ...",
        {"cluster": (facts.cluster.value or {}).get("id"), "key": key.get("keyName")},
    )


def compute_claims(facts: PostureFacts) -> Iterator[Claim]:
    """OS disks of clusters and instances have Microsoft's keys always."""
    read = facts.computes
    if read.value is None:
        [action] = DISKS.permissions.read
        yield from unread(("computes.disks",), facts.workspace.id, "its computes", read, action)
        return
    names = sorted(
        str(one.get("name"))
        for one in read.value
        if str(properties_of(one).get("computeType", "")).lower() in ("amlcompute", "computeinstance")
    )
    yield Claim(
        "computes.disks",
        not names,
        "warning",
        facts.workspace.id,
        f"The OS disks of its computes are under Microsoft's keys, never a customer's: {', '.join(names)}."
        if names
        else "There are no computes whose OS disks would be under Microsoft's keys.",
        "Keep no data on them; nothing can change this." if names else "",
        {"computes": names},
    )


def _called(id_: str) -> str:
    return f"'{name_of(id_)}'"
