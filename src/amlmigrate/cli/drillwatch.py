"""The watcher of a drill, as a program: `python -m amlmigrate.cli.drillwatch`, started by `migrate key drill`
alone.

It reads what it is to do from its standard input, says on its standard output whether it is able to, and writes
the rest to its standard error, which is a file.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime

from amlmigrate.cloud.session import Side
from amlmigrate.core.errors import BadInputError, MigrateError
from amlmigrate.core.keys import key_id
from amlmigrate.drilling import watching
from amlmigrate.drilling.port import VaultVersion, clock_of
from amlmigrate.drilling.watcher import FAILED, READY
from amlmigrate.drilling.watching import WatcherTask
from amlmigrate.keys.model import KeyName


def main() -> int:
    """0 once the drill is over, else 1."""
    # What a library would warn of goes to standard error, as it is: nobody has looked what is in it.
    logging.disable()
    try:
        task = WatcherTask.of(sys.stdin.readline())
        order = task.order
    except (TypeError, ValueError):
        _answer(FAILED, why="what it was told cannot be read")
        return 1
    _told(f"watches {task.version} until {order.until.isoformat()} for drill {order.drill}")
    try:
        return asyncio.run(_watched(task))
    except MigrateError as error:
        _told(error.summary)
        _answer(FAILED, why=error.summary, remedy=error.remedy)
    except Exception as error:  # noqa: BLE001 - its type alone: what it says may hold anything
        _told(f"ended by {type(error).__name__}")
        _answer(FAILED, why=f"it met {type(error).__name__}")
    return 1


async def _watched(task: WatcherTask) -> int:
    side = Side(task.login)
    try:
        named = key_id(task.version)
        if named is None:
            raise BadInputError(
                f"{task.version!r} is no identifier of a key's version.",
                remedy="This process is started by `migrate key drill`: run that again.",
            )
        version = VaultVersion(side, KeyName(named.vault, named.name.lower()), task.version)
        # Its answer tells Azure's time, by which the limit counts.
        await side.arm.get(task.vault_id)
        clock = clock_of(side)
        await watching.tag(version, clock, task.order)
        _told("has tagged the version")
        _answer(READY)
        await watching.watch(version, clock, task.order, _told)
    finally:
        await side.close()
    return 0


def _answer(state: str, **more: str) -> None:
    """One line for who waits for it, and no other: who has heard it may be gone."""
    try:
        sys.stdout.write(json.dumps({"state": state, **more}) + "\n")
        sys.stdout.flush()
        # Nobody reads it from now on.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def _told(text: str) -> None:
    """A line of the log, if the disk takes it: a full one keeps no version disabled."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {text}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
