"""The descriptions of bodies that this package comes with, and which of them is that of an api-version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "bodies"
VERSIONS = ("2024-04-01", "2025-12-01")


@dataclass(frozen=True)
class Description:
    """Of one version: patterns of names and types of bodies, by the type below the namespace in lower case."""

    names: dict[str, str]
    bodies: dict[str, int]
    types: list[dict[str, Any]]


def description_of(api_version: str) -> Description:
    """The newest that is not newer than the api-version, else the oldest. Inferred (AZ-ARM-18): versions between
    the two, and before them, hold bodies to the same."""
    return _read(next((each for each in reversed(VERSIONS) if each <= api_version), VERSIONS[0]))


@cache
def _read(version: str) -> Description:
    data = json.loads((FOLDER / f"ml-{version}.json").read_text(encoding="utf-8"))
    names, bodies = ({key.lower(): value for key, value in data[name].items()} for name in ("names", "bodies"))
    return Description(names, bodies, data["types"])
