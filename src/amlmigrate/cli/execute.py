"""Runs a command's work: the view, the logs, and the exit code of whatever happens."""

from __future__ import annotations

import gc
import logging
import sys
import traceback
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import typer

from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import ExitCode, InterruptedRunError, MigrateError


@dataclass(frozen=True, slots=True)
class Shared:
    """The options that every command has, as they were given."""

    json: bool = False
    verbose: bool = False
    tenant: str | None = None
    client_id: str | None = None
    cloud: str = "AzureCloud"
    source_tenant: str | None = None
    target_tenant: str | None = None
    # Every option and argument of the command by its name, these among them, for the reports of what it does.
    options: Mapping[str, Any] = field(default_factory=dict)


Work = Callable[[View], Coroutine[Any, Any, ExitCode]]
_INTERRUPTED = InterruptedRunError(
    "Interrupted; what was done is kept.",
    remedy="Run the same command again: it goes on from there (`run` with --resume).",
)


def execute(shared: Shared, work: Work) -> None:
    """Runs `work` and leaves the process with its exit code."""
    import asyncio

    from amlmigrate.cli import signals

    # Tens of thousands of documents, and hardly a cycle among them: looking for cycles as often as usual takes
    # some seven per cent of a run's processor time.
    gc.set_threshold(20_000, 20, 50)
    signals.before_the_loop()
    view = _view(shared.json)
    try:
        _logs(shared)
        code = asyncio.run(signals.listening(work(view)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = _told(view, _INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug is an exit code and a sentence too
        code = _told(view, error if isinstance(error, MigrateError) else _bug(error))
        if shared.verbose and code is ExitCode.UNEXPECTED:
            traceback.print_exc()
    finally:
        view.close()
    raise typer.Exit(int(code))


def _view(json: bool) -> View:
    if json:
        from amlmigrate.cli.views.json_lines import JsonView

        return JsonView()
    from amlmigrate.cli.views.human import HumanView

    return HumanView()


def _told(view: View, error: MigrateError) -> ExitCode:
    view.error(error)
    return error.exit_code


def _bug(error: BaseException) -> MigrateError:
    if isinstance(error, OSError) and error.filename:
        from amlmigrate.ledger.files import FileError

        return FileError(error, str(error.filename))
    return MigrateError(
        f"Something unexpected happened: {type(error).__name__}: {error}",
        remedy="Run the same command again; with --verbose it shows where. What was done is kept.",
    )


def _logs(shared: Shared) -> None:
    """Logs go to standard error; without --verbose only what is a warning."""
    if not shared.verbose:
        logging.getLogger("azure").setLevel(logging.ERROR)
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        return
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer() if shared.json else structlog.dev.ConsoleRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # The clients' own logging leaves out the values of headers and queries that are not known to be harmless.
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
