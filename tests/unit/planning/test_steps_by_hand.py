"""What is left to do by hand is made again in the target, and needs there what it needs here."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import by_hand as left_by_hand
from tests.unit.planning.planned import OLD, OLD_BLOBS, asset, model, plan, uploaded

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.plan import Action

HASH = "00ff"
ANONYMOUS = asset(f"environments/CliV2AnonymousEnvironment/{HASH}", isAnonymous=True, image="x")
COMPONENT = asset(
    "components/azureml_anonymous/1",
    isAnonymous=True,
    componentSpec={"environment": f"{OLD.id}/environments/CliV2AnonymousEnvironment/versions/{HASH}"},
)
CODE = asset("codes/k/1", codeUri="azureml://datastores/workspaceblobstore/paths/src")


def _left(address: str, **properties: Any) -> Asset:
    return left_by_hand(Address.parse(address), "it cannot be moved", "by hand", {"properties": properties})


DEPLOYMENT = _left(
    "onlineEndpoints/e/deployments/blue",
    environmentId=f"{OLD.id}/environments/CliV2AnonymousEnvironment/versions/{HASH}",
    model=f"{OLD.id}/models/m/versions/1",
)
SCHEDULE = _left(
    "schedules/nightly",
    action={
        "jobDefinition": {
            "jobs": {"a": {"componentId": f"azureml:{OLD.id}/components/azureml_anonymous/versions/1"}}
        }
    },
    input={"uri": "azureml://datastores/workspaceblobstore/paths/in", "jobInputType": "uri_folder"},
)


def test_what_only_a_deployment_needs_moves() -> None:
    assert str(ANONYMOUS.address) in plan(ANONYMOUS, model("1"), by_hand=(DEPLOYMENT,)).moving()


def test_what_only_a_schedule_needs_moves_with_all_that_it_needs_itself() -> None:
    found = plan(ANONYMOUS, COMPONENT, by_hand=(SCHEDULE,), listed=uploaded("in/1.csv", "loose"))
    assert found.moving() == [f"blobs/{OLD_BLOBS}/in", str(ANONYMOUS.address), str(COMPONENT.address)]
    assert found[f"blobs/{OLD_BLOBS}"].action is Action.MANUAL


@pytest.mark.parametrize("exclude", [("schedules/*",), ("components/*", "environments/*")])
def test_what_is_left_out_with_it_is_left_by_selection_and_not_settled(exclude: tuple[str, ...]) -> None:
    found = plan(ANONYMOUS, COMPONENT, by_hand=(SCHEDULE,), exclude=exclude)
    assert found.moving() == []
    for one in (ANONYMOUS, COMPONENT):
        assert found[str(one.address)].reason == "left by selection"


def test_bytes_that_only_an_excluded_one_needs_are_left_by_selection() -> None:
    found = plan(by_hand=(SCHEDULE,), exclude=("schedules/*",), listed=uploaded("in/1.csv"))
    assert (found[f"blobs/{OLD_BLOBS}/in"].action, found[f"blobs/{OLD_BLOBS}/in"].reason) == (
        Action.SKIP,
        "left by selection",
    )


def test_what_is_not_selected_needs_nothing() -> None:
    found = plan(ANONYMOUS, model("1"), by_hand=(DEPLOYMENT,), select=("models/*",))
    assert found.moving() == ["models/m/1"]
    selected = plan(ANONYMOUS, CODE, model("1"), by_hand=(DEPLOYMENT,), select=("onlineEndpoints/*",))
    assert set(selected.moving()) == {"models/m/1", str(ANONYMOUS.address)}


def test_what_a_component_left_by_selection_needs_is_left_by_selection_too() -> None:
    user = asset("components/c/1", componentSpec=COMPONENT.properties["componentSpec"])
    assert plan(ANONYMOUS, user, exclude=("components/*",))[str(ANONYMOUS.address)].reason == "left by selection"
