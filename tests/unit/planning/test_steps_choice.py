"""What moves, what is left and why, and what a reviewer is told."""

from __future__ import annotations

import pytest
from tests.unit.planning.planned import NEW, OLD, Planned, asset, leftover, model, plan, uploaded

from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.kinds import all_kinds

COMPONENT = asset("components/c/1", componentSpec={"environment": "azureml:e:1", "code": "azureml:k:1"})
ENVIRONMENT = asset("environments/e/1", image="x")
CODE = asset("codes/k/1", codeUri="azureml://datastores/workspaceblobstore/paths/src")
ANONYMOUS = asset("environments/CliV2AnonymousEnvironment/00ff", isAnonymous=True, image="x")


def _reason(found: Planned, address: str) -> tuple[Action, str]:
    return found[address].action, found[address].reason


def test_everything_moves_when_nothing_is_selected() -> None:
    found = plan(COMPONENT, ENVIRONMENT, CODE)
    assert set(found.moving()) == {"components/c/1", "environments/e/1", "codes/k/1"}


def test_what_is_selected_takes_along_all_that_it_refers_to() -> None:
    pipeline = asset("components/p/1", componentSpec={"jobs": {"a": {"component": "azureml:c:1"}}})
    found = plan(pipeline, COMPONENT, ENVIRONMENT, CODE, model("1"), select=("components/p",))
    assert set(found.moving()) == {"components/p/1", "components/c/1", "environments/e/1", "codes/k/1"}
    assert _reason(found, "models/m/1") == (Action.SKIP, "left by selection")


def test_what_is_excluded_stays_even_when_it_is_referred_to() -> None:
    found = plan(COMPONENT, ENVIRONMENT, CODE, exclude=("environments/*",))
    assert _reason(found, "environments/e/1") == (Action.SKIP, "left by selection")
    assert found.after("components/c/1") == ["codes/k/1"]


def test_what_refers_to_something_selected_is_not_taken_along() -> None:
    found = plan(COMPONENT, ENVIRONMENT, CODE, select=("environments/e",))
    assert found.moving() == ["environments/e/1"]


def test_a_selected_name_takes_all_its_versions() -> None:
    found = plan(model("1"), model("2", "2026-01-02T00:00:00Z"), asset("models/n/1"), select=("models/m",))
    assert found.moving() == ["models/m/1", "models/m/2"]


def test_bytes_move_only_with_what_moves() -> None:
    listed = uploaded("one/a", "two/b")
    found = plan(model("1", path="one"), model("2", path="two"), select=("models/m/1",), listed=listed)
    [copy] = [step for step in found.steps if step.action is Action.COPY]
    assert copy.bytes is not None
    assert copy.bytes.source.path == "one"


def test_the_services_own_are_skipped_with_the_reason() -> None:
    curated = asset("environments/sklearn/1", environmentType="Curated", image="x")
    found = plan(curated)
    for address in (
        "datastores/workspaceblobstore",
        "datastores/workspaceartifactstore",
        "environments/sklearn/1",
    ):
        action, reason = _reason(found, address)
        assert action is Action.SKIP
        assert "every workspace" in reason


def test_what_is_anonymous_moves_only_when_something_that_moves_refers_to_it() -> None:
    assert _reason(plan(ANONYMOUS), str(ANONYMOUS.address)) == (
        Action.SKIP,
        "anonymous, and nothing that moves refers to it",
    )
    spec = {"environment": f"azureml:{OLD.id}/environments/CliV2AnonymousEnvironment/versions/00ff"}
    user = asset("components/c/1", componentSpec=spec)
    assert plan(ANONYMOUS, user).moving() == [str(ANONYMOUS.address), "components/c/1"]
    assert plan(ANONYMOUS, user, exclude=("components/*",)).moving() == []
    assert plan(ANONYMOUS, select=("environments/*",)).moving() == []
    _, reason = _reason(plan(ANONYMOUS, exclude=("environments/*",)), str(ANONYMOUS.address))
    assert reason == "left by selection"


def test_what_no_kind_is_for_is_left_to_do_by_hand() -> None:
    found = plan(by_hand=(leftover("jobs"), leftover("onlineEndpoints/e/deployments/blue")))
    for address in ("jobs", "onlineEndpoints/e/deployments/blue"):
        assert _reason(found, address) == (Action.MANUAL, "this version cannot move it. Create it by hand")
        assert found[address].source_sha256


def test_every_asset_of_the_source_is_a_step_of_the_plan() -> None:
    assets = (COMPONENT, ENVIRONMENT, CODE, ANONYMOUS, model("1"), asset("models/m", description="x"))
    for select in ((), ("models/*",), ("nothing",)):
        found = plan(*assets, select=select)
        assert {str(one.address) for one in assets} <= set(found.addresses)
        assert len(found.addresses) == len(set(found.addresses))


def test_a_step_names_both_ids_and_the_digest_of_its_source() -> None:
    step = plan(model("1"))["models/m/1"]
    assert step.source_id == f"{OLD.id}/models/m/1"
    assert step.target_id == f"{NEW.id}/models/m/versions/1"
    assert plan(model("1", description="other"))["models/m/1"].source_sha256 != step.source_sha256


def test_a_conflict_has_no_body_and_no_step_for_archiving() -> None:
    found = plan(model("1", isArchived=True), there=(asset("models/m/1", modelUri="https://example.com/other"),))
    assert found["models/m/1"].action is Action.CONFLICT
    assert found["models/m/1"].body is None
    assert "models/m/1#archive" not in found


def test_only_what_an_earlier_plan_made_is_updated() -> None:
    there = (asset("models/m/1", modelUri="https://example.com/model", description="old"),)
    changed = model("1", description="new")
    assert plan(changed, there=there)["models/m/1"].action is Action.CONFLICT
    left = {"models/m/1": all_kinds()["models"].state(there[0].document)}
    owned = plan(changed, there=there, prior=OwnershipRecord(frozenset({"models/m/1"}), left=left))["models/m/1"]
    assert owned.action is Action.UPDATE
    # The run that comes later is told what it may take the place of.
    assert owned.target_sha256 == left["models/m/1"]


ELSEWHERE = WorkspaceRef("s", "rg", "other").id


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"environment": "azureml:missing:1"}, "'azureml:missing:1', which is not in the source"),
        ({"environment": "missing@latest"}, "'missing@latest', which is not in the source"),
        ({"environment": f"azureml:{ELSEWHERE}/environments/e/versions/1"}, "refers to another workspace"),
        ({"in": "azureml://datastores/gone/paths/a"}, "'azureml://datastores/gone/paths/a', which is not in"),
        ({"in": "https://other.blob.core.windows.net/c/a"}, "Its bytes are outside the workspace"),
        ({"in": "azureml://datastores/workspaceblobstore/paths/nothing"}, "Its bytes are not there"),
    ],
)
def test_a_reviewer_is_warned_of_what_an_asset_names_in_vain(spec: dict[str, str], says: str) -> None:
    found = plan(asset("components/c/1", componentSpec=spec))
    [finding] = found.findings
    assert (finding.severity, finding.about) == ("warning", "components/c/1")
    assert says in finding.summary
    assert finding.remedy
    assert found["components/c/1"].action is Action.CREATE


def test_what_a_registry_offers_is_no_finding() -> None:
    form = "azureml://registries/azureml/environments/e/versions/1"
    assert plan(asset("components/c/1", componentSpec={"environment": form})).findings == []


@pytest.mark.parametrize("listed", [True, False])
def test_a_curated_environment_that_the_target_does_not_have_is_a_warning(listed: bool) -> None:
    curated = asset("environments/AzureML-sklearn/1", environmentType="Curated", image="x")
    user = asset("components/c/1", componentSpec={"environment": "azureml:AzureML-sklearn:1"})
    source = (curated, user) if listed else (user,)
    [finding] = plan(*source).findings
    assert (finding.severity, finding.address) == (
        "warning",
        f"components/c/1!reference-{'stays' if listed else 'missing'}",
    )
    assert "AzureML-sklearn" in finding.summary
    assert plan(*source, there=(curated,)).findings == []


def test_a_name_that_begins_like_a_curated_one_hides_nothing() -> None:
    own = asset("environments/AzureML-ours/1", environmentType="UserCreated", image="x")
    assert plan(own).moving() == ["environments/AzureML-ours/1"]
    [finding] = plan(asset("components/c/1", componentSpec={"model": "azureml:AzureML-m:1"})).findings
    assert "'azureml:AzureML-m:1', which is not in the source" in finding.summary


def test_a_url_outside_azure_is_named_for_assets_that_are_their_bytes() -> None:
    [finding] = plan(asset("data/d/1", dataUri="https://example.com/titanic.csv")).findings
    assert "'https://example.com/titanic.csv'" in finding.summary


def test_what_does_not_move_is_not_warned_of() -> None:
    spec = {"environment": "azureml:missing:1"}
    assert plan(asset("components/c/1", componentSpec=spec), exclude=("components/*",)).findings == []
