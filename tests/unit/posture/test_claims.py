"""Each thing that is wrong with a workspace's key, vault, identity or neighbours is a claim not proven, and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.posture.exemplary import (
    ACCOUNT,
    KEY,
    KEY_ID,
    NOW,
    PRINCIPAL,
    REF,
    SCIENTIST,
    SERVICE,
    VAULT,
    assignment,
    exemplary,
    with_roles,
    with_vault,
    with_version,
    with_workspace,
)

from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.rights import Permission, granted
from amlmigrate.posture.catalogue import CATALOGUE
from amlmigrate.posture.facts import Facts
from amlmigrate.posture.identities import identity_of
from amlmigrate.posture.proof import claims
from amlmigrate.posture.reading import Read

POLICY = {"objectId": PRINCIPAL, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
DENIED = "Azure refused the action 'Microsoft.KeyVault/vaults/read' on '/x' (403 AuthorizationFailed)."


def _key(**changed: Any) -> Callable[[Facts], Facts]:
    key = replace(KEY, **changed)
    return lambda facts: replace(facts, key=Read(key), newest=Read(key))


def _policies(*policies: dict[str, Any]) -> Callable[[Facts], Facts]:
    def changed(facts: Facts) -> Facts:
        facts = with_vault(facts, enableRbacAuthorization=False, accessPolicies=list(policies))
        return replace(facts, on_vault=Read([]), of_identity=Read(set()))

    return changed


def _version(**changed: Any) -> Callable[[Facts], Facts]:
    return lambda facts: with_version(facts, **changed)


def _elsewhere(facts: Facts) -> Facts:
    return replace(facts, vault=Read({**(facts.vault.value or {}), "location": "westeurope"}))


def _newer(facts: Facts) -> Facts:
    newer = replace(KEY, version=replace(KEY.version, id="https://kv.vault.azure.net/keys/k/" + "2" * 32))
    return replace(facts, newest=Read(newer))


def _other_subscription(facts: Facts) -> Facts:
    ref = facts.key_ref
    assert ref
    return replace(
        facts, key_ref=replace(ref, vault_id=VAULT.replace(REF.subscription, "9" * 36)), on_vault=Read([SERVICE])
    )


OFFICER_ROLE = assignment("Key Vault Crypto Officer", SCIENTIST)
# What is changed: the claim that falls, how severe, and a word of its summary.
WRONG: dict[str, tuple[Callable[[Facts], Facts], str, str, str]] = {
    "no purge protection": (lambda f: with_vault(f, enablePurgeProtection=None), "vault.purgeProtection", "error", "no purge"),
    "no soft delete": (lambda f: with_vault(f, enableSoftDelete=False), "vault.softDelete", "error", "does not keep"),
    "another region": (_elsewhere, "vault.place", "error", "another region"),
    "the vault gone": (lambda f: replace(f, vault=Read()), "vault.place", "error", "not there"),
    "an elliptic key": (_key(kind="EC"), "key.type", "error", "EC"),
    "a small key": (_key(size=1024), "key.size", "error", "1024"),
    "a key of 2048 bits": (_key(size=2048), "key.size", "warning", "2048"),
    "a disabled key": (_version(enabled=False), "key.enabled", "error", "disabled"),
    "a key for later": (_version(not_before=NOW + timedelta(days=1)), "key.enabled", "error", "not valid yet"),
    "the key gone": (lambda f: replace(f, key=Read()), "key.enabled", "error", "not in its vault"),
    "an expired key": (_version(expires=NOW), "key.expiry", "error", "expired on 2026-03-01"),
    "a key that expires soon": (_version(expires=NOW + timedelta(days=29)), "key.expiry", "warning", "expires on"),
    "a key that never expires": (_version(expires=None), "key.expiry", "warning", "no expiry"),
    "no rotation": (lambda f: replace(f, rotation=Read()), "key.rotation", "warning", "no rotation"),
    "a newer version": (_newer, "key.version", "warning", "newer version"),
    "it does not unwrap": (lambda f: replace(f, wraps=Read(False)), "key.wraps", "error", "did not unwrap"),
    "no role": (lambda f: replace(f, of_identity=Read(set())), "identity.rights", "error", "may not"),
    "no policy": (_policies(), "identity.rights", "error", "wrapkey"),
    "may sign": (
        lambda f: with_roles(f, assignment("Key Vault Crypto User", PRINCIPAL)), "identity.least", "warning", "Crypto User"
    ),
    "may write the vault": (
        lambda f: with_roles(f, assignment("Contributor", PRINCIPAL, VAULT.partition("/providers")[0])),
        "identity.least", "warning", "Contributor",
    ),
    "may read secrets": (
        lambda f: with_roles(f, assignment("Key Vault Administrator", PRINCIPAL)), "identity.least", "warning", "Administrator"
    ),
    "a policy for secrets": (
        _policies({**POLICY, "permissions": {**POLICY["permissions"], "secrets": ["get"]}}),  # type: ignore[dict-item]
        "identity.least", "warning", "secrets get",
    ),
    "manager and writer": (lambda f: with_roles(f, OFFICER_ROLE, own=False), "duties.separate", "warning", SCIENTIST),
    "a policy for a writer": (
        _policies(POLICY, {"objectId": SCIENTIST, "permissions": {"keys": ["purge"]}}),
        "duties.separate", "warning", SCIENTIST,
    ),
    "storage not under it": (
        lambda f: replace(f, accounts={ACCOUNT: Read({"properties": {"encryption": {"keySource": "Microsoft.Storage"}}})}),
        "storage.encryption", "error", "not under",
    ),
    "storage not readable": (
        lambda f: replace(f, accounts={ACCOUNT: Read(refused=DENIED)}), "storage.encryption", "error", "Not proven"
    ),
    "a plain registry": (
        lambda f: replace(f, registry=Read({"sku": {"name": "Basic"}})), "registry.encryption", "warning", "not under"
    ),
    "logs outside": (lambda f: replace(f, cluster=Read()), "logs.encryption", "warning", "not under"),
    "a cluster": (
        lambda f: replace(f, computes=Read([{"name": "cpu", "properties": {"computeType": "AmlCompute"}}])),
        "computes.disks", "warning", "cpu",
    ),
    "no encryption": (lambda f: replace(with_workspace(f, encryption=None), key_ref=None), "encryption.status", "error", "not under"),
}  # fmt: skip


def _judged(facts: Facts) -> list[Claim]:
    return claims(facts, NOW)


def test_all_is_proven_of_an_exemplary_workspace() -> None:
    found = _judged(exemplary())
    assert [claim for claim in found if not claim.proven] == []
    assert {claim.name for claim in found} == {entry.name for entry in CATALOGUE}
    assert findings(found) == []


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_one_finding(what: str) -> None:
    changed, name, severity, word = WRONG[what]
    fallen = [claim for claim in _judged(changed(exemplary())) if not claim.proven]
    assert [(claim.name, claim.severity) for claim in fallen] == [(name, severity)]
    [claim] = fallen
    assert word in claim.summary
    assert claim.remedy and claim.address
    assert [(found.severity, found.summary) for found in findings(fallen)] == [(severity, claim.summary)]


def test_another_subscription_is_told() -> None:
    [place] = [claim for claim in _judged(_other_subscription(exemplary())) if claim.name == "vault.place"]
    assert place.proven is False and "another subscription" in place.summary


@pytest.mark.parametrize(
    ("changed", "name", "action"),
    [
        (lambda f: replace(f, vault=Read(refused=DENIED)), "vault.purgeProtection", "Microsoft.KeyVault/vaults/read"),
        (lambda f: replace(f, key=Read(refused="403")), "key.enabled", "Microsoft.KeyVault/vaults/keys/read"),
        (
            lambda f: replace(f, rotation=Read(refused="403")),
            "key.rotation",
            "Microsoft.KeyVault/vaults/keyrotationpolicies/read",
        ),
        (
            lambda f: replace(f, of_identity=Read(refused="403")),
            "identity.rights",
            "Microsoft.Authorization/roleAssignments/read",
        ),
        (
            lambda f: replace(f, on_workspace=Read(refused="403")),
            "duties.separate",
            "Microsoft.Authorization/roleAssignments/read",
        ),
        (
            lambda f: replace(f, definitions=()),
            "identity.rights",
            "Microsoft.Authorization/roleDefinitions/read",
        ),
        (lambda f: replace(f, registry=Read(refused="403")), "registry.encryption", "registries/read"),
        (lambda f: replace(f, logs=Read(refused="403")), "logs.encryption", "OperationalInsights/workspaces/read"),
        (lambda f: replace(f, computes=Read(refused="403")), "computes.disks", "workspaces/computes/read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_not_proven_and_says_the_right_that_is_missing(
    changed: Callable[[Facts], Facts], name: str, action: str
) -> None:
    fallen = {claim.name: claim for claim in _judged(changed(exemplary())) if not claim.proven}
    assert fallen[name].proven is None and fallen[name].severity == "warning"
    assert action in fallen[name].remedy
    assert "Not proven" in fallen[name].summary


def test_a_wrap_that_was_not_allowed_is_no_finding() -> None:
    found = _judged(replace(exemplary(), wraps=Read(refused="403")))
    [wraps] = [claim for claim in found if not claim.proven]
    assert (wraps.name, wraps.proven) == ("key.wraps", None) and "Not tried" in wraps.summary
    assert findings(found) == []


def test_access_policies_do_as_well_as_roles() -> None:
    assert [claim.name for claim in _judged(_policies(POLICY)(exemplary())) if not claim.proven] == []


def test_a_role_on_the_key_alone_is_enough_and_one_on_another_key_is_not() -> None:
    name = "Key Vault Crypto Service Encryption User"
    on_key, other = (assignment(name, PRINCIPAL, f"{VAULT}/keys/{key}") for key in ("k", "other"))
    bare = replace(exemplary(), on_vault=Read([]), of_identity=Read(set()))
    for given, proven in ((on_key, True), (other, False)):
        found = {claim.name: claim for claim in _judged(with_roles(bare, given))}
        assert found["identity.rights"].proven is proven


def test_without_a_right_classic_encryption_is_only_warned_of() -> None:
    classic = with_workspace(
        exemplary(), enableServiceSideCMKEncryption=None, serviceProvisionedResourceGroup="mrg"
    )
    found = {claim.name: claim for claim in _judged(replace(classic, of_identity=Read(set())))}
    assert found["identity.rights"].severity == "warning"
    assert "mrg" in found["encryption.flavour"].summary


def test_the_identity_is_the_one_that_the_workspace_names_first() -> None:
    document = exemplary().workspace
    assert (found := identity_of(document)) and found.how == "encryption.identity"
    by_client = with_workspace(
        exemplary(),
        encryption={"status": "Enabled", "keyVaultProperties": {"keyIdentifier": KEY_ID, "identityClientId": "c"}},
    )
    assert by_client.identity and by_client.identity.principal_id == PRINCIPAL
    assert by_client.identity.how == "keyVaultProperties.identityClientId"


def test_rights_add_up_over_entries_and_are_taken_away_within_one() -> None:
    all_but = Permission(actions=("*",), not_actions=("Microsoft.KeyVault/vaults/Write",))
    assert not all_but.grants("microsoft.keyvault/vaults/write")
    assert all_but.grants("microsoft.keyvault/vaults/delete") and not all_but.grants("a/b/read", data=True)
    assert granted((all_but, Permission(actions=("*/write",))), "Microsoft.KeyVault/vaults/write")
