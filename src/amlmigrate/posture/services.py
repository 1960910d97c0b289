"""Claims on what holds a workspace's data without being part of it (azure-facts §1.5). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from amlmigrate.core.claim import Claim
from amlmigrate.posture.facts import Facts
from amlmigrate.posture.reading import Read, missing_action

_CUSTOMER = "microsoft.keyvault"


def storage_claims(facts: Facts) -> Iterator[Claim]:
    """Each account's `encryption.keySource`, as the service itself answers it."""
    for id_, read in facts.accounts.items():
        if read.refused:
            yield _unread(
                "storage.encryption", id_, read, "Microsoft.Storage/storageAccounts/read", severity="error"
            )
            continue
        encryption = ((read.value or {}).get("properties") or {}).get("encryption") or {}
        good = str(encryption.get("keySource", "")).lower() == _CUSTOMER
        key = encryption.get("keyvaultproperties") or encryption.get("keyVaultProperties") or {}
        yield Claim(
            "storage.encryption",
            good,
            "error",
            id_,
            "The storage account that receives the bytes is under a customer's key."
            if good
            else "The storage account that receives the bytes is not under a customer's key.",
            ""
            if good
            else f"Give it one: az storage account update --ids {id_} --encryption-key-source Microsoft.Keyvault"
            " --encryption-key-vault ... --encryption-key-name ...",
            {
                "keySource": encryption.get("keySource"),
                "key": key.get("currentVersionedKeyIdentifier") or key.get("keyname"),
            },
        )


def registry_claims(facts: Facts) -> Iterator[Claim]:
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
        yield _unread("registry.encryption", id_, facts.registry, "Microsoft.ContainerRegistry/registries/read")
        return
    document = facts.registry.value
    encryption = (document.get("properties") or {}).get("encryption") or {}
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


def logs_claims(facts: Facts) -> Iterator[Claim]:
    """Application Insights, through Log Analytics to a dedicated cluster with a key."""
    id_ = str(facts.workspace.properties.get("applicationInsights") or "")
    if not id_:
        return
    for read, action in (
        (facts.insights, "Microsoft.Insights/components/read"),
        (facts.logs, "Microsoft.OperationalInsights/workspaces/read"),
        (facts.cluster, "Microsoft.OperationalInsights/clusters/read"),
    ):
        if read.refused:
            yield _unread("logs.encryption", id_, read, action)
            return
    key = ((facts.cluster.value or {}).get("properties") or {}).get("keyVaultProperties") or {}
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


def compute_claims(facts: Facts) -> Iterator[Claim]:
    """OS disks of clusters and instances have Microsoft's keys always."""
    read = facts.computes
    if read.refused:
        yield _unread(
            "computes.disks",
            facts.workspace.id,
            read,
            "Microsoft.MachineLearningServices/workspaces/computes/read",
        )
        return
    names = sorted(
        str(one.get("name"))
        for one in read.value or ()
        if str((one.get("properties") or {}).get("computeType", "")).lower() in ("amlcompute", "computeinstance")
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


def _unread(name: str, address: str, read: Read[Any], action: str, *, severity: Any = "warning") -> Claim:
    missing = missing_action(read.refused, action)
    why = read.refused or "It is not there."
    return Claim(
        name,
        None,
        severity,
        address,
        f"Not proven: {address.rpartition('/')[2]} could not be read. {why}",
        f"Grant '{missing}' on it, or have somebody look who may." if read.refused else "Look where it went.",
        {"missing": missing},
    )
