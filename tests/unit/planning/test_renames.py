"""`--rename FILE` and the names that are made: what is obeyed, what is refused with its line, what follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.world import NEW, OLD, SOURCE, TARGET, asset, by_hand, containers, header, inventory

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.namescope import NameScope, Taken, as_header, as_taken, of_header
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import SurveyedWorkspace, WorkspaceRef
from amlmigrate.planning import renames
from amlmigrate.planning.new_names import NamesAlongside, NewNames, chosen
from amlmigrate.planning.planner import Planner

WEST, NORTH = NameScope("computes", "westeurope"), NameScope("computes", "northeurope")
NOTHING = OwnershipRecord()


def compute(name: str, place: str = "westeurope", kind: str = "AmlCompute") -> Asset:
    return asset(f"computes/{name}", computeType=kind, computeLocation=place)


def at(workspace: SurveyedWorkspace, region: str) -> SurveyedWorkspace:
    return replace(workspace, document={**workspace.document, "location": region})


def names(
    *held: Asset,
    lines: str = "",
    folder: Path | None = None,
    there: Iterable[Asset] = (),
    prior: OwnershipRecord = NOTHING,
    others: Iterable[Taken] = (),
    target: str = "westeurope",
    left: Iterable[Asset] = (),
) -> NewNames:
    asked = renames.Renames()
    if folder:
        (folder / "names.csv").write_text(f"address,name\n{lines}")
        asked = renames.read(folder / "names.csv")
    source = inventory(*held, of=at(SOURCE, "westeurope"))
    source.by_hand.extend(left)
    return chosen(source, inventory(*there, of=at(TARGET, target)), asked, prior, others)


def told(found: NewNames) -> dict[str, str]:
    return {str(old): str(new) for old, new in found.names.items()}


def test_what_stays_in_its_region_gets_another_name_and_what_moves_to_another_keeps_its_own() -> None:
    held = compute("cpu"), compute("far", "North Europe"), asset("models/m/1")
    assert told(names(*held)) == {"computes/cpu": "computes/cpu-cmk", "computes/far": "computes/far-cmk"}
    # Only what lies in neither region stays where the source's is.
    moved = names(*held, compute("third", "uksouth"), target="northeurope")
    assert told(moved) == {"computes/far": "computes/far-cmk", "computes/third": "computes/third-cmk"}
    assert moved.taken == {
        (NORTH, "cpu"), (NORTH, "far-cmk"), (NameScope("computes", "uksouth"), "third-cmk")
    }  # fmt: skip
    north, south = {"computes/cpu": "cpu", "computes/far": "far-cmk"}, {"computes/third": "third-cmk"}
    assert as_header(moved.given) == {"regional_names": {"computes": {"northeurope": north, "uksouth": south}}}
    assert as_taken(of_header(header(extra=as_header(moved.given))).values()) == moved.taken


def test_what_is_attached_stays_in_its_region_and_so_gets_another_name() -> None:
    held = compute("k8s", kind="Kubernetes"), compute("cpu"), asset("computes/old", computeType="Kubernetes")
    moved = names(*held, target="northeurope")
    assert told(moved) == {"computes/k8s": "computes/k8s-cmk"}, "one that does not say where it lies moves along"
    assert moved.taken == {(WEST, "k8s-cmk"), (NORTH, "cpu"), (NORTH, "old")}


def test_what_an_earlier_plan_attached_under_its_own_name_is_not_attached_once_more() -> None:
    there = [compute("k8s", "northeurope", kind="Kubernetes")]
    for made, called in (
        (frozenset({"computes/k8s"}), {}),
        (frozenset[str](), {"computes/k8s": "computes/k8s-cmk"}),
    ):
        prior = OwnershipRecord(made)
        found = names(compute("k8s", kind="Kubernetes"), there=there, prior=prior, target="northeurope")
        assert told(found) == called


def test_what_an_earlier_plan_has_made_of_another_is_not_this_one() -> None:
    prior = OwnershipRecord(frozenset({"computes/k8s-cmk"}), called={"computes/k8s": "computes/k8s-cmk"})
    held = compute("k8s", kind="Kubernetes"), compute("k8s-cmk", kind="Kubernetes")
    found = told(names(*held, there=held[1:], prior=prior))
    assert found == {"computes/k8s": "computes/k8s-cmk", "computes/k8s-cmk": "computes/k8s-cmk2"}


def test_a_name_is_made_for_what_a_person_has_to_make_of_a_kind_that_moves() -> None:
    instance = by_hand(Address.of("computes", "mine"), "its disk", "Do", compute("mine").document)
    endpoint = by_hand(Address.of("batchEndpoints", "score"), "no", "Do", {"properties": {}})
    listed = by_hand(Address.of("computes"), "not listed", "Look", {})
    assert told(names(left=[instance, endpoint, listed])) == {"computes/mine": "computes/mine-cmk"}


def test_serverless_compute_keeps_its_name() -> None:
    assert names(compute("serverless")).taken == set()


def test_a_made_name_is_nobodys_of_either_side_and_of_no_other_plan() -> None:
    held = compute("a"), compute("b"), compute("b-cmk", "uksouth"), compute("c")
    found = names(*held, there=[compute("A-CMK", kind="Kubernetes")], others=[(NORTH, "c-cmk")])
    assert told(found)["computes/a"] == "computes/a-cmk2"
    assert told(found)["computes/b"] == "computes/b-cmk2"
    assert told(found)["computes/c"] == "computes/c-cmk2"
    [finding] = found.findings
    assert (finding.code, finding.about) == ("new-name-taken", "computes/a")
    assert "The target has 'a-cmk' already" in finding.summary and "computes/a,a-cmk" in finding.remedy


def test_one_that_is_there_under_its_made_name_is_that_one_though_no_ledger_tells() -> None:
    def cluster(name: str, most: int) -> Asset:
        inner = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"minNodeCount": 1, "maxNodeCount": most}}
        return asset(f"computes/{name}", computeType="AmlCompute", computeLocation="westeurope", properties=inner)

    for there, called in ((cluster("cpu-cmk", 4), "cpu-cmk"), (cluster("cpu-cmk", 5), "cpu-cmk2")):
        found = names(cluster("cpu", 4), there=[there])
        assert told(found) == {"computes/cpu": f"computes/{called}"}
        assert [one.code for one in found.findings] == ["new-name-taken"] * (called != "cpu-cmk")
    # What an earlier plan made of another is not this one.
    prior = OwnershipRecord(called={"computes/gpu": "computes/cpu-cmk"})
    both = names(cluster("cpu", 4), cluster("gpu", 4), there=[cluster("cpu-cmk", 4)], prior=prior)
    assert told(both) == {"computes/cpu": "computes/cpu-cmk2", "computes/gpu": "computes/cpu-cmk"}


def test_two_that_are_cut_to_one_name_are_told_apart() -> None:
    long = "x" * 22
    found = told(names(compute(f"{long}a"), compute(f"{long}b")))
    assert found == {
        f"computes/{long}a": f"computes/{'x' * 20}-cmk",
        f"computes/{long}b": f"computes/{'x' * 19}-cmk2",
    }


def test_what_another_plan_brings_into_the_region_has_its_name_there() -> None:
    others = [(NORTH, "cpu"), (NameScope("endpoints", "northeurope"), "gpu")]
    held = compute("cpu"), compute("gpu")
    assert told(names(*held, target="northeurope", others=others)) == {"computes/cpu": "computes/cpu-cmk"}
    # An earlier plan had brought it there.
    there = [compute("cpu", "northeurope")]
    assert told(names(*held, target="northeurope", others=others, there=there)) == {}


def test_what_the_target_has_is_called_as_it_is_spelled_there(tmp_path: Path) -> None:
    there = [compute("TRAIN"), compute("Gpu", "northeurope")]
    asked = told(names(compute("cpu"), there=there, lines="computes/cpu,train\n", folder=tmp_path))
    kept = told(names(compute("gpu"), there=there, target="northeurope"))
    assert (asked, kept) == ({"computes/cpu": "computes/TRAIN"}, {"computes/gpu": "computes/Gpu"})
    prior = OwnershipRecord(frozenset({"computes/TRAIN"}), called={"computes/cpu": "computes/TRAIN"})
    made = told(names(compute("cpu"), there=[compute("train")], prior=prior))
    assert made == {"computes/cpu": "computes/TRAIN"}, "what the tool made has the name that its ledger knows"
    named = {Address.parse(old): Address.parse(new) for old, new in kept.items()}
    both = inventory(compute("gpu")), inventory(there[1])
    planner = Planner(*both, selection=Selection(), prior=NOTHING, copy_unreferenced=False, names=named)
    [step] = [one for one in planner.steps(containers())[0] if one.address.kind == "computes"]
    assert (str(step.called), step.target_id.rpartition("/")[2]) == ("computes/Gpu", "Gpu")


def test_what_comes_later_under_a_name_that_another_has_in_the_target_is_not_taken_for_that(
    tmp_path: Path,
) -> None:
    held, there = (compute("cpu"), compute("train")), [compute("train", "northeurope")]
    prior = OwnershipRecord(frozenset({"computes/train"}), called={"computes/cpu": "computes/train"})
    found = names(*held, there=there, prior=prior, target="northeurope")
    assert told(found) == {"computes/cpu": "computes/train", "computes/train": "computes/train-cmk"}
    assert found.taken == {(NORTH, "train"), (NORTH, "train-cmk")}


def test_the_file_is_obeyed_also_where_it_need_not_be(tmp_path: Path) -> None:
    lines = "computes/cpu,train\ncomputes/GPU,gpus\nbatchEndpoints/score,score-new\n"
    endpoint = by_hand(Address.of("batchEndpoints", "score"), "no", "Do", {"properties": {}})
    held = compute("cpu"), compute("gpu")
    wanted = {"computes/cpu": "computes/train", "computes/gpu": "computes/gpus"}
    wanted["batchEndpoints/score"] = "batchEndpoints/score-new"
    for target in ("westeurope", "northeurope"):
        assert told(names(*held, left=[endpoint], lines=lines, folder=tmp_path, target=target)) == wanted
    # Whatever the target has of that name takes the place of the source's, or is in conflict with it.
    assert told(names(compute("cpu"), lines="computes/cpu,train\n", folder=tmp_path, there=[compute("train")]))
    # Its own name, where it can have that.
    assert told(names(compute("cpu"), lines="computes/cpu,cpu\n", folder=tmp_path, target="northeurope")) == {}


def test_the_next_plan_keeps_the_names_of_the_first_without_the_file(tmp_path: Path) -> None:
    prior = OwnershipRecord(
        documents=frozenset({"computes/train"}),
        called={"computes/cpu": "computes/train", "computes/new": "computes/soon"},
    )
    there = [compute("train")]
    kept = told(names(compute("cpu"), compute("new"), compute("gpu"), prior=prior, there=there))
    assert kept == {
        "computes/cpu": "computes/train", "computes/gpu": "computes/gpu-cmk", "computes/new": "computes/soon"
    }  # fmt: skip
    # What was only planned may be called otherwise; what was made may not, as long as it is there.
    again = names(compute("new"), lines="computes/new,later\n", folder=tmp_path, prior=prior)
    assert told(again) == {"computes/new": "computes/later"}
    with pytest.raises(
        BadInputError, match="line 2 has 'x-y' for computes/cpu, which an earlier plan has made as"
    ):
        names(compute("cpu"), lines="computes/cpu,x-y\n", folder=tmp_path, prior=prior, there=there)
    gone = names(compute("cpu"), lines="computes/cpu,x-y\n", folder=tmp_path, prior=prior)
    assert told(gone) == {"computes/cpu": "computes/x-y"}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("computes/gone,new\n", "line 2 is about 'computes/gone', which the source does not have"),
        ("computes/cpu,cpu-1\n", "line 2 has 'cpu-1', which cannot be a name: it has 3 to 24"),
        ("computes/cpu,CPU\n", "line 2 has 'CPU', which computes/cpu has in the source, in the same region"),
        ("computes/cpu,gpu\n", "line 2 has 'gpu', which computes/gpu has in the source, in the same region"),
        ("computes/cpu,one\ncomputes/gpu,ONE\n", "line 2 has 'one', which computes/gpu has in the target"),
        ("computes/cpu,theirs\n", "line 2 has 'theirs', which the plan of another workspace gives"),
        ("computes/cpu,soon\n", "line 2 has 'soon', which computes/old has in the target"),
        ("computes/cpu,a1b\ncomputes/CPU,abc\n", "line 3 is about computes/CPU, as line 2 is"),
        ("computes/cpu,\n", "line 2 has no name for computes/cpu"),
        ("models/m/1,new\n", "line 2 is about 'models/m/1', which keeps its name"),
        ("models/m,new\n", "line 2 is about 'models/m', which keeps its name"),
        ("schedules/s,new\n", "line 2 is about 'schedules/s', which keeps its name"),
        ("batchEndpoints/s/deployments/d,new\n", "line 2 is about 'batchEndpoints/s/deployments/d', which keeps"),
        ("computes/cpu#enable,new\n", "line 2 is about 'computes/cpu#enable', which keeps its name"),
        ("computes,new\n", "line 2 is about 'computes', which keeps its name"),
        (",new\n", "line 2: '' is not an address"),
        ("computes/cpu,a,b\n", "line 2 has more cells than columns"),
    ],
)
def test_a_line_that_cannot_be_obeyed_is_refused(tmp_path: Path, lines: str, says: str) -> None:
    prior = OwnershipRecord(called={"computes/old": "computes/soon"})
    held = compute("cpu"), compute("gpu"), compute("old")
    with pytest.raises(BadInputError, match=says) as caught:
        names(*held, lines=lines, folder=tmp_path, prior=prior, others=[(WEST, "theirs")])
    assert caught.value.address.endswith("names.csv")


def test_in_another_region_the_names_of_the_source_are_free(tmp_path: Path) -> None:
    held = compute("cpu"), compute("gpu")
    swapped = names(*held, lines="computes/cpu,gpu\ncomputes/gpu,cpu\n", folder=tmp_path, target="northeurope")
    assert told(swapped) == {"computes/cpu": "computes/gpu", "computes/gpu": "computes/cpu"}
    with pytest.raises(BadInputError, match="line 2 has 'gpu', which computes/gpu has in the target"):
        names(*held, lines="computes/cpu,gpu\n", folder=tmp_path, target="northeurope")


def read(folder: Path, text: str, **more: Any) -> renames.Renames:
    (folder / "names.csv").write_text(text)
    return renames.read(folder / "names.csv", **more)


def test_a_file_of_many_sources_has_lines_for_each(tmp_path: Path) -> None:
    text = f"source,address,name\n{OLD.short},computes/cpu,one\n{NEW.id},computes/cpu,two\n"
    found = read(tmp_path, text, subscription=OLD.subscription)
    assert [one.name for one in found.of(OLD).lines] == ["one"]
    assert [one.name for one in found.of(replace(NEW, name=NEW.name.upper())).lines] == ["two"]
    found.check_sources([OLD, NEW])
    with pytest.raises(BadInputError, match=r"line 3 is of '.*', which is not planned"):
        found.check_sources([OLD])
    with pytest.raises(BadInputError, match="no line of it is of 'g/other'"):
        found.refuse_none_of(WorkspaceRef(OLD.subscription, "g", "other"))
    found.refuse_none_of(OLD)
    plain = read(tmp_path, "address,name\ncomputes/cpu,one\n")
    assert plain.of(OLD).lines == plain.of(NEW).lines == plain.lines
    with pytest.raises(BadInputError, match="line 2 names no source, and there are many"):
        plain.check_sources([OLD, NEW])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "source,address,name\n,computes/cpu,one\ng/w,computes/cpu,two\n",
            "line 2 names no source, and others do",
        ),
        ("source,address,name\ng/w,computes/cpu,one\nG/W,computes/cpu,two\n", "line 3 is about computes/cpu"),
        ("source,address,name\na/b/c/d,computes/cpu,one\n", "line 2: 'a/b/c/d' is not a workspace"),
        ("address,to\ncomputes/cpu,one\n", "its first line does not name the columns address and name"),
    ],
)
def test_a_file_that_cannot_be_read_so_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        read(tmp_path, text, subscription=OLD.subscription)


def test_plans_that_are_made_at_the_same_time_see_each_others_names() -> None:
    alongside, cpu = NamesAlongside(), compute("cpu")
    alongside.add((OLD, NEW), names(cpu).taken)
    assert alongside.of_others((replace(OLD, name="WS1"), NEW)) == set()
    second = names(cpu, others=alongside.of_others((NEW, OLD)))
    assert told(second) == {"computes/cpu": "computes/cpu-cmk2"}


@pytest.mark.parametrize("value", [None, [], "x", {"computes": []}, {"computes": {"westeurope": ["cpu"]}}])
def test_a_header_that_says_something_else_gives_no_names(value: Any) -> None:
    assert of_header(header(extra={"regional_names": value})) == {}
