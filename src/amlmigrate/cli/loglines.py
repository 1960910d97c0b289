"""A line of a log as a person reads it.

Made by `logging` alone: structlog, which makes the lines of detailed logs, takes longer to load than most commands
have to say.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from amlmigrate.core.log_context import about

# What each line is about, in this order.
ABOUT = ("plan", "step", "request_id")


def told(words: str, named: Mapping[str, Any], exception: str = "") -> str:
    """The words of a line, and what they are about."""
    first, *more = [*words.split("\n"), *exception.split("\n")]
    shown = " ".join(f"{name}={value}" for name, value in named.items())
    return "\n".join([f"{first} ({shown})" if shown else first, *filter(None, more)])


class PlainLine(logging.Formatter):
    """The words of a record, and what they are about."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the traceback where there is one."""
        known = {**about(), **record.__dict__}
        exception = self.formatException(record.exc_info) if record.exc_info else ""
        return told(record.getMessage(), {name: known[name] for name in ABOUT if known.get(name)}, exception)
