"""Holds a file against its model: every place that is wrong, and what is wrong there, in plain words."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema

from amlmigrate.core.few import agreed, many
from amlmigrate.core.filemodel import FileModel

Problem = tuple[str, str]
_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
}


class _Plain(GenerateJsonSchema):
    """Without titles: the members' own names say more."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema(model: type[FileModel], title: str) -> dict[str, Any]:
    """The JSON Schema of a file (draft 2020-12), for editors and for the documentation."""
    made = model.model_json_schema(schema_generator=_Plain)
    return {"$schema": _Plain.schema_dialect, "title": title, **made}


def problems(document: Mapping[str, Any], model: type[FileModel]) -> list[Problem]:
    """Path in the file and what is wrong there, in the order of the paths."""
    try:
        model.model_validate(document)
    except ValidationError as error:
        return sorted(_told(error), key=lambda problem: problem[0].split("."))
    return []


def _told(error: ValidationError) -> Iterator[Problem]:
    unknown: dict[str, list[str]] = defaultdict(list)
    for one in error.errors(include_url=False):
        # Of the name of a member pydantic tells below the member.
        *above, last = [str(part) for part in one["loc"] if part != "[key]"] or [""]
        if one["type"] == "extra_forbidden":
            unknown[".".join(above)].append(last)
        elif one["type"] == "missing":
            yield ".".join(above), f"'{last}' is missing"
        else:
            yield ".".join((*above, last)), _text(one)
    for place, names in unknown.items():
        told = agreed(len(names), "the member {} is unknown", "the members {} are unknown")
        yield place, told.format(", ".join(map(repr, sorted(names))))


def _text(error: Any) -> str:
    value, limits = error["input"], error.get("ctx", {})
    told = str(error["msg"])
    match error["type"]:
        case "greater_than_equal":
            told = f"{value!r} is less than the minimum of {limits['ge']}"
        case "less_than_equal":
            told = f"{value!r} is greater than the maximum of {limits['le']}"
        case "literal_error":
            told = f"{_shown(value)} is not one of [{limits['expected'].replace(' or ', ', ')}]"
        case "too_short":
            told = "it is empty, and needs one entry at least"
        case "string_too_short":
            told = "it is empty, and needs a text"
        case "too_long":
            entries = many(limits["actual_length"], "entry", "entries")
            told = f"it has {entries}, and {limits['max_length']} is the most"
        case "string_too_long":
            told = f"it has {many(len(value), 'character')}, and {limits['max_length']} is the most"
        case type_ if type_ in _TYPES:
            told = f"{_shown(value)} is not {_TYPES[type_]}"
    return told


def _shown(value: Any) -> str:
    """As a file has it."""
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
