"""The logs of a command: lines on standard error, and JSON lines in a file for who reads them later.

Whatever logs, this package or a client of Azure's, does so through `logging`. Each line says what it is about
(`plan`, `step`, bound by whoever works on one: `core.log_context`) and has the service's id of the request beside
it (`request_id`), by which Microsoft's support finds it. No line has a secret: each value goes through
`core.held_secrets`.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from amlmigrate.cli.loglines import PlainLine
from amlmigrate.cli.views import terminal
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.redaction import path_text

# A log says what somebody did and saw: it is for who ran the command.
_MODE = 0o600
# How each line begins.
_FIRST = b'{"time":'
# Every call is logged by this package, with the request's id; azure-core's own lines say the same at length.
_QUIET = {"azure.core.pipeline.policies.http_logging_policy": logging.WARNING}
# Without --verbose these would tell a person of what is retried, or told by its error, anyway.
_FOR_EXPERTS = {"azure": logging.ERROR, "asyncio": logging.CRITICAL}


@contextmanager
def logging_to(file: Path | None, *, verbose: bool) -> Iterator[None]:
    """Logs to standard error, warnings alone unless `verbose`, and all there is to the file, if one is named.

    Raises BadInputError where the file cannot be written.
    """
    handlers: list[logging.Handler] = [_on_terminal(verbose=verbose)]
    if file is not None:
        handlers.append(_JsonLines(file))
    detailed = verbose or file is not None
    # For what is logged once these are gone, as of a task that is thrown away at the end of the process.
    terminal.log_late(_on_terminal(verbose=False))
    levels = _QUIET | ({"": logging.INFO} if detailed else {"": logging.WARNING})
    before = {name: logging.getLogger(name).level for name in levels}
    try:
        for handler in handlers:
            logging.root.addHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        yield
    finally:
        for handler in handlers:
            logging.root.removeHandler(handler)
            handler.close()
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _on_terminal(*, verbose: bool) -> terminal.Log:
    if verbose:
        from amlmigrate.cli import detailedlog

        handler = terminal.Log()
        handler.setFormatter(detailedlog.verbose())
        return handler
    handler = terminal.Log(logging.WARNING)
    handler.addFilter(_for_people)
    handler.setFormatter(PlainLine())
    return handler


def _for_people(record: logging.LogRecord) -> bool:
    return all(
        record.levelno >= level or not f"{record.name}.".startswith(f"{name}.")
        for name, level in _FOR_EXPERTS.items()
    )


class _JsonLines(terminal.Handler):
    """A line of JSON for each record: `time`, `level`, `logger`, `message`, and whatever else is known."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._stream = os.fdopen(_opened(file), "a", encoding="utf-8", errors="backslashreplace")
        from amlmigrate.cli import detailedlog

        self.setFormatter(detailedlog.json_lines())

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one. A log never ends the work: that no more is written is said once."""
        if self._stream.closed:
            return
        try:
            self._stream.write(self.format(record) + "\n")
            self._stream.flush()
        except OSError as error:
            self.close()
            text = "Nothing more is written to the log file '%s': %s."
            logging.getLogger(__name__).warning(
                text, path_text(self._file), error.strerror or type(error).__name__
            )
        except Exception:  # noqa: BLE001 - as logging's own handlers
            self.handleError(record)

    def close(self) -> None:
        """Ends the file. What could not be written stays unwritten."""
        with suppress(OSError):
            self._stream.close()
        super().close()


def _opened(file: Path) -> int:
    """The file, to write at its end, for its owner alone. Raises BadInputError for what is not one's own file."""
    try:
        found = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, _MODE)
        if not (why := _not_a_log(found)):
            os.fchmod(found, _MODE)
            return found
        os.close(found)
    except OSError as error:
        why = error.strerror or type(error).__name__
    raise BadInputError(
        f"The log file cannot be written: {why}.",
        address=path_text(file),
        remedy="Name a file that is not there yet, or a log of your own, in a folder that is there.",
    )


def _not_a_log(handle: int) -> str:
    """Why nothing is added to a file, which may be a plan or a ledger; '' where it is empty or a log."""
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        return "it is not a file"
    return "" if os.pread(handle, len(_FIRST), 0) in (b"", _FIRST) else "it is a file of another kind"
