"""Role assignments: where one goes, and to whom; what of a condition follows; and what a refusal means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import CONTEXT, MAPPING, NEW, NEW_ID, OLD, OLD_ID, TARGET, asset, by_hand, inventory
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError, ConflictError
from amlmigrate.core.placement import Around, Placement
from amlmigrate.core.principals import Principals
from amlmigrate.core.writes import Accepted, Write
from amlmigrate.kinds import Context, moving_kinds

ROLES = moving_kinds()["roleAssignments"]
AT = "providers/Microsoft.Authorization/roleAssignments"
NAME, OTHER = "0b4a7a52-9c1c-4b0e-8a0a-2f6d7e1c9a35", "1c4a7a52-9c1c-4b0e-8a0a-2f6d7e1c9a35"
ANN, BOB = "7c8d0e1f-2a3b-4c5d-8e6f-708192a3b4c5", "8d8d0e1f-2a3b-4c5d-8e6f-708192a3b4c5"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def given(name: str = NAME, below: str = "", ws: str = OLD.id, **changed: Any) -> Asset:
    """An assignment of the reader's role, as ARM answers it."""
    scope = f"{ws}/{below}".rstrip("/")
    role = f"/subscriptions/{OLD.subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    told = {"scope": scope, "principalId": ANN, "principalType": "User", "roleDefinitionId": role, **changed}
    return Asset(
        Address.of("roleAssignments", name, below),
        {"id": f"{scope}/{AT}/{name}", "name": name, "properties": told},
    )


def placed(one: Asset, *there: Asset, source: tuple[Asset, ...] = (), **who: Any) -> Placement:
    """Where it goes: `there` is what the target has."""
    around = Around(MAPPING, inventory(*source), inventory(*there, of=TARGET), Principals(**who))
    return ROLES.placement(one, around)


def test_its_name_in_the_target_is_made_of_scope_role_and_principal() -> None:
    first = placed(given())
    assert first == placed(given(OTHER)) and first.called
    names = {
        str(placed(one).called)
        for one in (
            given(),
            given(principalId=BOB),
            given(roleDefinitionId=f"/x/{OTHER}"),
        )
    }
    assert len(names) == 3
    # However the letters are cased.
    assert placed(given(principalId=ANN.upper())) == first


def test_one_that_is_there_under_another_name_is_that_one() -> None:
    found = placed(given(), given(OTHER, ws=NEW.id))
    assert found.called == Address.of("roleAssignments", OTHER)
    # Of another principal, or at something below, it is another one.
    for one in (given(OTHER, ws=NEW.id, principalId=BOB), given(OTHER, "computes/cpu", ws=NEW.id)):
        assert placed(given(), one) == placed(given())


def test_one_that_the_target_has_for_a_time_only_is_for_a_person() -> None:
    there = replace(given(OTHER, ws=NEW.id), reason="it ends by itself, at 2027", remedy="Make it last.")
    assert placed(given(), there).reason == "the target has it, but it ends by itself, at 2027"


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ({"elsewhere": True}, "--principals names nobody"),
        ({"gone": frozenset({ANN})}, "it was deleted"),
        (
            {"elsewhere": True, "called": {ANN: BOB}, "gone": frozenset({BOB})},
            f"User {ANN}, for whom --principals names {BOB}: the target has no such object",
        ),
    ],
)
def test_whoever_is_not_there_gets_nothing(who: dict[str, Any], says: str) -> None:
    found = placed(given(), **who)
    assert says in found.reason and found.remedy and found.anew["principalId"]


def test_across_tenants_it_is_given_to_whom_the_file_names() -> None:
    assert placed(given(), elsewhere=True, called={ANN: BOB}) == placed(given(principalId=BOB))
    context = Context(replace(MAPPING, principals={ANN: BOB}))
    desired = ROLES.desired(given(), context)
    assert desired.first.body["properties"]["principalId"] == BOB
    assert [(one.where, one.after) for one in desired.rewrites if "principal" in one.where] == [
        ("/properties/principalId", BOB)
    ]


def test_what_an_identity_of_the_source_has_is_not_given_to_it_again() -> None:
    cluster = asset("computes/cpu")
    own = Asset(cluster.address, {**cluster.document, "identity": {"principalId": ANN.upper()}})
    found = placed(given(), source=(own,))
    assert "the identity of computes/cpu" in found.reason and "computes/cpu" in found.anew["principalId"]
    around = Around(MAPPING, inventory(), inventory(of=TARGET), Principals())
    around.source.by_hand.append(
        by_hand(Address.of("onlineEndpoints", "e"), document={"identity": {"principalId": ANN}})
    )
    assert "onlineEndpoints/e" in ROLES.placement(given(), around).reason
    named = given(principalId=BOB, condition=f"@Request[x] ForAnyOfAnyValues:GuidEquals {{{ANN}}}")
    assert "its condition names the identity of onlineEndpoints/e" in ROLES.placement(named, around).reason


def test_at_something_below_it_follows_that() -> None:
    cpu = asset("computes/cpu")
    assert "computes/cpu" in placed(given(below="computes/cpu")).reason
    for there, source in (((), (cpu,)), ((cpu,), ())):
        found = placed(given(below="computes/cpu"), *there, source=source)
        assert found.called and found.called.path[1] == "computes/cpu" and not found.reason
    renamed = replace(MAPPING, names={cpu.address: Address.of("computes", "cpu-cmk")})
    around = Around(renamed, inventory(cpu), inventory(of=TARGET), Principals())
    called = ROLES.placement(given(below="computes/cpu"), around).called
    assert called and called.path[1] == "computes/cpu-cmk"
    assert ROLES.path(called) == f"computes/cpu-cmk/{AT}/{called.name}"
    [needed] = ROLES.references(given(below="computes/cpu"))
    assert (needed.kind, needed.names) == ("computes", ("cpu",))


def _custom(*scopes: str) -> Document:
    return {"name": "r", "properties": {"roleName": "Own", "assignableScopes": list(scopes)}}


@pytest.mark.parametrize(
    ("scopes", "covered"),
    [
        ((OLD.id,), False),
        ((OLD.id, NEW.id.upper()), True),
        ((f"/subscriptions/{NEW.subscription}",), True),
        (("/providers/Microsoft.Management/managementGroups/g",), True),
        ((f"{NEW.id}2",), False),
    ],
)
def test_a_custom_role_has_to_cover_the_target(scopes: tuple[str, ...], covered: bool) -> None:
    one = replace(given(), beside={"role": _custom(*scopes)})
    found = placed(one)
    assert bool(found.reason) is not covered
    if not covered:
        assert "'Own'" in found.reason and "az role definition update" in found.remedy and NEW.id in found.remedy
    assert "custom role 'Own'" in placed(one, elsewhere=True, called={ANN: BOB}).reason


def test_a_role_is_told_by_the_targets_subscription() -> None:
    body = ROLES.desired(given(), CONTEXT).first.body
    assert body["properties"]["roleDefinitionId"].startswith(f"/subscriptions/{NEW.subscription}/providers/")
    assert "scope" not in body["properties"]
    plain = f"/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    assert (
        ROLES.desired(given(roleDefinitionId=plain), CONTEXT).first.body["properties"]["roleDefinitionId"] == plain
    )


def test_ids_in_a_condition_are_the_targets_and_a_name_that_stays_blocks() -> None:
    text = f"x StringEquals 'azureml-blobstore-{OLD_ID}' OR y StringLike '{OLD.id.upper()}/*'"
    found = ROLES.desired(given(condition=text), CONTEXT)
    assert found.first.body["properties"]["condition"] == (
        f"x StringEquals 'azureml-blobstore-{NEW_ID}' OR y StringLike '{NEW.id}/*'"
    )
    assert found.findings == ()
    [told] = ROLES.desired(given(condition="x StringEquals 'acct'"), CONTEXT).findings
    assert told.code == "condition-names-source" and told.severity == "blocks" and "acct" in told.summary


def test_nobody_in_a_condition_becomes_somebody_else_twice_and_no_workspace_of_a_longer_name_is_touched() -> None:
    text = f"a {{{ANN}}} b {{{BOB.upper()}}} c '{OLD.id}2/x' d '{OLD.id}'"
    swapped = replace(CONTEXT, mapping=replace(MAPPING, principals={ANN: BOB, BOB: ANN}))
    found = ROLES.desired(given(condition=text), swapped).first.body["properties"]["condition"]
    assert found == f"a {{{BOB}}} b {{{ANN}}} c '{OLD.id}2/x' d '{NEW.id}'"


def test_another_condition_is_a_difference_that_a_write_may_change_and_another_role_none() -> None:
    body = ROLES.desired(given(condition="a", conditionVersion="2.0"), CONTEXT).first.body
    address = Address.of("roleAssignments", NAME)
    [found] = ROLES.differences(address, body, given(condition="b", conditionVersion="2.0", ws=NEW.id).document)
    assert found.field == "/properties/condition" and found.changeable
    there = given(condition="a", conditionVersion="2.0", ws=NEW.id, roleDefinitionId=f"/x/{OTHER}").document
    assert not any(one.changeable for one in ROLES.differences(address, body, there))


def test_what_this_tool_made_is_known_by_its_name() -> None:
    called = placed(given()).called
    assert called
    body = ROLES.desired(given(), CONTEXT).first.body
    assert ROLES.made(body, given(called.name, ws=NEW.id).document)
    assert not ROLES.made(body, given(OTHER, ws=NEW.id).document)


class _Refusing(InMemory):
    """Refuses each PUT as if the role were there."""

    async def put(self, path: str, body: Document, query: Any = None) -> Accepted:
        raise refusal(409, "RoleAssignmentExists", "The role assignment already exists.", method="PUT")


async def test_one_that_came_meanwhile_is_no_blind_success() -> None:
    address, write = Address.of("roleAssignments", NAME), Write(ROLES.desired(given(), CONTEXT).first.body)
    with pytest.raises(ConflictError) as caught:
        await ROLES.apply(_Refusing(), address, write)
    assert "new plan" in caught.value.remedy
    # Under its very name: whoever asked reads what is there.
    with pytest.raises(Exception, match="RoleAssignmentExists"):
        await ROLES.apply(_Refusing({f"{AT}/{NAME}": given().document}), address, write)


async def test_what_was_frozen_is_read_as_what_the_source_has() -> None:
    one = given()
    record = {"id": one.document["id"], "scope": OLD.id, "properties": dict(one.properties)}
    del record["properties"]["scope"]
    port = InMemory(frozen=(record,))
    found = await ROLES.read(port, one.address)
    assert found and found["id"] == one.document["id"]
    assert await ROLES.read(InMemory(), one.address) is None


def test_only_whoever_is_not_known_yet_is_waited_for() -> None:
    assert ROLES.late(refusal(400, "PrincipalNotFound"))
    assert not ROLES.late(refusal(400, "RoleAssignmentUpdateNotPermitted"))
    assert not ROLES.late(ValueError())


@pytest.mark.parametrize("below", ["../other", "computes/../..", "computes/cpu?x", "computes/%2e%2e", ".", "a//b"])
def test_no_address_leads_out_of_the_workspace(below: str) -> None:
    with pytest.raises(BadInputError):
        ROLES.path(Address("roleAssignments", (NAME, below)))
