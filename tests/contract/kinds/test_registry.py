"""Kinds are found by listing their folder: one file each, and no engine knows any of them by name."""

from __future__ import annotations

import ast
import asyncio
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from tests.builders.world import NEW, OLD, TARGET, asset, by_hand, containers, inventory
from tests.contract.kinds.examples import ALL, EVERY, every_kind, every_listed, filled

import amlmigrate
from amlmigrate import kinds
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.address import BLOBS, Address
from amlmigrate.core.documents import Document
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action
from amlmigrate.core.select import Selection
from amlmigrate.decommissioning.gate import _alive
from amlmigrate.decommissioning.removal import blocking, clear
from amlmigrate.inventory.listing import by_hand_kinds, scan
from amlmigrate.kinds import Kind, Listed, all_kinds, moving_kinds
from amlmigrate.kinds import _registry as registry
from amlmigrate.kinds._extension import Extension
from amlmigrate.planning.planner import Planner

PROBES = '''
from amlmigrate.core.address import BLOBS, Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._versioned import VersionedKind


class Probes(VersionedKind):
    """A kind that nobody has heard of."""

    name = "probes"
    after = ("models",)
    sdk_operations = "probes"
    uris = ("/probeUri",)

    def example(self):
        properties = {"probeUri": "azureml://datastores/workspaceblobstore/paths/p"}
        return Asset(Address.of("probes", "p", "1"), {"name": "1", "properties": properties, "systemData": {}})


KIND = Probes()
'''
SENSORS = '''
from amlmigrate.core.address import BLOBS, Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import Listed


class Sensors(Listed):
    """A kind that is listed only, and that nobody has heard of."""

    name = "sensors"
    after = ("models",)
    manual = "Wire it anew."
    blocks_deletion = True
    counted = 10
    taken = "sensors"

    def live(self, asset):
        return f"{asset.address} is a live sensor."

    def example(self):
        return Asset(Address.of("sensors", "s"), {"name": "s", "properties": {}})


KIND = Sensors()
'''
# Before anything is imported: what is made of the kinds once and for all takes it too.
TOLD = """
import json, pkgutil, sys
folder, listed = sys.argv[1], pkgutil.iter_modules
def more(paths=None, prefix=""):
    if paths and paths[0].endswith("kinds"):
        sys.modules["amlmigrate.kinds"].__path__.append(folder)
        paths = [*paths, folder]
    return listed(paths, prefix)
pkgutil.iter_modules = more
from amlmigrate.doctor.needs import NEEDS, needs
from amlmigrate.doctor.role import least_role
from amlmigrate.scanning.counting import COUNTED
asked = [action for need in needs("plan") for action in need.asks]
print(json.dumps({"asked": asked, "role": least_role([])["Actions"], "counted": COUNTED}))
"""


def _file(name: str) -> str:
    """`onlineEndpoints/deployments` is in `online_endpoints_deployments`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("/", "_").lower()


@every_listed
def test_a_kind_is_a_file_of_its_name_with_a_docstring(kind: Listed) -> None:
    module = sys.modules[type(kind).__module__]
    assert module.__name__ == f"amlmigrate.kinds.{_file(kind.name)}"
    assert module.KIND is kind
    assert module.__doc__
    assert type(kind).__doc__
    assert kind.collection


@every_kind
def test_a_kind_that_moves_has_operations_of_the_second_reader(kind: Kind) -> None:
    # Of what other providers have MLClient knows nothing.
    assert kind.sdk_operations or kind.in_vault or kind.collection.startswith("providers/")


def test_every_file_of_the_folder_is_a_kind_or_says_that_it_is_none() -> None:
    folder = Path(registry.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if not path.name.startswith("_")}
    assert files == set(map(_file, all_kinds()))


def test_kinds_come_after_those_that_they_may_refer_to() -> None:
    place = {name: number for number, name in enumerate(all_kinds())}
    for kind in ALL:
        assert set(kind.after) <= set(place)
        assert all(place[before] < place[kind.name] for before in kind.after)
        assert not kind.parent or place[kind.parent] < place[kind.name]


def test_kinds_come_in_the_same_order_in_each_process() -> None:
    code = "from amlmigrate.kinds import all_kinds; print(*all_kinds())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert said == {f"{' '.join(all_kinds())}\n".encode()}


@every_kind
def test_an_example_refers_only_to_kinds_that_come_before(kind: Kind) -> None:
    named = {reference.kind for reference in kind.references(filled(kind.example())) if reference.kind}
    assert named & set(all_kinds()) <= {*kind.after, kind.name}


@every_kind
def test_the_bytes_of_an_example_are_found_where_its_uris_say(kind: Kind) -> None:
    example = filled(kind.example())
    named = {reference.where for reference in kind.references(example)}
    present = {f"/properties{pointer}" for pointer in kind.fields.uris if pointer.strip("/") in example.properties}
    assert present <= named


ROOT = Path(amlmigrate.__file__).parent
# Types of other providers, which have these elsewhere too: rights on a vault, locks on a group.
WORDS = {
    word.lower()
    for kind in ALL
    if not isinstance(kind, Extension) and kind.name not in ("workspace", BLOBS)
    # The last part of a nested kind is a plain word, as `versions`; its first is a kind of its own.
    for word in (kind.name.partition("/")[0], kind.name)
}
# The workspace itself is what everything is about: there only a text that is that word counts, and in engines.
# Blobs are what bytes are counted in: there only what is an address or an operation of theirs counts.
ENGINES = ("planning", "running", "verifying", "decommissioning", "inventory")
_REFERENCES = "the forms of references, in which these words are the service's grammar"
_CLAIM = "the name of a published claim, or the member of a report that tells of it"
_EXAMPLE = "an example of an address, for people"
# By file and word, why it stands there.
MAY_NAME = {
    (
        "doctor/network.py",
        "privateendpointconnections",
    ): "a member of the document of an account or a workspace",
    ("provisioning/model.py", "components"): "Application Insights, Microsoft.Insights/components",
    ("scanning/facts.py", "privateendpointconnections"): "a member of the document of a workspace",
    ("core/address.py", "models"): _EXAMPLE,
    ("core/address.py", "shares"): "addresses of bytes are made where no kind may be asked, as those of blobs",
    ("core/claim.py", "datastores"): _CLAIM,
    ("core/plan.py", "grants"): "a member of a plan's header",
    ("desired/ownership.py", "grants"): "rights that `provision` gives",
    ("doctor/role.py", "grants"): "the name of a duty",
    ("provisioning/model.py", "grants"): "rights that `provision` gives",
    ("core/json_strings.py", "jobs"): "a member of a pipeline's definition",
    ("core/places.py", "jobs"): _REFERENCES,
    **{("core/reference.py", word): _REFERENCES for word in ("datastores", "jobs", "environments", "codes")},
    **{("core/reference.py", word): _REFERENCES for word in ("components", "models", "data", "computes")},
    **{("core/spelling.py", word): _REFERENCES for word in ("datastores", "jobs")},
    ("core/workspace.py", "datastores"): "places are named through datastores, also where no kind may be asked",
    **{("decommissioning/losses.py", word): "a member of a tombstone" for word in ("computes", "jobs")},
    ("planning/selection_check.py", "models"): _EXAMPLE,
    ("posture/facts.py", "computes"): _CLAIM,
    **{("posture/catalogue.py", word): _CLAIM for word in ("datastores", "computes")},
    ("posture/services.py", "computes"): _CLAIM,
    ("posture/storage.py", "datastores"): _CLAIM,
}
_OF_OTHERS = re.compile(r"Microsoft\.(?!MachineLearningServices)\w+(?:/\w+)+", re.IGNORECASE)


def _literals(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Every string of the code, parts of f-strings too, but for docstrings: file, line, text."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield path.relative_to(ROOT).as_posix(), node.lineno, node.value


def _named(text: str) -> set[str]:
    """The kinds that a text names: as a whole or as a part of a path; in a sentence only as a part of a path."""
    tokens = _OF_OTHERS.sub("", text).split()
    paths = tokens if len(tokens) < 2 else [token for token in tokens if "/" in token]
    parts = {part.lower() for path in paths for part in re.split(r"[^A-Za-z_-]+", path)}
    return parts & WORDS


def _all_named() -> dict[tuple[str, str], str]:
    """By file and kind, where it is named outside the kinds."""
    return {
        (file, word): f"{file}:{line}: {text!r}"
        for file, line, text in _literals(ROOT)
        if not file.startswith("kinds/")
        for word in _named(text)
    }


def test_no_module_outside_the_kinds_names_one() -> None:
    found = _all_named()
    assert [where for named, where in found.items() if named not in MAY_NAME] == []
    assert [named for named in MAY_NAME if named not in found] == [], "nothing there needs that any more"
    assert all(MAY_NAME.values())


# What every kind is to those who write and compare any of them.
_OF_ALL = {"_base", "_envelope"}


def _taken(tree: ast.AST) -> Iterator[str]:
    """The modules below `kinds` that a module imports by their names."""
    files = {path.stem for path in (ROOT / "kinds").glob("*.py")}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{one.name}" for one in node.names]
        elif isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        else:
            continue
        paths = (name.split(".") for name in names if name.startswith("amlmigrate.kinds."))
        yield from (path[2] for path in paths if path[2] in files)


def test_no_module_outside_the_kinds_imports_one() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): taken
        for path in sorted(ROOT.rglob("*.py"))
        if path.parent.name != "kinds" and (taken := set(_taken(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert set().union(*found.values()) == _OF_ALL, found


@pytest.mark.parametrize(
    ("code", "taken"),
    [
        ("from amlmigrate.kinds.vault_secrets import KIND", ["vault_secrets"]),
        ("from amlmigrate.kinds import schedules", ["schedules"]),
        ("import amlmigrate.kinds._compute_instances", ["_compute_instances"]),
        ("from amlmigrate.kinds import Kind, moving_kinds", []),
        ("import amlmigrate.kinds", []),
    ],
)
def test_what_counts_as_importing_a_kind(code: str, taken: list[str]) -> None:
    assert list(_taken(ast.parse(code))) == taken


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("models", "models"),
        ("OnlineEndpoints", "onlineendpoints"),
        ("Microsoft.MachineLearningServices/workspaces/computes/read", "computes"),
        ("/schedules/", "schedules"),
        ("see models/m/1 there", "models"),
        ("Microsoft.Insights/components/read", None),
        ("it has jobs and models", None),
        ("data_plane", None),
    ],
)
def test_what_counts_as_naming_a_kind(text: str, word: str | None) -> None:
    assert _named(text) == ({word} if word else set())


@pytest.mark.parametrize("engine", ENGINES)
def test_no_engine_names_the_workspace_as_a_kind(engine: str) -> None:
    assert [where for *where, text in _literals(ROOT / engine) if text == "workspace"] == []


# The beginning of an address; an operation on containers or blobs, be it the end of one.
_OF_BLOBS = re.compile(r"(?<![\w/])blobs/|/blobs/(?:read|write|delete|tags|filter)\b|(?i:blobServices/containers)")
_BELOW = {"leasing/taking.py": "the operation that a lease takes: leases are below the kinds"}


def test_no_module_outside_the_kinds_makes_an_address_or_names_an_operation_of_blobs() -> None:
    found = {
        file: f"{file}:{line}: {text!r}"
        for file, line, text in _literals(ROOT)
        if not file.startswith("kinds/") and _OF_BLOBS.search(text)
    }
    assert [where for file, where in found.items() if file not in _BELOW] == []
    assert set(_BELOW) <= set(found), "nothing there needs that any more"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("blobs/", True),
        ("see blobs/azureml/a", True),
        ("Microsoft.Storage/storageAccounts/blobServices/containers/read", True),
        ("microsoft.storage/storageaccounts/blobservices/containers", True),
        ("/blobs/tags/read", True),
        ("blobs", False),
        ("2 blobs", False),
        ("/blobServices/default/containers/", False),
    ],
)
def test_what_counts_as_naming_blobs(text: str, names: bool) -> None:
    assert bool(_OF_BLOBS.search(text)) is names


def test_no_module_but_that_of_addresses_asks_for_the_kind_of_blobs() -> None:
    asked = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "amlmigrate.core.address"
        if any(name.name == "BLOBS" for name in node.names)
    }
    assert asked == {"core/workspace.py", "kinds/blobs.py"}


def _forget() -> None:
    all_kinds.cache_clear()
    moving_kinds.cache_clear()


@pytest.fixture
def probes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two files more in the folder of kinds: one that moves, and one that is listed only."""
    (tmp_path / "probes.py").write_text(PROBES)
    (tmp_path / "sensors.py").write_text(SENSORS)
    (tmp_path / "_helper.py").write_text("raise AssertionError('no kind, so it is not imported')")
    listed = pkgutil.iter_modules
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    monkeypatch.setattr(registry.pkgutil, "iter_modules", lambda paths: listed([*paths, str(tmp_path)]))
    importlib.invalidate_caches()
    _forget()
    yield
    _forget()
    for name in ("probes", "sensors"):
        sys.modules.pop(f"amlmigrate.kinds.{name}", None)
        vars(kinds).pop(name, None)


@pytest.mark.usefixtures("probes")
def test_a_new_file_is_a_new_kind() -> None:
    names = list(all_kinds())
    assert set(names) == {kind.name for kind in ALL} | {"probes", "sensors"}
    assert names.index("models") < names.index("probes")


@pytest.mark.usefixtures("probes")
def test_the_planner_takes_a_new_kind_along_without_being_told() -> None:
    probe = asset("probes/p/1", probeUri="azureml://datastores/workspaceblobstore/paths/p")
    planner = Planner(
        inventory(probe),
        inventory(of=TARGET),
        selection=Selection(),
        prior=OwnershipRecord(),
        copy_unreferenced=False,
    )
    steps, _ = planner.steps(containers())
    [step] = [step for step in steps if step.address.kind == "probes"]
    assert step.action is Action.CREATE
    assert step.target_id == f"{NEW.id}/probes/p/versions/1"


SENSOR = by_hand(Address.of("sensors", "s"), "this version cannot move it", "Wire it anew.", {"name": "s"})


@pytest.mark.usefixtures("probes")
def test_a_kind_that_is_listed_only_is_taken_along_without_being_told() -> None:
    found = asyncio.run(scan(by_hand_kinds(needs_on=True), cast(WorkspaceClient, _WithSensor())))
    [sensor] = found["sensors"]
    assert (sensor.address, sensor.reason, sensor.remedy) == (SENSOR.address, SENSOR.reason, SENSOR.remedy)
    source = replace(inventory(), by_hand=[sensor])
    planner = Planner(
        source, inventory(of=TARGET), selection=Selection(), prior=OwnershipRecord(), copy_unreferenced=False
    )
    [step] = [step for step in planner.steps(containers())[0] if step.address.kind == "sensors"]
    assert step.action is Action.MANUAL and "Wire it anew." in step.reason
    assert list(_alive(source)) == ["sensors/s is a live sensor."]
    assert blocking(source) == [sensor]
    port = _WithSensor()
    asyncio.run(clear(cast(WorkspaceClient, port), source, lambda _: None))
    assert port.deleted == ["sensors/s"]


def test_rights_and_counts_take_a_new_kind_along_without_being_told(tmp_path: Path) -> None:
    (tmp_path / "sensors.py").write_text(SENSORS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", TOLD, str(tmp_path)], env=environment, check=True, capture_output=True
    )
    told = json.loads(ran.stdout)
    provider = "Microsoft.MachineLearningServices/workspaces"
    assert f"{provider}/sensors/read" in told["asked"]
    assert f"{provider}/sensors/delete" in told["role"]
    assert told["counted"][-1] == "sensors"


class _WithSensor:
    """A workspace with one sensor, and nothing else."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.id, self.frozen, self.whole = OLD.id, (), False

    async def pages(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Document]:
        if path == "sensors":
            yield {"name": "s"}

    async def delete(self, path: str, query: Mapping[str, str] | None = None) -> None:
        self.deleted.append(path)


def test_the_folder_is_as_it_was() -> None:
    assert [kind.name for kind in ALL] == list(all_kinds())
    assert [kind.name for kind in EVERY] == list(moving_kinds())
