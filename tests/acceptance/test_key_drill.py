"""`migrate key drill`, as its users run it: refused, carried out, killed, restored, and what stops meanwhile."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.underway import under_way
from tests.acceptance.world import Result, World, make_world
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

    def drill(self, *arguments: str) -> Result:
        return self.world.migrate("key", "drill", "--key", self.key, "--json", *arguments)

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
def drilled(sandbox: Sandbox, tmp_path: Path) -> Drilled:
    made = Drilled(make_world(sandbox, tmp_path))
    made.prepare()
    return made


def test_a_drill_is_refused_carried_out_killed_and_restored(drilled: Drilled, tmp_path: Path) -> None:
    since = drilled.world.now()
    refused = drilled.drill("--dry-run")
    assert refused.code == 4, refused.out + refused.err
    reasons = refused.event("key.drill.plan")["reasons"]
    print(reasons)
    drilled.permit()
    dry = drilled.drill("--dry-run")
    assert dry.code == 0, dry.out + dry.err
    print(dry.out)
    whole = drilled.drill(*drilled.confirmed, "--limit", "PT10S")
    print(whole.out, whole.err)
    assert whole.code == 0
