"""What names a source's identities elsewhere: all that ARM shows, nothing that the service gives, no silence of the rest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.arm import FakeArm, FakeRoles, side
from tests.builders.errors import refusal
from tests.builders.world import NEW, OLD, SOURCE, TARGET, asset, inventory

from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.workspace import RESOURCES, SurveyedWorkspace
from amlmigrate.inventory.elsewhere import HeldElsewhere, read
from amlmigrate.kinds import GrantWay, all_kinds

AT = f"/subscriptions/{OLD.subscription}"
OTHER = "33333333-aaaa-4bbb-8ccc-000000000003"
LAKE = f"{AT}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/lake"
VAULT = f"{AT}/resourceGroups/data/providers/Microsoft.KeyVault/vaults/kv"
GROUP = f"{AT}/resourceGroups/{OLD.group}"
READER, CONTRIBUTOR = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "b24988ac-6180-42a0-ab88-20f7382dd24c"
BLOBS, ADMIN = "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "00482a5a-887f-4fb3-b363-3b7fe8e74483"
PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
CPU, ENDPOINT, BATCH = "computes/cpu", "onlineEndpoints/score", "batchEndpoints/night"


def _with(of: SurveyedWorkspace, principal: str, *assets: Asset) -> Inventory:
    identity = {"type": "SystemAssigned", "principalId": principal} if principal else None
    return inventory(*assets, of=SurveyedWorkspace(of.ref, {**of.document, "identity": identity}))


def _compute(principal: str, address: str = CPU) -> Asset:
    made = asset(address)
    return Asset(made.address, {**made.document, "identity": {"type": "SystemAssigned", "principalId": principal}})


def _assigned(name: str, scope: str, role: str = READER) -> dict[str, Any]:
    id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    return {"id": id_, "properties": {"scope": scope, "roleDefinitionId": f"/r/{role}", "principalId": "x"}}


async def _read(
    *,
    direct: Any = None,
    answers: Any = None,
    source: Inventory | None = None,
    target: Inventory | None = None,
    whole: tuple[str, ...] = (OLD.subscription,),
    timed: Any = None,
    frozen: Any = (),
) -> HeldElsewhere:
    names = {f"/r/{READER}": "Reader", f"/r/{CONTRIBUTOR}": "Contributor"}
    arm = FakeArm(answers or {}, (OLD.subscription,))
    one = side(arm, FakeRoles(direct=direct or {}, whole=whole, names=names, timed=timed or {}))
    one.frozen = frozen
    clouds: Any = SimpleNamespace(source=one, target=one)
    left, right = source or _with(SOURCE, "old"), target or _with(TARGET, "new")
    return await read(clouds, left, right, lambda address: address)


async def test_roles_of_every_identity_the_service_made_with_the_targets() -> None:
    root = _assigned("c", "/providers/Microsoft.Management/managementGroups/mg")
    direct = {(AT, "old"): [_assigned("a", LAKE), root], (AT, "old-cpu"): [_assigned("b", LAKE)]}
    source, target = _with(SOURCE, "old", _compute("old-cpu")), _with(TARGET, "new")
    found = await _read(direct=direct, source=source, target=target)
    told = [(str(one.holder.item), one.holder.old, one.holder.new, one.role, one.scope) for one in found.held]
    assert told == [
        (CPU, "old-cpu", "", "Reader", LAKE),
        ("workspace", "old", "new", "Reader", root["properties"]["scope"]),
        ("workspace", "old", "new", "Reader", LAKE),
    ]
    assert not found.unread and not any(one.holder.never for one in found.held)


async def test_what_the_service_gives_on_the_sources_own_is_left_out_and_nothing_else() -> None:
    own, home = SOURCE.storage_account_id, TARGET.storage_account_id
    custom = _assigned("b", own, "custom")
    inside = _assigned("c", f"{SOURCE.id}/onlineEndpoints/e")
    direct = {
        (AT, "old"): [_assigned("a", own, BLOBS), custom, inside],
        # People give these to a compute.
        (AT, "old-cpu"): [_assigned("d", f"{own}/blobServices/default/containers/c")],
    }
    found = await _read(direct=direct, source=_with(SOURCE, "old", _compute("old-cpu")))
    assert [(one.document["id"].rpartition("/")[2], one.own, one.home) for one in found.held] == [
        ("d", True, f"{home}/blobServices/default/containers/c"),
        ("b", True, home),
    ]


@pytest.mark.parametrize(
    ("of", "role", "own", "given"),
    [
        ("old", CONTRIBUTOR, "storageAccount", True),
        ("old", BLOBS, "storageAccount", True),
        ("old", ADMIN, "keyVault", True),
        ("old", CONTRIBUTOR, "applicationInsights", True),
        # The service gives these elsewhere, or to others.
        ("old", ADMIN, "storageAccount", False),
        ("old", BLOBS, "keyVault", False),
        ("old", READER, "storageAccount", False),
        ("old", PULL, "containerRegistry", False),
        ("old-score", READER, "storageAccount", True),
        ("old-score", PULL, "containerRegistry", True),
        ("old-score", BLOBS, "storageAccount", False),
        ("old-score", PULL, "keyVault", False),
        ("old-night", READER, "storageAccount", False),
    ],
)
async def test_the_service_gives_a_role_on_one_resource_and_to_one_identity(
    of: str, role: str, own: str, given: bool
) -> None:
    types = ("KeyVault/vaults/own", "ContainerRegistry/registries/own", "Insights/components/own")
    ids = [f"{GROUP}/providers/Microsoft.{one}" for one in types]
    told = SOURCE.document["properties"] | dict(zip(RESOURCES[1:], ids, strict=True))
    with_all = SurveyedWorkspace(SOURCE.ref, {**SOURCE.document, "properties": told})
    source = _with(with_all, "old", _compute("old-score", ENDPOINT), _compute("old-night", BATCH))
    part = _assigned("part", f"{told[own]}/x/y", role)
    found = await _read(direct={(AT, of): [_assigned("whole", told[own], role), part]}, source=source)
    names = {one.document["id"].rpartition("/")[2] for one in found.held}
    assert names == ({"part"} if given else {"part", "whole"}), "what is given on a part of it, people gave"


async def test_a_role_at_the_root_is_told_though_the_workspace_names_no_registry() -> None:
    found = await _read(direct={(AT, "old"): [_assigned("a", "/", CONTRIBUTOR)]})
    assert [one.scope for one in found.held] == ["/"]


async def test_policies_and_rules_that_name_the_source_count_and_no_others() -> None:
    entry = {"tenantId": "t", "objectId": "OLD", "permissions": {"secrets": ["get"]}}
    vaults = [
        {"id": VAULT, "properties": {"accessPolicies": [entry, {**entry, "objectId": "x"}]}},
        {"id": f"{VAULT}2", "properties": {"enableRbacAuthorization": True, "accessPolicies": [entry]}},
    ]
    rules = [{"tenantId": "t", "resourceId": SOURCE.id.upper()}, {"tenantId": "t", "resourceId": "/x"}]
    accounts = [
        {"id": LAKE, "properties": {"networkAcls": {"resourceAccessRules": rules}}},
        {"id": f"{LAKE}2", "properties": {}},
    ]
    lists = {
        f"{AT}/providers/Microsoft.KeyVault/vaults": vaults,
        f"{AT}/providers/Microsoft.Storage/storageAccounts": accounts,
    }
    found = await _read(answers=lists)
    assert [(one.form, one.scope, one.holder.old, one.holder.new) for one in found.held] == [
        (GrantWay.POLICY, VAULT, "old", "new"),
        (GrantWay.RULE, LAKE, SOURCE.id, TARGET.id),
    ]


async def _rules_found(*named: str) -> list[tuple[str, bool]]:
    """By which rules the source is let in, of an account with these, and whether a person has to give one."""
    rules = [{"tenantId": "t", "resourceId": one} for one in named]
    account = {"id": LAKE, "properties": {"networkAcls": {"resourceAccessRules": rules}}}
    found = await _read(answers={f"{AT}/providers/Microsoft.Storage/storageAccounts": [account]})
    unlike = all_kinds()["grants"].unlike  # type: ignore[attr-defined]  # of the port of what lies elsewhere
    return [(one.document["resourceId"], bool(unlike(one))) for one in found.held]


async def test_a_rule_for_all_workspaces_of_a_group_is_told_where_the_target_is_none_of_these() -> None:
    every = "/providers/Microsoft.MachineLearningServices/workspaces/*"
    group, sub, tenant = (
        f"{GROUP}{every}",
        f"{AT}/resourcegroups/*{every}",
        f"/subscriptions/*/resourcegroups/*{every}",
    )
    assert OLD.subscription != NEW.subscription
    assert await _rules_found(group) == [(group, True)] and await _rules_found(sub.upper()) == [
        (sub.upper(), True)
    ]
    assert await _rules_found(group, SOURCE.id) == [(SOURCE.id, False)], "the one of it alone can be given"
    assert await _rules_found(SOURCE.id, tenant) == [], "the target is let in"
    assert await _rules_found(f"{AT}/resourcegroups/other{every}", f"{AT}/*{every}") == []


async def test_a_policy_by_way_of_an_application_hides_no_other() -> None:
    entry = {"tenantId": "t", "objectId": "old", "permissions": {"secrets": ["get"]}}
    for entries in ([entry, {**entry, "applicationId": "a"}], [{**entry, "applicationId": "a"}, entry]):
        vault = {"id": VAULT, "properties": {"accessPolicies": entries}}
        found = await _read(answers={f"{AT}/providers/Microsoft.KeyVault/vaults": [vault]})
        assert [one.document.get("applicationId") for one in found.held] == [None, "a"]


async def test_what_both_workspaces_use_is_not_the_sources_own() -> None:
    own = SOURCE.storage_account_id
    shared = SurveyedWorkspace(
        NEW, {**TARGET.document, "properties": {**TARGET.document["properties"], "storageAccount": own.upper()}}
    )
    direct = {(AT, "old"): [_assigned("a", own, BLOBS), _assigned("b", own, "custom")]}
    found = await _read(direct=direct, target=_with(shared, "new"))
    assert [(one.document["id"].rpartition("/")[2], one.own) for one in found.held] == [("b", False)]


async def test_what_freeze_took_of_a_clusters_identity_is_told_as_before() -> None:
    own = SOURCE.storage_account_id
    there, source = _assigned("a", own), _with(SOURCE, "old", _compute("old-cpu"))
    # As a report of a freeze has it.
    taken = {"id": there["id"], "properties": {"roleDefinitionId": f"/r/{READER}", "principalId": "OLD-CPU"}}
    others = {**taken, "properties": {**taken["properties"], "principalId": "else"}}
    for direct in ({}, {(AT, "old-cpu"): [there]}):
        found = await _read(direct=direct, source=source, frozen=(taken, others))
        told = [(str(one.holder.item), one.role, one.scope, one.own, one.home) for one in found.held]
        assert told == [(CPU, "Reader", own, True, TARGET.storage_account_id)]


async def test_a_role_that_ends_by_itself_is_told_and_unread_is_no_no() -> None:
    direct, unlike = {(AT, "old"): [_assigned("a", LAKE)]}, all_kinds()["grants"].unlike  # type: ignore[attr-defined]  # of the port of what lies elsewhere
    instance = {
        "originRoleAssignmentId": direct[AT, "old"][0]["id"].upper(),
        "endDateTime": "2027-01-01T00:00:00Z",
    }
    answers: tuple[tuple[Any, str], ...] = (
        ([{"properties": instance}], "it ends by itself, at 2027-01-01T00:00:00Z"),
        ([{"properties": {**instance, "endDateTime": None}}], ""),
        (refusal(), "whether it ends by itself could not be read"),
        (refusal(400, "AadPremiumLicenseRequired"), ""),
    )
    for answer, told in answers:
        [held] = (await _read(direct=direct, timed={LAKE: answer})).held
        assert unlike(held).startswith(told) and bool(unlike(held)) is bool(told)


async def test_an_identity_that_people_made_keeps_what_it_has() -> None:
    users = {"userAssignedIdentities": {"/u": {"principalId": "user"}}}
    source = inventory(of=SurveyedWorkspace(SOURCE.ref, {**SOURCE.document, "identity": users}))
    found = await _read(source=source, direct={(AT, "user"): [_assigned("a", LAKE)]})
    assert found.holders == () and found.held == []


async def test_whom_the_target_has_no_identity_for_is_told() -> None:
    source = _with(SOURCE, "old")
    source.by_hand.append(_compute("old-cpu"))
    direct = {(AT, "old"): [_assigned("a", LAKE)], (AT, "old-cpu"): [_assigned("b", LAKE)]}
    found = await _read(source=source, target=_with(TARGET, ""), direct=direct)
    told = {str(one.holder.item): one.holder.never for one in found.held}
    assert told["workspace"] == "the target has no identity of its own"
    assert told[CPU].startswith("computes/cpu is made by a person")


async def test_what_was_not_read_is_told_and_what_was_read_counts() -> None:
    lists = {f"{AT}/providers/Microsoft.KeyVault/vaults": refusal()}
    found = await _read(direct={(AT, "old"): refusal()}, answers=lists, whole=())
    assert len(found.unread) == 3
    assert any("role assignments" in one for one in found.unread)
    assert any("access policies" in one and "could not be read" in one for one in found.unread)
    assert any("more vaults and storage accounts than" in one for one in found.unread)


async def test_less_on_the_group_than_the_service_gave_the_old_one_is_told_and_never_made_more() -> None:
    new = f"/subscriptions/{NEW.subscription}"
    direct = {(AT, "old"): [_assigned("a", GROUP, CONTRIBUTOR)]}
    found = await _read(direct=direct)
    assert (found.held, found.group) == ([], "Contributor")
    there = _assigned("b", f"{new}/resourceGroups/{NEW.group}", CONTRIBUTOR)
    assert (await _read(direct=direct | {(new, "new"): [there]})).group == ""
