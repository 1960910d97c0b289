"""What the tests of `decommission` have in common."""

from __future__ import annotations

import json
from typing import Any

from tests.acceptance.inprocess import here
from tests.acceptance.world import World
from tests.builders import fault


def decommission(world: World, *more: str, **env: str) -> Any:
    """`decommission` without a soak; in this process where it would wait for two minutes to see what is gone."""
    waits = {"--purge", "delete"} & set(more) and "--dry-run" not in more
    if waits and not env:
        return here(world, *more)
    return world.migrate(*removal(world), "--json", *more, **env)


def removal(world: World) -> tuple[str, ...]:
    """The words of a `decommission` without a soak."""
    return ("decommission", f"plans/{world.source}", "--confirm", f"{world.group}/{world.source}", "--soak", "0")


def refused(world: World, *more: str, **env: str) -> list[str]:
    """Why it is refused."""
    result = decommission(world, *more, **env)
    assert result.code == 4, (result.code, result.out, result.err)
    reasons: list[str] = result.event("error")["reasons"]
    return reasons


def moved(world: World) -> World:
    """Planned, run and verified."""
    world.ok("plan", *world.names)
    world.ok("run")
    world.ok("verify")
    return world


def waived_and_green(world: World) -> None:
    """The same where something is left to do by hand, which is waived."""
    world.ok("plan", *world.names)
    assert world.migrate("run").code == 3
    for line in world.plan_lines():
        if line.get("action") == "manual":
            world.ok("waive", line["address"], "--reason", "known")
    world.ok("verify")


def cut_off(world: World, path: str, *more: str, when: str = "after") -> None:
    """Kills a removal once the service has deleted what `path` matches."""
    _killed(world, fault("DELETE", path, kill=when), *more)


def cut_off_while_it_goes(world: World, *more: str) -> None:
    """Kills a removal that has recorded the answer to its deletion of the workspace, before that has ended."""
    _killed(world, fault("GET", "workspaceOperationsStatus", kill="before"), *more)


def _killed(world: World, rule: dict[str, Any], *more: str) -> None:
    result = world.with_faults([rule], *removal(world), "--json", *more)
    assert result.code == -9, (result.code, result.out, result.err)


def with_rules(world: World, rules: list[dict[str, Any]], *more: str, code: int) -> Any:
    """`decommission` under rules of the local Azure."""
    with world.faults(*rules):
        result = decommission(world, *more)
    assert result.code == code, (result.code, result.out, result.err)
    return result


def gateways(world: World) -> dict[str, Any]:
    """How ARM's gateway says of the source that it is not there (AZ-ABSENT-1)."""
    words = (
        f"The Resource 'Microsoft.MachineLearningServices/workspaces/{world.source}' under resource group"
        f" '{world.group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return arms("ResourceNotFound", words)


def arms(code: str, words: str) -> dict[str, Any]:
    """An answer 404 of ARM itself, as a rule of the local Azure has it."""
    body = {"error": {"code": code, "message": words}}
    return {"action": "status", "status": 404, "body": body, "headers": {"x-ms-failure-cause": "gateway"}}


def tombstones(world: World) -> list[dict[str, Any]]:
    """Every tombstone of the plan."""
    evidence = world.folder / "plans" / world.source / "evidence"
    return [json.loads(path.read_text()) for path in sorted(evidence.glob("*-decommission.json"))]


def default_container(world: World) -> str:
    """The source's default container, as evidence names it."""
    return f"{world.account('source')}/{world.container('source')}"
