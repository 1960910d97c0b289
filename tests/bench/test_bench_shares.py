"""Against AzCopy, share to share: twenty thousand files, as people have them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import MIGRATE, World
from tests.bench.azcopying import copied, in_turn, told
from tests.bench.measuring import Figures, Spent, spent

from azsandbox.seed import CODE_SHARE, Seeder

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]
FILES = 20_000
_IN_A_FOLDER = 40
_THEIRS = "azcopy"


def _seed(world: World) -> None:
    rows = [
        {
            "share": CODE_SHARE,
            "path": f"Users/u{n // _IN_A_FOLDER % 25:02}/p{n // _IN_A_FOLDER:03}/part {n:05}.py",
            "bytes": 200 + n % 3000,
        }
        for n in range(FILES)
    ]

    async def work(client: Any) -> None:
        await (await Seeder.of(client, world.documents["source"]["id"])).files(rows)

    world.azure(work)
    world.make_share(_THEIRS, "target")


def _with_azcopy(azcopy: Path, world: World) -> Spent:
    """Copies the share's folder to a share of its own, with attributes and times as `migrate` does."""
    host = "file.core.windows.net"
    source = f"https://{world.account('source')}.{host}/{CODE_SHARE}/Users"
    target = f"https://{world.account('target')}.{host}/{_THEIRS}"
    folders = FILES // _IN_A_FOLDER + 25 + 1
    return copied(azcopy, world, source, target, FILES + folders, "--preserve-smb-info=true")


def _with_migrate(world: World) -> Spent:
    world.ok("plan", *world.names)
    done = spent([MIGRATE, "run", "--json"], world.folder, world.env)
    assert '"outcome": "failed"' not in done.out
    return done


def test_twenty_thousand_files_of_a_share(fresh: Callable[..., World], azcopy: Path, figures: Figures) -> None:
    turns = in_turn(fresh, _seed, partial(_with_azcopy, azcopy), _with_migrate)
    assert told(figures, turns, FILES, f"{FILES} files of a share", "file")
