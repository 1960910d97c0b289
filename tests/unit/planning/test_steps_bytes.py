"""The bytes of a plan: the fewest prefixes, where they go, and what nothing refers to."""

from __future__ import annotations

import pytest
from tests.builders.world import NEW_BLOBS, OLD_ID, inventory
from tests.unit.planning.planned import OLD_BLOBS, asset, blob, containers, model, plan, uploaded

from amlmigrate.bytes.listings import listing_digest
from amlmigrate.core.mapping import CODE_FOLDER
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import Location
from amlmigrate.planning.planner import Planner, counts

CODE = "75avca01seto0cmc7jp5v00x53"


def test_a_copy_says_from_where_to_where_and_how_much() -> None:
    found = plan(model("1", path="a/b"), listed=uploaded("a/b/x", "a/b/y/z", "a/bc/x"))
    step = found[f"blobs/{OLD_BLOBS}/a/b"]
    assert step.action is Action.COPY
    assert step.bytes == Bytes(Location("acct", OLD_BLOBS, "a/b"), Location("cmkacct", NEW_BLOBS, "a/b"), 2, 20)
    assert step.source_sha256 == listing_digest([blob("a/b/x", 10), blob("a/b/y/z", 10)])


def test_prefixes_inside_each_other_are_copied_once() -> None:
    assets = [
        model("1", path="a"),
        model("2", path="a/b"),
        asset("data/d/1", dataUri=model("1", path="a/b/c").properties["modelUri"]),
    ]
    found = plan(*assets, listed=uploaded("a/b/c"))
    assert [step.address.path[1] for step in found.steps if step.is_bytes] == ["a"]
    assert all(f"blobs/{OLD_BLOBS}/a" in found.after(str(one.address)) for one in assets)


def test_uploads_of_code_go_below_a_folder_of_the_default_container() -> None:
    container = f"{OLD_ID}-{CODE}"
    code = asset("codes/k/1", codeUri=f"https://acct.blob.core.windows.net:443/{container}/src")
    found = plan(code, listed=containers(source={container: [blob("src/train.py", 7)]}))
    step = found[f"blobs/{container}/src"]
    assert step.bytes is not None
    assert step.bytes.target == Location("cmkacct", NEW_BLOBS, f"{CODE_FOLDER}/{CODE}/src")
    body = found["codes/k/1"].body
    assert body is not None
    uri = f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/{CODE_FOLDER}/{CODE}/src"
    assert body["properties"]["codeUri"] == uri


def test_what_no_asset_refers_to_is_one_item_a_container_left_by_hand() -> None:
    found = plan(model("1", path="a"), listed=uploaded("a/x", "loose/1", "loose/2"))
    step = found[f"blobs/{OLD_BLOBS}"]
    assert step.action is Action.MANUAL
    assert step.bytes is None
    assert "2 blobs with 20 bytes" in step.reason
    assert step.source_sha256 == listing_digest([blob("loose/1", 10), blob("loose/2", 10)])
    assert "blobs/azureml" not in found


def test_bytes_of_what_is_not_selected_are_left_by_selection() -> None:
    found = plan(model("1", path="a"), select=("data/*",), listed=uploaded("a/x", "loose"))
    left, loose = found[f"blobs/{OLD_BLOBS}/a"], found[f"blobs/{OLD_BLOBS}"]
    assert (left.action, left.reason) == (Action.SKIP, "left by selection")
    assert left.bytes is not None
    assert (left.bytes.blobs, left.source_sha256) == (1, listing_digest([blob("a/x", 10)]))
    assert (loose.action, loose.source_sha256) == (Action.MANUAL, listing_digest([blob("loose", 10)]))


def test_bytes_of_what_nothing_needs_are_not_left_by_selection() -> None:
    """Nobody left out an anonymous environment that only a job refers to: its bytes are for somebody to decide."""
    build = {
        "contextUri": f"https://acct.blob.core.windows.net/{OLD_BLOBS}/context/",
        "dockerfilePath": "Dockerfile",
    }
    nobodys = asset(f"environments/CliV2AnonymousEnvironment/{'ab' * 16}", build=build, isAnonymous=True)
    found = plan(nobodys, listed=uploaded("context/Dockerfile"))
    assert found[str(nobodys.address)].action is Action.SKIP
    assert [(str(s.address), s.action) for s in found.steps if s.is_bytes] == [
        (f"blobs/{OLD_BLOBS}", Action.MANUAL)
    ]
    left = plan(nobodys, exclude=("environments/*",), listed=uploaded("context/Dockerfile"))
    assert [s.action for s in left.steps if s.is_bytes] == [Action.SKIP]


def test_bytes_that_both_selected_and_unselected_assets_need_move() -> None:
    assets = (model("1", path="a"), asset("data/d/1", dataUri=model("1", path="a/b").properties["modelUri"]))
    found = plan(*assets, select=("data/*",), listed=uploaded("a/x", "a/b/y"))
    copied, left = found[f"blobs/{OLD_BLOBS}/a/b"], found[f"blobs/{OLD_BLOBS}/a"]
    assert (copied.action, left.action) == (Action.COPY, Action.SKIP)
    assert copied.source_sha256 == listing_digest([blob("a/b/y", 10)])
    assert left.source_sha256 == listing_digest([blob("a/x", 10)])


def test_what_no_asset_refers_to_is_copied_when_asked_for() -> None:
    found = plan(model("1", path="a"), listed=uploaded("a/x", "loose"), copy_unreferenced=True)
    [step] = [step for step in found.steps if step.is_bytes]
    assert str(step.address) == f"blobs/{OLD_BLOBS}"
    assert step.action is Action.COPY
    assert step.bytes is not None
    assert (step.bytes.blobs, step.bytes.bytes) == (2, 20)
    assert found.after("models/m/1") == [f"blobs/{OLD_BLOBS}"]


def test_an_empty_container_is_no_item() -> None:
    assert not [step for step in plan(copy_unreferenced=True).steps if step.is_bytes]


def test_a_single_blob_is_a_prefix_of_its_own() -> None:
    found = plan(model("1", path="a/model.pkl"), listed=uploaded("a/model.pkl", "a/model.pkl.bak"))
    assert found[f"blobs/{OLD_BLOBS}/a/model.pkl"].bytes is not None
    assert found[f"blobs/{OLD_BLOBS}/a/model.pkl"].bytes.blobs == 1


@pytest.mark.parametrize("path", ["a", "a/", "a/*.csv", "a/**"])
def test_slashes_and_wildcards_cover_their_folder(path: str) -> None:
    found = plan(
        asset("data/d/1", dataUri=f"azureml://datastores/workspaceblobstore/paths/{path}"),
        listed=uploaded("a/x.csv"),
    )
    assert found.after("data/d/1") == [f"blobs/{OLD_BLOBS}/a"]
    assert found.findings == []


def test_bytes_of_a_customers_datastore_stay_where_they_are() -> None:
    lake = asset("datastores/lake", accountName="customerlake", containerName="raw")
    found = plan(lake, asset("data/d/1", dataUri="azureml://datastores/lake/paths/a"))
    assert not [step for step in found.steps if step.is_bytes]
    assert found.findings == []


def _digest(*listed: str, description: str = "") -> str:
    source = inventory(model("1", description=description))
    planner = Planner(source, inventory(), selection=Selection(), prior=OwnershipRecord(), copy_unreferenced=False)
    return planner.inventory_digest(uploaded(*listed))


def test_the_digest_of_the_inventory_changes_with_documents_and_blobs() -> None:
    assert _digest("a") == _digest("a")
    assert len({_digest("a"), _digest("b"), _digest(), _digest("a", description="x")}) == 4


def test_counts_are_by_kind_and_action() -> None:
    found = plan(model("1", path="a"), model("2"), listed=uploaded("a", "loose"))
    assert counts(found.steps) == {
        "blobs": {"copy": 1, "manual": 1},
        "datastores": {"skip": 2},
        "models": {"create": 2},
    }
