"""Every member that Microsoft's descriptions or recordings know of a workspace's document is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amlmigrate.kinds._workspace_settings import SETTINGS

TYPE = "Microsoft.MachineLearningServices/workspaces@"
KNOWN = {setting.path for setting in SETTINGS}


def _described(types: list[Any]) -> Iterator[tuple[str, ...]]:
    """The members of the document, down to those that are judged or have no members of their own."""

    def walk(reference: dict[str, str], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        found = types[int(reference["$ref"].rpartition("/")[2])]
        members = found.get("properties") or {}
        if path in KNOWN or not members:
            yield path
            return
        for name, member in members.items():
            yield from walk(member["type"], (*path, name))

    [body] = [each["body"] for each in types if each["$type"] == "ResourceType" and each["name"].startswith(TYPE)]
    return walk(body, ())


def _recorded(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if path in KNOWN or not isinstance(value, dict):
        if value is not None:
            yield path
        return
    for name, child in value.items():
        yield from _recorded(child, (*path, name))


@pytest.mark.parametrize("version", ["2024-04-01", "2025-12-01"])
def test_every_member_of_the_descriptions_is_judged(shared: Path, version: str) -> None:
    types = json.loads((shared / "specs" / "bicep-types" / f"ml-{version}.types.json").read_text())
    members = set(_described(types))
    assert len(members) > 40
    assert {path for path in members if path not in KNOWN} == set()


def test_every_member_of_the_recordings_is_judged(shared: Path) -> None:
    answer = json.loads((shared / "real/recorded/workspaces-list-by-subscription-2024-04-01.json").read_text())
    members = {path for one in answer["value"] for path in _recorded(one)}
    assert {path for path in members if path not in KNOWN} == set()


def test_every_member_of_the_older_description_is_judged(shared: Path) -> None:
    folder = shared / "specs/openapi/specification/machinelearningservices/resource-manager"
    described = json.loads(
        (folder / "Microsoft.MachineLearningServices/stable/2023-04-01/machineLearningServices.json").read_text()
    )["definitions"]
    members = {("properties", name) for name in described["WorkspaceProperties"]["properties"]}
    members |= {(name,) for name in described["Workspace"]["properties"] if name != "properties"}
    judged = {path[:length] for path in KNOWN for length in (1, 2)}
    assert members - judged == set()


def test_each_setting_says_why() -> None:
    assert all(setting.why for setting in SETTINGS)
    assert len(KNOWN) == len(SETTINGS)
