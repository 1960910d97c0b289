"""Four eyes: who plans does not approve, what is not approved does not run, and no decision is forged unseen."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.acceptance.removing import removal
from tests.acceptance.world import World

from azsandbox.principals import ServicePrincipal

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def second(world: World, *, reads: bool = True) -> tuple[ServicePrincipal, dict[str, str]]:
    """Another application, and the environment in which it signs in; with `reads` it may read the target."""
    made, env = world.principal("approver")
    if reads:
        _give_reader(world, made)
    return made, env


def _give_reader(world: World, to: ServicePrincipal) -> None:
    world.assign(world.documents["target"]["id"], READER, to.object_id, principalType="ServicePrincipal")


def _approve(world: World, env: dict[str, str], *more: str, digest: str = "") -> Any:
    folder = f"plans/{world.source}"
    digest = digest or world.ok("show", folder, "--json").event("show.approval")["sha256"][:8]
    return world.migrate("approve", folder, "--digest", digest, "--json", *more, **env)


def _folder(world: World) -> Path:
    return world.folder / "plans" / world.source


def test_a_plan_runs_once_somebody_else_approved_exactly_it(small_world: World) -> None:
    world = small_world
    other, env = second(world, reads=False)
    world.ok("plan", *world.names, "--require-approval")
    header = world.plan_lines()[0]
    assert header["target_tenant"] == header["planned_by"]["identity"]["tenant_id"]
    assert (
        header["require_approval"] is True
        and header["planned_by"]["identity"]["app_id"] == world.env["AZURE_CLIENT_ID"]
    )

    since = world.now()
    refused = world.migrate("run", "--json")
    assert refused.code == 4
    digest = world.ok("show", "--json").event("show.approval")["sha256"]
    assert f"migrate approve plans/{world.source} --digest {digest[:16]}" in refused.event("error")["remedy"]
    assert not [row for row in world.log(since) if row["method"] != "GET"]
    assert world.ok("show", "--json").event("show.approval")["approved"] is False

    own = _approve(world, {})
    assert own.code == 4 and "plan of their own" in own.event("error")["summary"]
    blind = _approve(world, env, digest=digest)
    assert (
        blind.code == 6 and "Microsoft.MachineLearningServices/workspaces/read" in blind.event("error")["summary"]
    )
    assert world.documents["target"]["id"].lower() in blind.event("error")["summary"].lower()
    _give_reader(world, other)
    another = "".join("0" if digit != "0" else "1" for digit in digest)
    assert [_approve(world, env, digest=one).code for one in (another, digest[:7], "x" * 8)] == [4, 2, 2]

    given = _approve(world, env, "--comment", "looked at all", digest=digest[:12].upper())
    assert given.code == 0, given.out
    assert given.event("approve")["object_id"] == other.object_id
    assert _approve(world, env).event("approve")["new"] is False
    shown = world.ok("show", "--json").event("show.approval")
    assert [one["object_id"] for one in shown["approvals"]] == [other.object_id]
    report = json.loads((_folder(world) / "evidence" / "0001-approval.json").read_text())
    assert report["by"]["identity"]["object_id"] == other.object_id and report["comment"] == "looked at all"
    assert report["plan"]["sha256"] == given.event("approve")["sha256"] == digest

    world.ok("run")
    world.ok("verify")
    assert "3 reports" in world.ok("evidence", "check").out
    # The next plan is another one: what was approved before does not count for it.
    world.ok("plan", *world.names, "--require-approval")
    assert world.migrate("run", f"plans/{world.source}-2").code == 4
    # Nothing of a token is kept.
    for path in (world.folder / "plans").rglob("*"):
        assert not path.is_file() or b"eyJ" not in path.read_bytes(), path


def _sql(world: World, statement: str) -> None:
    with sqlite3.connect(_folder(world) / "ledger.db") as db:
        db.execute(statement)
    db.close()


def _forge(world: World) -> None:
    sha = "(SELECT value FROM meta WHERE key = 'plan_sha256')"
    _sql(world, f"INSERT INTO approvals VALUES ({sha}, 'somebody', 'somebody', '', '2026-01-01', 1, '[]', '')")


def test_a_forged_approval_does_not_count(small_world: World) -> None:
    """Nor one of another, or taken out of the evidence: tests/unit/ledger/test_who_approves.py and test_checking.py."""
    world = small_world
    world.ok("plan", *world.names, "--require-approval")
    assert world.migrate("run").code == 4, "it makes the ledger"
    _forge(world)
    assert world.migrate("run").code == 4
    refused = world.migrate("evidence", "check")
    assert refused.code == 4 and "cannot be trusted" in refused.err


def test_a_waiver_is_evidence_with_who_signed_in(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names, "--exclude", "components/*")
    world.ok("run")
    waived = world.ok("waive", "components/c/1", "--reason", "not needed", "--json").event("waive")
    assert waived["object_id"]
    world.ok("verify")
    world.ok("evidence", "check")
    _sql(world, "UPDATE decisions SET reason = 'something else'")
    refused = world.migrate("evidence", "check", "--json")
    assert refused.code == 4
    assert refused.event("error")["reasons"] == [
        "The decision about components/c/1 is not the one that was recorded."
    ]
    gate = world.migrate(*removal(world), "--json", "--dry-run")
    assert gate.code == 4 and "decision about components/c/1" in gate.event("error")["reasons"][0]
    # Waived again, it is in order.
    world.ok("waive", "components/c/1", "--reason", "not needed")
    world.ok("evidence", "check")


def test_each_decision_needs_another_identity_and_one_more_needs_one_more(small_world: World) -> None:
    world = small_world
    other, env = second(world)
    folder = f"plans/{world.source}"
    world.ok(
        "plan", *world.names, "--exclude", "components/*", "--exclude", "environments/*", "--require-approval"
    )
    assert _approve(world, env).code == 0

    def outcome(address: str) -> str:
        return next((o["stands"] for o in shown()["show.open"]["open"] if o["address"] == address), "decided")

    def shown() -> dict[str, Any]:
        events = world.ok("show", folder, "--open", "--json").events
        return {event["event"]: event for event in events}

    world.ok("waive", "components/c/1", "--reason", "not needed")
    first = shown()["show.decisions"]
    assert [one["address"] for one in first["decisions"]] == ["components/c/1"]
    assert outcome("components/c/1") == "left by selection", "nothing counts before it is approved"
    world.ok("waive", "environments/py/1", "--reason", "not needed")
    # What was looked at is no longer all that there is.
    stale = _approve(world, env, "--decisions", digest=first["sha256"][:8])
    assert stale.code == 4 and outcome("environments/py/1") == "left by selection"
    both = shown()["show.decisions"]["sha256"]
    own = _approve(world, {}, "--decisions", digest=both)
    assert own.code == 4 and own.event("error")["reasons"] == ["components/c/1", "environments/py/1"]
    given = _approve(world, env, "--decisions", digest=both)
    assert given.code == 0 and given.event("approve")["object_id"] == other.object_id
    assert {outcome("components/c/1"), outcome("environments/py/1")} == {"decided"}
    assert shown()["show.decisions"]["decisions"] == []
    assert _approve(world, env, "--decisions", digest=both).code == 2, "there is nothing more to approve"

    nobody = world.migrate("reopen", "components/c/1", folder, AZURE_CLIENT_SECRET="wrong")
    assert nobody.code == 6, "who decides has to be known"
    world.ok("reopen", "components/c/1", folder)
    assert outcome("components/c/1") == "left by selection"
    # Forged in the ledger it counts for nothing.
    world.ok("waive", "components/c/1", "--reason", "not needed")
    _sql(world, f"UPDATE decisions SET object_id = '{other.object_id}' WHERE address = 'components/c/1'")
    assert world.migrate("run").code == 4
