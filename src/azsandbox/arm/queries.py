"""Query parameters: those that a provider's descriptions or clients have, and no others.

Azure passes most unknown ones over [I]. The sandbox refuses them: a client that relies on one would get an answer
that it did not ask for, and not see it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

from azsandbox.arm.errors import gateway

_FILE = Path(__file__).parent / "data" / "queries.json"
# ARM's own: paging, and what it appends to the addresses of operations (wire-facts §7).
_OF_ARM = {"api-version", "$skiptoken", "$skip", "t", "c", "s", "h", "type", "service"}


@functools.cache
def _known(provider: str) -> frozenset[str]:
    """The names that a provider has, in lower case. See `docs/gather_api_versions.py`."""
    found: dict[str, list[str]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return frozenset(name.lower() for name in found.get(provider, ())) | _OF_ARM


def check(key_type: str, query: Mapping[str, str]) -> None:
    """Raises ArmError 400 for a parameter that a type's provider does not have; code and text are ours [I]."""
    known = _known(key_type.partition("/")[0])
    for name in query:
        if name not in known:
            text = f"The query parameter '{name}' is not supported."
            raise gateway(400, "UnsupportedQueryParameter", text)
