"""Workspaces of a scan as flat rows: a CSV has what the JSON has, a column for each member."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from amlmigrate.core import csvtext, escapes
from amlmigrate.core.documents import Document
from amlmigrate.posture.tagging import ENVIRONMENT, SENSITIVITY
from amlmigrate.scanning.counting import COUNTED

# Lists, and tags, whose names differ from workspace to workspace, are one cell of JSON each.
_WHOLE = ("tags", "other_accounts", "barriers", "not_known")
_OF_PRICE = ("sku", "location")
_NESTED = {
    "encryption": ("kind", "key_id", "key_created", "key_age_days"),
    "exposure": ("public_network_access", "private_endpoints", "isolation"),
    "vault": ("id", "holds", "same_subscription", "same_region", "soft_delete", "purge_protection"),
    "storage": (
        "id",
        "encryption",
        "public_network_access",
        "default_action",
        "shared_key_access",
        "hierarchical_namespace",
        "private_endpoints",
        *_OF_PRICE,
        "kind",
        "access_tier",
    ),
    "registry": ("id", "encryption", "public_network_access", *_OF_PRICE),
    "counts": COUNTED,
    **{f"told_by.{fact}": ("by", "tag", "owner", "date", "otherwise") for fact in (SENSITIVITY, ENVIRONMENT)},
}
_RISK = ("score", "least", "level")
_PARTS = ("encryption", "storage", "sensitivity", "environment", "exposure", "key_age")
_PLAIN_FIRST = ("id", "name", "group", "subscription", "location", "workspace_id", "kind", "movable", "identity")
_PLAIN_LAST = ("sensitivity", "environment", "created", "blobs", "bytes")
COLUMNS = (
    *_PLAIN_FIRST,
    *(f"risk.{name}" for name in _RISK),
    *(f"risk.parts.{name}" for name in _PARTS),
    *_PLAIN_LAST,
    *(f"{outer}.{inner}" for outer, names in _NESTED.items() for inner in names),
    *_WHOLE,
)


def row(workspace: Document) -> dict[str, str]:
    """A workspace's line of a scan file by column; what is not known, or not there, is an empty cell."""
    return {column: _cell(column, _member(workspace, column)) for column in COLUMNS}


def _member(workspace: Document, column: str) -> Any:
    found: Any = workspace
    for part in column.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if column in _WHOLE or isinstance(value, bool):
        return escapes.as_json(value, ordered=True)
    return str(value)


def as_csv(workspaces: Iterable[Document]) -> str:
    """All of them, with a head; RFC 4180, UTF-8."""
    rows = (row(one) for one in workspaces)
    return csvtext.written(COLUMNS, ([one[column] for column in COLUMNS] for one in rows))


def as_json(header: Document, workspaces: Iterable[Document]) -> str:
    """One JSON document: the header, and `workspaces`."""
    return escapes.as_json({**header, "workspaces": list(workspaces)}, indent=2) + "\n"
