"""Verdicts: what becomes of a document and of bytes, given what the target has in their place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.world import MAPPING, NEW_BLOBS, OLD_BLOBS, asset, blob, listing

from amlmigrate.core.asset import Asset, Blob
from amlmigrate.core.plan import Action
from amlmigrate.core.prior import Copied, Prior
from amlmigrate.core.workspace import Location
from amlmigrate.kinds import all_kinds
from amlmigrate.planning.diff import Verdict, bytes_verdict, document_verdict, target_place

URI = "azureml://registries/r/models/m/versions/1"
MODEL = asset("models/m/1", description="a", tags={"k": "v"}, modelUri=URI, isArchived=False)
MODELS = all_kinds()["models"]
OURS = frozenset({"models/m/1"})
SOURCE = Location("acct", OLD_BLOBS, "a")
GOAL = Location("cmkacct", NEW_BLOBS, "a")
CONTAINER = Location("cmkacct", NEW_BLOBS)


def _verdict(source: Asset, target: Asset | None, prior: Prior | None = None) -> Verdict:
    """Unless said otherwise the target's is the tool's own, and as the tool left it."""
    left = {"models/m/1": MODELS.state(target.document)} if target else {}
    prior = prior or Prior(OURS, left=left)
    return document_verdict(MODELS, source, MODELS.translate(source, MAPPING).body, target, prior)


def _in_target(source: Asset = MODEL, **changed: Any) -> Asset:
    """The target's asset as this tool made it, with some members changed since."""
    made = MODELS.translate(source, MAPPING).body["properties"]
    return asset("models/m/1", **(made | changed))


@pytest.mark.parametrize("prior", [Prior(), Prior(OURS)])
def test_what_the_target_lacks_is_created(prior: Prior) -> None:
    verdict = _verdict(MODEL, None, prior)
    assert verdict.action is Action.CREATE
    assert verdict.body == MODELS.translate(MODEL, MAPPING).body


@pytest.mark.parametrize("prior", [Prior(), Prior(OURS)])
def test_what_the_target_has_already_is_adopted_whoever_made_it(prior: Prior) -> None:
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


@pytest.mark.parametrize("prior", [Prior(), Prior(frozenset({"models/m/10", "models/m", "models/m/1 "}))])
def test_what_somebody_else_made_is_a_conflict_when_it_differs(prior: Prior) -> None:
    verdict = _verdict(MODEL, _in_target(description="b"), prior)
    assert verdict.action is Action.CONFLICT
    assert "not made by this tool" in verdict.reason
    assert verdict.target_sha256 == MODELS.state(_in_target(description="b").document)


def test_an_archived_asset_is_compared_with_its_archived_form() -> None:
    archived = asset("models/m/1", **(MODEL.properties | {"isArchived": True}))
    assert _verdict(archived, _in_target(isArchived=True)).action is Action.ADOPT
    verdict = _verdict(archived, _in_target(isArchived=False))
    assert verdict.action is Action.UPDATE
    assert verdict.body is not None
    assert verdict.body["properties"]["isArchived"] is True
    assert _verdict(archived, None).body == MODELS.translate(archived, MAPPING).body


def test_an_asset_that_was_taken_out_of_the_archive_is_updated() -> None:
    verdict = _verdict(MODEL, _in_target(isArchived=True))
    assert verdict.action is Action.UPDATE
    assert verdict.body is not None
    assert verdict.body["properties"]["isArchived"] is False


def test_what_somebody_changed_in_the_target_is_a_conflict_although_the_source_changed_too() -> None:
    left = {"models/m/1": MODELS.state(_in_target().document)}
    changed = asset("models/m/1", **(MODEL.properties | {"description": "b"}))
    touched = _verdict(changed, _in_target(tags={"k": "theirs"}), Prior(OURS, left=left))
    assert touched.action is Action.CONFLICT
    assert (
        "changed in the target since it was moved: /properties/description, /properties/tags/k" in touched.reason
    )
    update = _verdict(changed, _in_target(), Prior(OURS, left=left))
    assert (update.action, update.target_sha256) == (Action.UPDATE, left["models/m/1"])
    # What an older ledger does not tell cannot be told from a change.
    unknown = _verdict(changed, _in_target(), Prior(OURS))
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
    assert _verdict(wanted, _in_target(**target), Prior(OURS)).action is action


BLOBS = [blob("a/x", 3, '"1"'), blob("a/y/z", 4, '"2"', md5="y", metadata=(("k", "v"),))]


def _bytes(there: list[Blob], prior: Prior | None = None) -> Verdict:
    return bytes_verdict(SOURCE, BLOBS, GOAL, listing(CONTAINER, *there), prior or Prior())


def _copied(etag: str, *paths: str, left: str = '"7"') -> Prior:
    """What was copied from the version of that ETag, and had the ETag `left` then."""
    return Prior(blobs={("cmkacct", NEW_BLOBS, path): Copied(etag, left) for path in paths})


def test_bytes_that_are_not_there_are_copied() -> None:
    assert _bytes([]).action is Action.COPY
    assert _bytes([blob("other/x"), blob("ab/x"), blob("a.txt")]).action is Action.COPY
    assert "1 not in the target" in _bytes(BLOBS[:1]).reason


def test_bytes_that_are_all_there_are_adopted() -> None:
    assert _bytes([*BLOBS, blob("ab")]).action is Action.ADOPT
    assert _bytes([replace(one, etag='"9"') for one in BLOBS]).action is Action.ADOPT


@pytest.mark.parametrize("changed", [{"length": 9}, {"md5": "x"}, {"metadata": (("a", "b"),)}, {"tier": "Cool"}])
def test_a_blob_of_somebody_else_that_differs_is_a_conflict(changed: dict[str, Any]) -> None:
    verdict = _bytes([BLOBS[0], replace(BLOBS[1], **changed)])
    assert verdict.action is Action.CONFLICT
    assert "a/y/z" in verdict.reason


def test_a_blob_too_many_is_a_conflict_unless_this_tool_copied_it() -> None:
    there = [*BLOBS, blob("a/extra", 1, '"7"')]
    assert _bytes(there).action is Action.CONFLICT
    assert "a/extra" in _bytes(there).reason
    deleted = _bytes(there, _copied('"6"', "a/extra"))
    assert deleted.action is Action.COPY
    assert "1 deleted" in deleted.reason


@pytest.mark.parametrize("left", ['"6"', ""], ids=["written since", "not known"])
def test_a_copy_too_many_that_is_not_as_it_was_left_is_a_conflict(left: str) -> None:
    there = [*BLOBS, blob("a/extra", 1, '"7"')]
    assert _bytes(there, _copied('"5"', "a/extra", left=left)).action is Action.CONFLICT


def test_a_copy_whose_source_changed_is_copied_again() -> None:
    there = [replace(BLOBS[0], length=1, etag='"7"'), BLOBS[1]]
    assert _bytes(there, _copied('"0"', "a/x")).action is Action.COPY


@pytest.mark.parametrize("left", ['"6"', ""], ids=["written since", "not known"])
def test_a_copy_that_is_not_as_it_was_left_is_a_conflict_although_its_source_changed(left: str) -> None:
    there = [replace(BLOBS[0], length=1, etag='"7"'), BLOBS[1]]
    verdict = _bytes(there, _copied('"0"', "a/x", left=left))
    assert verdict.action is Action.CONFLICT
    assert "a/x" in verdict.reason


def test_a_copy_whose_tier_somebody_changed_is_a_conflict() -> None:
    # A change of tier leaves the ETag as it is.
    there = [replace(BLOBS[0], tier="Cool", etag='"7"'), BLOBS[1]]
    assert _bytes(there, _copied(BLOBS[0].etag, "a/x")).action is Action.CONFLICT


def test_the_place_of_a_prefix_is_the_mappings() -> None:
    assert target_place(MAPPING, SOURCE) == GOAL
    with pytest.raises(ValueError, match="not the workspace's own"):
        target_place(MAPPING, Location("customerlake", "raw"))
