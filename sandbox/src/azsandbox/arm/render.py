"""JSON as the services write it, two spaces a level, several times faster than `json.dumps(indent=2)`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

from azsandbox.messages import Response


def render(document: Any) -> bytes:
    """The bytes of a body."""
    parts: list[str] = []
    _write(document, "\n", parts.append)
    return "".join(parts).encode("utf-8", "surrogatepass")


def answer(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    # A new dict: the caller's may be a constant.
    return Response(
        status, render(document), {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    )


def _write(value: Any, line: str, put: Any) -> None:
    if isinstance(value, str):
        put(encode_basestring(value))
    elif isinstance(value, dict):
        _write_object(value, line, put)
    elif isinstance(value, (list, tuple)):
        _write_array(value, line, put)
    else:
        put(json.dumps(value))


def _write_object(value: dict[str, Any], line: str, put: Any) -> None:
    if not value:
        put("{}")
        return
    inner = line + "  "
    opening = "{" + inner
    for key, item in value.items():
        put(opening + encode_basestring(key) + ": ")
        if isinstance(item, str):
            put(encode_basestring(item))
        else:
            _write(item, inner, put)
        opening = "," + inner
    put(line + "}")


def _write_array(value: Any, line: str, put: Any) -> None:
    if not value:
        put("[]")
        return
    inner = line + "  "
    opening = "[" + inner
    for item in value:
        put(opening)
        _write(item, inner, put)
        opening = "," + inner
    put(line + "]")
