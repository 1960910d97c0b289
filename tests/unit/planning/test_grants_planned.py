"""What becomes of a grant elsewhere in a plan: given only where that was asked for, to whom the plan maps, and no wider."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.elsewhere import Elsewhere
from tests.builders.errors import refusal
from tests.builders.world import NEW, OLD, header, step

from amlmigrate.cloud.credentials import Login
from amlmigrate.core.address import Address
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.select import Selection
from amlmigrate.inventory.elsewhere import HeldElsewhere
from amlmigrate.kinds import GrantWay, Held, IdentityHolder
from amlmigrate.planning.elsewhere import Grantable, added

AT = f"/subscriptions/{OLD.subscription}/resourceGroups/data/providers"
LAKE, VAULT = f"{AT}/Microsoft.Storage/storageAccounts/lake", f"{AT}/Microsoft.KeyVault/vaults/kv"
HOME = f"/subscriptions/{NEW.subscription}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/new"
OWN, CPU = (
    IdentityHolder(Address("workspace"), "old", "new"),
    IdentityHolder(Address.parse("computes/cpu"), "old-cpu"),
)
ROLE = {"roleDefinitionId": "/x/roleDefinitions/reader", "condition": "@a 'b'", "conditionVersion": "2.0"}
MOVING = [step("workspace", action=Action.ADOPT), step("computes/cpu", action=Action.CREATE)]


def _held(holder: IdentityHolder = OWN, role: str = "Reader", **more: Any) -> Held:
    given = {**ROLE, **more.pop("given", {}), "principalId": holder.old, "scope": LAKE}
    return Held(GrantWay.ROLE, LAKE, role, holder, {"id": f"{LAKE}/x/{role}", "properties": given}, **more)


async def _steps(
    *held: Held,
    asked: bool = True,
    arm: Elsewhere | None = None,
    moving: list[Step] = MOVING,
    selection: Selection | None = None,
    apart: str = "",
) -> tuple[Any, list[Step]]:
    one = SimpleNamespace(arm=arm or Elsewhere(), login=Login())
    clouds: Any = SimpleNamespace(source=one, target=one)
    found = Grantable.of(HeldElsewhere((OWN,), list(held)), apart)
    told, steps = await added(clouds, found, (header(), list(moving)), selection or Selection(), asked=asked)
    return told, steps[len(moving) :]


async def test_it_is_for_the_cutover_with_the_same_role_scope_and_condition() -> None:
    told, [made] = await _steps(_held())
    assert str(made.address) == f"grants{LAKE}/Reader" and made.cut_over and not made.run
    assert made.body == {"properties": {**ROLE, "principalId": "new", "principalType": "ServicePrincipal"}}
    assert (made.target_id, made.after) == (LAKE, (Address("workspace"),))
    assert [(one.before, one.after) for one in made.rewrites] == [("old", "new")]
    assert "old" in made.reason and "new" in made.reason
    assert told.asks_approval and not told.require_approval and told.counts["grants"] == {"create": 1}
    assert Step.of_dict(made.as_dict()) == made


async def test_whom_the_target_has_not_made_yet_is_named_by_its_address() -> None:
    _, [made] = await _steps(_held(CPU))
    assert str(made.address) == f"grants{LAKE}/Reader/computes/cpu"
    assert made.body["properties"]["principalId"] == {"$principal": "computes/cpu"}


async def test_without_the_option_a_person_does_it_with_both_ids_and_a_command() -> None:
    told, steps = await _steps(_held(), _held(CPU), asked=False)
    assert [one.action for one in steps] == [Action.MANUAL] * 2 and all(one.for_cutover for one in steps)
    assert "without --grants" in steps[1].reason and "old" in steps[1].reason
    command = "az role assignment create --assignee-object-id new --assignee-principal-type ServicePrincipal"
    assert f"{command} --role reader --scope {LAKE} --condition '@a '\"'\"'b'\"'\"'' --condition-version 2.0" in (
        steps[0].reason if str(steps[0].address).endswith("Reader") else steps[1].reason
    )
    assert any("${NEW_OBJECT_ID}" in one.reason for one in steps)
    assert not told.asks_approval


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (_held(IdentityHolder(Address("workspace"), "old", "", "the target has none")), "the target has none"),
        (_held(own=True, home=HOME), "the scope is the source's own, and the target has another"),
        (_held(own=True), "the scope is the source's own:"),
        (_held(given={"delegatedManagedIdentityResourceId": "/m"}), "given by another tenant"),
        (_held(IdentityHolder(Address.parse("computes/gpu"), "old-gpu")), "computes/gpu is not made by this plan"),
    ],
)
async def test_what_cannot_be_just_the_same_a_person_decides(held: Held, why: str) -> None:
    _, [left] = await _steps(held)
    assert left.action is Action.MANUAL and left.stage == "cutover" and why.rstrip(":") in left.reason
    assert not held.home or f"--scope {HOME}" in left.reason


async def test_of_two_tenants_nothing_is_given() -> None:
    _, [left] = await _steps(_held(), apart="source and target are not known to be of one tenant")
    assert left.action is Action.MANUAL and "one tenant" in left.reason


async def test_what_the_new_one_has_already_is_not_needed_and_what_cannot_be_read_is_no_yes() -> None:
    arm = Elsewhere()
    name = f"{LAKE}/providers/Microsoft.Authorization/roleAssignments/any"
    arm.has(name, scope=LAKE, principalId="new", **ROLE)
    _, [made] = await _steps(_held(), arm=arm)
    assert made.action is Action.SKIP and "has it already" in made.reason
    arm.refusing = {"GET": refusal()}
    _, [made] = await _steps(_held(), arm=arm)
    assert made.action is Action.CREATE


async def test_globs_leave_it_out() -> None:
    _, [left] = await _steps(_held(), selection=Selection(exclude=("grants/*Reader",)))
    assert left.action is Action.SKIP and left.reason == "left by selection"


@pytest.mark.parametrize("role", ["a/b", "a#enable", "a*b", "50% of it", "Größe"])
def test_any_name_of_a_role_is_one_part_of_an_address_and_read_back(role: str) -> None:
    [address] = Grantable.of(HeldElsewhere((OWN,), [_held(role=role)]), "").held
    assert Address.parse(str(address)) == address and not address.phase
    assert str(address).removeprefix(f"grants{LAKE}/").count("/") == 0


def test_two_roles_with_one_name_are_two_items() -> None:
    found = HeldElsewhere((OWN,), [_held(), _held(given={"roleDefinitionId": "/x/roleDefinitions/other"})])
    assert len(Grantable.of(found, "").held) == 2
