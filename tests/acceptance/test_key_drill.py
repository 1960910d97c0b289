"""`migrate key drill`, as its users run it: refused, carried out, killed, restored, and what stops meanwhile."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.keyregistry import registry_under
from tests.acceptance.underway import under_way
from tests.acceptance.world import Result, World, make_world
from tests.builders import fault
from tests.builders.rows import blob

from azsandbox import Sandbox
from azsandbox.client import Client

# It looks at all that the caller can see.
sandbox = alone.sandbox
STORAGE, VAULTS = "2023-05-01", "2023-07-01"
PERMIT = {"environment": "dev", "aml-cmk-migrate-drill": "allowed"}


@dataclass
class Drilled:
    """A workspace of development and its account under one key, whose vault sends its log to Log Analytics."""

    world: World

    @property
    def workspace(self) -> str:
        return str(self.world.documents["target"]["id"])

    @property
    def named(self) -> dict[str, Any]:
        properties = self.world.documents["target"]["properties"]
        return dict(properties["encryption"]["keyVaultProperties"])

    @property
    def key(self) -> str:
        return str(self.named["keyIdentifier"]).rpartition("/")[0]

    @property
    def confirm(self) -> str:
        vault, _, name = self.key.removeprefix("https://").partition("/keys/")
        return f"{vault.partition('.')[0]}/{name}"

    def prepare(self) -> None:
        """All that a drill asks for but the tags."""
        group = self.workspace.partition("/providers/")[0]
        logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/logs"
        setting = f"{self.named['keyVaultArmId']}/providers/Microsoft.Insights/diagnosticSettings/audit"
        sent = {"workspaceId": logs, "logs": [{"categoryGroup": "audit", "enabled": True}]}
        self.world.arm("PUT", logs, "2023-09-01", {"location": "eastus2", "properties": {}})
        self.world.arm("PUT", setting, "2021-05-01-preview", {"properties": sent})
        self.world.seed([], [blob("seen.txt", 4)], into="target")

    def permit(self) -> None:
        self.world.arm("PATCH", self.workspace, "2025-12-01", {"tags": PERMIT})
        self.world.arm("PATCH", self.world.storage_id("target"), STORAGE, {"tags": {"environment": "dev"}})
        self.world.arm("PATCH", self.named["keyVaultArmId"], VAULTS, {"tags": PERMIT})

    def version(self) -> dict[str, Any]:
        async def work(client: Client) -> Any:
            _, _, text = await client.send("GET", f"{self.key}?api-version=7.5", "https://vault.azure.net")
            return json.loads(text)

        found: dict[str, Any] = self.world.azure(work)
        return found

    @property
    def enabled(self) -> bool:
        return bool(self.version()["attributes"]["enabled"])

    def drill(self, *arguments: str, **env: str) -> Result:
        return self.world.migrate("key", "drill", "--key", self.key, "--json", *arguments, **env)

    @property
    def confirmed(self) -> tuple[str, ...]:
        return ("--confirm", self.confirm)

    def watchers(self) -> list[int]:
        """The processes of watchers that were started in this folder."""
        found = []
        for one in Path("/proc").glob("[0-9]*"):
            try:
                words = (one / "cmdline").read_bytes().split(b"\0")
                here = (one / "cwd").resolve() == self.world.folder.resolve()
            except OSError:
                continue
            if here and b"amlmigrate.cli.drillwatch" in words:
                found.append(int(one.name))
        return found


@pytest.fixture
def drilled(sandbox: Sandbox, tmp_path: Path) -> Iterator[Drilled]:
    made = Drilled(make_world(sandbox, tmp_path))
    made.prepare()
    yield made
    # Where the test fails a watcher would try for a day.
    made.world.folder = tmp_path
    for one in made.watchers():
        os.kill(one, signal.SIGKILL)


def _seen(events: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    [end] = [one for one in events if one["event"] == "key.drill.end"]
    return {(one["kind"], one["down"], one["back"]) for one in end["measured"]}


def test_a_drill_is_refused_then_carried_out_then_killed_and_ended_by_the_watcher_and_by_the_tag(
    drilled: Drilled, tmp_path: Path
) -> None:
    _carried_out(drilled)
    _with_a_registry(drilled)
    _killed(drilled, tmp_path)


def _carried_out(drilled: Drilled) -> None:
    """Refused without the tags, then done: it leaves a report, and a version that is enabled."""
    world, before = drilled.world, drilled.version()
    refused = drilled.drill(*drilled.confirmed)
    assert refused.code == 4, refused.out + refused.err
    reasons = refused.event("error")["reasons"]
    assert sum("does not bear the tag" in one for one in reasons) == 2
    assert any("production is not known" in one for one in reasons)
    assert drilled.version() == before and not drilled.watchers()

    drilled.permit()
    dry = drilled.drill("--dry-run")
    assert dry.code == 0, dry.out + dry.err
    assert drilled.drill("--confirm", "other/key").code == 2
    assert drilled.version() == before

    # By the printed role and no other right; the watcher signs in as the same identity.
    driller = _driller(world)
    done = drilled.drill(*drilled.confirmed, "--limit", "PT1M", **driller)
    assert done.code == 0, done.out + done.err
    assert _seen(done.events) == {
        (kind, "refused", "answers") for kind in ("workspace", "storage account", "key vault")
    }
    after = drilled.version()
    assert after["attributes"]["enabled"] and set(after["tags"]) - set(before.get("tags") or {}) == {
        "aml-cmk-migrate-drilled"
    }
    assert not drilled.watchers()
    assert world.ok("evidence", "check", "--keys", "keys")
    reports = [json.loads(one.read_text()) for one in sorted((world.folder / "keys" / "evidence").glob("*.json"))]
    assert [(one["record"], one["state"]) for one in reports] == [("drill", "begun"), ("drill", "ended")]
    assert reports[1]["version_end"] == "enabled by this command"
    today = world.now()[:10]
    told = world.migrate("key", "status", "--key", drilled.key, "--format", "md")
    assert (told.code, f"| last drill | {today} |" in told.out) == (0, True), told.out
    # What signs in says nothing of how.
    [log] = (world.folder / "keys").glob("drill-*.log")
    assert "has tagged the version" in log.read_text()
    for secret in (driller["AZURE_CLIENT_SECRET"], "eyJ"):
        assert secret and secret not in log.read_text()


def _with_a_registry(drilled: Drilled) -> None:
    """A registry refuses in words that do not name the key: measured, and not said to be by the key."""
    registry_under(drilled.world, f"reg{drilled.world.group.removeprefix('rg')}", drilled.named["keyIdentifier"])
    done = drilled.drill(*drilled.confirmed, "--limit", "PT1M")
    assert done.code == 3, done.out + done.err
    assert _seen(done.events) == {
        ("container registry", "refused in other words", "answers"),
        *((kind, "refused", "answers") for kind in ("workspace", "storage account", "key vault")),
    }


def _driller(world: World) -> dict[str, str]:
    """An identity that has what `--print-role --for drill` prints, as it signs in."""
    printed = world.ok("doctor", "--target", f"{world.group}/{world.target}", "--print-role", "--for", "drill")
    role, (made, env) = json.loads(printed.out), world.principal("driller")
    [subscription] = role["AssignableScopes"]
    name = str(uuid.uuid4())
    permission = {
        "actions": role["Actions"],
        "notActions": [],
        "dataActions": role["DataActions"],
        "notDataActions": [],
    }
    body = {
        "roleName": name,
        "type": "CustomRole",
        "permissions": [permission],
        "assignableScopes": [subscription],
    }
    path = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{name}"
    world.arm("PUT", path, "2022-04-01", {"properties": body})
    world.assign(subscription, name, made.object_id)
    return env


def _killed(drilled: Drilled, tmp_path: Path) -> None:
    """What a kill of command and watcher leaves anybody ends by the tag; that of the command alone, the watcher."""
    world, home = drilled.world, drilled.world.folder
    # The account is slow to notice, so that the drill goes on until it is killed.
    slow = fault("HEAD", "seen.txt", host="blob", delay=20, nth=2, times=0)
    arguments = ("key", "drill", "--key", drilled.key, *drilled.confirmed)
    with under_way(world, [slow], *arguments, "--limit", "PT1H") as command:
        told = command.until("key.drill.prepared")
        assert told["restore"] == f"migrate key drill --restore --key {drilled.key}"
        command.until("key.drill.disabled")
        command.signal(signal.SIGKILL)
    [watcher] = drilled.watchers()
    _what_stops(drilled)
    os.kill(watcher, signal.SIGKILL)
    assert not drilled.enabled
    assert drilled.drill(*drilled.confirmed).code == 4
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    world.folder = elsewhere
    back = world.migrate("key", "drill", "--restore", "--key", drilled.key, "--json")
    assert back.code == 0, back.out + back.err
    assert [one["end"] for one in back.event("key.drill.restored")["versions"]] == ["enabled by this command"]
    assert drilled.enabled
    [report] = (elsewhere / "keys" / "evidence").glob("*.json")
    assert json.loads(report.read_text())["by_tag"] is True
    assert drilled.drill("--restore").event("key.drill.restored")["versions"] == []
    assert world.migrate("key", "status", "--key", drilled.key).code == 0

    world.folder = home
    with under_way(world, [slow], *arguments, "--limit", "PT10S") as command:
        command.until("key.drill.disabled")
        command.signal(signal.SIGKILL)
    [watcher] = drilled.watchers()
    # Nobody has to do anything: the watcher enables it at the limit.
    _until(lambda: drilled.enabled)
    assert "aml-cmk-migrate-drill-under-way" not in drilled.version()["tags"]
    _until(lambda: not drilled.watchers())


def _what_stops(drilled: Drilled) -> None:
    """What refuses and what goes on (docs/how-to/vault-unavailable.md), and that whoever looks only tells."""
    world = drilled.world
    account, container = world.account("target"), world.container("target")
    place = f"https://{account}.blob.core.windows.net/{container}"
    assert world.azure(_status, "GET", f"{place}/seen.txt") == 403
    assert world.azure(_status, "GET", f"{place}?restype=container&comp=list") == 200
    assert world.azure(_status, "GET", f"{place}?restype=container&comp=list&include=metadata") == 403
    assert world.arm("GET", world.storage_id("target"), STORAGE)["id"]
    assert world.arm("GET", drilled.workspace, accept=(403,)) is None
    status = world.migrate("key", "status", "--key", drilled.key, "--json")
    issues = {one["code"]: one for one in status.event("key.status")["issues"]}
    assert status.code == 3 and "under way until" in issues["drill"]["text"]
    assert issues["drill"]["command"] == f"migrate key drill --restore --key {drilled.key}"
    doctor = world.migrate("doctor", "--target", f"{world.group}/{world.target}", "--json")
    assert doctor.code != 0, doctor.out
    assert world.migrate("key", "rotate", "--key", drilled.key).code == 4
    assert not drilled.enabled, "whoever looks restores nothing"


async def _status(client: Client, method: str, url: str) -> int:
    headers, storage = {"x-ms-version": "2023-11-03"}, "https://storage.azure.com"
    status, _, _ = await client.send(method, url, storage, headers=headers, accept=(403,))
    return status


def _until(holds: Any) -> None:
    """Waits for what a process of its own does."""
    for _ in range(300):
        if holds():
            return
        time.sleep(0.2)
    raise AssertionError("it did not come to that")
