"""What the demo's team has beside its assets: as much as is said, each under a name of its own."""

from __future__ import annotations

import json
from collections import Counter

from azsandbox import demofiles, demoteam


def test_it_has_what_a_real_team_has() -> None:
    made = dict(demoteam.made())
    kinds = Counter(path.split("/")[0] if path.count("/") == 1 else path.split("/")[2] for path in made)
    assert kinds == {
        "computes": 3,
        "connections": 12,
        "schedules": 5,
        "onlineEndpoints": 1,
        "batchEndpoints": 1,
        "deployments": 2,
    }
    assert len(set(demoteam.ROLES)) == len(demoteam.ROLES)


def test_each_secret_is_one_that_nothing_else_has() -> None:
    text = json.dumps([body for path, body in demoteam.made() if path.startswith("connections/")])
    found = [word[:24] for word in text.split(demoteam.SECRET)[1:]]
    assert len(set(found)) == len(found) > 12


def test_its_files_are_as_many_as_are_asked_for() -> None:
    rows = [*demoteam.files(2_000), *demofiles.files()]
    assert len({row["path"].lower() for row in rows}) == len(rows) == 2_000 + len(demofiles.files())
    assert demoteam.files(120) == demoteam.files(2_000)[:120]
    sizes = [row["bytes"] if "bytes" in row else len(row["text"]) for row in rows]
    assert min(sizes) > 0 and any(size > 64 * 1024 for size in sizes)
    assert {row["path"].rpartition("/")[2] for row in demoteam.files(50)} == {"config.json"}
