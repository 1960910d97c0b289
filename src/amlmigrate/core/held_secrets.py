"""Secrets that this process has read to pass them on: no message repeats them, whatever form it has them in.

They have no form by which `core.redaction` could know them, and the service may repeat what it was sent.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from amlmigrate.core.redaction import MASK, masked

# What is shorter is no secret that a text could be searched for: each text would have it.
_SHORTEST = 4
# In each of their forms: logs ask for every line.
_held: set[str] = set()


def hold(value: Any) -> None:
    """Remembers each text in a value, for as long as the process lives, and nowhere else."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for child in value:
            hold(child)
    elif isinstance(value, str) and len(value) >= _SHORTEST:
        _held.update(_forms(value))


def without_held(text: str) -> str:
    """A text without any of them; the same again for such a text."""
    if not _held:
        return text
    # The longest first: one may be part of another, or of the mask.
    forms = sorted((*_held, MASK), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, forms)), lambda _: MASK, text)


def without_secrets(text: str) -> str:
    """A text without any of them, and without what its form shows to be a secret: for messages and logs."""
    return masked(without_held(text))


def _forms(secret: str) -> Iterator[str]:
    """As it is, and as JSON, a URL and Base64 have it."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret, safe="")
    yield base64.b64encode(secret.encode()).decode()
    yield base64.urlsafe_b64encode(secret.encode()).decode()
