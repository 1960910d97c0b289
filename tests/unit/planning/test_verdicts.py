"""Verdicts: what becomes of a document, given what the target has in its place."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import CONTEXT, asset

from amlmigrate.core.asset import Asset
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action
from amlmigrate.kinds import all_kinds
from amlmigrate.planning.diff import StepVerdict, document_verdict

URI = "azureml://registries/r/models/m/versions/1"
MODEL = asset("models/m/1", description="a", tags={"k": "v"}, modelUri=URI, isArchived=False)
MODELS = all_kinds()["models"]
OURS = frozenset({"models/m/1"})


def _verdict(source: Asset, target: Asset | None, prior: OwnershipRecord | None = None) -> StepVerdict:
    """Unless said otherwise the target's is the tool's own, and as the tool left it."""
    left = {"models/m/1": MODELS.state(target.document)} if target else {}
    prior = prior or OwnershipRecord(OURS, left=left)
    return document_verdict(MODELS, MODELS.desired(source, CONTEXT), target, prior, source.address)


def _in_target(source: Asset = MODEL, **changed: Any) -> Asset:
    """The target's asset as this tool made it, with some members changed since."""
    made = MODELS.desired(source, CONTEXT).first.body["properties"]
    return asset("models/m/1", **(made | changed))


@pytest.mark.parametrize("prior", [OwnershipRecord(), OwnershipRecord(OURS)])
def test_what_the_target_lacks_is_created(prior: OwnershipRecord) -> None:
    verdict = _verdict(MODEL, None, prior)
    assert verdict.action is Action.CREATE
    assert verdict.body == MODELS.desired(MODEL, CONTEXT).first.body


@pytest.mark.parametrize(
    ("said", "field", "sent"),
    [
        ({"isArchived": True, "stage": "Archived"}, "isArchived", False),
        ({"tags": {"k": "v", "old": "x"}}, "tags", {"k": "v"}),
    ],
)
def test_what_the_source_takes_back_of_a_version_is_taken_back(
    said: dict[str, Any], field: str, sent: Any
) -> None:
    verdict = _verdict(MODEL, _in_target(**said))
    assert verdict.action is Action.UPDATE and verdict.body is not None
    assert verdict.body["properties"][field] == sent and "stage" not in verdict.body["properties"]
    theirs = _verdict(
        MODEL, _in_target(**said), OwnershipRecord(OURS, left={"models/m/1": MODELS.state(_in_target().document)})
    )
    assert theirs.action is Action.CONFLICT and f"/properties/{field}" in theirs.reason


@pytest.mark.parametrize("none", [None, "said"])
def test_where_nothing_is_said_any_more_that_is_what_is_sent(none: str | None) -> None:
    bare = {"description": "", "tags": {}} if none else {"description": None, "tags": None}
    source = asset("models/m/1", **{**MODEL.properties, **bare})
    verdict = _verdict(source, _in_target(source, description="a", tags={"k": "v"}))
    assert verdict.action is Action.UPDATE and verdict.body is not None
    assert {name: verdict.body["properties"][name] for name in bare} == {"description": "", "tags": {}}
    # Of what neither side says nothing is sent that the source does not say.
    same = _verdict(source, _in_target(source, stage="Production"))
    assert same.body is not None and same.body["properties"].get("description") in (None, "")


@pytest.mark.parametrize("prior", [OwnershipRecord(), OwnershipRecord(OURS)])
def test_what_the_target_has_already_is_adopted_whoever_made_it(prior: OwnershipRecord) -> None:
    assert _verdict(MODEL, _in_target(), prior).action is Action.ADOPT
    foreign = asset("models/m/1", **MODEL.properties)
    assert _verdict(MODEL, foreign, prior).action is Action.ADOPT


@pytest.mark.parametrize("change", [{"description": "b"}, {"tags": {}}, {"stage": "Production"}])
def test_what_this_tool_made_is_updated_where_the_service_allows_it(change: dict[str, Any]) -> None:
    verdict = _verdict(MODEL, _in_target(**change))
    assert verdict.action is Action.UPDATE
    [member] = change
    assert f"/properties/{member}" in verdict.reason
    assert verdict.body is not None
    assert verdict.body["properties"].get(member) == MODEL.properties.get(member)


def test_an_update_sends_back_the_properties_that_are_there() -> None:
    # They are create-only for some kinds, and the target's name where it came from when it was made.
    made = _in_target().properties["properties"]
    kept = made | {"migratedFrom.lastModifiedAt": "2026-01-02T00:00:00+00:00"}
    verdict = _verdict(MODEL, _in_target(description="b", properties=kept))
    assert verdict.action is Action.UPDATE
    assert verdict.body is not None
    assert verdict.body["properties"]["properties"] == kept


@pytest.mark.parametrize("change", [{"modelUri": f"{URI}0"}, {"modelUri": f"{URI}0", "description": "b"}])
def test_what_cannot_be_changed_any_more_is_a_conflict(change: dict[str, Any]) -> None:
    verdict = _verdict(MODEL, _in_target(**change))
    assert verdict.action is Action.CONFLICT
    assert verdict.body is None
    assert "/properties/modelUri" in verdict.reason


@pytest.mark.parametrize(
    "prior", [OwnershipRecord(), OwnershipRecord(frozenset({"models/m/10", "models/m", "models/m/1 "}))]
)
def test_what_somebody_else_made_is_a_conflict_when_it_differs(prior: OwnershipRecord) -> None:
    verdict = _verdict(MODEL, _in_target(description="b"), prior)
    assert verdict.action is Action.CONFLICT
    assert "not created by this tool" in verdict.reason
    assert verdict.target_sha256 == MODELS.state(_in_target(description="b").document)


def test_an_archived_asset_is_compared_with_its_archived_form() -> None:
    archived = asset("models/m/1", **(MODEL.properties | {"isArchived": True}))
    assert _verdict(archived, _in_target(isArchived=True)).action is Action.ADOPT
    verdict = _verdict(archived, _in_target(isArchived=False))
    assert verdict.action is Action.UPDATE
    assert verdict.body is not None
    assert verdict.body["properties"]["isArchived"] is True
    assert _verdict(archived, None).body == MODELS.desired(archived, CONTEXT).first.body


def test_what_somebody_changed_in_the_target_is_a_conflict_although_the_source_changed_too() -> None:
    left = {"models/m/1": MODELS.state(_in_target().document)}
    changed = asset("models/m/1", **(MODEL.properties | {"description": "b"}))
    touched = _verdict(changed, _in_target(tags={"k": "theirs"}), OwnershipRecord(OURS, left=left))
    assert touched.action is Action.CONFLICT
    assert (
        "changed in the target since it was moved: /properties/description, /properties/tags/k" in touched.reason
    )
    update = _verdict(changed, _in_target(), OwnershipRecord(OURS, left=left))
    assert (update.action, update.target_sha256) == (Action.UPDATE, left["models/m/1"])
    # What no ledger tells cannot be told from a change.
    unknown = _verdict(changed, _in_target(), OwnershipRecord(OURS))
    assert unknown.action is Action.CONFLICT
    assert "not known how this tool left it in the target: /properties/description differ" in unknown.reason


@pytest.mark.parametrize(
    ("source", "target", "action"),
    [
        ({"isArchived": True}, {"isArchived": False}, Action.UPDATE),
        ({"isArchived": True}, {"isArchived": False, "stage": "Production"}, Action.UPDATE),
        ({"isArchived": True}, {"isArchived": False, "description": "theirs"}, Action.CONFLICT),
        ({"isArchived": True}, {"isArchived": False, "properties": {}}, Action.CONFLICT),
        ({"isArchived": True}, {"isArchived": True, "stage": "Production"}, Action.CONFLICT),
        ({}, {"isArchived": True}, Action.CONFLICT),
    ],
)
def test_what_only_waits_to_be_archived_is_whoever_knows_how_it_was_left(
    source: dict[str, Any], target: dict[str, Any], action: Action
) -> None:
    wanted = asset("models/m/1", **(MODEL.properties | source))
    assert _verdict(wanted, _in_target(**target), OwnershipRecord(OURS)).action is action
