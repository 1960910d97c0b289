"""Killed at any change of what others let two identities do, a cutover and its way back come to the same end.

Who may do what is judged by the local Azure's own documents.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.test_approving import second
from tests.acceptance.test_grants_elsewhere import _own, _state, moved, sandbox
from tests.acceptance.world import World
from tests.builders import fault
from tests.invariants.killing import KILLED, MOMENTS

__all__ = ["moved", "sandbox"]

# Two roles, a rule of an account and a policy of a vault.
GRANTS = 4


def _ends(world: World, rule: dict[str, Any] | None, *command: str) -> None:
    """Killed by a rule, and given again."""
    if rule:
        # Shown where it fails: the moment, which is one of many in this test.
        print(command[-1], rule)
        assert world.with_faults([rule], *command).code == KILLED
    world.ok(*command)


def _approved(world: World) -> World:
    """Planned with its grants, moved, verified, and approved by somebody else."""
    plan = f"plans/{world.source}"
    world.ok("plan", *world.names, "--grants", "--out", plan)
    world.ok("run", plan)
    world.ok("verify", plan)
    digest = world.ok("show", plan, "--json").event("show.approval")["sha256"]
    _, env = second(world)
    assert world.migrate("approve", plan, "--digest", digest[:16], **env).code == 0
    return world


@pytest.mark.crash
@pytest.mark.timeout(1800)
def test_at_every_grant(moved: World) -> None:
    world, before = _approved(moved), _state(moved)
    forth = ("cutover", f"plans/{world.source}", "--unfrozen", "a test")
    back = ("cutover", f"plans/{world.source}", "--back")
    _ends(world, None, *forth)
    given = _state(world)
    assert given["roles"] > before["roles"] and _own(world, "target") in given["policies"]
    _ends(world, None, *back)
    assert _state(world) == before
    for nth in range(1, GRANTS + 1):
        for when in MOMENTS:
            _ends(world, _of_others("PUT|PATCH", nth, when), *forth)
            assert _state(world) == given
            _ends(world, _of_others("PUT|PATCH|DELETE", nth, when), *back)
            assert _state(world) == before


def _of_others(methods: str, nth: int, when: str) -> dict[str, Any]:
    """A kill at the n-th change of what is somebody else's."""
    return fault(methods, "/(lake|kvtheirs)[0-9]+", nth=nth, kill=when)
