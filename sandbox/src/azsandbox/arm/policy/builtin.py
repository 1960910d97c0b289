"""Microsoft's own definitions and initiatives, as ARM answers them.

The files in `data/policies` are those of Azure/azure-policy, unchanged; `SOURCES.md` there has their licence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

DEFINITIONS = "Microsoft.Authorization/policyDefinitions"
SETS = "Microsoft.Authorization/policySetDefinitions"


@cache
def _read() -> Mapping[str, dict[str, Any]]:
    folder = resources.files("azsandbox.arm") / "data" / "policies"
    documents = [json.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".json")]
    return {
        str(each["id"]).lower(): each
        for each in sorted(documents, key=lambda each: str(each["properties"]["displayName"]))
    }


@cache
def definitions() -> Mapping[str, dict[str, Any]]:
    """The definitions by their id in lower case."""
    return {
        id_: {**each, "type": DEFINITIONS} for id_, each in _read().items() if "policyRule" in each["properties"]
    }


@cache
def sets() -> Mapping[str, dict[str, Any]]:
    """The initiatives by their id in lower case."""
    return {
        id_: {**each, "type": SETS} for id_, each in _read().items() if "policyDefinitions" in each["properties"]
    }
