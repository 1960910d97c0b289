"""Secrets of the workspace's vault that the plan names move with all their versions, or by their value."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.removing import decommission
from tests.acceptance.world import World, make_world, seed_small
from tests.builders import fault
from tests.builders.vaults import Vault

sandbox = alone.sandbox

TOKEN, OTHER = "vaultSecrets/token", "vaultSecrets/other"


@pytest.fixture
def world(sandbox: Any, tmp_path: Path) -> World:
    """A source with secrets of its users, and one that it is not known whose it is."""
    made = seed_small(make_world(sandbox, tmp_path))
    vault = Vault(made, "source")
    vault.set("token", "TOP-SECRET-0")
    vault.set("token", "TOP-SECRET-1", contentType="text/plain", tags={"a": "b"})
    vault.set_through_workspace("other", "TOP-SECRET-2")
    vault.set("a1b2", "TOP-SECRET-3")
    (tmp_path / "names.txt").write_text("# of the labelers\ntoken\n")
    return made


def _nowhere(world: World, *outs: Any) -> None:
    told = [path.read_bytes() for path in world.folder.rglob("*") if path.is_file()]
    told += [f"{one.out}{one.err}".encode() for one in outs]
    assert not any(b"TOP-SECRET" in one for one in told)


def test_it_moves_with_its_versions_and_all_others_are_listed(world: World) -> None:
    source, target = Vault(world, "source"), Vault(world, "target")
    planned = world.ok("plan", *world.names, "--vault-secrets", "names.txt", "--verbose")
    lines = {line["address"]: line for line in world.plan_lines() if line.get("record") == "step"}
    assert lines[TOKEN]["action"] == "create" and "backup" in lines[TOKEN]["body"]["properties"]
    assert (lines[OTHER]["action"], lines["vaultSecrets"]["action"]) == ("manual", "manual")
    assert world.plan_lines()[0]["asked"] == {TOKEN: "restore"}
    listed = (world.folder / "plans" / world.source / "vaultSecrets.jsonl").read_text()
    assert '"a1b2"' in listed and '"token"' not in listed
    # Cut off once the vault has done it: the same run goes on, and nothing is done twice.
    cut = world.with_faults([fault("POST", "/secrets/restore", kill="after")], "run")
    assert cut.code == -signal.SIGKILL
    ran = world.migrate("run", "--resume", "--verbose")
    assert ran.code == 3, ran.err
    assert target.versions("token") == source.versions("token")
    made = target.secret("token")
    assert (made["value"], made["contentType"], made["tags"]) == ("TOP-SECRET-1", "text/plain", {"a": "b"})
    for address in (OTHER, "vaultSecrets"):
        world.ok("waive", address, "--reason", "nobody needs it")
    verified = world.ok("verify", "--json")
    assert verified.event("verify.end")["green"] is True
    # A new plan has nothing to do; what the source's people change since is set by its value.
    world.ok("plan", *world.names, "--vault-secrets", "names.txt", "--out", "plans/again")
    again = {line["address"]: line["action"] for line in world.plan_lines("again")[1:-1]}
    assert again[TOKEN] == "adopt"
    source.set("token", "TOP-SECRET-4")
    assert world.migrate("verify", f"plans/{world.source}").code == 3
    world.ok("plan", *world.names, "--vault-secrets", "names.txt", "--out", "plans/later")
    assert {line["address"]: line["action"] for line in world.plan_lines("later")[1:-1]}[TOKEN] == "update"
    assert world.migrate("run", "plans/later").code == 3
    assert target.secret("token")["value"] == "TOP-SECRET-4"
    for address in (OTHER, "vaultSecrets"):
        world.ok("waive", address, "plans/later", "--reason", "nobody needs it")
    world.ok("verify", "plans/later")
    _nowhere(world, planned, ran, verified)
    gone = decommission(world)
    assert gone.code in (0, 4)


def test_one_of_somebody_else_s_is_a_conflict_and_a_deleted_one_keeps_its_name(world: World) -> None:
    target = Vault(world, "target")
    target.set("token", "THEIRS", contentType="text/plain", tags={"a": "b"})
    world.ok("plan", *world.names, "--vault-secrets", "names.txt")
    lines = {line["address"]: line for line in world.plan_lines() if line.get("record") == "step"}
    assert lines[TOKEN]["action"] == "conflict"
    target.send("DELETE", "secrets/token")
    world.ok("plan", *world.names, "--vault-secrets", "names.txt", "--out", "plans/second")
    ran = world.migrate("run", "plans/second", "--json")
    assert ran.code == 3
    told = next(one for one in ran.events if TOKEN in str(one) and "purge" in str(one))
    assert "az keyvault secret recover" in str(told)
    target.send("POST", "deletedsecrets/token/recover")
    assert target.secret("token")["value"] == "THEIRS"


def test_a_vault_that_lets_nobody_in_is_not_taken_for_an_empty_one(world: World) -> None:
    Vault(world, "source").close()
    world.ok("plan", *world.names)
    lines = {line["address"]: line for line in world.plan_lines() if line.get("record") == "step"}
    assert "ForbiddenByConnection" in lines["vaultSecrets"]["reason"]
    assert lines["vaultSecrets"]["action"] == lines[OTHER]["action"] == "manual"
    assert world.migrate("run").code == 3
    refused = world.migrate("plan", *world.names, "--vault-secrets", "names.txt", "--out", "plans/second")
    assert refused.code == 6 and "ForbiddenByConnection" in refused.err, (refused.code, refused.err)


def test_it_moves_by_its_value_where_the_vaults_may_be_far_apart(world: World) -> None:
    source, target = Vault(world, "source"), Vault(world, "target")
    (world.folder / "names.txt").write_text("token\nother\n")
    # Nobody says in which regions they are.
    unknown = fault(
        "GET", f"(?i){source.id}$", status=403, body={"error": {"code": "AuthorizationFailed", "message": "-"}}
    )
    planned = world.with_faults([unknown], "plan", *world.names, "--vault-secrets", "names.txt")
    assert planned.code == 0, planned.err
    head = world.plan_lines()[0]
    assert head["asked"] == {TOKEN: "value", OTHER: "value"}
    assert f"{TOKEN}!secret-versions-stay" in {f"{one['address']}" for one in head["findings"]}
    # Killed once the vault has it: the next run knows its own write again, and sets no second version.
    cut = world.with_faults([fault("PUT", "/secrets/token", kill="after")], "run")
    assert cut.code == -signal.SIGKILL
    ran = world.migrate("run", "--resume")
    assert ran.code == 3, ran.err
    made, [old] = target.secret("token"), [source.secret("token")]
    assert (made["value"], made["contentType"], made["tags"]["a"]) == ("TOP-SECRET-1", "text/plain", "b")
    assert made["tags"]["migratedFrom.id"] == old["id"] and len(target.versions("token")) == 1
    world.ok("plan", *world.names, "--vault-secrets", "names.txt", "--out", "plans/again")
    assert {line["address"]: line["action"] for line in world.plan_lines("again")[1:-1]}[TOKEN] == "adopt"
    # Whoever may not read values is told that nobody compared them.
    no = {"error": {"code": "Forbidden", "message": "-", "innererror": {"code": "ForbiddenByRbac"}}}
    world.ok("waive", "vaultSecrets", f"plans/{world.source}", "--reason", "nobody needs it")
    blind = fault("GET", "/secrets/other$", status=403, body=no, times=0)
    told = world.with_faults([blind], "verify", f"plans/{world.source}", "--json")
    assert f"the secret of {OTHER}: it was not given (ForbiddenByRbac)" in told.event("verify.end")["not_checked"]
    # Somebody changed the value in the target: only a comparison of both shows it.
    target.set("token", "TOP-SECRET-9", contentType="text/plain", tags=made["tags"])
    other = world.migrate("verify", f"plans/{world.source}", "--json").event("verify.end")
    assert [(one["address"], one["field"]) for one in other["differences"]] == [(TOKEN, "/properties/value")]
    _nowhere(world, planned, ran, told)
