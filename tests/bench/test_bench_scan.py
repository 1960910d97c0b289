"""A scan of a large estate: a thousand workspaces in a hundred subscriptions, and how often ARM sends it away."""

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
from pathlib import Path

import pytest

from azsandbox import lifetime, provision
from azsandbox.arm.store import Store
from azsandbox.client import Client
from azsandbox.messages import SUBSCRIPTION_ID
from azsandbox.settings import Options, environment
from azsandbox.state import StateFolder

SUBSCRIPTIONS, EACH = 100, 10
MIGRATE = Path(sys.executable).with_name("migrate")


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StateFolder, dict[str, str]]]:
    """The estate behind a tenth of Azure's waits: one pair of workspaces is made, the others are its likes."""
    state = StateFolder(tmp_path_factory.mktemp("estate"))
    process = lifetime.detach(state, Options(arm_limits="off"))
    asyncio.run(_pair(environment(state, state.announced()["port"])))
    lifetime.stop(state)
    process.wait()
    _multiply(next(state.arm.glob("*.sqlite")))
    process = lifetime.detach(state, Options(arm_limits="x10"))
    try:
        yield state, environment(state, state.announced()["port"])
    finally:
        lifetime.stop(state)
        process.wait()


async def _pair(env: dict[str, str]) -> None:
    async with Client(env) as client:
        await provision.pair(client, "seedrg", "seedold", "seednew")


def _multiply(path: Path) -> None:
    """Writes the pair again and again into the sandbox's own store, under other ids and names."""
    store = Store(path)
    records = [one for one in store.below(f"/subscriptions/{SUBSCRIPTION_ID}") if "seed" in one.key]
    for number in range(SUBSCRIPTIONS):
        subscription = str(uuid.UUID(int=number + 1))
        for pair in range(EACH // 2):
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


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_a_thousand_workspaces_do_not_bounce(estate: tuple[StateFolder, dict[str, str]], tmp_path: Path) -> None:
    state, env = estate
    named = {name: value for name, value in env.items() if name != "AZURE_SUBSCRIPTION_ID"}
    clean = {name: value for name, value in os.environ.items() if name != "AZURE_SUBSCRIPTION_ID"}
    begun = time.perf_counter()
    done = subprocess.run(
        [str(MIGRATE), "scan", "--json"],
        check=False,
        cwd=tmp_path,
        env={**clean, **named},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - begun
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    events = [json.loads(line) for line in done.stdout.splitlines()]
    end = events[-1]
    answers = Counter(
        row["status"]
        for row in map(json.loads, state.log.read_text().splitlines())
        if row.get("host") == "management.azure.com"
    )
    asked = sum(answers.values())
    print(
        f"\n{end['workspaces']} workspaces: {seconds:.1f} s, {asked} requests of ARM, {answers[429]} answered 429"
    )
    assert (end["workspaces"], end["complete"]) == (SUBSCRIPTIONS * EACH, True)
    assert answers[429] <= asked / 100
