"""Holds a file against its model: every place that is wrong, and what is wrong there, in plain words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema

from amlmigrate.core.few import agreed
from amlmigrate.core.filemodel import FileModel

Problem = tuple[str, str]
_TYPES = {
    "string_type": "string",
    "int_type": "integer",
    "bool_type": "boolean",
    "list_type": "array",
    "dict_type": "object",
    "model_type": "object",
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
        *above, last = [str(part) for part in one["loc"]] or [""]
        if one["type"] == "extra_forbidden":
            unknown[".".join(above)].append(last)
        elif one["type"] == "missing":
            yield ".".join(above), f"'{last}' is a required property"
        else:
            yield ".".join((*above, last)), _text(one)
    for place, names in unknown.items():
        were = agreed(len(names), "was", "were")
        named = ", ".join(map(repr, sorted(names)))
        yield place, f"Additional properties are not allowed ({named} {were} unexpected)"


def _text(error: Any) -> str:
    value, limits = error["input"], error.get("ctx", {})
    match error["type"]:
        case "greater_than_equal":
            return f"{value!r} is less than the minimum of {limits['ge']}"
        case "less_than_equal":
            return f"{value!r} is greater than the maximum of {limits['le']}"
        case "literal_error":
            return f"{value!r} is not one of [{limits['expected'].replace(' or ', ', ')}]"
        case "too_short":
            return f"{value!r} should be non-empty"
        case type_ if type_ in _TYPES:
            return f"{value!r} is not of type '{_TYPES[type_]}'"
    return str(error["msg"])
