"""What deny assignments take, what ends, and who may come to have more: told for what is known, else not proven."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.posture.exemplary import (
    GROUP,
    NOW,
    OFFICER,
    PRINCIPAL,
    REF,
    SCIENTIST,
    SERVICE,
    VAULT,
    assignment,
    eligible,
    exemplary,
    holding,
    stored,
    with_roles,
    with_workspace,
    without_end,
)

from amlmigrate.core.claim import Claim, findings
from amlmigrate.posture.denials import Who, taken, wholly
from amlmigrate.posture.facts import PostureFacts
from amlmigrate.posture.proof import claims
from amlmigrate.posture.reading import Read

STORED = stored()
EVERYBODY = {"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}
SOMEBODY = {"id": PRINCIPAL.upper(), "type": "ServicePrincipal"}
TEAM = "eeeeeeee-0000-4000-8000-000000000005"
TOP = "/providers/Microsoft.Management/managementGroups/top"
KEY = f"{VAULT}/keys/k"
WRAP = "Microsoft.KeyVault/vaults/keys/wrap/action"
SUBSCRIPTION = f"/subscriptions/{REF.subscription}"


def denial(
    scope: str = VAULT, *principals: dict[str, str], data: tuple[str, ...] = (WRAP,), **more: Any
) -> dict[str, Any]:
    """A deny assignment as ARM answers it; for everybody where nobody is named."""
    entry = {"actions": [], "notActions": [], "dataActions": list(data), "notDataActions": []}
    told = {
        "denyAssignmentName": "locked",
        "permissions": [{**entry, **more.pop("entry", {})}],
        "scope": scope,
        "doNotApplyToChildScopes": False,
        "principals": list(principals) or [EVERYBODY],
        "excludePrincipals": [],
        "isSystemProtected": True,
        **more,
    }
    return {"id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/d", "properties": told}


def judged(facts: PostureFacts, name: str) -> Claim:
    """The one claim of a name."""
    [found] = [claim for claim in claims(facts, STORED, NOW) if claim.name == name]
    return found


# For whom, and where, a deny assignment takes the right to wrap: surely, perhaps (None), not.
MEANT: dict[str, tuple[dict[str, Any], bool | None]] = {
    "everybody": (denial(), False),
    "by a person, with an effect that is not shown": (denial(isSystemProtected=False), None),
    "by a person, told to be enforced": (denial(isSystemProtected=False, denyAssignmentEffect="enforced"), False),
    "to be logged alone": (denial(denyAssignmentEffect="audit"), True),
    "with an effect that nobody knows": (denial(denyAssignmentEffect="later"), None),
    "the identity": (denial(VAULT, SOMEBODY), False),
    "on the key": (denial(KEY), False),
    "on the group": (denial(GROUP), False),
    "on the subscription": (denial(SUBSCRIPTION), False),
    "at a management group": (denial(TOP), False),
    "at the root": (denial("/"), False),
    "all of the data plane": (denial(data=("*",)), False),
    "everybody but the identity": (denial(excludePrincipals=[SOMEBODY]), True),
    "somebody else": (denial(VAULT, {"id": OFFICER, "type": "User"}), True),
    "on another key": (denial(f"{VAULT}/keys/other"), True),
    "on another vault": (denial(f"{VAULT}2"), True),
    "not below the vault": (denial(doNotApplyToChildScopes=True), True),
    "not below the management group": (denial(TOP, doNotApplyToChildScopes=True), True),
    "on the key alone": (denial(KEY, doNotApplyToChildScopes=True), False),
    "all but wrapping": (denial(data=("*",), entry={"notDataActions": ["*/keys/*"]}), True),
    "the control plane": (denial(data=(), entry={"actions": ["*"]}), True),
    "a group that it may be in": (denial(VAULT, {"id": TEAM, "type": "Group"}), None),
    "somebody of whom the kind is not told": (denial(VAULT, {"id": TEAM}), None),
    "everybody but a group": (denial(excludePrincipals=[{"id": TEAM, "type": "Group"}]), None),
    "under a condition": (denial(condition="@Resource[x] StringEquals 'y'"), None),
    "under a condition of its entry": (denial(entry={"condition": "c"}), None),
}  # fmt: skip


@pytest.mark.parametrize("what", MEANT)
def test_a_right_that_a_deny_assignment_takes_is_refuted(what: str) -> None:
    one, proven = MEANT[what]
    found = judged(replace(exemplary(), denials=Read([one])), "identity.rights")
    assert found.holds is proven
    if proven is not True:
        assert "locked" in found.summary
        assert found.severity == ("error" if proven is False else "warning")
    if proven is False:
        assert WRAP in found.summary and found.evidence["deniedBy"] and "no role helps" in found.remedy


def test_what_is_surely_taken_goes_before_what_may_be() -> None:
    some = [denial(VAULT, {"id": TEAM, "type": "Group"}), denial(VAULT, SOMEBODY)]
    who = Who(frozenset({PRINCIPAL}), single=True)
    found = taken(some, who, WRAP, KEY, data=True)
    assert found and found.surely
    assert taken(some, who, WRAP.replace("wrap", "sign"), KEY, data=True) is None


def test_a_group_through_which_the_identity_holds_a_role_is_known() -> None:
    group = assignment("Key Vault Crypto Service Encryption User", TEAM, kind="Group")
    facts = holding(replace(exemplary(), on_vault=Read([group])), group["id"])
    assert judged(facts, "identity.rights").holds is True
    denied = replace(facts, denials=Read([denial(VAULT, {"id": TEAM, "type": "Group"})]))
    assert judged(denied, "identity.rights").holds is False
    spared = replace(facts, denials=Read([denial(excludePrincipals=[{"id": TEAM, "type": "Group"}])]))
    assert judged(spared, "identity.rights").holds is True


def test_access_policies_are_beyond_deny_assignments() -> None:
    policy = {"objectId": PRINCIPAL, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
    properties = {"enableRbacAuthorization": False, "accessPolicies": [policy]}
    facts = replace(exemplary(), denials=Read([denial(data=("*",))]), vault=Read({"properties": properties}))
    assert judged(facts, "identity.rights").holds is True


def test_what_is_lacking_is_told_though_deny_assignments_could_not_be_read() -> None:
    found = judged(replace(holding(exemplary()), denials=Read(refused="403")), "identity.rights")
    assert found.holds is False and "may not" in found.summary


# Rights that are more than is needed, and are taken as a whole or not.


@pytest.mark.parametrize(
    ("entry", "proven"),
    [
        ({"actions": ["*"], "dataActions": ["*"]}, True),
        ({"actions": ["Microsoft.KeyVault/*"]}, False),
        ({"dataActions": ["Microsoft.KeyVault/vaults/*"]}, True),  # its control plane only reads
        ({"actions": ["*"], "dataActions": ["*"], "notDataActions": ["*/secrets/getSecret/action"]}, False),
    ],
)
def test_more_rights_are_told_unless_a_deny_assignment_takes_them_all(entry: dict[str, Any], proven: bool) -> None:
    facts = with_roles(exemplary(), assignment("Key Vault Administrator", PRINCIPAL))
    denied = replace(facts, denials=Read([denial(VAULT, SOMEBODY, data=(), entry=entry)]))
    found = [claim for claim in claims(denied, STORED, NOW) if claim.name == "identity.least"]
    assert [claim.holds for claim in found] == [proven]


def test_what_a_denial_leaves_is_not_taken_as_a_whole() -> None:
    who, pattern = Who(frozenset({"x"}), single=True), "Microsoft.KeyVault/vaults/*"
    for left, gone in (
        ("Microsoft.KeyVault/vaults/write", False),
        ("Microsoft.Storage/*", True),
        ("*/read", False),
    ):
        entry = {"actions": ["*"], "notActions": [left]}
        assert wholly([denial(entry=entry, data=())], who, pattern, VAULT, data=False) is gone, left


# Roles that end


def instance(of: dict[str, Any], ends: Any, **more: Any) -> dict[str, Any]:
    """A role assignment schedule instance of an assignment."""
    told = {
        **{name: of["properties"][name] for name in ("roleDefinitionId", "principalId", "scope")},
        "originRoleAssignmentId": of["id"],
        "endDateTime": ends.isoformat() if ends else None,
        "assignmentType": "Assigned",
        **more,
    }
    return {"id": "i", "properties": told}


@pytest.mark.parametrize(
    ("after", "severity"),
    [
        (timedelta(hours=1), "error"),
        (timedelta(days=30), "error"),
        (timedelta(days=31), "warning"),
        (-timedelta(1), "error"),
    ],
)
def test_a_right_that_ends_is_told_with_its_date(after: timedelta, severity: str) -> None:
    facts = replace(exemplary(), timed=Read([instance(SERVICE, NOW + after, assignmentType="Activated")]))
    found = judged(facts, "identity.rights")
    assert (found.holds, found.severity) == (False, severity)
    assert (NOW + after).isoformat() in found.summary and "(activated)" in found.summary
    assert found.evidence["until"] and "az role assignment create" in found.remedy


def test_for_classic_encryption_a_right_that_ends_is_only_warned_of() -> None:
    facts = replace(exemplary(), timed=Read([instance(SERVICE, NOW)]))
    classic = with_workspace(facts, enableServiceSideCMKEncryption=None, serviceProvisionedResourceGroup="mrg")
    assert judged(classic, "identity.rights").severity == "warning"


LASTING: dict[str, list[dict[str, Any]]] = {
    "no end": [instance(SERVICE, None)],
    "one that ends beside one that does not": [instance(SERVICE, NOW), instance(SERVICE, None)],
    "another's": [instance(assignment("Key Vault Crypto Officer", OFFICER), NOW, originRoleAssignmentId="")],
    "the same role elsewhere": [instance(SERVICE, NOW, scope=f"{VAULT}2", originRoleAssignmentId="")],
}


@pytest.mark.parametrize("what", LASTING)
def test_a_right_that_lasts_is_proven(what: str) -> None:
    assert judged(replace(exemplary(), timed=Read(LASTING[what])), "identity.rights").holds is True


def test_an_instance_without_its_assignments_id_is_known_by_what_it_says() -> None:
    told = instance(SERVICE, NOW + timedelta(days=1), originRoleAssignmentId=None, scope=VAULT.upper() + "/")
    assert judged(replace(exemplary(), timed=Read([told])), "identity.rights").holds is False


def test_an_end_that_cannot_be_read_is_no_right_that_lasts() -> None:
    told = instance(SERVICE, None, endDateTime="some day")
    found = judged(replace(exemplary(), timed=Read([told])), "identity.rights")
    assert (found.holds, found.severity) == (False, "error") and "some day" in found.summary


def test_a_lasting_role_beside_one_that_ends_is_enough_and_the_last_end_counts() -> None:
    more = assignment("Key Vault Crypto User", PRINCIPAL, GROUP)
    facts = with_roles(exemplary(), more)
    first, second = NOW + timedelta(days=1), NOW + timedelta(days=90)
    assert judged(replace(facts, timed=Read([instance(SERVICE, first)])), "identity.rights").holds is True
    both = replace(facts, timed=Read([instance(SERVICE, first), instance(more, second)]))
    found = judged(both, "identity.rights")
    assert found.holds is False and second.isoformat() in found.summary and found.severity == "warning"


def test_a_tenant_without_the_licence_is_told_that_and_no_role() -> None:
    read: Read[Any] = Read(
        refused="GET was answered 400 AadPremiumLicenseRequired.", code="AadPremiumLicenseRequired"
    )
    found = without_end(claims(replace(exemplary(), timed=read, eligible=read), STORED, NOW))
    fallen = [claim for claim in found if claim.finding]
    assert {(claim.name, claim.holds) for claim in fallen} == {
        ("identity.rights", None),
        ("duties.separate", None),
        ("duties.approval", None),
    }
    assert all("licence" in claim.remedy and "Grant" not in claim.remedy for claim in fallen)
    assert all(one.severity == "warning" for one in findings(found))


# Duties


MANAGES, WRITES = "Key Vault Crypto Officer", "AzureML Data Scientist"


def test_a_role_that_may_be_activated_counts() -> None:
    for facts in (
        replace(exemplary(), eligible=Read([eligible(MANAGES, SCIENTIST)])),
        replace(exemplary(), eligible_on_workspace=Read([eligible(WRITES, OFFICER, REF.id)])),
    ):
        found = judged(facts, "duties.separate")
        assert (found.holds, found.severity) == (False, "warning") and "once it has activated" in found.summary
        assert "may activate" in str(found.evidence)


def test_who_has_a_role_and_may_activate_it_too_has_it_now() -> None:
    facts = with_roles(exemplary(), assignment(MANAGES, SCIENTIST), own=False)
    found = judged(replace(facts, eligible=Read([eligible(MANAGES, SCIENTIST)])), "duties.separate")
    assert found.holds is False and "activated" not in found.summary


def test_a_group_that_may_activate_a_role_is_not_looked_into() -> None:
    facts = replace(exemplary(), eligible=Read([eligible(MANAGES, TEAM, principalType="Group")]))
    found = judged(facts, "duties.separate")
    assert found.holds is None and TEAM in found.summary


def _both(**denials: list[dict[str, Any]]) -> Claim:
    facts = with_roles(exemplary(), assignment(MANAGES, SCIENTIST), own=False)
    return judged(replace(facts, **{name: Read(some) for name, some in denials.items()}), "duties.separate")


def test_a_duty_that_is_denied_is_none() -> None:
    writes = {"actions": ["*/write", "*/delete"]}
    on_workspace = denial(GROUP, {"id": SCIENTIST, "type": "User"}, data=(), entry=writes)
    assert _both().holds is False
    assert _both(denials_on_workspace=[on_workspace]).holds is True
    assert _both(denials=[denial(VAULT, {"id": SCIENTIST, "type": "User"}, data=("*",))]).holds is True
    some = denial(VAULT, {"id": SCIENTIST, "type": "User"}, data=("*/delete",))
    assert _both(denials=[some]).holds is False, "what is left still manages the key"


def test_a_duty_that_may_be_denied_is_not_proven() -> None:
    team = denial(GROUP, {"id": TEAM, "type": "Group"}, data=(), entry={"actions": ["*"]})
    found = _both(denials_on_workspace=[team])
    assert found.holds is None and "deny assignments" in found.summary and SCIENTIST in found.summary


def test_a_deny_assignment_that_only_logs_separates_no_duties() -> None:
    somebody, writes = {"id": SCIENTIST, "type": "User"}, {"actions": ["*/write", "*/delete"]}
    perhaps = denial(GROUP, somebody, data=(), entry=writes, isSystemProtected=False)
    assert _both(denials_on_workspace=[perhaps]).holds is None
    logs = denial(GROUP, somebody, data=(), entry=writes, isSystemProtected=False, denyAssignmentEffect="audit")
    assert _both(denials_on_workspace=[logs]).holds is False


def test_a_group_of_whom_a_member_is_spared_may_keep_its_duty() -> None:
    facts = replace(
        exemplary(),
        on_vault=Read([SERVICE, assignment(MANAGES, TEAM, kind="Group")]),
        on_workspace=Read([assignment(WRITES, TEAM, REF.id, kind="Group")]),
    )
    assert judged(facts, "duties.separate").holds is False, "a group has both, and so has whoever is in it"
    everything = {"actions": ["*"]}
    all_ = denial(GROUP, data=(), entry=everything)
    but_one = denial(GROUP, data=(), entry=everything, excludePrincipals=[{"id": OFFICER, "type": "User"}])
    assert judged(replace(facts, denials_on_workspace=Read([all_])), "duties.separate").holds is True
    assert judged(replace(facts, denials_on_workspace=Read([but_one])), "duties.separate").holds is None
