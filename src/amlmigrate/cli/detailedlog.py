"""The lines of detailed logs, made by structlog: loaded only for who asks for such a log."""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from typing import Any

from structlog.processors import TimeStamper, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name

from amlmigrate.cli.loglines import ABOUT, told
from amlmigrate.core.escapes import as_json
from amlmigrate.core.held_secrets import without_secrets
from amlmigrate.core.log_context import about

Fields = MutableMapping[str, Any]


def verbose() -> logging.Formatter:
    """For who reads along: the words with time, logger and all else that the line has."""
    return _formatter(TimeStamper("%Y-%m-%d %H:%M:%S"), _verbose_line)


def json_lines() -> logging.Formatter:
    """A line of JSON for each record: `time`, `level`, `logger`, `message`, and whatever else is known."""
    return _formatter(TimeStamper("iso", utc=True), _json_line)


def _formatter(*last: Any) -> ProcessorFormatter:
    return ProcessorFormatter(
        foreign_pre_chain=[_bound, ExtraAdder(), _in_order, add_logger_name, add_log_level],
        processors=[ProcessorFormatter.remove_processors_meta, format_exc_info, *last],
    )


def _bound(_: Any, __: str, fields: Fields) -> Fields:
    """With what whoever works has bound."""
    return {**about(), **fields}


def _in_order(_: Any, __: str, fields: Fields) -> Fields:
    """What a line is about comes first; what another handler's formatter left at the record is said already."""
    first = {name: fields[name] for name in ABOUT if fields.get(name)}
    return {**first, **{name: fields[name] for name in fields if name not in (*ABOUT, "message", "asctime")}}


def _verbose_line(_: Any, __: str, fields: Fields) -> str:
    apart = ("event", "timestamp", "logger", "level", "exception")
    shown = {name: value for name, value in fields.items() if name not in apart and value not in (None, "")}
    words = f"{fields['timestamp']} {fields['logger']} {fields['event']}"
    return told(words, shown, str(fields.get("exception") or ""))


def _json_line(_: Any, __: str, fields: Fields) -> str:
    order = {"time": fields.pop("timestamp"), "level": fields.pop("level"), "logger": fields.pop("logger")}
    return as_json(_without_secrets({**order, "message": fields.pop("event"), **fields}), default=str)


def _without_secrets(value: Any, name: str = "") -> Any:
    """The same without the secrets of each text, also one that only its name shows to be a secret (`password`)."""
    if isinstance(value, Mapping):
        return {without_secrets(str(key)): _without_secrets(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets(one, name) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return without_secrets(f"{name}={without_secrets(str(value))}").removeprefix(f"{name}=")
