"""What lies around a workspace, and what no listing shows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import OLD

from amlmigrate.cloud.arm import Answer, Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.workspaces import InventoryPort, WorkspaceClient
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.inventory.unlisted import could_not_be_listed, unlisted
from amlmigrate.kinds import all_kinds, state_digest

ROLES = "providers/Microsoft.Authorization/roleAssignments"
LOCKS = "providers/Microsoft.Authorization/locks"
SETTINGS = "providers/Microsoft.Insights/diagnosticSettings"


class Pages(Arm):
    """Answers by path: pages of items, or an error."""

    _endpoint = "https://management.azure.com"

    def __init__(self, answers: Mapping[str, list[Any]]) -> None:
        self.answers = answers
        self.definition: Document = {"properties": {"type": "BuiltInRole"}}

    async def call(
        self, method: str, path: str, body: Document | None = None, *, query: Mapping[str, str] | None = None
    ) -> Answer:
        name, _, number = path.removeprefix(f"{OLD.id}/").partition("?page=")
        if "/roleDefinitions/" in name:
            return Answer(200, {}, self.definition)
        pages = self.answers.get(name, [[]])
        page = pages[int(number or 0)]
        if isinstance(page, ServiceError):
            raise page
        more = int(number or 0) + 1 < len(pages)
        return Answer(
            200,
            {},
            {"value": page, **({"nextLink": f"{OLD.id}/{name}?page={int(number or 0) + 1}"} if more else {})},
        )


def _read(answers: dict[str, list[Any]], *frozen: Document) -> tuple[list[Asset], set[str]]:
    port = InventoryPort(Pages(answers), OLD, frozen)
    kinds = [all_kinds()[path.rpartition("/")[2]] for path in (ROLES, SETTINGS, LOCKS)]

    async def read() -> list[Asset]:
        return [item for kind in kinds for item in await kind.scan(port)]

    found = asyncio.run(read())
    # Each says of its own list that it was not given.
    assert not port.unlisted
    return found, port.absent


def _assignment(name: str, scope: str = OLD.id, **properties: Any) -> Document:
    given = {"roleDefinitionId": "/r/1", "principalId": "p", "scope": scope, "condition": None, **properties}
    return {"id": f"{scope}/{ROLES}/{name}", "name": name, "properties": {**given, "updatedOn": name}}


def _lock(name: str, scope: str = OLD.id, level: str = "CanNotDelete") -> Document:
    return {"id": f"{scope}/{LOCKS}/{name}", "name": name, "properties": {"level": level}}


def test_each_role_assignment_at_the_workspace_or_in_it_is_an_item() -> None:
    group = OLD.id.split("/providers/")[0]
    found, _ = _read(
        {
            ROLES: [
                [_assignment("a"), _assignment("b", group)],
                [_assignment("c", f"{OLD.id.upper()}/onlineEndpoints/e")],
            ]
        }
    )
    assert [str(item.address) for item in found] == ["roleAssignments/a", "roleAssignments/c/onlineEndpoints/e"]
    # Rights are given and taken for the move itself: no change of what was planned.
    assert [bool(state_digest(item)) for item in found] == [False, False]


def test_what_was_frozen_is_listed_and_no_more_than_once() -> None:
    both = [_assignment("a"), _assignment("b", principalId="q")]
    record = {"id": both[1]["id"], "scope": OLD.id.upper(), "role": "Writer",
              "properties": {"roleDefinitionId": "/R/1", "principalId": "Q"}}  # fmt: skip

    def told(there: list[Document]) -> set[str]:
        return {str(item.address) for item in _read({ROLES: [there]}, record)[0]}

    assert told(both) == told(both[:1]) == {"roleAssignments/a", "roleAssignments/b"}
    # Given back under another name it is told by that.
    assert told([both[0], _assignment("new", principalId="q")]) == {"roleAssignments/a", "roleAssignments/new"}
    assert {str(item.address) for item in _read({ROLES: [both[:1]]})[0]} == {"roleAssignments/a"}


ENDS = "providers/Microsoft.Authorization/roleAssignmentScheduleInstances"
MAY = "providers/Microsoft.Authorization/roleEligibilityScheduleInstances"


def _instance(name: str, end: str | None = None, kind: str = "Assigned", of: str = ENDS) -> Document:
    origin = f"{OLD.id}/{ROLES}/{name}"
    told = {"originRoleAssignmentId": origin, "endDateTime": end, "assignmentType": kind, "scope": OLD.id}
    return {"id": f"{OLD.id}/{of}/i-{name}", "name": f"i-{name}", "properties": told}


def test_one_that_ends_by_itself_is_for_a_person_and_comes_and_goes() -> None:
    instances = [_instance("a", "2027-01-01T00:00:00Z"), _instance("b", kind="Activated"), _instance("c")]
    found, _ = _read({ROLES: [[_assignment(one, principalId=one) for one in "abc"]], ENDS: [instances]})
    # Who has activated a role is told by the eligibility.
    assert [str(item.address) for item in found] == ["roleAssignments/a", "roleAssignments/c"]
    assert "ends by itself, at 2027-01-01" in found[0].reason and found[0].remedy
    assert not found[1].reason


@pytest.mark.parametrize("error", [refusal(403), refusal(400, "InsufficientPermissions")])
def test_one_of_which_nobody_can_tell_whether_it_ends_is_for_a_person(error: ServiceError) -> None:
    [item] = _read({ROLES: [[_assignment("a")]], ENDS: [error]})[0]
    assert "may not be read" in item.reason and item.remedy


def test_a_tenant_without_the_licence_has_none_that_end() -> None:
    error = refusal(400, "AadPremiumLicenseRequired")
    [item] = _read({ROLES: [[_assignment("a")]], ENDS: [error], MAY: [error]})[0]
    assert not item.reason


def test_what_somebody_may_activate_is_one_item_for_a_person() -> None:
    given = {"roleDefinitionId": "/r/1", "principalId": "p", "scope": OLD.id}
    above = {**given, "scope": OLD.id.split("/providers/")[0]}
    lines = [{"id": f"/x/{MAY}/{n}", "properties": one} for n, one in enumerate((given, above))]
    [item] = _read({MAY: [lines]})[0]
    assert str(item.address) == "roleAssignments/eligible" and item.many.lines == ({**given, "eligible": True},)
    assert "1 role that somebody may activate" in item.reason
    [item] = _read({MAY: [refusal(403)]})[0]
    assert "may not be read" in item.reason


def test_a_custom_role_is_kept_beside() -> None:
    for kind in ("CustomRole", "BuiltInRole"):
        arm = Pages({ROLES: [[_assignment("a")]]})
        arm.definition = {"properties": {"type": kind, "roleName": "Own"}}
        [item] = asyncio.run(all_kinds()["roleAssignments"].scan(InventoryPort(arm, OLD)))
        assert bool(item.beside) is (kind == "CustomRole")


def test_settings_and_locks_are_an_item_each() -> None:
    setting = {"id": "x", "name": "logs", "properties": {"workspaceId": "w"}}
    locks = [
        _lock("keep"),
        _lock("of the group", OLD.id.split("/providers/")[0]),
        _lock("c", f"{OLD.id}/computes/cpu"),
        _lock("no", level="ReadOnly"),
    ]
    below = f"onlineEndpoints/e/{SETTINGS}"
    found, absent = _read(
        {SETTINGS: [[setting]], LOCKS: [locks], "onlineEndpoints": [[{"name": "e"}]], below: [[setting]]}
    )
    assert {str(item.address): item.reason for item in found} == {
        "diagnosticSettings/logs": "",
        "diagnosticSettings/logs/onlineEndpoints/e": "",
        "locks/keep": "",
        "locks/c/computes/cpu": "",
        "locks/no": "it forbids every write: the cutover's, and those of the people who use the target from then on",
    }
    # A lock has to go before the workspace does: that is no change of what was verified.
    assert [bool(state_digest(item)) for item in found] == [True, False, False, False, False]
    assert absent == set()


@pytest.mark.parametrize(
    "error", [refusal(400, "ResourceTypeNotSupported"), refusal(409, "MissingSubscriptionRegistration")]
)
def test_what_has_no_such_thing_is_said(error: ServiceError) -> None:
    found, absent = _read({SETTINGS: [error]})
    assert found == [] and absent == {SETTINGS}
    [_, told] = unlisted(OLD.id, absent)
    assert (told.severity, told.address) == ("warning", f"{OLD.id}!collections-absent")
    assert "count as empty: diagnosticSettings." in told.summary


@pytest.mark.parametrize("error", [refusal(404), refusal(400), refusal(400, "NoRegisteredProviderFound")])
def test_what_is_not_known_to_mean_that_there_is_nothing_is_an_item(error: ServiceError) -> None:
    found, absent = _read({SETTINGS: [error], LOCKS: [error]})
    assert [str(item.address) for item in found] == ["diagnosticSettings", "locks"] and absent == set()
    assert all(error.code in item.reason and "could not be listed" in item.reason for item in found)
    # A list that can be read by now is a change; locks may come and go.
    assert [bool(state_digest(item)) for item in found] == [True, False]


def test_what_may_not_be_read_is_an_item_that_says_so() -> None:
    found, _ = _read({name: [refusal(403)] for name in (ROLES, LOCKS, SETTINGS)})
    assert [str(item.address) for item in found] == ["roleAssignments", "diagnosticSettings", "locks"]
    assert all("could not be listed" in item.reason for item in found)


def test_another_error_is_one() -> None:
    with pytest.raises(ServiceError):
        _read({ROLES: [refusal(500)]})


def test_what_is_on_the_data_plane_is_said_in_every_plan() -> None:
    [told] = unlisted(OLD.id, ())
    assert (told.severity, told.address) == ("warning", f"{OLD.id}!not-listed-by-arm")
    for what in (
        "datasets of SDK v1",
        "published pipelines",
        "pipeline endpoints",
        "labeling projects",
        "designer drafts",
    ):
        assert what in told.summary


def _listed(pages: list[Any], *, port: type[WorkspaceClient] = InventoryPort) -> tuple[list[str], WorkspaceClient]:
    one = port(Pages({"jobs": pages}), OLD)

    async def names() -> list[str]:
        return [str(item["name"]) async for item in one.pages("jobs")]

    return asyncio.run(names()), one


@pytest.mark.parametrize("status", [400, 404])
def test_a_list_that_the_service_does_not_give_is_an_item_of_its_kind(status: int) -> None:
    names, port = _listed([refusal(status)])
    assert names == [] and isinstance(port, InventoryPort)
    [item] = could_not_be_listed(port.unlisted)
    assert str(item.address) == "jobs" and item.remedy and state_digest(item)
    assert f"jobs could not be listed: GET was answered {status} AuthorizationFailed: no" in item.reason
    # Whoever takes no inventory hears of it.
    with pytest.raises(ServiceError):
        _listed([refusal(status)], port=WorkspaceClient)


@pytest.mark.parametrize(
    "pages",
    [[[{"name": "a"}], refusal(404)], [refusal(500)], [refusal(403)], [refusal(400, "OperationInProgress")]],
)
def test_anything_else_is_an_error(pages: list[Any]) -> None:
    with pytest.raises(ServiceError):
        _listed(pages)


def test_the_lists_of_one_kind_are_one_item_and_name_each() -> None:
    unlisted_ = {"models/b/versions": refusal(404), "models/a/versions": refusal(400), "data": refusal(404)}
    [data, models] = could_not_be_listed(unlisted_)
    assert str(data.address) == "data" and str(models.address) == "models"
    assert "models/a/versions could not be listed" in models.reason and "models/b/versions" in models.reason
    assert state_digest(data) != state_digest(models)
