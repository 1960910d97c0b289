"""A large estate for a scan: one pair of workspaces is made, the others are its likes in the sandbox's own store."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azsandbox import Options, Sandbox, provision
from azsandbox.arm.store import Store
from azsandbox.client import Client
from azsandbox.messages import SUBSCRIPTION_ID
from azsandbox.state import StateFolder

MIGRATE = Path(sys.executable).with_name("migrate")


@dataclass(frozen=True)
class Scanned:
    """What a scan came to: its last event, seconds of the clock, and ARM's answers by status and by subscription."""

    workspaces: int
    complete: bool
    seconds: float
    statuses: Counter[int]
    subscriptions: Counter[str]

    @property
    def asked(self) -> int:
        """How many requests ARM was sent."""
        return sum(self.statuses.values())


@contextmanager
def estate(
    folder: Path, *, subscriptions: int, each: int, limits: str
) -> Iterator[tuple[StateFolder, dict[str, str]]]:
    """A sandbox with `each` workspaces in each subscription, behind ARM's limits or N times their refill."""
    state = StateFolder(folder)
    with Sandbox(folder) as azure:
        asyncio.run(_pair(azure.env))
    _multiply(next(state.arm.glob("*.sqlite")), subscriptions, each // 2)
    with Sandbox(folder, Options(arm_limits=limits)) as azure:
        yield state, azure.env


async def _pair(env: dict[str, str]) -> None:
    async with Client(env) as client:
        await provision.pair(client, "seedrg", "seedold", "seednew")


def _multiply(path: Path, subscriptions: int, pairs: int) -> None:
    """Writes the pair again and again into the store, under other ids and names."""
    store = Store(path)
    records = [one for one in store.below(f"/subscriptions/{SUBSCRIPTION_ID}") if "seed" in one.key]
    for number in range(subscriptions):
        subscription = str(uuid.UUID(int=number + 1))
        for pair in range(pairs):
            copies = []
            for one in records:
                row = json.dumps(
                    [one.key, one.type, one.parent, one.id, one.name, one.document, one.hidden, list(one.terms)]
                )
                row = row.replace(SUBSCRIPTION_ID, subscription).replace("seed", f"n{number}x{pair}")
                key, type_, parent, id_, name, document, hidden, terms = json.loads(row)
                copies.append(type(one)(key, type_, parent, id_, name, document, hidden, tuple(terms)))
            store.put(*copies)
    store.remove(*records)
    store.close()


def scanned(state: StateFolder, env: dict[str, str], folder: Path) -> Scanned:
    """Scans all that the owner sees."""
    asked = {name: value for name, value in {**os.environ, **env}.items() if name != "AZURE_SUBSCRIPTION_ID"}
    begun = time.perf_counter()
    done = subprocess.run(
        [str(MIGRATE), "scan", "--json"], check=False, cwd=folder, env=asked, capture_output=True, text=True
    )
    seconds = time.perf_counter() - begun
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    end = json.loads(done.stdout.splitlines()[-1])
    rows = [json.loads(line) for line in state.log.read_text().splitlines()]
    rows = [row for row in rows if row.get("host") == "management.azure.com"]
    paths = [row["path"].split("/") for row in rows]
    return Scanned(
        end["workspaces"],
        end["complete"],
        seconds,
        Counter(row["status"] for row in rows),
        Counter(path[2].lower() for path in paths if len(path) > 2 and path[1] == "subscriptions"),
    )
