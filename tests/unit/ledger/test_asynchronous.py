"""The ledger from the event loop: in order, on disk when it returns, and each call for itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders.world import plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.asynchronous import AsyncLedger

COUNT = 20
ADDRESSES = [Address.of("models", "m", str(number)) for number in range(COUNT)]


@pytest.fixture
def written(tmp_path: Path) -> Iterator[AsyncLedger]:
    with Ledger(tmp_path) as ledger:
        ledger.bind(plan(*(step(str(address)) for address in ADDRESSES)))
        made = AsyncLedger(ledger)
        yield made
        made.close()


def _on_disk(folder: Path) -> dict[str, str]:
    with sqlite3.connect(folder / "ledger.db") as other:
        found = dict(other.execute("SELECT address, state FROM steps"))
    other.close()
    return found


async def test_what_returns_is_on_disk(written: AsyncLedger, tmp_path: Path) -> None:
    async def one(address: Address) -> None:
        await written.move(address, State.DOING)
        assert _on_disk(tmp_path)[str(address)] == "doing"

    await asyncio.gather(*map(one, ADDRESSES))


async def test_many_asked_at_once_are_written_at_once(written: AsyncLedger, tmp_path: Path) -> None:
    statements: list[str] = []
    written._ledger._db.set_trace_callback(statements.append)
    await asyncio.gather(*(written.move(address, State.DOING) for address in ADDRESSES))
    written._ledger._db.set_trace_callback(None)
    assert statements.count("COMMIT") <= 2
    assert set(_on_disk(tmp_path).values()) == {"doing"}


async def test_what_fails_fails_alone(written: AsyncLedger, tmp_path: Path) -> None:
    def broken() -> None:
        with written._ledger.transaction() as db:
            db.execute("UPDATE steps SET state = 'lost'")
            raise MigrateError("It broke.")

    calls = [written.move(address, State.DOING) for address in ADDRESSES[:3]]
    # A finished step cannot begin.
    await written.move(ADDRESSES[5], State.DONE)
    found = await asyncio.gather(
        *calls, written._do(broken), written.move(ADDRESSES[5], State.DOING), written.move(ADDRESSES[4], State.DOING),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(result) for result in found] == [type(None)] * 3 + [MigrateError, ValueError, type(None)]
    states = _on_disk(tmp_path)
    doing = {address for address, state in states.items() if state == "doing"}
    assert doing == {str(ADDRESSES[number]) for number in (0, 1, 2, 4)}
    assert set(states.values()) == {"doing", "done", "pending"}


async def test_where_nothing_can_be_written_everyone_hears_of_it(written: AsyncLedger, tmp_path: Path) -> None:
    written._ledger._db.execute("PRAGMA query_only = ON")
    found = await asyncio.gather(
        *(written.move(address, State.DOING) for address in ADDRESSES), return_exceptions=True
    )
    assert all(isinstance(result, MigrateError) for result in found)
    assert set(_on_disk(tmp_path).values()) == {"pending"}


async def test_who_is_cancelled_leaves_the_others_alone(written: AsyncLedger, tmp_path: Path) -> None:
    tasks = [asyncio.create_task(written.move(address, State.DOING)) for address in ADDRESSES]
    await asyncio.sleep(0)
    tasks[3].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    states = _on_disk(tmp_path)
    assert all(states[str(address)] == "doing" for number, address in enumerate(ADDRESSES) if number != 3)
