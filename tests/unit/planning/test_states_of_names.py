"""What a plan makes of names: each has a state, whatever is said of it, and archiving one hides all of its versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import inventory
from tests.unit.planning.planned import OLD, Planned, asset, model, plan

from amlmigrate.core.asset import Asset
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.workspace import Workspace
from amlmigrate.kinds import all_kinds, moving_kinds, versions_digest
from amlmigrate.planning.build import _apart, _estimate

VERSIONED = [kind.name for kind in moving_kinds().values() if kind.versioned]
PLAIN: dict[str, Any] = {"description": "", "tags": {}, "properties": {}, "isArchived": False}
SAID: list[dict[str, Any]] = [{"description": "d"}, {"tags": {"a": "b"}}, {"isArchived": True}]


def _name(kind: str = "models", **said: Any) -> Asset:
    typed = {"dataType": "uri_folder"} if kind == "data" else {}
    return asset(f"{kind}/m", **typed, **{**PLAIN, **said})


def _version(kind: str = "models", number: str = "1", **more: Any) -> Asset:
    if kind == "models":
        return model(number, **more)
    example = all_kinds()[kind].example().properties
    known = {key: value for key, value in example.items() if key in ("dataType", "image", "componentSpec")}
    return asset(f"{kind}/m/{number}", **known, codeUri="https://x.org/c", dataUri="https://x.org/a", **more)


def _moved(*there: Asset, own: tuple[str, ...] | None = None) -> OwnershipRecord:
    """As the tool left what the target has; `own`: what of it the tool made, all unless said."""
    made = frozenset(own if own is not None else (str(one.address) for one in there))
    left = {str(one.address): moving_kinds()[one.address.kind].state(one.document) for one in there}
    return OwnershipRecord(made, left={address: sha for address, sha in left.items() if address in made})


def _there(found: Planned, *addresses: str) -> list[Asset]:
    """The target as those steps of a plan make it."""
    bodies = [(address, found[address].body) for address in addresses]
    return [asset(address, **body["properties"]) for address, body in bodies if body]


def _again(kind: str, then: dict[str, Any], now: dict[str, Any]) -> Step:
    """The step of a name that was moved when it said `then`, and says `now`."""
    there = (_name(kind, **then), *_there(plan(_version(kind)), f"{kind}/m/1"))
    return plan(_name(kind, **now), _version(kind), there=there, prior=_moved(*there))[f"{kind}/m"]


@pytest.mark.parametrize("kind", VERSIONED)
def test_a_name_of_which_nothing_is_said_comes_with_its_first_version(kind: str) -> None:
    found = plan(_name(kind), _version(kind), _version(kind, "2"), _version(kind, "3"))
    step = found[f"{kind}/m"]
    assert (step.action, step.reason) == (Action.CREATE, "is created with its first version")
    assert step.comes_with_version and found.after(f"{kind}/m") == [f"{kind}/m/1"]
    assert found.moving()[-1] == f"{kind}/m"
    assert not any(one.comes_with_version for one in found.steps if one is not step)


@pytest.mark.parametrize("said", SAID, ids=str)
def test_one_of_which_something_is_said_is_written_before_its_versions(said: dict[str, Any]) -> None:
    found = plan(_name(**said), _version())
    assert found["models/m"].action is Action.CREATE
    assert not found["models/m"].comes_with_version
    assert found.moving()[:2] == ["models/m", "models/m/1"]


def test_an_empty_name_is_written() -> None:
    found = plan(_name())
    assert found["models/m"].action is Action.CREATE and not found["models/m"].comes_with_version


@pytest.mark.parametrize("select", ["models/m/2", "models/m"])
@pytest.mark.parametrize("said", [{}, *SAID], ids=str)
def test_a_name_comes_with_any_of_its_versions(select: str, said: dict[str, Any]) -> None:
    found = plan(_name(**said), _version(), _version(number="2"), select=(select,))
    assert found["models/m"].action is Action.CREATE


def test_a_plain_name_of_which_no_version_moves_is_not_needed_and_nothing_to_let_go() -> None:
    step = plan(_name(), _version(), exclude=("models/m/1",))["models/m"]
    assert step.action is Action.SKIP and not step.reason.startswith("left by selection")
    # What is said of one is lost where it does not come along.
    assert (
        plan(_name(tags={"a": "b"}), _version(), exclude=("models/m",))["models/m"].reason == "left by selection"
    )


@pytest.mark.parametrize("kind", VERSIONED)
@pytest.mark.parametrize("said", [{}, *SAID], ids=str)
def test_a_name_that_is_the_same_on_both_sides_is_adopted(kind: str, said: dict[str, Any]) -> None:
    assert _again(kind, said, said).action is Action.ADOPT


@pytest.mark.parametrize("kind", VERSIONED)
@pytest.mark.parametrize(
    ("then", "now", "field", "sent"),
    [
        ({"isArchived": True}, {}, "isArchived", False),
        ({"tags": {"a": "b"}}, {}, "tags", {}),
        ({"tags": {"a": "b", "c": "d"}}, {"tags": {"c": "d"}}, "tags", {"c": "d"}),
        ({"description": "d"}, {}, "description", ""),
        ({"description": "d"}, {"description": None}, "description", ""),
        ({}, {"description": "d"}, "description", "d"),
        ({"description": "d"}, {"description": "e"}, "description", "e"),
    ],
)
def test_what_the_source_has_taken_back_or_said_since_is_an_update(
    kind: str, then: dict[str, Any], now: dict[str, Any], field: str, sent: Any
) -> None:
    step = _again(kind, then, now)
    assert step.action is Action.UPDATE and f"/properties/{field}" in step.reason
    assert step.body is not None and step.body["properties"][field] == sent
    assert not step.body["properties"]["isArchived"]


@pytest.mark.parametrize("theirs", SAID, ids=str)
@pytest.mark.parametrize("own", [("models/m", "models/m/1"), ("models/m/1",), ()])
def test_what_somebody_else_said_of_it_in_the_target_is_a_conflict(
    theirs: dict[str, Any], own: tuple[str, ...]
) -> None:
    version = _there(plan(_version()), "models/m/1")
    there = (_name(**theirs), *version)
    prior = _moved(_name(), *version, own=own)
    step = plan(_name(), _version(), there=there, prior=prior)["models/m"]
    [field] = theirs
    assert step.action is Action.CONFLICT and f"/properties/{field}" in step.reason
    assert step.reason.startswith(
        "changed in the target" if "models/m" in own else ("the target has a different one")
    )


@pytest.mark.parametrize("own", [("models/m", "models/m/1"), ("models/m/1",)])
@pytest.mark.parametrize("more", [{}, {"description": "d"}], ids=str)
def test_archiving_a_moved_name_is_planned_with_and_without_a_description(
    own: tuple[str, ...], more: dict[str, Any]
) -> None:
    """Where only the versions are the tool's own, the target had the name before, and said nothing of it."""
    there = (_name(), *_there(plan(_version()), "models/m/1"))
    found = plan(_name(isArchived=True, **more), _version(), there=there, prior=_moved(*there, own=own))
    step = found["models/m#archive"]
    assert (step.action, step.reason) == (Action.UPDATE, "archived in the source")
    assert step.body is not None and step.body["properties"]["isArchived"] is True
    assert step.body["properties"].get("description", "") == more.get("description", "")
    assert found["models/m"].action in ((Action.UPDATE, Action.CREATE) if more else (Action.ADOPT,))
    assert found.moving()[-1] == "models/m#archive"


@pytest.mark.parametrize("own", [("models/m",), ("models/m", "models/m/1"), ()])
def test_archiving_a_name_with_versions_that_others_made_is_a_conflict_of_its_own(own: tuple[str, ...]) -> None:
    """One that is equal is theirs too, as is one that only the target has."""
    there = (_name(), *_there(plan(_version()), "models/m/1"), _version(number="7"))
    found = plan(
        _name(isArchived=True), _version(), _version(number="2"), there=there, prior=_moved(*there, own=own)
    )
    step = found["models/m#archive"]
    assert step.action is Action.CONFLICT
    assert "hides all of its versions" in step.reason and "models/m/7" in step.reason
    assert ("models/m/1" in step.reason) is ("models/m/1" not in own)
    # It is let go for all the versions that the target has now.
    assert step.target_sha256 == versions_digest(step.address.item, (one.address for one in there))
    # All else of the name goes on.
    assert found["models/m"].action is Action.ADOPT and found["models/m/2"].action is Action.CREATE


def test_all_that_archiving_would_hide_is_part_of_what_is_decided() -> None:
    versions = [_version(number=str(number)) for number in range(2, 9)]
    then, now = (
        plan(_name(isArchived=True), _version(), there=(_name(), *versions[:count]))["models/m#archive"]
        for count in (6, 7)
    )
    assert then.reason != now.reason


def test_a_name_that_is_archived_in_the_target_already_needs_no_step_for_it() -> None:
    there = (_name(isArchived=True), _version(number="7"))
    found = plan(_name(isArchived=True), _version(), there=there)
    assert found["models/m"].action is Action.ADOPT and "models/m#archive" not in found


def test_a_name_that_somebody_else_described_is_not_archived_by_the_way() -> None:
    there = (_name(description="theirs"), *_there(plan(_version()), "models/m/1"))
    prior = _moved(*there, own=("models/m/1",))
    found = plan(_name(isArchived=True), _version(), there=there, prior=prior)
    assert found["models/m"].action is Action.CONFLICT and "models/m#archive" not in found
    assert "/properties/isArchived" in found["models/m"].reason
    # One that says just the same is theirs all the same.
    found = plan(_name(isArchived=True, description="theirs"), _version(), there=there, prior=prior)
    assert found["models/m"].action is Action.ADOPT
    assert found["models/m#archive"].action is Action.CONFLICT


def test_a_name_with_archived_versions_only_is_not_archived_itself() -> None:
    found = plan(_name(), _version(isArchived=True))
    assert found["models/m"].comes_with_version and "models/m#archive" not in found
    assert found["models/m/1#archive"].action is Action.UPDATE


def test_names_are_told_apart_by_case() -> None:
    there = (asset("models/M", **{**PLAIN, "isArchived": True}),)
    found = plan(_name(), _version(), there=there)
    assert found["models/m"].comes_with_version


def test_a_reference_to_a_name_alone_means_its_newest_version() -> None:
    component = asset("components/c/1", componentSpec={"environment": f"azureml:{OLD.id}/environments/e"})
    versions = [asset(f"environments/e/{number}", f"2026-01-0{number}", image="x") for number in (1, 2)]
    for said in ({}, *SAID):
        found = plan(component, asset("environments/e", **{**PLAIN, **said}), *versions)
        assert found.after("components/c/1") == ["environments/e/2"]


def test_names_that_need_only_be_there_cost_a_page_of_a_list_for_many() -> None:
    assets = [one for n in range(60) for one in (asset(f"models/n{n}", **PLAIN), asset(f"models/n{n}/1"))]
    source = inventory(*assets)
    made = _estimate(source, plan(*assets).steps)
    names = 60 + 2
    assert made["arm_writes"] == 60 and made["arm_reads"] == names + 2 * 60 + 2
    there = tuple(asset(str(one.address), **one.properties) for one in assets)
    assert _estimate(source, plan(*assets, there=there).steps)["arm_reads"] == names + 2 * 60 + 2


@pytest.mark.parametrize(("versions", "looks"), [(2, 2), (3, 1), (120, 3)])
def test_many_versions_of_a_name_are_looked_at_in_lists(versions: int, looks: int) -> None:
    assets = [asset(f"models/n/{number}", f"2026-01-01T00:{number:03}") for number in range(versions)]
    made = _estimate(inventory(*assets), plan(*assets).steps)
    names = 1 + 2
    assert made["arm_reads"] == names + looks + versions
    assert "arm_reads_source" not in made
    apart = _estimate(inventory(*assets), plan(*assets).steps, apart=True)
    assert apart == made | {"arm_reads_source": names + looks}


def test_a_source_in_another_subscription_is_read_beside_the_target() -> None:
    assets = [asset(f"environments/e{n}/1", image="x") for n in range(300)]
    source, steps = inventory(*assets), plan(*assets).steps
    together, apart = (_estimate(source, steps, apart=one) for one in (False, True))
    assert together["arm_reads"] == apart["arm_reads"] == 602 + 600 and apart["arm_reads_source"] == 602
    assert (together["floor_seconds"], apart["floor_seconds"]) == (38.1, 14.1)


def test_two_subscriptions_are_told_apart_in_any_letter_case() -> None:
    def of(subscription: str) -> Workspace:
        return Workspace(replace(OLD, subscription=subscription), {})

    here, there = (f"{digit * 8}-2222-3333-4444-55555555abcd" for digit in "12")
    assert _apart(of(here), of(there)) and not _apart(of(here), of(here.upper()))
