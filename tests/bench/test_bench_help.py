"""How long `migrate --help` takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.world import MIGRATE
from tests.bench.measuring import Figures, spent

pytestmark = pytest.mark.bench
SECONDS = 0.2


def test_help_is_there_at_once(tmp_path: Path, figures: Figures) -> None:
    best = min(spent([MIGRATE, "--help"], tmp_path, {}).wall for _ in range(5))
    assert figures.add(
        "`migrate --help`, best of five", f"{best:.2f} s", f"below {SECONDS} s", holds=best < SECONDS
    )
