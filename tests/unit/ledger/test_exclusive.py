"""One process at a time in a plan's folder, and who only reads waits for it as well."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from amlmigrate.core.errors import PlanLockedError
from amlmigrate.ledger import exclusive


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which somebody else is, and nobody waits long."""
    monkeypatch.setattr(exclusive, "_PATIENCE_SECONDS", 0.05)
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield tmp_path
    os.close(handle)


@pytest.mark.parametrize("enter", [exclusive.alone, exclusive.quiet])
def test_nobody_is_let_in_while_another_is_there(
    held: Path, enter: Callable[[Path], AbstractContextManager[None]]
) -> None:
    with pytest.raises(PlanLockedError), enter(held):
        raise AssertionError("let in")


def test_one_goes_in_after_the_other(tmp_path: Path) -> None:
    for _ in range(2):
        with exclusive.alone(tmp_path):
            pass
        with exclusive.quiet(tmp_path):
            pass


def test_who_only_reads_goes_on_where_there_is_no_such_lock(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with exclusive.quiet(gone):
        pass
    with pytest.raises(OSError), exclusive.alone(gone):
        raise AssertionError("let in")
