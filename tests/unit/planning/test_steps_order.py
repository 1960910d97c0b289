"""What comes after what: bytes, what is referred to, versions by creation, archiving last."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.unit.planning.planned import OLD, asset, leftover, model, plan, uploaded

from amlmigrate.core.errors import BadInputError
from amlmigrate.core.plan import Action

EARLY, LATE, LATER = (f"2026-01-0{day}T00:00:00+00:00" for day in (1, 2, 3))


def test_versions_are_created_one_after_the_other_by_creation_not_by_number() -> None:
    versions = [model("1", LATER), model("2", EARLY), model("10", LATE)]
    for order in permutations(versions):
        found = plan(*order)
        assert found.moving() == ["models/m/2", "models/m/10", "models/m/1"]
        assert found.after("models/m/10") == ["models/m/2"]
        assert found.after("models/m/1") == ["models/m/10"]


@pytest.mark.parametrize("versions", [["a", "b", "c"], ["2", "9", "10"]])
def test_versions_of_one_moment_are_ordered_by_version(versions: list[str]) -> None:
    assert plan(*map(model, reversed(versions))).moving() == [f"models/m/{version}" for version in versions]


def test_fractions_of_a_second_count() -> None:
    versions = [model("1", "2026-01-01T00:00:00.2+00:00"), model("2", "2026-01-01T00:00:00.14419+00:00")]
    assert plan(*versions).moving() == ["models/m/2", "models/m/1"]


def test_names_do_not_wait_for_each_other() -> None:
    found = plan(model("1", LATE), asset("models/n/1", EARLY), asset("data/m/1", EARLY, dataUri="https://x.org/a"))
    assert all(found.after(address) == [] for address in found.moving())


def test_what_a_container_says_comes_before_its_versions() -> None:
    found = plan(asset("models/m", LATER, description="about"), model("1", EARLY))
    assert found.moving() == ["models/m", "models/m/1"]
    assert found.after("models/m/1") == ["models/m"]


def test_a_version_that_does_not_move_holds_up_no_other() -> None:
    found = plan(model("1", EARLY), model("2", LATE), exclude=("models/m/1",))
    assert found["models/m/1"].action is Action.SKIP
    assert found.after("models/m/2") == []


def test_archiving_comes_last_for_its_name() -> None:
    found = plan(
        asset("models/m", EARLY, description="about", isArchived=True),
        model("1", EARLY, isArchived=True),
        model("2", LATE),
        model("3", LATER, isArchived=True),
    )
    archiving = ["models/m/1#archive", "models/m/3#archive", "models/m#archive"]
    assert found.moving()[-3:] == archiving
    for address in archiving[:2]:
        assert "models/m/3" in found.after(address)
    assert set(archiving[:2]) < set(found.after("models/m#archive"))


def test_what_is_archived_is_made_first_and_archived_by_a_step_of_its_own() -> None:
    found = plan(model("1", isArchived=True))
    made, archive = found["models/m/1"], found["models/m/1#archive"]
    assert (made.action, archive.action) == (Action.CREATE, Action.UPDATE)
    assert made.body is not None
    assert archive.body is not None
    assert made.body["properties"]["isArchived"] is False
    assert archive.body["properties"]["isArchived"] is True
    assert archive.body == {"properties": made.body["properties"] | {"isArchived": True}}
    assert archive.source_sha256 == made.source_sha256


def test_what_is_archived_in_both_is_adopted_without_a_step_for_archiving() -> None:
    archived = model("1", isArchived=True)
    found = plan(archived, there=(archived,))
    assert found.moving() == ["models/m/1"]
    assert found["models/m/1"].action is Action.ADOPT


@pytest.mark.parametrize("form", ["azureml:e:1", "e@latest", f"azureml:{OLD.id}/environments/e/versions/1"])
def test_an_asset_comes_after_what_it_refers_to(form: str) -> None:
    component = asset("components/c/1", EARLY, componentSpec={"environment": form})
    found = plan(
        component, asset("environments/e/1", LATE, image="x"), asset("environments/f/1", LATER, image="x")
    )
    assert found.after("components/c/1") == ["environments/e/1"]
    assert found.addresses.index("environments/e/1") < found.addresses.index("components/c/1")


def test_a_label_means_the_newest_version_of_the_name() -> None:
    component = asset("components/c/1", LATER, componentSpec={"environment": "e@latest"})
    found = plan(
        component, asset("environments/e/9", EARLY, image="x"), asset("environments/e/2", LATE, image="y")
    )
    assert found.after("components/c/1") == ["environments/e/2"]
    assert found["components/c/1"].body is not None
    assert found["components/c/1"].body["properties"]["componentSpec"]["environment"] == "e@latest"


def test_a_reference_through_a_datastore_comes_after_it() -> None:
    lake = asset("datastores/lake", accountName="customerlake", containerName="raw")
    found = plan(asset("data/d/1", dataUri="azureml://datastores/lake/paths/a.csv"), lake)
    assert found.after("data/d/1") == ["datastores/lake"]


def test_an_asset_comes_after_its_bytes() -> None:
    found = plan(model("1", path="LocalUpload/0/m"), listed=uploaded("LocalUpload/0/m/a", "LocalUpload/0/m/b"))
    [copy] = [address for address in found.addresses if address.startswith("blobs/")]
    assert found.addresses[0] == copy
    assert found.after("models/m/1") == [copy]


def test_adopting_an_asset_comes_after_its_bytes_too() -> None:
    made = plan(model("1", path="a"))["models/m/1"].body
    assert made is not None
    there = asset("models/m/1", **made["properties"])
    found = plan(model("1", path="a"), there=(there,), listed=uploaded("a/x"))
    assert found["models/m/1"].action is Action.ADOPT
    [copy] = found.after("models/m/1")
    assert found[copy].action is Action.COPY


def test_every_step_comes_after_all_that_it_names() -> None:
    nodes = {f"n{number}": {"component": f"azureml:c{number}:1"} for number in range(5)}
    found = plan(
        asset("components/pipeline/1", EARLY, componentSpec={"jobs": nodes}),
        *(asset(f"components/c{number}/1", LATER, componentSpec={"code": "azureml:k:1"}) for number in range(5)),
        asset("codes/k/1", LATE, codeUri="azureml://datastores/workspaceblobstore/paths/src"),
        model("2", LATE, path="src/model", isArchived=True),
        model("1", EARLY),
        listed=uploaded("src/a.py", "src/model/x"),
        by_hand=(leftover("jobs"), leftover("computes/cpu")),
    )
    place = {address: number for number, address in enumerate(found.addresses)}
    for step in found.steps:
        for before in step.after:
            assert place[str(before)] < place[str(step.address)]
    assert len(found.after("components/pipeline/1")) == 5
    assert found.after("codes/k/1") == found.after("models/m/2")[:1]


def test_assets_that_refer_to_each_other_in_a_circle_are_named() -> None:
    with pytest.raises(BadInputError, match=r"components/b/1 -> components/a/1|components/a/1 -> components/b/1"):
        plan(
            asset("components/a/1", componentSpec={"component": "azureml:b:1"}),
            asset("components/b/1", componentSpec={"component": "azureml:a:1"}),
        )


def test_anonymous_versions_may_refer_to_each_other_in_any_order() -> None:
    inner = asset("components/azureml_anonymous/in", LATE, isAnonymous=True, componentSpec={"type": "command"})
    spec = {"component": f"azureml:{OLD.id}/components/azureml_anonymous/versions/in"}
    outer = asset("components/azureml_anonymous/out", EARLY, isAnonymous=True, componentSpec=spec)
    top = asset("components/top/1", EARLY, componentSpec={"component": "azureml:azureml_anonymous:out"})
    assert plan(top, outer, inner).moving() == [
        "components/azureml_anonymous/in",
        "components/azureml_anonymous/out",
        "components/top/1",
    ]
