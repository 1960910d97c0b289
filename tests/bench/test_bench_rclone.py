"""Against `rclone check --download`, which reads both sides too: blobs of 4 KiB, and two of 128 MiB."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from tests.acceptance.world import MIGRATE, World
from tests.bench.measuring import MIB, Figures, Spent, spent

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]
LARGE = 2
# So many small ones, how often, and how many seconds more than rclone's: a start of half a second shows in few (ADR 49).
SIZES = [(4000, 4, 1.0), (16000, 3, 0.0)]
# Of rclone's processor time; SHA-256 of both sides and their evidence are in it.
MOST_CPU = 1.5


@pytest.fixture
def rclone() -> str:
    """The rclone of the machine, as Debian's package of that name; skips where there is none."""
    found = shutil.which("rclone")
    if found is None:
        pytest.skip("rclone is not installed; Debian has it as the package rclone")
    version = subprocess.run([found, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    print(f"rclone {version}")
    return found


def _rows(small: int) -> list[dict[str, Any]]:
    container = "azureml-blobstore"
    files = [{"container": container, "path": f"many/{n % 10}/part-{n:05d}", "bytes": 4096} for n in range(small)]
    return files + [{"container": container, "path": f"many/large-{n}", "bytes": 128 * MIB} for n in range(LARGE)]


def _moved(world: World, small: int) -> World:
    """The blobs as one asset, on both sides."""
    uri = "azureml://datastores/workspaceblobstore/paths/many"
    properties = {"dataType": "uri_folder", "dataUri": uri}
    world.seed([{"kind": "data", "name": "many", "version": "1", "properties": properties}], _rows(small))
    world.ok("plan", *world.names)
    world.ok("run")
    return world


def _signed_in(world: World) -> dict[str, str]:
    """What rclone needs to reach both accounts with the identity that `migrate` has: a token, no key."""
    secret = world.folder / "principal.json"
    secret.write_text(
        json.dumps(
            {
                "appId": world.env["AZURE_CLIENT_ID"],
                "password": world.env["AZURE_CLIENT_SECRET"],
                "tenant": world.env["AZURE_TENANT_ID"],
            }
        )
    )
    remotes = {"SOURCE": world.account("source"), "TARGET": world.account("target")}
    told = {"TYPE": "azureblob", "SERVICE_PRINCIPAL_FILE": str(secret)}
    return {
        "RCLONE_CONFIG": "/dev/null",
        **{f"RCLONE_CONFIG_{name}_{key}": value for name in remotes for key, value in told.items()},
        **{f"RCLONE_CONFIG_{name}_ACCOUNT": account for name, account in remotes.items()},
    }


def _with_rclone(rclone: str, world: World, small: int) -> Spent:
    sides = [f"{which}:{world.container(which)}/many" for which in ("source", "target")]
    done = spent([rclone, "check", *sides, "--download"], world.folder, {**world.env, **_signed_in(world)})
    assert f"{small + LARGE} matching files" in done.out, done.out[-2000:]
    return done


def _with_migrate(world: World, small: int) -> Spent:
    done = spent([MIGRATE, "verify", "--json"], world.folder, world.env)
    end = json.loads(done.out.splitlines()[-1])
    assert end["green"] is True
    assert end["same"]["blobs"] == small + LARGE
    return done


def _read(world: World, since: str) -> int:
    """How many bytes of blobs were sent since then."""
    hosts = tuple(f"{world.account(which)}.blob." for which in ("source", "target"))
    return sum(
        row.get("response_bytes") or 0
        for row in world.log(since)
        if row["method"] == "GET" and row["host"].startswith(hosts)
    )


def _in_turn(rclone: str, world: World, small: int, rounds: int) -> tuple[list[Spent], list[Spent]]:
    """Several rounds, in which each goes first as often as the other; both read all bytes of both sides."""
    theirs: list[Spent] = []
    ours: list[Spent] = []
    turns: list[tuple[list[Spent], Callable[[], Spent]]] = [
        (theirs, lambda: _with_rclone(rclone, world, small)),
        (ours, lambda: _with_migrate(world, small)),
    ]
    for number in range(rounds):
        for kept, turn in turns if number % 2 == 0 else turns[::-1]:
            since = world.now()
            kept.append(turn())
            assert _read(world, since) >= 2 * (small * 4096 + LARGE * 128 * MIB)
    return theirs, ours


def _medians(turns: list[Spent]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    return statistics.median(one.wall for one in turns), statistics.median(one.cpu for one in turns)


@pytest.mark.parametrize(("small", "rounds", "more_seconds"), SIZES)
def test_verify_beside_rclone(
    fresh: Callable[..., World], rclone: str, figures: Figures, small: int, rounds: int, more_seconds: float
) -> None:
    theirs, ours = _in_turn(rclone, _moved(fresh(), small), small, rounds)
    their_wall, their_cpu = _medians(theirs)
    wall, cpu = _medians(ours)
    what = f"{small} blobs of 4 KiB and {LARGE} of 128 MiB, on both sides"
    figures.add(f"{what}: `rclone check --download`", f"{their_wall:.1f} s, {their_cpu:.1f} s of processor")
    slower = figures.add(
        "the same: `migrate verify`",
        f"{wall:.1f} s, {wall / their_wall:.2f} of rclone's time",
        f"at most {more_seconds:.0f} s more" if more_seconds else "not slower",
        holds=wall <= their_wall + more_seconds,
    )
    more = figures.add(
        "the same: its processor time",
        f"{cpu:.1f} s, {cpu / their_cpu:.2f} of rclone's",
        f"at most {MOST_CPU} of rclone's",
        holds=cpu <= MOST_CPU * their_cpu,
    )
    assert slower and more
