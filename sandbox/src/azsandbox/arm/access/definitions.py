"""Role definitions: Microsoft's built-in ones, custom ones, and whether one of them grants an action."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
STORAGE_BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR = "69566ab7-960f-475b-8e7c-b3118f30c6bd"
KEY_VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"


@cache
def built_in() -> Mapping[str, dict[str, Any]]:
    """The `properties` of Microsoft's definitions, by their GUID in lower case (data/roles)."""
    folder = resources.files("azsandbox.arm") / "data" / "roles"
    documents = [json.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".json")]
    names = ("roleName", "description", "assignableScopes", "permissions")
    return {
        str(each["name"]).lower(): {**{name: each[name] for name in names}, "type": "BuiltInRole"}
        for each in sorted(documents, key=lambda each: str(each["roleName"]))
    }


class Permission:
    """One entry of `permissions`: what it grants, and what it takes from that again."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._granted = (_pattern(document.get("actions")), _pattern(document.get("notActions")))
        self._data = (_pattern(document.get("dataActions")), _pattern(document.get("notDataActions")))
        self._known: dict[tuple[str, bool], bool] = {}

    def grants(self, action: str, *, data: bool) -> bool:
        """Whether an action, or a data action, is among them."""
        known = self._known.get((action, data))
        if known is None:
            yes, no = self._data if data else self._granted
            known = bool(yes.fullmatch(action)) and not no.fullmatch(action)
            self._known[action, data] = known
        return known


def _pattern(wildcards: Any) -> re.Pattern[str]:
    """A star stands for anything, slashes too; letter case does not matter."""
    parts = [re.escape(str(each)).replace(r"\*", ".*") for each in wildcards or ()]
    return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)


def permissions_of(document: Mapping[str, Any]) -> tuple[Permission, ...]:
    """What the `properties` of a role definition grant."""
    entries: Iterable[Mapping[str, Any]] = document.get("permissions") or ()
    return tuple(Permission(entry) for entry in entries)
