"""What the target has in place of bytes: each blob of somebody else's is an item of its own, and so is a deletion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import MAPPING, NEW_BLOBS
from tests.unit.planning.planned import OLD_BLOBS, Planned, asset, blob, containers, model, plan

from amlmigrate.bytes.drift import drifted
from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.asset import Asset, Blob
from amlmigrate.core.ownership_record import Copied, Labels, OwnershipRecord
from amlmigrate.core.plan import Action, Bytes, Gone, Plan, Step
from amlmigrate.core.workspace import Location
from amlmigrate.planning.bytesteps import target_place

AT = f"blobs/{OLD_BLOBS}"
BLOBS = [blob("a/x", 3, '"1"'), blob("a/y/z", 4, '"2"', md5="y", metadata=(("k", "v"),))]
PLAIN = Labels(None, ())


def _plan(
    lies: list[Blob], prior: OwnershipRecord | None = None, blobs: list[Blob] = BLOBS, **more: Any
) -> Planned:
    listed = containers(source={OLD_BLOBS: blobs}, target={NEW_BLOBS: lies})
    return plan(model("1", path="a"), listed=listed, prior=prior, **more)


def _copied(etag: str, *paths: str, left: str = '"7"', labels: Labels | None = None) -> OwnershipRecord:
    """What was copied from the version of that ETag, and had the ETag `left` then."""
    return OwnershipRecord(blobs={("cmkacct", NEW_BLOBS, path): Copied(etag, left, labels) for path in paths})


def _actions(found: Planned) -> dict[str, Action]:
    return {str(step.address).removeprefix(AT): step.action for step in found.steps if step.is_bytes}


def _codes(found: Planned) -> dict[str, str]:
    return {finding.address.removeprefix(AT): finding.severity for finding in found.findings}


def test_bytes_that_are_not_there_are_copied() -> None:
    assert _actions(_plan([])) == {"/a": Action.COPY}
    assert _actions(_plan([blob("other/x"), blob("ab/x"), blob("a.txt")])) == {"/a": Action.COPY}
    assert "1 not in the target" in _plan(BLOBS[:1])[f"{AT}/a"].reason


@pytest.mark.parametrize("there", [[*BLOBS, blob("ab")], [replace(one, etag='"9"') for one in BLOBS]])
def test_bytes_that_are_all_there_are_adopted(there: list[Blob]) -> None:
    assert _actions(_plan(there)) == {"/a": Action.ADOPT}


@pytest.mark.parametrize("md5", [None, "other"])
def test_a_copy_whose_source_was_written_again_without_an_md5_is_made_again(md5: str | None) -> None:
    source, there = blob("a/x", 3, '"2"'), blob("a/x", 3, '"7"', md5=md5)
    assert "1 changed" in _plan([there], _copied('"1"', "a/x"), [source])[f"{AT}/a"].reason
    # Of the version that was copied, and of what is not the tool's own, a run looks at the bytes.
    assert _actions(_plan([there], _copied('"2"', "a/x"), [source])) == {"/a": Action.ADOPT}
    assert _actions(_plan([there], _copied('"1"', "a/x", left='"6"'), [source])) == {"/a": Action.ADOPT}


@pytest.mark.parametrize("changed", [{"length": 9}, {"md5": "x"}, {"metadata": (("a", "b"),)}, {"tier": "Cool"}])
def test_a_blob_of_somebody_else_is_an_item_of_its_own_and_all_others_are_copied(changed: dict[str, Any]) -> None:
    theirs = replace(BLOBS[1], etag='"t"', **changed)
    found = _plan([theirs])
    assert _actions(found) == {"/a": Action.COPY, "/a/y/z": Action.CONFLICT}
    copy, item = found[f"{AT}/a"], found[f"{AT}/a/y/z"]
    assert copy.bytes == Bytes(Location("acct", OLD_BLOBS, "a"), Location("cmkacct", NEW_BLOBS, "a"), 1, 3)
    assert copy.source_sha256 == listing_digest(BLOBS), "drift is found in all of the folder"
    assert copy.reason == "1 not in the target; separate items: 1 different in the target"
    places = Location("acct", OLD_BLOBS, "a/y/z"), Location("cmkacct", NEW_BLOBS, "a/y/z")
    assert (item.bytes, item.blob) == (Bytes(*places, 1, 4), True)
    assert (item.source_sha256, item.target_sha256) == (listing_digest([BLOBS[1]]), listing_digest([theirs]))
    # The asset over it is told of as such, and is not green by letting the blob go alone.
    assert _codes(found)["models/m/1!foreign-bytes"] == "blocks"


def test_a_blob_too_many_is_an_item_of_its_own() -> None:
    found = _plan([*BLOBS, blob("a/extra", 5, '"7"')])
    assert _actions(found) == {"/a": Action.ADOPT, "/a/extra": Action.CONFLICT}
    item = found[f"{AT}/a/extra"]
    assert item.reason.startswith("too many") and item.bytes and item.bytes.blobs == 0
    assert found[f"{AT}/a"].reason == "2 in the target already; separate items: 1 too many"
    assert "models/m/1!foreign-bytes" in _codes(found)


@pytest.mark.parametrize(("etag", "apart"), [('"t"', True), ('"u"', False)], ids=["that one", "another since"])
def test_what_a_run_saw_to_be_of_other_bytes_is_an_item_though_it_looks_the_same(etag: str, apart: bool) -> None:
    """No MD5 tells: a plan that took it for equal again would end as the run did."""
    prior = OwnershipRecord(not_ours={("cmkacct", NEW_BLOBS, "a/x"): etag})
    actions = _actions(_plan([replace(BLOBS[0], etag='"t"'), BLOBS[1]], prior))
    assert actions == {"/a": Action.ADOPT} | ({"/a/x": Action.CONFLICT} if apart else {})


def test_an_asset_over_other_bytes_of_the_folder_is_not_told_of() -> None:
    other = asset("data/d/1", dataUri=model("1", path="a/y").properties["modelUri"])
    listed = containers(source={OLD_BLOBS: BLOBS}, target={NEW_BLOBS: [blob("a/x", 9)]})
    found = plan(model("1", path="a"), other, listed=listed)
    assert "models/m/1!foreign-bytes" in _codes(found)
    assert "data/d/1!foreign-bytes" not in _codes(found)


def test_the_only_blob_of_a_prefix_is_the_prefix() -> None:
    one = [blob("a", 3, '"1"')]
    found = _plan([blob("a", 9)], blobs=one)
    assert _actions(found) == {"/a": Action.CONFLICT} and found[f"{AT}/a"].blob
    assert found.after("models/m/1") == [f"{AT}/a"]


def test_a_blob_that_is_called_as_its_folder_has_another_address() -> None:
    both = [blob("a", 3, '"1"'), blob("a/x", 4, '"2"')]
    found = _plan([blob("a", 9)], blobs=both)
    assert _actions(found) == {"/a": Action.COPY, "/a#blob": Action.CONFLICT}
    assert found[f"{AT}/a#blob"].bytes == Bytes(
        Location("acct", OLD_BLOBS, "a"), Location("cmkacct", NEW_BLOBS, "a"), 1, 3
    )
    read = Plan(None, tuple(found.steps), "")  # type: ignore[arg-type]  # its header is not read
    listings = containers(source={OLD_BLOBS: both}).source
    assert drifted(read, listings, lambda _: True) == {}
    assert Step.of_dict(found[f"{AT}/a#blob"].as_dict()) == found[f"{AT}/a#blob"]


@pytest.mark.parametrize("name", ["#delete", "/#blob", "//x", "x/", "x!foreign-bytes", "ä#1", "%2f"])
def test_odd_names_keep_every_item_apart(name: str) -> None:
    odd = [blob(f"a{'' if name.startswith(('/', '#')) else '/'}{name}", 3, '"1"'), blob("a/y", 4, '"2"')]
    listed = containers(
        source={OLD_BLOBS: odd}, target={NEW_BLOBS: [replace(odd[0], length=9), blob("a/gone", 1)]}
    )
    prior = _copied('"5"', "a/gone", left=blob("a/gone").etag)
    uri = model("1", path="a#delete" if name == "#delete" else "a").properties["modelUri"]
    assets = (model("1", path="a"), asset("data/d/1", dataUri=uri))
    found = plan(*assets, listed=listed, prior=prior, delete=True)
    [item] = [step for step in found.steps if step.apart]
    assert item.bytes and item.bytes.source.path == odd[0].path
    [delete] = [step for step in found.steps if step.action is Action.DELETE]
    assert [one.path for one in delete.gone] == ["a/gone"]
    assert len({str(step.address) for step in found.steps}) == len(found.steps)


@pytest.mark.parametrize("left", ['"6"', ""], ids=["written since", "not known"])
def test_a_copy_that_is_not_as_it_was_left_is_an_item_although_its_source_changed(left: str) -> None:
    there = [replace(BLOBS[0], length=1, etag='"7"'), BLOBS[1]]
    assert _actions(_plan(there, _copied('"0"', "a/x", left=left))) == {
        "/a": Action.ADOPT,
        "/a/x": Action.CONFLICT,
    }


def test_a_copy_whose_source_changed_is_copied_again() -> None:
    there = [replace(BLOBS[0], length=1, etag='"7"'), BLOBS[1]]
    assert _actions(_plan(there, _copied('"0"', "a/x"))) == {"/a": Action.COPY}


TEAM = (("team", "a"),)


@pytest.mark.parametrize(
    ("source", "target", "left", "action"),
    [
        ({"tier": "Cool"}, {}, PLAIN, Action.UPDATE),
        ({"tags": TEAM}, {}, PLAIN, Action.UPDATE),
        ({"tier": "Archive"}, {}, PLAIN, Action.UPDATE),
        ({}, {"tier": "Cool"}, PLAIN, Action.CONFLICT),
        ({}, {"tags": TEAM}, PLAIN, Action.CONFLICT),
        ({"tier": "Hot"}, {"tier": "Cool"}, PLAIN, Action.CONFLICT),
        # Another label than the one that the source changed: each by itself.
        ({"tier": "Cool", "tags": TEAM}, {"tags": TEAM}, PLAIN, Action.UPDATE),
        ({"tier": "Cool"}, {"tags": TEAM}, PLAIN, Action.CONFLICT),
        # Both sides changed it to the same: nothing differs.
        ({"tier": "Cool"}, {"tier": "Cool"}, PLAIN, Action.ADOPT),
        # Nobody waits for a rehydration, and no tier can be taken away again.
        ({"tier": "Hot"}, {"tier": "Archive"}, Labels("Archive", ()), Action.CONFLICT),
        ({}, {"tier": "Cool"}, Labels("Cool", ()), Action.CONFLICT),
        # Tags that nobody may read say nothing.
        ({"tags": None}, {"tags": TEAM}, PLAIN, Action.ADOPT),
        ({"tier": "Cool", "tags": TEAM}, {"tags": None}, PLAIN, Action.UPDATE),
        # Not known by whom.
        ({"tier": "Cool"}, {}, None, Action.CONFLICT),
    ],
)
def test_a_tier_or_tag_that_changed_in_the_source_alone_is_an_update(
    source: dict[str, Any], target: dict[str, Any], left: Labels | None, action: Action
) -> None:
    blobs = [replace(BLOBS[0], **source), BLOBS[1]]
    there = [replace(BLOBS[0], etag='"7"', **target), BLOBS[1]]
    found = _plan(there, _copied('"1"', "a/x", labels=left), blobs)
    step = found[f"{AT}/a/x"] if action is Action.CONFLICT else found[f"{AT}/a"]
    assert step.action is action
    # To archive a copy that is there nothing has to be read.
    assert not [finding for finding in found.findings if finding.code == "blobs-archived"]


@pytest.mark.parametrize(
    ("tier", "action"), [("Cool", Action.CONFLICT), (None, Action.COPY)], ids=["of both sides", "of the source"]
)
def test_bytes_that_changed_in_the_source_write_over_no_tier_of_somebodys(
    tier: str | None, action: Action
) -> None:
    there = [replace(BLOBS[0], etag='"7"', length=1, tier=tier), BLOBS[1]]
    found = _plan(there, _copied('"0"', "a/x", labels=PLAIN))
    assert (found[f"{AT}/a/x"] if action is Action.CONFLICT else found[f"{AT}/a"]).action is action


GONE = [blob("a/g1", 5, '"7"'), blob("a/g2", 6, '"7"')]
OURS = _copied('"0"', "a/g1", "a/g2", labels=PLAIN)


def test_without_being_asked_nothing_is_deleted_and_a_finding_says_so() -> None:
    found = _plan([*BLOBS, *GONE], OURS)
    assert _actions(found) == {"/a": Action.ADOPT}
    assert found[f"{AT}/a"].gone == (Gone("a/g1", '"7"', 5), Gone("a/g2", '"7"', 6))
    assert _codes(found)["/a!gone-from-source"] == "blocks"
    [finding] = [one for one in found.findings if one.code == "gone-from-source"]
    assert "2 copies of this tool with 11 bytes" in finding.summary and "--delete" in finding.remedy


def test_a_deletion_is_a_step_of_its_own_after_the_copy() -> None:
    found = _plan([BLOBS[0], *GONE], OURS, delete=True)
    assert _actions(found) == {"/a": Action.COPY, "/a#delete": Action.DELETE}
    step = found[f"{AT}/a#delete"]
    assert (step.gone, found.after(f"{AT}/a#delete")) == (
        (Gone("a/g1", '"7"', 5), Gone("a/g2", '"7"', 6)),
        [f"{AT}/a"],
    )
    assert found.addresses[-1] == f"{AT}/a#delete"
    assert found[f"{AT}/a"].gone == () and "/a!gone-from-source" not in _codes(found)
    assert Step.of_dict(step.as_dict()) == step


@pytest.mark.parametrize("delete", [True, False])
def test_a_folder_that_is_empty_in_the_source_is_seen_all_the_same(delete: bool) -> None:
    found = _plan(GONE, OURS, [], delete=delete)
    expected = {"/a": Action.ADOPT} | ({"/a#delete": Action.DELETE} if delete else {})
    assert _actions(found) == expected
    assert found[f"{AT}/a"].source_sha256 == listing_digest([])


@pytest.mark.parametrize("delete", [True, False])
def test_copies_of_which_the_asset_is_gone_too_are_told(delete: bool) -> None:
    """No step is about a place that nothing refers to any more."""
    listed = containers(source={OLD_BLOBS: []}, target={NEW_BLOBS: [*GONE, blob("a/theirs", 1, '"t"')]})
    found = plan(model("1"), listed=listed, prior=OURS, delete=delete)
    assert _actions(found) == {}
    [finding] = [one for one in found.findings if one.code == "copies-left-over"]
    assert (finding.severity, finding.about) == ("warning", MAPPING.target.id)
    assert "2 copies of this tool with 11 bytes" in finding.summary and f"{NEW_BLOBS}/a/g1" in finding.summary


@pytest.mark.parametrize(
    ("source", "target", "path"),
    [
        pytest.param(GONE, GONE, "", id="the source has them still"),
        pytest.param([], GONE, "a", id="an asset refers to the folder"),
        pytest.param([], [], "", id="they are gone from the target too"),
        pytest.param([], [replace(one, etag='"8"') for one in GONE], "", id="somebody wrote over them"),
    ],
)
def test_of_no_others_is_it_told_that_they_are_left_over(
    source: list[Blob], target: list[Blob], path: str
) -> None:
    listed = containers(source={OLD_BLOBS: source}, target={NEW_BLOBS: target})
    found = plan(model("1", path=path), listed=listed, prior=OURS)
    assert "copies-left-over" not in {one.code for one in found.findings}


def test_nothing_is_deleted_where_the_source_s_container_is_not_there() -> None:
    """Whatever is the reason of it, it is no folder that somebody cleaned up."""
    listed = containers(source={OLD_BLOBS: []}, target={NEW_BLOBS: GONE})
    listed.source["acct", OLD_BLOBS].exists = False
    found = plan(model("1", path="a"), listed=listed, prior=OURS, delete=True)
    assert _actions(found) == {"/a": Action.ADOPT} and len(found[f"{AT}/a"].gone) == 2
    assert _codes(found)["/a!gone-from-source"] == "blocks"


@pytest.mark.parametrize(
    ("left", "there"),
    [('"6"', {}), ("", {}), ('"7"', {"tier": "Cool"}), ('"7"', {"tags": TEAM})],
    ids=["written since", "not known", "of another tier", "tagged"],
)
def test_a_copy_without_a_source_that_is_not_as_it_was_left_is_never_deleted(
    left: str, there: dict[str, Any]
) -> None:
    prior = _copied('"0"', "a/g1", left=left, labels=PLAIN)
    found = _plan([*BLOBS, replace(GONE[0], **there)], prior, delete=True)
    assert _actions(found) == {"/a": Action.ADOPT, "/a/g1": Action.CONFLICT}


THEIRS = model("1", path="a/g1").properties["modelUri"]


@pytest.mark.parametrize(
    "theirs",
    [
        asset("data/own/1", dataUri=THEIRS),
        asset("data/own/1", dataUri=f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/a/"),
        asset("data/own/1", dataUri=f"https://CMKACCT.blob.core.windows.net/{NEW_BLOBS}/a/g*"),
        asset("datastores/mine", accountName="cmkacct", containerName=NEW_BLOBS),
    ],
    ids=["the blob", "a folder above it", "a pattern", "a datastore"],
)
def test_what_a_user_of_the_target_refers_to_is_an_item_of_its_own(theirs: Asset) -> None:
    found = _plan([*BLOBS, *GONE], OURS, delete=True, there=(theirs,))
    assert found[f"{AT}/a/g1"].action is Action.CONFLICT
    assert str(theirs.address) in found[f"{AT}/a/g1"].reason and "waived, it stays" in found[f"{AT}/a/g1"].reason
    assert [one.path for step in found.steps for one in step.gone] == (
        ["a/g2"] if theirs.properties.get("dataUri") == THEIRS else []
    )


def test_what_the_move_itself_brought_keeps_nothing() -> None:
    moved = model("1", path="a")
    own = replace(OURS, documents=frozenset({"models/m/1"}))
    there = replace(moved)
    assert "/a#delete" in _actions(_plan([*BLOBS, *GONE], own, delete=True, there=(there,)))
    # The same one, made by somebody else.
    assert "/a#delete" not in _actions(_plan([*BLOBS, *GONE], OURS, delete=True, there=(there,)))


def test_fifty_thousand_foreign_blobs_are_planned() -> None:
    many = [blob(f"a/{number:05d}", 3, '"1"') for number in range(50_000)]
    found = _plan([replace(one, length=9) for one in many], blobs=many)
    assert sum(step.apart for step in found.steps) == 50_000
    assert found.after("models/m/1") == [f"{AT}/a"]


def test_the_place_of_a_prefix_is_the_mappings() -> None:
    assert target_place(MAPPING, Location("acct", OLD_BLOBS, "a")) == Location("cmkacct", NEW_BLOBS, "a")
    with pytest.raises(ValueError, match="not the workspace's own"):
        target_place(MAPPING, Location("customerlake", "raw"))
