"""Kinds are found by listing their folder: one file each, and no engine knows any of them by name."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.kinds.examples import ALL, EVERY, every_kind, every_listed, filled
from tests.unit.world import NEW, TARGET, asset, containers, inventory

import amlmigrate
from amlmigrate import kinds
from amlmigrate.core.plan import Action
from amlmigrate.core.prior import Prior
from amlmigrate.core.select import Selection
from amlmigrate.kinds import Kind, Listed, all_kinds, moving_kinds
from amlmigrate.kinds import _registry as registry
from amlmigrate.planning.planner import Planner

ENGINES = ("planning", "running", "verifying", "decommissioning", "inventory")
PROBES = '''
from amlmigrate.core.address import Address
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
    assert kind.sdk_operations


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


def _literals(folder: Path) -> Iterator[tuple[str, int, str]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.name, node.lineno, node.value


@pytest.mark.parametrize("engine", ENGINES)
def test_no_engine_names_a_kind(engine: str) -> None:
    folder = Path(amlmigrate.__file__).parent / engine
    words = {kind.name for kind in EVERY} | {kind.collection for kind in EVERY}
    named = [
        (name, line, text)
        for name, line, text in _literals(folder)
        if text in words or text.split("/")[0] in words or text.removeprefix("/").split("/")[0] in words
    ]
    assert named == []


def _forget() -> None:
    all_kinds.cache_clear()
    moving_kinds.cache_clear()


@pytest.fixture
def probes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A file more in the folder of kinds."""
    (tmp_path / "probes.py").write_text(PROBES)
    (tmp_path / "_helper.py").write_text("raise AssertionError('no kind, so it is not imported')")
    listed = pkgutil.iter_modules
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    monkeypatch.setattr(registry.pkgutil, "iter_modules", lambda paths: listed([*paths, str(tmp_path)]))
    importlib.invalidate_caches()
    _forget()
    yield
    _forget()
    sys.modules.pop("amlmigrate.kinds.probes", None)
    vars(kinds).pop("probes", None)


@pytest.mark.usefixtures("probes")
def test_a_new_file_is_a_new_kind() -> None:
    names = list(all_kinds())
    assert set(names) == {kind.name for kind in ALL} | {"probes"}
    assert names.index("models") < names.index("probes")


@pytest.mark.usefixtures("probes")
def test_the_planner_takes_a_new_kind_along_without_being_told() -> None:
    probe = asset("probes/p/1", probeUri="azureml://datastores/workspaceblobstore/paths/p")
    planner = Planner(
        inventory(probe), inventory(of=TARGET), selection=Selection(), prior=Prior(), copy_unreferenced=False
    )
    steps, _ = planner.steps(containers())
    [step] = [step for step in steps if step.address.kind == "probes"]
    assert step.action is Action.CREATE
    assert step.target_id == f"{NEW.id}/probes/p/versions/1"


def test_the_folder_is_as_it_was() -> None:
    assert [kind.name for kind in ALL] == list(all_kinds())
    assert [kind.name for kind in EVERY] == list(moving_kinds())
