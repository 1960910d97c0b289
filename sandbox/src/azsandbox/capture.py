"""Whole exchanges with Azure Resource Manager, for a validator: a JSON line each, and no secret in it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from azsandbox.calls import Answer, Endpoint, HttpCall
from azsandbox.requestlog import redact

HIDDEN = "REDACTED"
# Of headers only what says how a body is written and where an operation goes on.
_HEADERS = ("Content-Type", "Location", "Azure-AsyncOperation", "Retry-After")
# Calls whose answers are made of secrets, by their last segment.
_TELLS_SECRETS = re.compile(r"/(list\w*|regenerate\w*|token)$", re.IGNORECASE)
# What may be told of such an answer: discriminators, names of keys, times.
_HARMLESS = frozenset(
    ("secretstype", "keyname", "permissions", "creationtime", "tokentype", "userstorageresourceid")
)
# Members whose strings are secrets wherever they stand, and objects in which all strings are.
_SECRET = re.compile(
    r"^(value|key|key1|key2|keyvalue|\w*secret|\w*password|\w*token|\w*connectionstring|sas|pat|certificate|privatekeydata"
    r"|(primary|secondary|account|access|instrumentation|api)key\w*)$",
    re.IGNORECASE,
)
_OF_SECRETS = frozenset({"secrets"})


class Capture:
    """Stands before an endpoint whose bodies are short, and writes what passes."""

    def __init__(self, endpoint: Endpoint, path: Path) -> None:
        self._endpoint = endpoint
        self._file = path.open("a", encoding="utf-8", buffering=1)
        path.chmod(0o600)

    async def serve(self, call: HttpCall) -> Answer:
        """Answers one call."""
        answer = await self._endpoint.serve(call)
        sent = call._body or b""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request": {
                "method": call.method,
                "url": f"https://{call.host}{redact(call.target)}",
                "headers": _headers(call.headers),
                "body": document(sent, ""),
            },
            "response": {
                "status": answer.status,
                "headers": _headers(answer.headers),
                "body": document(await answer.whole(), call.raw_path if call.method == "POST" else ""),
            },
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return answer

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def document(body: bytes, path: str) -> Any:
    """A body as JSON without secrets; None for none. Of one that is no JSON only its length is told.

    `path` is that of a POST, whose answer may hold nothing but secrets.
    """
    if not body:
        return None
    try:
        found = json.loads(body)
    except ValueError:
        return f"{len(body)} bytes"
    return _hidden(found, everything=bool(_TELLS_SECRETS.search(path)))


def _hidden(value: Any, *, everything: bool) -> Any:
    if isinstance(value, dict):
        return {name: _member(name, each, everything=everything) for name, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each, everything=everything) for each in value]
    return HIDDEN if everything and isinstance(value, str) else value


def _member(name: str, value: Any, *, everything: bool) -> Any:
    if isinstance(value, str):
        hide = (everything and name.lower() not in _HARMLESS) or _SECRET.match(name)
        return HIDDEN if hide else redact(value)
    return _hidden(value, everything=everything or name.lower() in _OF_SECRETS)


def _headers(headers: Any) -> dict[str, str]:
    return {name: redact(headers[name]) for name in _HEADERS if name in headers}
