"""An estate of three old workspaces and two new ones under customers' keys, governed as its story tells."""

from __future__ import annotations

import csv
import json
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.acceptance.guarded import Guarded
from tests.acceptance.removing import decommission
from tests.acceptance.world import World, make_world, seed_small

from azsandbox import Sandbox, provision, timeahead
from azsandbox.client import Client
from azsandbox.state import StateFolder

STORAGE, LOGS = "2023-05-01", "2023-09-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
# What `seed_small` puts into a workspace: blobs of 1000 bytes and one more each.
SEEDED = sum(1000 + number for number in range(6))


@dataclass(frozen=True)
class Story:
    """Three workspaces without a tag, the first two of which move. `decided` is what an owner says of each.

    `by` is how many of them are production by whose word, as a reader of the story counts.
    """

    names: tuple[str, str, str]
    decided: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    by: dict[str, int]
    other: int = 0


@dataclass
class Estate:
    """The workspaces of a story in a subscription of their own; `moves` are the pairs that move."""

    story: Story
    moves: tuple[World, World]
    third: str
    subscription: str
    logs: str = ""
    scans: int = 0
    removed: set[str] = field(default_factory=set)

    @property
    def world(self) -> World:
        return self.moves[0]

    @property
    def guarded(self) -> Guarded:
        return Guarded(self.world, self.subscription)

    # What people do.

    def scan(self) -> None:
        """A scan with the owners' decisions; by its name the later of two in one second is the later."""
        self.scans += 1
        self.world.ok("scan", "--decisions", "owners.csv", "--out", f"scans/{self.scans:02}.jsonl")

    def decide(self) -> None:
        """Writes what the owners decided: of one that is gone about its successor."""
        today = datetime.now(UTC).date().isoformat()
        moves = ((one, one.target if one.source in self.removed else one.source) for one in self.moves)
        names = [*(f"{world.group}/{name}" for world, name in moves), self.third]
        with (self.world.folder / "owners.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("workspace", "level", "owner", "date"))
            for name, levels in zip(names, self.story.decided, strict=True):
                rows.writerows((name, level, "ana@contoso.com", today) for level in levels)

    def move(self, world: World) -> None:
        """Plan, run, verify, cut over."""
        for command in (
            ("plan", *world.names),
            ("run", f"plans/{world.source}"),
            ("verify", f"plans/{world.source}"),
        ):
            world.ok(*command)
        world.ok("cutover", f"plans/{world.source}", "--unfrozen", "everybody was told")

    def remove(self, world: World) -> None:
        """Without a soak; a second time it looks at what is left."""
        done = decommission(world)
        assert done.code == 0, (done.out, done.err)
        self.removed.add(world.source)
        self.decide()

    def pass_days(self, days: int) -> None:
        timeahead.move(StateFolder(Path(self.world.env["AZSANDBOX_STATE"])), days * 86400)

    def guard(self, stage: str, *more: str, verb: str = "apply", **members: Any) -> Any:
        """`migrate guard` with the story's alarms at a stage."""
        callers = [{"id": self.identity_of(one)[1], "what": f"identity of {one.target}"} for one in self.moves]
        callers.append({"id": provision.OWNER_OBJECT_ID, "what": "the team that moves"})
        alarms = {
            "emails": ["key-officers@contoso.com"],
            "vaults": [self.vault_of(one) for one in self.moves],
            "logs": self.logs,
            "callers": callers,
        }
        return self.guarded.guard(verb, *more, stage=stage, alarms=alarms, **members)

    def rotate(self, world: World) -> Any:
        """A new version of a key, which an approver has agreed to."""
        approver, env = world.principal("approver")
        world.assign(self.vault_of(world), READER, approver.object_id)
        key = self.key_of(world).rpartition("/")[0]
        planned = world.migrate(
            "key", "rotate", "--key", key, "--dry-run", "--out", f"{world.source}.json", "--json"
        )
        digest = planned.event("key.rotate.plan")["sha256"][:16]
        approved = world.migrate("approve", f"{world.source}.json", "--digest", digest, "--json", **env)
        assert approved.code == 0, (approved.out, approved.err)
        done = world.migrate("key", "rotate", f"{world.source}.json", "--json")
        assert done.code == 0, (done.out, done.err)
        return done.event("key.rotate.end")

    # What figures tell.

    def figures(self) -> dict[str, Any]:
        """A new scan, and the figures after it."""
        self.scan()
        done = self.world.migrate("figures", "--format", "json")
        assert done.code == 0, (done.out, done.err)
        found: dict[str, Any] = json.loads(done.out)
        return found

    # What lies in Azure.

    def vault_of(self, world: World) -> str:
        named = world.arm("GET", world.documents["target"]["id"])["properties"]["encryption"]["keyVaultProperties"]
        return str(named["keyVaultArmId"])

    def key_of(self, world: World) -> str:
        """The version of the key that a new workspace names."""
        named = world.arm("GET", world.documents["target"]["id"])["properties"]["encryption"]["keyVaultProperties"]
        return str(named["keyIdentifier"])

    def identity_of(self, world: World) -> tuple[str, str]:
        """ARM id and object id of the identity that uses it."""
        encryption = world.arm("GET", world.storage_id("target"), STORAGE)["properties"]["encryption"]
        id_ = str(encryption["identity"]["userAssignedIdentity"])
        return id_, str(world.arm("GET", id_, "2023-01-31")["properties"]["principalId"])

    def put_old_storage_under_the_key(self, world: World) -> None:
        """What `az storage account update` does."""
        identity, _ = self.identity_of(world)
        new = world.arm("GET", world.storage_id("target"), STORAGE)["properties"]["encryption"]
        body = {
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": {
                "encryption": {
                    name: new[name] for name in ("keySource", "identity", "keyvaultproperties", "services")
                }
            },
        }
        world.arm("PATCH", world.storage_id("source"), STORAGE, body)

    def unwrap(self, world: World, env: dict[str, str]) -> None:
        """Somebody wraps and unwraps a few bytes with the key."""
        key = self.key_of(world)

        async def work(client: Client) -> None:
            sent = {"alg": "RSA-OAEP-256", "value": "MDEyMzQ1Njc4OTAxMjM0NQ"}
            _, _, text = await client.send(
                "POST", f"{key}/wrapkey?api-version=7.4", "https://vault.azure.net", json=sent
            )
            back = {"alg": "RSA-OAEP-256", "value": json.loads(text)["value"]}
            await client.send("POST", f"{key}/unwrapkey?api-version=7.4", "https://vault.azure.net", json=back)

        replace(world, env={**world.env, **env}).azure(work)


def estate(sandbox: Sandbox, folder: Path, story: Story) -> Estate:
    """Everything as it is before the story begins."""
    first = make_world(sandbox, folder)
    subscription = str(uuid.uuid4())
    number = first.group.removeprefix("rg")
    moves = []
    for at, name in enumerate(story.names[:2]):
        world = replace(
            first,
            env={**first.env, "AZURE_SUBSCRIPTION_ID": subscription},
            source=name,
            target=f"{name.removesuffix('-prod')}-cmk",
        )
        pair = world.azure(provision.pair, world.group, world.source, world.target, suffix=f"g{number}{at}")
        world.documents = {"source": pair.source, "target": pair.target}
        moves.append(seed_small(world))
    world = moves[0]
    group = world.documents["source"]["id"].partition("/providers/")[0]
    world.azure(
        provision.plain_workspace, group, story.names[2], f"{story.names[2]}g{number}".replace("-", "")[:24]
    )
    logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/logs{number}"
    world.arm("PUT", logs, LOGS, {"location": "eastus2", "properties": {}})
    made = Estate(story, (moves[0], moves[1]), f"{world.group}/{story.names[2]}", subscription, logs)
    made.decide()
    return made


def day(days: int) -> str:
    """A date so many days from today."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
