"""Each thing that is wrong with a workspace's key, vault, identity or neighbours is a claim that does not hold, and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.posture.exemplary import (
    BLOBS,
    CUSTODIAN,
    KEY,
    KEY_ID,
    NOW,
    OFFICER,
    PRINCIPAL,
    REF,
    SCIENTIST,
    SERVICE,
    VAULT,
    approved,
    assignment,
    eligible,
    exemplary,
    holding,
    planned,
    stored,
    with_roles,
    with_vault,
    with_version,
    with_workspace,
    without_end,
)

from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.drilltag import UNDER_WAY, DrillTag
from amlmigrate.core.rights import Permission, granted
from amlmigrate.posture.authority import rules_key
from amlmigrate.posture.catalogue import CATALOGUE, DEMANDED
from amlmigrate.posture.facts import PostureFacts
from amlmigrate.posture.identities import identity_of
from amlmigrate.posture.proof import before_removal, claims
from amlmigrate.posture.reading import Read

POLICY = {"objectId": PRINCIPAL, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
NAMES = {entry.name for entry in CATALOGUE}
DENIED = "Azure refused the action 'Microsoft.KeyVault/vaults/read' on '/x' (403 AuthorizationFailed)."


def _key(**changed: Any) -> Callable[[PostureFacts], PostureFacts]:
    key = replace(KEY, **changed)
    return lambda facts: replace(facts, key=Read(key), newest=Read(key))


def _policies(*policies: dict[str, Any]) -> Callable[[PostureFacts], PostureFacts]:
    def changed(facts: PostureFacts) -> PostureFacts:
        facts = with_vault(facts, enableRbacAuthorization=False, accessPolicies=list(policies))
        return holding(replace(facts, on_vault=Read([])))

    return changed


def _version(**changed: Any) -> Callable[[PostureFacts], PostureFacts]:
    return lambda facts: with_version(facts, **changed)


def _elsewhere(facts: PostureFacts) -> PostureFacts:
    return replace(facts, vault=Read({**(facts.vault.value or {}), "location": "westeurope"}))


def _newer(facts: PostureFacts) -> PostureFacts:
    newer = replace(KEY, version=replace(KEY.version, id="https://kv.vault.azure.net/keys/k/" + "2" * 32))
    return replace(facts, newest=Read(newer))


def _other_subscription(facts: PostureFacts) -> PostureFacts:
    ref = facts.key_ref
    assert ref
    return replace(
        facts, key_ref=replace(ref, vault_id=VAULT.replace(REF.subscription, "9" * 36)), on_vault=Read([SERVICE])
    )


def _untagged(tag: str) -> Callable[[PostureFacts], PostureFacts]:
    def changed(facts: PostureFacts) -> PostureFacts:
        vault = facts.vault.value or {}
        return replace(facts, vault=Read({**vault, "tags": {k: v for k, v in vault["tags"].items() if k != tag}}))

    return changed


# What is wrong in two ways at once: the other claim that falls with it.
ALSO = {
    # Key Vault Crypto User updates keys and makes backups of them.
    "may sign": "duties.approval",
    "may write the vault": "duties.approval",
    "may read secrets": "duties.approval",
    "manager and writer": "duties.approval",
    "a policy for a writer": "duties.approval",
    "a small key": "key.policy",
    "no rotation": "key.policy",
}
CUSTODIAN_TOO = eligible("Key Vault Crypto Officer", SCIENTIST)
OFFICER_ROLE = assignment("Key Vault Crypto Officer", SCIENTIST)
# What is changed: the claim that falls, how severe, and a word of its summary.
WRONG: dict[str, tuple[Callable[[PostureFacts], PostureFacts], str, str, str]] = {
    "no purge protection": (lambda f: with_vault(f, enablePurgeProtection=None), "vault.purgeProtection", "error", "no purge"),
    "no owner": (_untagged("owner"), "vault.owner", "warning", "no owner"),
    "nobody to call": (_untagged("Contact"), "vault.owner", "warning", "no contact"),
    "less than its profile": (_version(tags={"key-profile": "RSA 4096"}), "key.policy", "warning", "3072 bits instead of 4096"),
    "an activation without approval": (
        lambda f: replace(f, rules={rules_key(CUSTODIAN): approved(required=False)}),
        "duties.approval", "warning", OFFICER,
    ),
    "a custodian at any time": (
        lambda f: with_roles(f, assignment("Key Vault Crypto Officer", OFFICER), own=False),
        "duties.approval", "warning", "at any time",
    ),
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
    "no role": (holding, "identity.rights", "error", "may not"),
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
        _policies({**POLICY, "permissions": {**POLICY["permissions"], "secrets": ["get"]}}),  # type: ignore[dict-item]  # a literal of several types
        "identity.least", "warning", "secrets get",
    ),
    "manager and writer": (lambda f: with_roles(f, OFFICER_ROLE, own=False), "duties.separate", "warning", SCIENTIST),
    "a policy for a writer": (
        _policies(POLICY, {"objectId": SCIENTIST, "permissions": {"keys": ["purge"]}}),
        "duties.separate", "warning", SCIENTIST,
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


def _judged(facts: PostureFacts) -> list[Claim]:
    return without_end(claims(facts, STORED, NOW))


# All is as it should be; what is not is looked at in test_storage_claims.py.
STORED = stored(None, None, plan=planned(BLOBS), held={BLOBS: {}})


def test_all_is_proven_of_an_exemplary_workspace() -> None:
    found = _judged(exemplary())
    assert [claim for claim in found if not claim.holds] == []
    assert {claim.name for claim in found} == NAMES
    assert findings(found) == []


def test_the_key_that_azure_reports_of_the_workspace_is_evidence() -> None:
    for facts, key, status in (
        (exemplary(), KEY_ID, "Enabled"),
        (with_workspace(exemplary(), encryption={"status": "Enabled"}), None, "Enabled"),
        (with_workspace(exemplary(), encryption={"status": "Enabled", "keyVaultProperties": {}}), None, "Enabled"),
        (with_workspace(exemplary(), encryption=None), None, None),
    ):
        [said] = [one for one in _judged(facts) if one.name == "encryption.status"]
        assert (said.key, said.evidence["encryption"].get("status")) == (key, status)


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_one_finding(what: str) -> None:
    changed, name, severity, word = WRONG[what]
    found = _judged(changed(exemplary()))
    assert {claim.name for claim in found} == NAMES, "there is a claim of each name, whatever is wrong"
    fallen = [claim for claim in found if not claim.holds and claim.severity != "information"]
    assert {(claim.name, claim.severity) for claim in fallen} == {
        (name, severity),
        *((also, "warning") for wrong, also in ALSO.items() if wrong == what),
    }
    [claim] = [claim for claim in fallen if claim.name == name]
    assert word in claim.summary
    assert claim.remedy and claim.address
    assert {(one.severity, one.summary) for one in findings(found)} == {
        (claim.severity, claim.summary) for claim in fallen
    }


def test_another_subscription_is_told() -> None:
    [place] = [claim for claim in _judged(_other_subscription(exemplary())) if claim.name == "vault.place"]
    assert place.holds is False and "another subscription" in place.summary


def _unread_identity(facts: PostureFacts) -> PostureFacts:
    assert facts.identity
    unknown = replace(facts.identity, principal_id="", refused="403")
    return replace(facts, identity=unknown, identities=(unknown,))


SAID = {entry.name: entry.unread for entry in CATALOGUE}
REFUSED: Read[Any] = Read(refused="403", code="Forbidden")
# What cannot be read: the claims that fall with it, and the right that is missing.
OF_VAULT = {"vault.place", "vault.softDelete", "vault.purgeProtection", "vault.owner"}
OF_KEY = {
    "key.type",
    "key.size",
    "key.enabled",
    "key.expiry",
    "key.pinned",
    "key.rotation",
    "key.version",
    "key.policy",
}
DUTIES = {"duties.separate", "duties.approval"}
OF_IDENTITY = {"identity.rights", "identity.least"}
ROLES, DEFINITIONS = ("Microsoft.Authorization/role" + name for name in ("Assignments/read", "Definitions/read"))
UNREAD: dict[str, tuple[Callable[[PostureFacts], PostureFacts], set[str], str]] = {
    "vault": (
        lambda f: replace(f, vault=Read(refused=DENIED)),
        OF_VAULT | OF_IDENTITY | DUTIES, "Microsoft.KeyVault/vaults/read",
    ),
    "key": (lambda f: replace(f, key=REFUSED), OF_KEY, "Microsoft.KeyVault/vaults/keys/read"),
    "newest": (lambda f: replace(f, newest=REFUSED), {"key.version"}, "Microsoft.KeyVault/vaults/keys/read"),
    "rotation": (
        lambda f: replace(f, rotation=REFUSED), {"key.rotation", "key.policy"}, "Microsoft.KeyVault/vaults/keyrotationpolicies/read"
    ),
    "on_vault": (lambda f: replace(f, on_vault=REFUSED), OF_IDENTITY | DUTIES, ROLES),
    "held": (lambda f: replace(f, held={PRINCIPAL: REFUSED}), OF_IDENTITY, ROLES),
    "held, by policies": (
        lambda f: replace(_policies(POLICY)(f), held={PRINCIPAL: REFUSED}), {"identity.least"}, ROLES
    ),
    "on_workspace": (lambda f: replace(f, on_workspace=REFUSED), {"duties.separate"}, ROLES),
    "definitions": (lambda f: replace(f, definitions=()), OF_IDENTITY | DUTIES, DEFINITIONS),
    "definitions, by policies": (
        lambda f: replace(_policies(POLICY)(f), on_vault=Read([SERVICE]), held={**f.held, PRINCIPAL: Read({SERVICE["id"].lower()})},
                          definitions=()),
        {"identity.least"} | DUTIES, DEFINITIONS,
    ),
    "denials": (lambda f: replace(f, denials=REFUSED), {"identity.rights"}, "denyAssignments/read"),
    "denials, 404": (lambda f: replace(f, denials=Read()), {"identity.rights"}, "denyAssignments/read"),
    "schedules": (
        lambda f: replace(f, timed=REFUSED), {"identity.rights"}, "roleAssignmentScheduleInstances/read"
    ),
    "eligible": (
        lambda f: replace(f, eligible=REFUSED), DUTIES, "roleEligibilityScheduleInstances/read"
    ),
    "eligible, on the workspace": (
        lambda f: replace(f, eligible_on_workspace=REFUSED), {"duties.separate"}, "roleEligibilityScheduleInstances/read"
    ),
    "rules of activation": (
        lambda f: replace(f, rules={rules_key(CUSTODIAN): REFUSED}), {"duties.approval"}, "roleManagementPolicyAssignments/read"
    ),
    "rules that are not shown": (lambda f: replace(f, rules={}), {"duties.approval"}, "roleManagementPolicyAssignments/read"),
    "denials, of whoever has both": (
        lambda f: replace(
            f, eligible=Read([CUSTODIAN_TOO]), rules={rules_key(CUSTODIAN_TOO): approved(OFFICER)}, denials_on_workspace=REFUSED
        ),
        {"duties.separate"}, "denyAssignments/read",
    ),
    "identity": (
        _unread_identity,
        OF_IDENTITY | {"duties.separate"}, "Microsoft.ManagedIdentity/userAssignedIdentities/read",
    ),
    "registry": (lambda f: replace(f, registry=REFUSED), {"registry.encryption"}, "registries/read"),
    "insights": (lambda f: replace(f, insights=REFUSED), {"logs.encryption"}, "Insights/components/read"),
    "logs": (lambda f: replace(f, logs=REFUSED), {"logs.encryption"}, "OperationalInsights/workspaces/read"),
    "cluster": (lambda f: replace(f, cluster=REFUSED), {"logs.encryption"}, "OperationalInsights/clusters/read"),
    "computes": (lambda f: replace(f, computes=REFUSED), {"computes.disks"}, "workspaces/computes/read"),
    "computes, 404": (lambda f: replace(f, computes=Read()), {"computes.disks"}, "workspaces/computes/read"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNREAD)
def test_what_cannot_be_read_is_not_proven_and_says_the_right_that_is_missing(what: str) -> None:
    changed, names, action = UNREAD[what]
    found = _judged(changed(exemplary()))
    assert {claim.name for claim in found} == NAMES
    fallen = [claim for claim in found if not claim.holds]
    assert {claim.name for claim in fallen} == names
    for claim in fallen:
        assert (claim.holds, claim.severity) == (None, SAID[claim.name])
        assert action in claim.remedy and "Not shown" in claim.summary
    assert len(findings(found)) <= 2, "one thing that cannot be read is told in the same words"


DEMANDING = {
    "vault": OF_VAULT - {"vault.owner"},
    "key": OF_KEY - {"key.rotation", "key.version", "key.policy"},
}


@pytest.mark.parametrize("what", UNREAD)
def test_before_a_removal_vault_and_key_have_to_be_known(what: str) -> None:
    found = _judged(UNREAD[what][0](exemplary()))
    errors = [one for one in before_removal(found) if one.severity == "error"]
    assert [one for one in findings(found) if one.severity == "error"] == []
    assert bool(errors) is (what in DEMANDING)
    assert DEMANDING["vault"] | DEMANDING["key"] | {"storage.container"} == DEMANDED


def test_before_a_removal_what_is_told_as_an_error_is_not_told_again_and_all_else_is() -> None:
    unread = Claim("vault.place", None, "warning", "/kv", "Not shown: the vault could not be read.", "Grant it.")
    beside = replace(unread, name="identity.rights")
    warned = Claim("key.rotation", False, "warning", "/k", "It has no rotation.", "Set one.")
    found = before_removal([beside, unread, warned, replace(warned, address="/other")])
    assert [(one.severity, one.address) for one in found] == [
        ("error", "/kv!vault.place"),
        ("warning", "/k!key.rotation"),
        ("warning", "/other!key.rotation"),
    ]


def test_before_a_removal_one_thing_that_is_wrong_is_one_reason() -> None:
    for what in ("no encryption", "the vault gone", "the key gone", "an elliptic key"):
        found = before_removal(_judged(WRONG[what][0](exemplary())))
        assert [one.severity for one in found] == ["error"], what


def test_what_lies_under_no_key_is_said_to_be_so_claim_by_claim() -> None:
    bare = replace(with_workspace(exemplary(), encryption=None), key_ref=None)
    assert {claim.name for claim in _judged(bare)} == NAMES
    unnamed = with_workspace(exemplary(), encryption={"status": "Enabled"})
    found = _judged(unnamed)
    assert {claim.name for claim in found} == NAMES
    [told] = findings(found)
    assert "names no key" in told.summary
    found = _judged(with_workspace(exemplary(), containerRegistry=None, applicationInsights=None))
    assert {claim.name for claim in found} == NAMES and findings(found) == []


GROUP = "dddddddd-0000-4000-8000-000000000004"
GROUP_POLICY = {"objectId": GROUP, "permissions": {"keys": ["get", "sign"]}}
CONDITION = {"condition": "((!(ActionMatches{'x'})))"}
CRYPTO_OFFICER, WRITER = "Key Vault Crypto Officer", "AzureML Data Scientist"
# What is not known, and so neither proven nor refuted: groups, and conditions.
NOT_KNOWN: dict[str, tuple[Callable[[PostureFacts], PostureFacts], str, str]] = {
    "a group manages": (
        lambda f: with_roles(f, assignment(CRYPTO_OFFICER, GROUP, kind="Group"), own=False), "duties.separate", GROUP
    ),
    "a group writes": (
        lambda f: replace(f, on_workspace=Read([assignment(WRITER, GROUP, REF.id, kind="Group")])),
        "duties.separate", GROUP,
    ),
    "a policy of whom nobody knows": (
        _policies(POLICY, {"objectId": GROUP, "permissions": {"keys": ["purge"]}}), "duties.separate", GROUP
    ),
    "a condition decides on managing": (
        lambda f: with_roles(f, assignment(CRYPTO_OFFICER, SCIENTIST, **CONDITION), own=False),
        "duties.separate", "conditions",
    ),
    "a condition decides on the key": (
        lambda f: replace(
            f, on_vault=Read([assignment("Key Vault Crypto Service Encryption User", PRINCIPAL, **CONDITION)]),
        ),
        "identity.rights", "condition",
    ),
    "a group may have the policy": (_policies(GROUP_POLICY), "identity.rights", "group"),
    "a group's policy may give more": (_policies(POLICY, GROUP_POLICY), "identity.least", "group"),
}  # fmt: skip


@pytest.mark.parametrize("what", NOT_KNOWN)
def test_what_is_not_known_is_never_proven(what: str) -> None:
    changed, name, word = NOT_KNOWN[what]
    [claim] = [claim for claim in _judged(changed(exemplary())) if claim.name == name]
    assert (claim.holds, claim.severity) == (None, "warning") and word in claim.summary
    assert claim.remedy


def _custom(
    *actions: str, data: tuple[str, ...] = (), not_actions: tuple[str, ...] = ()
) -> Callable[[PostureFacts], PostureFacts]:
    """With a role of one's own on the vault for the identity."""
    role = "/providers/microsoft.authorization/roledefinitions/own"
    entry = {"actions": list(actions), "notActions": list(not_actions), "dataActions": list(data)}
    definition = {"properties": {"roleName": "Own", "permissions": [entry]}}
    one = assignment("Reader", PRINCIPAL)
    one["properties"]["roleDefinitionId"] = role
    return lambda f: replace(with_roles(f, one), definitions=(*f.definitions, (role, definition)))


VAULTS = "Microsoft.KeyVault/vaults"


@pytest.mark.parametrize(
    "action",
    [
        f"{VAULTS}/privateEndpointConnections/write", f"{VAULTS}/PrivateEndpointConnectionsApproval/action",
        f"{VAULTS}/anything/that/comes/delete", "*/write", "*", "Microsoft.KeyVault/*/action", "Microsoft.K*",
        "Microsoft.Authorization/locks/delete", "Microsoft.Authorization/*",
    ],
)  # fmt: skip
def test_whatever_changes_a_vault_is_more_than_is_needed(action: str) -> None:
    for facts in (exemplary(), _policies(POLICY)(exemplary())):
        [least] = [claim for claim in _judged(_custom(action)(facts)) if claim.name == "identity.least"]
        assert least.holds is False and action in least.evidence["rights"]


@pytest.mark.parametrize(
    ("actions", "data", "not_actions"),
    [
        (("*/read", f"{VAULTS}/*/read", "Microsoft.Storage/*"), (), ()),
        ((f"{VAULTS}/secrets/write",), (), (f"{VAULTS}/*",)),
        ((), (f"{VAULTS}/keys/read", f"{VAULTS}/keys/wrap/action", f"{VAULTS}/keyrotationpolicies/read"), ()),
    ],
)
def test_reading_and_using_is_not_too_much(
    actions: tuple[str, ...], data: tuple[str, ...], not_actions: tuple[str, ...]
) -> None:
    facts = _custom(*actions, data=data, not_actions=not_actions)(exemplary())
    assert [claim for claim in _judged(facts) if not claim.holds] == []


def test_the_network_approver_on_the_vault_is_told() -> None:
    facts = with_roles(
        exemplary(),
        assignment("Azure AI Enterprise Network Connection Approver", PRINCIPAL, VAULT.partition("/prov")[0]),
    )
    [least] = [claim for claim in _judged(facts) if claim.name == "identity.least"]
    assert least.holds is False and f"{VAULTS}/privateEndpointConnections/write" in least.evidence["rights"]


@pytest.mark.parametrize("code", ["KeyDisabled", "KeyExpired", "KeyNotYetValid"])
def test_a_key_that_the_vault_does_not_use_does_not_wrap(code: str) -> None:
    read: Read[bool] = Read(refused=f"POST was answered 403 {code}: no.", code=code)
    [wraps] = [claim for claim in _judged(replace(exemplary(), wraps=read)) if claim.name == "key.wraps"]
    assert (wraps.holds, wraps.severity) == (False, "error") and code in wraps.summary


def test_a_wrap_that_was_not_allowed_is_no_finding() -> None:
    found = _judged(replace(exemplary(), wraps=Read(refused="403")))
    [wraps] = [claim for claim in found if not claim.holds]
    assert (wraps.name, wraps.holds, wraps.severity) == (
        "key.wraps",
        None,
        SAID["key.wraps"],
    ) and "Not tried" in wraps.summary
    assert findings(found) == []


def test_access_policies_do_as_well_as_roles() -> None:
    assert [claim.name for claim in _judged(_policies(POLICY)(exemplary())) if not claim.holds] == []


def test_a_role_on_the_key_alone_is_enough_and_one_on_another_key_is_not() -> None:
    name = "Key Vault Crypto Service Encryption User"
    on_key, other = (assignment(name, PRINCIPAL, f"{VAULT}/keys/{key}") for key in ("k", "other"))
    bare = holding(replace(exemplary(), on_vault=Read([])))
    for given, proven in ((on_key, True), (other, False)):
        found = {claim.name: claim for claim in _judged(with_roles(bare, given))}
        assert found["identity.rights"].holds is proven


def test_without_a_right_classic_encryption_is_only_warned_of() -> None:
    classic = with_workspace(
        exemplary(), enableServiceSideCMKEncryption=None, serviceProvisionedResourceGroup="mrg"
    )
    found = {claim.name: claim for claim in _judged(holding(classic))}
    assert found["identity.rights"].severity == "warning"
    assert "mrg" in found["encryption.flavour"].summary
    assert found["encryption.flavour"].evidence["enableServiceSideCMKEncryption"] is False


def test_the_flavour_of_the_encryption_is_the_workspaces_word() -> None:
    kept = with_workspace(exemplary(), enableServiceSideCMKEncryption=True)
    found = {claim.name: claim for claim in _judged(holding(kept))}["encryption.flavour"]
    assert found.summary.startswith("The service keeps")
    assert found.evidence["enableServiceSideCMKEncryption"] is True


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


@pytest.mark.parametrize("enabled", [False, True])
def test_a_version_under_a_drill_is_enabled_again_by_the_drill_and_every_other_by_hand(enabled: bool) -> None:
    """Who enabled it by hand would leave the tag; and who ended a drill that there is not would enable nothing."""
    until = NOW + timedelta(hours=1)
    tag = DrillTag("d1", until, "officer", NOW, disabled=not enabled).text
    for tags, drilled in (({UNDER_WAY: tag}, True), ({}, False)):
        facts = with_version(exemplary(), enabled=enabled, tags=tags)
        found = next(one for one in claims(facts, STORED, NOW) if one.name == "key.enabled")
        assert found.holds is enabled
        assert ("A drill of version" in found.summary) is drilled
        assert ("by the identity officer" in found.summary) is drilled
        ends = f"migrate key drill --restore --key {KEY_ID.rpartition('/')[0]}"
        by_hand = f"az keyvault key set-attributes --id {KEY_ID} --enabled true"
        assert found.remedy == ("" if enabled else ends if drilled else by_hand)
