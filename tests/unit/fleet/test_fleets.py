"""A fleet: who is in it and why others are not, waves, folders, and the files that people write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.scanning.workspaces import ENVIRONMENTS, STOP, SUBSCRIPTION, line

from amlmigrate.core.errors import BadInputError
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.fleet import fleetfile, pairs
from amlmigrate.fleet.fleetfile import Fleet, PlanningProgress
from amlmigrate.fleet.members import FleetMember, UnplannedMember, asked_for, members
from amlmigrate.fleet.waves import Waves, named_waves, waves
from amlmigrate.scanning.values import Encryption

LEFT = UnplannedMember("/x", "not-movable", "A hub.", named=True)


def ref(name: str, group: str = "rg") -> WorkspaceRef:
    return WorkspaceRef(SUBSCRIPTION, group, name)


def member(
    name: str, environment: str | None = "dev", score: int = 50, size: int = 0, group: str = "rg"
) -> FleetMember:
    return FleetMember(ref(name, group), ref(f"{name}-new", group), f"id-{name}", environment, score, size)


def names(found: Waves) -> list[list[str]]:
    return [[one.source.name for one in wave] for wave in found.values()]


def test_each_workspace_and_each_target_is_accounted_for() -> None:
    lines = [
        line("moves"),
        line("lacks"),
        line("hub", barriers=(STOP,)),
        line("project", barriers=(STOP,)),
        line("safe", encryption=Encryption("classic")),
        line("again", encryption=Encryption("classic")),
    ]
    targets = {ref(name): ref(f"{name}-new") for name in ("MOVES", "hub", "again", "elsewhere")}
    found, left = members(lines, targets)
    assert [one.source.name for one in found] == ["moves", "again"]
    states = {one.id.rsplit("/", 1)[-1]: (one.state, one.open) for one in left}
    assert states == {
        "lacks": ("no-target", True),
        "hub": ("not-movable", True),
        "project": ("not-movable", False),
        "safe": ("customer-key", False),
        "elsewhere": ("not-scanned", True),
    }


def test_whoever_is_given_a_wave_is_asked_for() -> None:
    _, left = members([line("hub", barriers=(STOP,)), line("safe", encryption=Encryption("classic"))], {})
    assert [one.open for one in left] == [False, False]
    assert [one.open for one in asked_for(left, [ref("SAFE")])] == [False, True]


def test_waves_go_from_what_matters_least_to_most() -> None:
    fleet = [
        member("p", "prod", 10),
        member("unknown", None, 90),
        member("d1", "dev", 20),
        member("d2", "dev", 70, size=9),
        member("d3", "dev", 70, size=1),
        member("t", "test"),
    ]
    assert names(waves(fleet, ENVIRONMENTS)) == [["d3", "d2", "d1"], ["t"], ["unknown", "p"]]
    assert names(waves(fleet, ENVIRONMENTS, size=2)) == [["d3", "d2"], ["d1"], ["t"], ["unknown", "p"]]


def test_named_waves_come_first_and_nobody_is_lost() -> None:
    fleet = [member(name, environment) for name, environment in (("a", "prod"), ("b", "dev"), ("c", "dev"))]
    assert names(named_waves(fleet, {ref("A"): 7}, ENVIRONMENTS)) == [["a"], ["b", "c"]]


def test_a_number_that_was_given_is_kept_though_others_have_no_member() -> None:
    fleet = [member("a"), member("b"), member("c", "prod")]
    numbers = {ref("a"): 5, ref("b"): 2, ref("hub"): 1, ref("gone"): 9}
    found = named_waves(fleet, numbers, ENVIRONMENTS)
    assert {number: [one.source.name for one in wave] for number, wave in found.items()} == {
        2: ["b"],
        5: ["a"],
        10: ["c"],
    }
    assert [(entry.wave, entry.folder) for entry in fleetfile.placed(found, None, [])] == [
        (2, "b"),
        (5, "a"),
        (10, "c"),
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from([None, "dev", "test", "prod", "other"]), st.integers(0, 100), st.integers(0, 9)),
        max_size=30,
    ),
    st.one_of(st.none(), st.integers(1, 5)),
)
def test_everybody_is_in_one_wave(ones: list[tuple[str | None, int, int]], size: int | None) -> None:
    fleet = [member(f"w{n}", *one) for n, one in enumerate(ones)]
    found = waves(fleet, ENVIRONMENTS, size=size)
    assert sorted(one for wave in names(found) for one in wave) == sorted(one.source.name for one in fleet)
    assert all(wave and (size is None or len(wave) <= size) for wave in found.values())
    assert list(found) == list(range(1, len(found) + 1))


def test_folders_are_kept_apart_and_finished_plans_kept(tmp_path: Path) -> None:
    fleet = {1: [member("ws"), member("ws", group="b"), member("WS", group="c"), member("old")]}
    entries = fleetfile.placed(fleet, None, ["old"])
    folders = [entry.folder for entry in entries]
    assert folders == ["ws", "b-ws", "c-WS", "rg-old"]
    done = [
        entries[0].became(PlanningProgress.PLANNED, {"blobs": 1}),
        entries[1].became(PlanningProgress.FAILED, {}),
        *entries[2:],
    ]
    fleetfile.write(tmp_path, Fleet("sha", tuple(done), (LEFT,)), created="now")
    before = fleetfile.read(tmp_path)
    assert before == Fleet("sha", tuple(done), (LEFT,))
    again = fleetfile.placed(fleet, before, folders)
    assert [entry.folder for entry in again] == folders
    assert [entry.state for entry in again] == [PlanningProgress.PLANNED, *[PlanningProgress.PENDING] * 3]
    assert again[0].told == {"blobs": 1}


def test_a_fleet_that_was_changed_is_refused(tmp_path: Path) -> None:
    fleetfile.write(tmp_path, Fleet("sha", (), ()), created="now")
    path = tmp_path / fleetfile.FILE
    path.write_text(path.read_text().replace('"sha"', '"other"'))
    with pytest.raises(BadInputError, match="checksum does not match"):
        fleetfile.read(tmp_path)


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "\ufeffsource,target\nrg/a, other/b\n"),
        ("t.csv", "note,target,source\nx,other/b,rg/a\n"),
        ("t.yaml", "rg/a: other/b\n"),
    ],
)
def test_targets_are_read_from_csv_and_yaml(tmp_path: Path, name: str, text: str) -> None:
    assert pairs.targets(write(tmp_path, name, text), SUBSCRIPTION) == {ref("a"): ref("b", "other")}


def test_waves_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, "w.yml", "rg/a: 2\n")
    assert pairs.waves(path, SUBSCRIPTION, {ref("a").id.lower()}) == {ref("a"): 2}


@pytest.mark.parametrize(
    ("name", "text"),
    [("w.yaml", "rg/a: 1\n# a typo\nrg/aa: 2\n"), ("w.csv", "source,wave\nrg/a,1\nrg/aa,2\n")],
)
def test_a_wave_of_nobody_names_its_line(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(BadInputError, match="line 3 names 'rg/aa', which neither the scan nor the targets have"):
        pairs.waves(write(tmp_path, name, text), SUBSCRIPTION, {ref("a").id.lower()})


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("t.csv", "from,to\na,b\n", "does not name the columns"),
        ("t.csv", "source,target\nrg/a,\n", "line 2 has no source or no target"),
        ("t.csv", "source,target\nrg/a,rg/b\nRG/A,rg/c\n", "stands in it twice"),
        ("t.csv", "source,target\nrg/a,rg/b\nrg/c,rg/B\n", "is the target of 'rg/a' and of 'rg/c'"),
        ("t.csv", "source,target\na,rg/b\n", "is not a workspace"),
        ("t.yaml", "- a\n", "not a mapping"),
        ("t.yaml", "", "not a mapping"),
        ("t.yaml", "rg/a: [rg/b]\n", "not a mapping"),
        ("t.yaml", "rg/a: rg/b\nrg/c:\n", "line 2 has no source or no target"),
        ("t.yaml", "rg/a: rg/b\nrg/a: rg/c\n", "'rg/a' is given twice, in line 1 and in line 2"),
        ("t.yaml", "rg/a: rg/b\nRG/a: rg/c\n", "'RG/a' stands in it twice"),
        ("t.yaml", "a: &x rg/b\nb: *x\n", "line 1 has an anchor"),
        ("t.csv", "source,target,source\nrg/a,rg/b,rg/c\n", "names the column 'source' twice"),
        ("t.csv", "source,target\nrg/a,rg/b,rg/c\n", "line 2 has more cells than columns"),
        ("t.csv", 'source,target\n"rg/a,rg/b\n', "is not valid CSV"),
        ("t.csv", "source,target\nrg/..,rg/b\n", "is not a workspace"),
        ("t.csv", '"source",target\n"rg/a%2e",rg/b\n', "is not a workspace"),
        ("t.yaml", "a: [", "not valid YAML"),
    ],
)
def test_targets_that_cannot_be_used_are_refused(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(BadInputError, match="The file cannot be used") as caught:
        pairs.targets(write(tmp_path, name, text), SUBSCRIPTION)
    assert told in caught.value.summary


@pytest.mark.parametrize("text", ["first", "0", "-1", "1.5", "9999999", "9" * 5000], ids=lambda text: text[:7])
def test_a_wave_is_a_number(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInputError, match=f"'{text[:40]}' in line 1 is not a wave"):
        pairs.waves(write(tmp_path, "w.yml", f"rg/a: {text}\n"), SUBSCRIPTION, {ref("a").id.lower()})


def test_what_a_scan_could_not_read_is_left_open() -> None:
    from amlmigrate.fleet.members import unread

    [left] = unread({"unreadable": [{"address": "/subscriptions/s", "reason": "No right.", "cause": "denied"}]})
    assert (left.id, left.state, left.open) == (
        "/subscriptions/s",
        "not-read",
        True,
    ) and "No right." in left.reason
    assert unread({}) == []


async def test_files_of_a_fleet_take_names_of_subscriptions_and_addresses_of_the_studio(tmp_path: Path) -> None:
    from amlmigrate.cloud.subscriptions import Subscriptions

    other = "22222222-aaaa-4bbb-8ccc-000000000002"
    known = Subscriptions((("Contoso ML", SUBSCRIPTION), ("Contoso new", other)))
    url = f"https://ml.azure.com/?wsid=/subscriptions/{SUBSCRIPTION}/resourcegroups/rg/workspaces/c&tid=x"
    path = write(tmp_path, "t.csv", f"source,target\nContoso ML/rg/a,contoso NEW/rg/b\n{url},rg/d\n")
    assert pairs.by_name(path, "target")
    found = pairs.targets(path, SUBSCRIPTION, known.ref, known.ref)
    assert found == {ref("a"): WorkspaceRef(other, "rg", "b"), ref("c"): ref("d")}
    with pytest.raises(BadInputError, match="The file cannot be used: You see no subscription") as caught:
        pairs.targets(
            write(tmp_path, "n.csv", "source,target\nNobody/rg/a,rg/b\n"), SUBSCRIPTION, known.ref, known.ref
        )
    assert "az account list" in caught.value.remedy
    assert not pairs.by_name(write(tmp_path, "i.csv", f"source,target\nrg/a,{url}\nno workspace,x\n"), "target")
    waves = write(tmp_path, "w.csv", "source,wave\nContoso ML/rg/a,2\n")
    assert pairs.waves(waves, None, {ref("a").id.lower()}, known.ref) == {ref("a"): 2}
