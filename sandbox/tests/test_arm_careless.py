"""Bodies of the wrong shape: whatever is sent, the answer is one of ARM's and never a failure of the sandbox."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arm_examples import EXAMPLES, TRACKED
from arm_harness import GROUP, WORKSPACE, client
from monitor import RULES, prepared

JUNK: list[Any] = [
    None,
    0,
    1.5,
    True,
    "",
    "x",
    [],
    {},
    [1],
    {"a": 1},
    "azureml:x:1",
    "/subscriptions/a/resourceGroups/b/c",
    "azureml://datastores/",
    {"type": 5},
    [{"a": None}],
]
NOT_BUILT = 501
KEYS = ["tags", "properties", "stage", "isArchived", "credentials", "identity", "traffic", "defaults", "trigger"]


def _places(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield (*path, key)
            yield from _places(value, (*path, key))


def _spoiled(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The body with one or two values gone or replaced, and perhaps one too many."""
    spoiled = copy.deepcopy(body)
    for _ in range(chance.randint(1, 2)):
        *way, last = chance.choice(list(_places(spoiled)))
        at = spoiled
        for key in way:
            at = at[key]
        if chance.random() < 0.2:
            del at[last]
        else:
            at[last] = copy.deepcopy(chance.choice(JUNK))
        if not spoiled:
            return spoiled
    if isinstance(spoiled.get("properties"), dict) and chance.random() < 0.3:
        spoiled["properties"][chance.choice(KEYS)] = copy.deepcopy(chance.choice(JUNK))
    return spoiled


@pytest.mark.parametrize("seed", range(4))
async def test_no_body_makes_the_sandbox_fail(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    arm = client(tmp_path)
    await arm.workspace()
    await prepared(arm)
    authorization = f"{WORKSPACE}/providers/Microsoft.Authorization"
    targets = [
        *((f"{WORKSPACE}/{path}", body) for path, body in EXAMPLES.items()),
        *((f"{GROUP}/providers/{path}", body) for path, body in TRACKED.items()),
        (f"{WORKSPACE}2", arm.workspace_body(managedNetwork={"isolationMode": "Disabled"}, encryption={})),
        (f"{GROUP}2", {"location": "eastus2", "tags": {}}),
        (f"{authorization}/locks/a", {"properties": {"level": "other"}}),
        (f"{authorization}/roleAssignments/a", {"properties": {"principalId": "p", "roleDefinitionId": "r"}}),
        *RULES.items(),
    ]
    for _ in range(250):
        path, body = chance.choice(targets)
        spoiled, place = _spoiled(body, chance), path.partition("?")[0]
        method = chance.choice(["PUT", "PUT", "PATCH"])
        for each, url, sent in (
            (method, path, spoiled),
            ("GET", place, None),
            ("GET", place.rpartition("/")[0], None),
        ):
            response = await arm.send(each, url, sent)
            assert response.status < 500 or response.status == NOT_BUILT, (each, url, spoiled)
    await arm.arm.close()
