"""Registry, logs and computes: each is proven by all that it takes, and by nothing less."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.posture.exemplary import LOGS, exemplary, with_workspace

from amlmigrate.core.claim import Claim
from amlmigrate.posture.facts import PostureFacts
from amlmigrate.posture.reading import Read
from amlmigrate.posture.recovery import recovery_claim
from amlmigrate.posture.services import compute_claims, logs_claims, registry_claims


def registry(sku: Any, status: Any) -> Claim:
    document = {"sku": sku, "properties": {"encryption": status}}
    [claim] = registry_claims(replace(exemplary(), registry=Read(document)))
    return claim


@pytest.mark.parametrize(
    ("sku", "status", "holds"),
    [
        ({"name": "Premium"}, {"status": "enabled"}, True),
        ({"name": "PREMIUM"}, {"status": "Enabled"}, True),
        ({"name": "Standard"}, {"status": "enabled"}, False),
        ({"name": "Premium"}, {"status": "disabled"}, False),
        ({"name": "Premium"}, None, False),
        (None, {"status": "enabled"}, False),
    ],
)
def test_a_registry_is_under_the_key_where_it_is_premium_and_encrypted(sku: Any, status: Any, holds: bool) -> None:
    claim = registry(sku, status)
    assert (claim.holds, claim.severity, bool(claim.remedy)) == (holds, "warning", not holds)
    assert claim.evidence == {"sku": (sku or {}).get("name", ""), "status": (status or {}).get("status", "")}


@pytest.mark.parametrize(
    ("claims", "member"), [(registry_claims, "containerRegistry"), (logs_claims, "applicationInsights")]
)
def test_of_what_a_workspace_has_not_there_is_nothing_to_say(claims: Any, member: str) -> None:
    facts = with_workspace(exemplary(), **{member: None})
    [claim] = claims(facts)
    assert (claim.holds, claim.severity, claim.address) == (None, "information", facts.workspace.id)


def test_a_registry_that_is_not_shown_is_not_proven() -> None:
    reads: list[Read[Any]] = [Read(), Read(refused="403")]
    for read in reads:
        [claim] = registry_claims(replace(exemplary(), registry=read))
        assert (claim.holds, claim.severity) == (None, "warning")
        assert claim.evidence == {"missing": "Microsoft.ContainerRegistry/registries/read"}


def logs(**changed: Any) -> Claim:
    [claim] = logs_claims(replace(exemplary(), **changed))
    return claim


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        ({}, True),
        ({"cluster": Read({"properties": {"keyVaultProperties": {"keyName": ""}}})}, False),
        ({"cluster": Read({"properties": {"keyVaultProperties": None}})}, False),
        # No Log Analytics workspace, or no cluster: that is known.
        ({"logs": Read(), "cluster": Read()}, False),
        ({"cluster": Read()}, False),
        ({"insights": Read()}, None),
        ({"insights": Read(refused="403")}, None),
        ({"logs": Read(refused="403")}, None),
        ({"cluster": Read(refused="403")}, None),
    ],
)
def test_logs_are_under_the_key_where_their_cluster_has_one(changed: dict[str, Any], holds: bool | None) -> None:
    claim = logs(**changed)
    assert (claim.holds, claim.severity, bool(claim.remedy)) == (holds, "warning", holds is not True)


def test_what_is_told_of_logs_is_their_cluster_and_its_key() -> None:
    assert LOGS and logs().evidence == {"cluster": "cluster", "key": "k"}
    assert logs(cluster=Read()).evidence == {"cluster": None, "key": None}


def computes(*types: str | None) -> PostureFacts:
    found = [{"name": f"c{number}", "properties": {"computeType": type_}} for number, type_ in enumerate(types)]
    return replace(exemplary(), computes=Read(found))


@pytest.mark.parametrize(
    ("types", "names"),
    [
        ((), []),
        (("Kubernetes", "Databricks", "VirtualMachine", None), []),
        (("AmlCompute", "Kubernetes", "ComputeInstance"), ["c0", "c2"]),
        (("amlcompute",), ["c0"]),
    ],
)
def test_only_clusters_and_instances_have_disks_under_microsofts_keys(types: Any, names: list[str]) -> None:
    [claim] = compute_claims(computes(*types))
    assert (claim.holds, claim.evidence, bool(claim.remedy)) == (not names, {"computes": names}, bool(names))


@pytest.mark.parametrize(
    ("identity", "holds"),
    [
        ({"type": "SystemAssigned", "principalId": "p"}, True),
        ({"type": "SystemAssigned,UserAssigned", "principalId": "p", "userAssignedIdentities": {"/u": {}}}, True),
        ({"type": "UserAssigned", "userAssignedIdentities": {"/u": {}}}, False),
        ({"type": "UserAssigned", "userAssignedIdentities": {}}, True),
        (None, True),
    ],
)
def test_only_user_assigned_identities_keep_a_workspace_from_being_recovered(identity: Any, holds: bool) -> None:
    workspace = exemplary().workspace
    claim = recovery_claim(replace(workspace, document={**workspace.document, "identity": identity}))
    assert (claim.holds, claim.severity, bool(claim.remedy)) == (holds, "warning", not holds)
    assert claim.evidence == {"type": (identity or {}).get("type")}
