"""`componentSpec` as the service answers it: every scalar a string, ARM ids marked, inputs sorted."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.arm.store import Record

_ARM_ID = re.compile(r"^/subscriptions/[^/]+/resourcegroups/", re.IGNORECASE)
_CURATED = re.compile(r"^azureml:(AzureML-[^:/]+):([^:/]+)$")
_LOCAL = re.compile(r"^azureml:([A-Za-z0-9][^:/]*):([^:/]+)$")
# The recorded order; what is not named keeps its own, between these and the command.
_FIRST = ("$schema", "name", "version", "display_name", "description", "tags", "is_deterministic", "type")
_NEXT = ("inputs", "outputs", "code", "environment", "resources")
_DROPPED = ("_source", "id")


def normal_spec(spec: dict[str, Any], name: str, version: str, workspace: Record) -> dict[str, Any]:
    """The spec as it is kept and answered (AZ-ASSET-5, AZ-ASSET-6)."""
    text = {key: _strings(value) for key, value in spec.items() if key not in _DROPPED}
    text = _marked(text, workspace)
    # Whatever was sent, the URL decides.
    text |= {"name": name, "version": version}
    if isinstance(text.get("inputs"), dict):
        text["inputs"] = _sorted_inputs(text["inputs"])
    if text.get("type") == "command":
        text["resources"] = {"instance_count": "1", **(text.get("resources") or {})}
    order = [key for key in (*_FIRST, *_NEXT) if key in text]
    last = [key for key in text if key not in order and key != "command"]
    last += [key for key in ("command",) if key in text]
    return {key: text[key] for key in (*order, *last)}


def first_difference(new: dict[str, Any], old: dict[str, Any]) -> str | None:
    """The first field that may not differ and does; which these are, beside `code`, is inferred (AZ-ASSET-26)."""
    free = ("$schema", "display_name", "description", "tags", "version", "name")
    for key in (*(key for key in old if key in new), *new, *old):
        if key not in free and new.get(key) != old.get(key):
            return key
    return None


def _strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strings(item) for item in value]
    # Null stays: an absent value is no scalar. Numbers as .NET and Python agree to write them.
    return value if value is None or isinstance(value, str) else str(value)


def _marked(value: Any, workspace: Record) -> Any:
    """`azureml:` before ARM ids in every `code` and `environment`, at any depth (parallel tasks)."""
    if isinstance(value, list):
        return [_marked(item, workspace) for item in value]
    if not isinstance(value, dict):
        return value
    marked = {key: _marked(item, workspace) for key, item in value.items()}
    for key in ("code", "environment"):
        if isinstance(marked.get(key), str):
            marked[key] = _reference(key, marked[key], workspace)
    return marked


def _reference(key: str, value: str, workspace: Record) -> str:
    if _ARM_ID.match(value):
        return f"azureml:{value}"
    if key == "environment" and (match := _CURATED.match(value)):
        return f"azureml://registries/azureml/environments/{match[1]}/versions/{match[2]}"
    if match := _LOCAL.match(value):
        # Deduced: a workspace's own environment comes back as its id.
        return f"azureml:{workspace.id}/{key}s/{match[1]}/versions/{match[2]}"
    return value


def _sorted_inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    """Required inputs first; `optional` is added where it is absent."""
    filled = {
        name: {**given, "optional": given.get("optional", "False")} if isinstance(given, dict) else given
        for name, given in inputs.items()
    }

    def optional(name: str) -> bool:
        given = filled[name]
        return isinstance(given, dict) and str(given.get("optional")).lower() == "true"

    return {name: filled[name] for name in sorted(filled, key=optional)}
