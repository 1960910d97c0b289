"""A plan's folder of a freeze, in which nobody waits for Azure to show what it did."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.freezing.assigned import Folder

from amlmigrate.freezing import freeze, give_back


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "_READ_BACK_SECONDS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(give_back, "_LOOK_SECONDS", (0.0, 0.0, 0.0))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
