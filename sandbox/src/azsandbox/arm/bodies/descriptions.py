"""The descriptions of bodies that this package comes with, and which of them is that of an api-version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "bodies"
VERSIONS = ("2024-04-01", "2025-12-01")
# Types of Monitor, each with the one api-version whose description all of its bodies are held to.
OF_MONITOR = {
    "microsoft.insights/actiongroups": "2023-01-01",
    "microsoft.insights/activitylogalerts": "2020-10-01",
    "microsoft.insights/metricalerts": "2018-03-01",
    "microsoft.insights/scheduledqueryrules": "2023-12-01",
}


@dataclass(frozen=True)
class Description:
    """Of one version: patterns of names and types of bodies, by the type below the namespace in lower case."""

    names: dict[str, str]
    bodies: dict[str, int]
    types: list[dict[str, Any]]


def description_of(api_version: str) -> Description:
    """The newest that is not newer than the api-version, else the oldest. Inferred (AZ-ARM-18): versions between
    the two, and before them, hold bodies to the same."""
    return _read(f"ml-{next((each for each in reversed(VERSIONS) if each <= api_version), VERSIONS[0])}")


def of_monitor(type_: str) -> Description:
    """Of a type of Monitor, by its name in lower case; bodies are by their whole type there."""
    return _read(f"insights-{OF_MONITOR[type_]}")


@cache
def _read(name: str) -> Description:
    data = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    names, bodies = ({key.lower(): value for key, value in data[part].items()} for part in ("names", "bodies"))
    return Description(names, bodies, data["types"])
