"""Runs a command's work: the view, the logs, and the exit code of whatever happens."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from amlmigrate.cli import signals
from amlmigrate.cli.logs import logging_to
from amlmigrate.cli.views import terminal
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.json_lines import JsonView
from amlmigrate.core.errors import ExitCode, InterruptedRunError, MigrateError
from amlmigrate.core.stop import Stop
from amlmigrate.ledger.files import FileError


@dataclass(frozen=True, slots=True)
class CommonOptions:
    """The options that every command has, as they were given."""

    json: bool = False
    verbose: bool = False
    tenant: str | None = None
    client_id: str | None = None
    cloud: str = "AzureCloud"
    source_tenant: str | None = None
    target_tenant: str | None = None
    log_file: Path | None = None
    # Every option and argument of the command by its name, these among them, for the reports of what it does.
    options: Mapping[str, Any] = field(default_factory=dict)


_log = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
Work = Callable[[View], Coroutine[Any, Any, ExitCode]]
# What an interruption means, by what a command does.
READS = InterruptedRunError(
    "Interrupted before it was done. It changes no workspace.", remedy="Run the same command again."
)
CHANGES = InterruptedRunError(
    "Interrupted before it was done. The call that was under way may have been carried out all the same.",
    remedy="Run the same command again: it looks what became of that, and goes on from there.",
)


def execute(
    shared: CommonOptions, work: Work, stop: Stop | None = None, *, interrupted: InterruptedRunError = READS
) -> None:
    """Runs `work` and leaves the process with its exit code; work that asks `stop` ends by itself at a signal.

    `interrupted` is what is said where a signal ends the work at once.
    """
    _collect_less()
    signals.before_the_loop()
    with terminal.guarded():
        code = _ended(shared, _view(shared.json), work, stop or Stop(), interrupted)
    raise typer.Exit(int(code))


def _collect_less() -> None:
    """Has the collector look for cycles less often, and not at all among what is loaded.

    Tens of thousands of documents, and hardly a cycle among them: looking as often as usual takes some seven per
    cent of a run's processor time. What is loaded stays: it would be looked through once more at the end.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    gc.set_threshold(20_000, 20, 50)


def _ended(
    shared: CommonOptions, view: View, work: Work, stop: Stop, interrupted: InterruptedRunError
) -> ExitCode:
    code = ExitCode.UNEXPECTED
    try:
        code = _code(shared, view, work, stop, interrupted)
        return code
    finally:
        view.ended(code)
        view.close()


def _code(shared: CommonOptions, view: View, work: Work, stop: Stop, interrupted: InterruptedRunError) -> ExitCode:
    try:
        with logging_to(shared.log_file, verbose=shared.verbose), _traced():
            return asyncio.run(signals.listening(_ticking(view, work), stop))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _told(view, interrupted)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug is an exit code and a sentence too
        return _told(view, error if isinstance(error, MigrateError) else _bug(error))


async def _ticking(view: View, work: Work) -> ExitCode:
    """Does the work, and lets the view know that time passes."""

    async def tick() -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            view.tick()

    ticking = asyncio.create_task(tick())
    try:
        return await work(view)
    finally:
        ticking.cancel()


@contextmanager
def _traced() -> Iterator[None]:
    """Logs where it happened, of what is no error that the tool tells of by itself."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, MigrateError) or error.exit_code is ExitCode.UNEXPECTED:
            _log.info("%s", type(error).__name__, exc_info=error)
        raise


def _view(json: bool) -> View:
    if json:
        return JsonView()
    # What draws takes a while to load, and programs have no use for it.
    from amlmigrate.cli.views.human import HumanView

    return HumanView()


def _told(view: View, error: MigrateError) -> ExitCode:
    view.error(error)
    return error.exit_code


def _bug(error: BaseException) -> MigrateError:
    if isinstance(error, OSError) and error.filename:
        return FileError(error, str(error.filename))
    return MigrateError(
        f"Something unexpected happened: {type(error).__name__}: {error}",
        remedy="Run the same command again; with --verbose it shows where.",
    )
