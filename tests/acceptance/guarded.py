"""A subscription with an old workspace, and what `migrate guard` and Azure Policy make of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.acceptance.world import Result, World, make_world

from azsandbox import Sandbox, provision
from azsandbox.client import Refused

VERSION = "2025-12-01"
POLICY = "2025-03-01"
AUTHORIZATION = "providers/Microsoft.Authorization"


@dataclass
class Guarded:
    """A subscription with an old workspace of protected data and one under a customer's key."""

    world: World
    subscription: str

    def file(self, **members: Any) -> str:
        path = self.world.folder / "guard.yaml"
        path.write_text(yaml.safe_dump(members), encoding="utf-8")
        return str(path)

    def guard(self, verb: str, *arguments: str, **members: Any) -> Result:
        return self.world.migrate("guard", verb, self.file(**members), "--json", *arguments)

    def arm(self, method: str, path: str, body: Any = None, version: str = POLICY, **more: Any) -> Any:
        return self.world.arm(method, path, version, body, **more)

    @property
    def assignment(self) -> str:
        return f"/subscriptions/{self.subscription}/{AUTHORIZATION}/policyAssignments/aml-cmk"

    def refused(self, work: Callable[[], Any]) -> bool:
        """Whether Azure Policy refuses it."""
        try:
            work()
        except Refused as answer:
            assert (answer.status, "RequestDisallowedByPolicy" in str(answer)) == (403, True), str(answer)
            return True
        return False

    def update(self, which: str) -> bool:
        """Whether an update of a workspace is refused."""
        id_ = self.world.documents[which]["id"]
        return self.refused(lambda: self.arm("PATCH", id_, {"properties": {"description": "x"}}, VERSION))

    def created(self, name: str, tags: dict[str, str]) -> bool:
        """Whether a workspace without a customer's key is refused."""
        source = self.world.documents["source"]
        id_ = f"{source['id'].rpartition('/')[0]}/{name}"
        names = ("storageAccount", "keyVault", "applicationInsights")
        properties = {one: source["properties"][one] for one in names if one in source["properties"]}
        body = {
            "location": "eastus2",
            "tags": tags,
            "identity": {"type": "SystemAssigned"},
            "properties": properties,
        }
        return self.refused(lambda: self.arm("PUT", id_, body, VERSION))

    def scan(self) -> None:
        self.world.ok("scan")


def guarded_subscription(sandbox: Sandbox, folder: Path) -> Guarded:
    """One of a test's own."""
    world = make_world(sandbox, folder)
    subscription = str(uuid.uuid4())
    world.env = {**world.env, "AZURE_SUBSCRIPTION_ID": subscription}
    number = world.group.removeprefix("rg")
    pair = world.azure(provision.pair, world.group, "old-ws", "new-ws", suffix=f"g{number}")
    world.source, world.target = "old-ws", "new-ws"
    world.documents = {"source": pair.source, "target": pair.target}
    tags = {"tags": {"data-classification": "restricted", "environment": "prod"}}
    world.arm("PATCH", pair.source["id"], VERSION, tags)
    return Guarded(world, subscription)
