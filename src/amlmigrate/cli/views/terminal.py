"""The one way out: whatever reaches standard output or standard error passes here, and nothing in it acts.

While a command runs both streams are guarded: what a library, a log, a warning, a traceback or a forgotten `print`
writes is escaped on the way. Only colours and bars of this package's own consoles (`consoles`) go around that, and
of these only what `rich` marks as its own.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, TextIO

from amlmigrate.core.escapes import escaped, visible
from amlmigrate.core.held_secrets import without_secrets


class Guarded:
    """A stream that escapes what is written to it, line by line; its bytes cannot be written to."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        if reconfigure := getattr(stream, "reconfigure", None):
            # What the terminal's encoding lacks is an escape as well, not an error.
            reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """As any text stream."""
        with _unread(self.stream):
            self.stream.write(several(text))
        return len(text)

    def flush(self) -> None:
        """As any text stream."""
        with _unread(self.stream):
            self.stream.flush()

    def writelines(self, lines: Iterable[str]) -> None:
        """As any text stream."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name in ("buffer", "detach", "reconfigure"):
            raise AttributeError(name)
        return getattr(self.stream, name)


@contextmanager
def _unread(stream: IO[str]) -> Iterator[None]:
    """What nobody reads any more, as behind `| head`, ends no command."""
    try:
        yield
    except BrokenPipeError:
        let_go(stream)


def let_go(stream: IO[str]) -> None:
    """From now on what is written to a stream goes nowhere, what it holds included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def guarded() -> Iterator[None]:
    """Both streams are guarded inside; twice is once."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _guard(out), _guard(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


def several(text: str) -> str:
    """A text of several lines, each without what acts. Lines may end as Windows and CSV end them."""
    if visible(text):
        return text
    lines = text.split("\n")
    ends = ["\r" if line.endswith("\r") and at < len(lines) - 1 else "" for at, line in enumerate(lines)]
    return "\n".join(escaped(line.removesuffix(end)) + end for line, end in zip(lines, ends, strict=True))


def write(text: str) -> None:
    """A text for another program, on standard output."""
    with guarded():
        sys.stdout.write(text)
        sys.stdout.flush()


class Handler(logging.Handler):
    """A handler that never ends the work, nor shows what a record was made of: a secret may stand there."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Says which line could not be written; its arguments, and an exception's words, are nobody's to see."""
        with suppress(Exception), guarded():
            where = f"{record.name}, {record.filename}:{record.lineno}"
            sys.stderr.write(f"A line of the log could not be written: {where}.\n")


class Log(Handler):
    """Records as lines on standard error; further lines of one are set in, so that none looks like a record."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one."""
        try:
            first, *more = without_secrets(self.format(record)).split("\n")
            with guarded():
                sys.stderr.write("\n    ".join([first, *more]) + "\n")
        except Exception:  # noqa: BLE001 - as logging's own handlers
            self.handleError(record)


def log_late(handler: Log) -> None:
    """Has it write what no other handler does: logging itself would, with the secrets that stand there."""
    logging.lastResort = handler


def _guard(stream: Any) -> Any:
    return stream if isinstance(stream, Guarded) else Guarded(stream)
