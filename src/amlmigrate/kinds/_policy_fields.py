"""What of a body a policy can go by: two bodies of a type in which that is the same are judged alike. Pure.

A policy compares members of the envelope, and what Azure has an alias for. Inferred (AZ-POLICY-63): none goes by a
name or text that is one item's own, by the keys of a customer's map, or by the path in an address.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document, properties_of

# What the address of the item says already.
_HEAD = frozenset({"id", "name", "type", "properties"})
# Of an address in Azure ML its first part counts too: it names a registry, or that it is none.
_OF_ML = re.compile(r"azureml://[^/?#]*(?:/[^/?#]*)?", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
_ID = re.compile(r"(?:azureml:)?(/subscriptions/.*)", re.IGNORECASE | re.DOTALL)
# A longer text, or one of several lines, is a script or a definition.
_LONGEST = 256


def policy_fields(body: Document, own: Container[str]) -> Document:
    """The envelope and the properties but for the members `own`, addresses cut down to where they lead."""
    properties = {name: value for name, value in properties_of(body).items() if name not in own}
    around = {name: value for name, value in body.items() if name not in _HEAD}
    found: Document = _reduced({**around, "properties": properties})
    return found


def _reduced(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reduced(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_reduced(one) for one in value]
    return _kind_of(value) if isinstance(value, str) else value


def _kind_of(text: str) -> str:
    """What a text is, of an address; a short text as it is."""
    if match := _ID.fullmatch(text):
        return ArmId.of(match[1]).type
    if match := _OF_ML.match(text) or _ADDRESS.match(text):
        return match[0].lower()
    return "a long text" if len(text) > _LONGEST or "\n" in text else text
