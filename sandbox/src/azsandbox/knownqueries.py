"""Which query parameters an operation has, by the file that `tools/gather_queries.py` makes."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "queries.json"
_GATEWAY = "microsoft.resources"


@functools.cache
def _parts() -> Mapping[str, Mapping[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


@functools.cache
def known(part: str, operation: str) -> frozenset[str]:
    """The names of an operation's parameters, in lower case; `part` is `arm`, `vault`, `blob` or `share`.

    HEAD has what GET has beside its own. An operation that no source names has none.
    """
    method, _, rest = operation.partition(" ")
    methods = ("HEAD", "GET") if method == "HEAD" else (method,)
    found = _parts()[part]
    return frozenset(name.lower() for one in methods for name in found.get(f"{one} {rest}", ()))


def arm_shape(path: str) -> str:
    """A path of ARM from its last provider on, in lower case and with `{}` for each name.

    What is before any provider is ARM's own and stands below `microsoft.resources`.
    """
    _, found, rest = path.lower().rpartition("/providers/")
    words = [word for word in rest.split("/") if word]
    if found and len(words) > 1:
        return "/".join((words[0], *_without_names(words[1:])))
    own = [word for word in path.lower().split("/") if word]
    return "/".join((_GATEWAY, *_without_names(own)))


def path_shape(path: str) -> str:
    """A path of a vault: `/keys/{}/{}/sign`. Its parts are names but for the first and what is an operation."""
    first, *rest = [word for word in path.lower().split("/") if word] or [""]
    return "/" + "/".join((first, *(word if word in _OF_KEYS else "{}" for word in rest)))


def storage_shape(about: str, restype: str, comp: str) -> str:
    """A call of the blob service, about an `account`, a `container` or a `blob`, or of the file service.

    The latter is about an `account`, a `share`, a `directory` or a `file`.
    """
    return f"{about} {restype}:{comp}".lower()


_OF_KEYS = (
    *("create", "import", "versions", "rotate", "rotationpolicy", "backup", "restore", "recover", "release"),
    *("attestation", "encrypt", "decrypt", "sign", "verify", "wrapkey", "unwrapkey"),
)


def _without_names(words: list[str]) -> list[str]:
    return [word if place % 2 == 0 else "{}" for place, word in enumerate(words)]
