"""Two estates, from the first scan to the last residual, and what the figures are after each step.

A third one, of a bank, is a tutorial: tests/acceptance/test_story_of_a_bank.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.governed import SEEDED, Estate, Story, day, estate
from tests.acceptance.guarded import VERSION

from azsandbox import Sandbox, provision

SECRET = {"environment": "prod", "data-classification": "restricted"}
STORIES = {
    # Nobody tagged anything in a clinic: its owners decide.
    "clinic": Story(("imaging", "triage", "billing"), (("prod", "restricted"),) * 3, {"decision": 3}),
    # A model maker names what is in production; one of the names is out of date.
    "model maker": Story(("vision-prod", "speech-prod", "search-prod"),
                         (("restricted",), ("restricted",), ("dev", "restricted")), {"rule": 2}, other=1),
}  # fmt: skip


def counted(estate: Estate, *, moving: int = 0, removed: int = 0, residual: int = 0) -> dict[str, Any]:
    """What a reader of the story expects: a workspace that moves counts as under a key once the old one is gone."""
    total = sum(estate.story.by.values())
    return {
        "total": total,
        "under_cmk": removed,
        "share": removed / total,
        "moving": moving,
        "vanished": 0,
        "by": estate.story.by,
        "other": estate.story.other,
        "put under a key": removed,
        "open": 3 - removed,
        "residual bytes": residual * SEEDED,
    }


def told(figures: dict[str, Any]) -> dict[str, Any]:
    production, times = figures["production"], figures["mttr_days"]
    return {
        **{name: production[name] for name in ("total", "under_cmk", "share", "moving", "vanished")},
        "by": {name: one["total"] for name, one in production["by"].items()},
        "other": production["other"]["total"],
        "put under a key": times["closed"],
        "open": times["open"],
        "residual bytes": figures["residual"]["bytes"],
    }


def alarms(figures: dict[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """How often each rule fired: on keys, and on who may use them."""
    return figures["alerts"]["by_rule"], figures["alerts"]["access"]["by_rule"]


@pytest.mark.parametrize("name", STORIES)
def test_the_figures_are_what_a_reader_counts(tmp_path: Path, name: str) -> None:
    # Time passes in it, which other tests need not know.
    with Sandbox(tmp_path / "state") as sandbox:
        _goes_its_way(estate(sandbox, tmp_path, STORIES[name]))


def _goes_its_way(made: Estate) -> None:
    first, second = made.moves
    guarded, world = made.guarded, made.world
    assert told(made.figures()) == counted(made)

    # A guardrail that only reports changes no figure.
    applied = made.guard("audit")
    assert applied.code == 0, applied.out
    assert told(made.figures()) == counted(made)

    # Two of three move; they count once the old ones are gone.
    for one in made.moves:
        made.move(one)
    assert told(made.figures()) == counted(made, moving=2)
    made.remove(first)
    assert told(made.figures()) == counted(made, moving=1, removed=1, residual=1)
    made.remove(second)
    assert told(made.figures()) == counted(made, removed=2, residual=2)

    # New workspaces without a key are refused from now on; the third is exempt until tomorrow.
    until_tomorrow = {"exemptions": {"until": day(1)}}
    denied = made.guard("deny-new", "--yes", "--accept-unrecoverable", **until_tomorrow)
    assert denied.code == 0, denied.out
    assert guarded.created("late", SECRET)
    assert not third_is_refused(made)
    assert made.guard("deny-new", verb="test", **until_tomorrow).code == 0
    assert made.guard("deny-new", verb="check", **until_tomorrow).code == 0
    assert told(made.figures()) == counted(made, removed=2, residual=2)

    # A key rotates, and the workspace follows.
    old = made.key_of(first)
    rotated = made.rotate(first)
    assert made.key_of(first) == rotated["version"] != old
    before = made.figures()
    assert told(before) == counted(made, removed=2, residual=2)
    assert [before["rotations"][one] for one in ("keys", "made", "adopted")] == [2, 1, 1]
    # The one update of the third and the rotation are writes of workspaces, and the second apply of the guardrail
    # names more callers in an alarm of the first.
    fired = {
        "key-changed": 1,
        "policies-changed": 2,
        "tags-written": 2,
        "watch-removed": 1,
        "workspace-deleted": 2,
    }
    assert alarms(before) == (fired, {"access-changed": 1})

    # Somebody gives a stranger a role, who unwraps.
    stranger, env = world.principal("stranger")
    world.assign(made.vault_of(second), provision.KEY_VAULT_CRYPTO_USER, stranger.object_id)
    made.unwrap(second, env)
    assert alarms(made.figures()) == (fired | {"unexpected-caller": 2}, {"access-changed": 2})

    # What the removals left is put under the key.
    for one in made.moves:
        made.put_old_storage_under_the_key(one)
        made.remove(one)
    assert told(made.figures()) == counted(made, removed=2)
    shown = world.migrate("evidence", "controls", f"plans/{first.source}", "--keys", "keys", "--json")
    verdicts = {one["control"]: one["verdict"] for one in shown.event("evidence.controls")["rows"]}
    assert verdicts["164.312(a)(2)(iv)"] == "supported"
    # It is under the key, and still there.
    assert verdicts["164.310(d)(2)(i)"] == verdicts["CC6.5"] == "spoken against"
    assert (verdicts["3.5.1"], verdicts["3.7.4"]) == ("not shown", "supported in part")

    # The exemption runs out: nothing of the third can be changed any more, and it is still counted.
    made.pass_days(2)
    assert third_is_refused(made)
    assert told(made.figures()) == counted(made, removed=2)


def third_is_refused(made: Estate) -> bool:
    """Whether an update of the one that does not move is refused."""
    group, _, name = made.third.partition("/")
    id_ = f"/subscriptions/{made.subscription}/resourceGroups/{group}/{provision.WORKSPACES}/{name}"
    body = {"properties": {"description": "x"}}
    return made.guarded.refused(lambda: made.guarded.arm("PATCH", id_, body, VERSION))
