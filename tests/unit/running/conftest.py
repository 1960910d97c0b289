"""A walk that is closed when its test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.builders.world import plan
from tests.unit.running.walk import Walk

from amlmigrate.core.plan import Step


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Callable[..., Walk]]:
    made: list[Walk] = []

    def make(*steps: Step) -> Walk:
        made.append(Walk(tmp_path, plan(*steps)))
        return made[-1]

    yield make
    for one in made:
        one.close()
