"""The ids and names of a file, each whole: what would lead elsewhere in a URL is refused by its path. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from amlmigrate.core.names import is_arm_id, is_guid, is_name
from amlmigrate.core.spelling import plain_region

Problem = tuple[str, str]
_IDS = ("id", "subnet", "dnsZones", "subnets")


def problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Path in the file and what is wrong there."""
    subscription = str(document.get("subscription") or "")
    if subscription and not is_guid(subscription):
        yield "subscription", "is not a subscription id (a GUID)"
    if not is_name(str(document.get("resourceGroup"))):
        yield "resourceGroup", "is not a valid name of a resource group"
    if not re.fullmatch(r"[a-z0-9]+", plain_region(str(document.get("location"))), re.ASCII):
        yield "location", "is not a region, as `eastus2` or `East US 2`"
    yield from _below(document, "")
    # Azure tells tags and profiles apart without letter case (learn.microsoft.com: tag-resources).
    for part in ("tags", "profiles"):
        counted = Counter(name.lower() for name in document.get(part) or {})
        yield from (
            (part, f"'{name}' is given twice, in other letter cases") for name, n in counted.items() if n > 1
        )


def _below(value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, list):
        for one in value:
            yield from _below(one, path)
    if not isinstance(value, Mapping):
        return
    for name, one in value.items():
        place = f"{path}.{name}" if path else name
        if name in ("tags", "profiles", "properties"):
            continue
        for text in one if isinstance(one, list) else [one]:
            if isinstance(text, str) and name in _IDS and not is_arm_id(text):
                yield place, f"'{text}' is not an ARM id"
            if isinstance(text, str) and name == "name" and not is_name(text):
                yield place, f"'{text}' is not a valid name"
        yield from _below(one, place)
