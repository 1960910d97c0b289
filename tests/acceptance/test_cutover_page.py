"""The page on cutting over, as it is read: each of its commands is run, in its order, and ends as the page says.

What stands between them is judged by the local Azure: that nothing is enabled on both sides, and what is removed.
"""

from __future__ import annotations

import re
import shlex
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.acceptance import alone
from tests.acceptance.test_story import DOCS
from tests.acceptance.world import World, make_world, seed_small

sandbox = alone.sandbox

PAGE = DOCS / "how-to" / "cutover.md"
NIGHTLY = "schedules/nightly"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
_ENDS = re.compile(r"\s+# ends with (\d+)$")


def _commands() -> Iterator[tuple[list[str], int]]:
    """Each command of the page, and its exit code."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                ends = _ENDS.search(line)
                yield shlex.split(_ENDS.sub("", line)[2:]), int(ends[1]) if ends else 0


def _in_use(sandbox: Any, folder: Path) -> World:
    """A source that fires, and that somebody else may write."""
    world = seed_small(make_world(sandbox, folder))
    home = world.documents["source"]["id"]
    job = {"jobType": "Command", "command": "true", "environmentId": f"{home}/environments/py/versions/1"}
    trigger = {"triggerType": "Cron", "expression": "*/5 * * * *", "timeZone": "UTC"}
    action = {"actionType": "CreateJob", "jobDefinition": job}
    world.put(NIGHTLY, {"properties": {"isEnabled": True, "trigger": trigger, "action": action}})
    while world.get(NIGHTLY, of="source")["properties"]["provisioningState"] != "Succeeded":
        pass
    # One at the workspace itself would be an item of the plan.
    world.assign(world.storage_id("source"), CONTRIBUTOR, str(uuid.uuid4()), principalType="User")
    return world


def _enabled(world: World, which: str) -> bool:
    return world.status(which) == 200 and bool(world.get(NIGHTLY, of=which)["properties"]["isEnabled"])


def test_the_page_is_the_way(sandbox: Any, tmp_path: Path) -> None:
    world = _in_use(sandbox, tmp_path)
    names = {"demo-rg": world.group, "demo-source": world.source, "demo-target": world.target}
    live: list[tuple[str, bool, bool]] = []
    told = list(_commands())
    assert [words[1] for words, _ in told] == [
        *("plan", "run", "freeze", "cutover", "plan", "run", "verify", "cutover", "cutover", "verify"),
        *("cutover", "cutover", "verify", "cutover", "decommission", "decommission"),
    ], "all of the way, and nothing else"
    for words, code in told:
        assert words[0] == "migrate"
        called = [re.sub("|".join(names), lambda found: names[found[0]], word) for word in words[1:]]
        if called[0] == "decommission" and "--dry-run" not in called:
            # The week that the page waits, and no test.
            called += ["--soak", "0"]
        result = world.migrate(*called)
        assert result.code == code, (called, result.code, result.out, result.err)
        if called[0] == "cutover" and "--dry-run" not in called:
            live.append((" ".join(called[2:]), _enabled(world, "source"), _enabled(world, "target")))
    assert live == [
        ("--stop", False, False),
        ("", False, True),
        ("--back", True, False),
        ("", False, True),
    ]
    assert world.status("source") == 404 and _enabled(world, "target")
