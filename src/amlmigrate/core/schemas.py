"""JSON Schema as its own text says it: a pattern's `$` is the end, and no line feed follows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator


def validator(schema: Any) -> Validator:
    """A validator of draft 2020-12. Its patterns are those of ECMA 262, where `$` ends the whole text."""
    from jsonschema import Draft202012Validator, validators

    extend: Any = validators.extend
    found: Validator = extend(Draft202012Validator, {"pattern": _pattern})(schema)
    return found


def problem(schema: Any, value: Any) -> ValidationError | None:
    """In what a value is not what a schema says, if it is not: the one that tells most of several."""
    from jsonschema.exceptions import best_match

    found: ValidationError | None = best_match(validator(schema).iter_errors(value))
    return found


def told(found: ValidationError) -> str:
    """What is wrong, in words: of a pattern what the schema describes, which has to have an example of it too."""
    schema: Any = found.schema
    match found.validator:
        case "pattern":
            return f"{found.instance!r} is not {schema['description']} (example: {schema['examples'][0]})"
        case "required":
            return f"{found.message.removesuffix(' is a required property')} is missing"
        case "additionalProperties":
            instance: Any = found.instance
            unknown = sorted(map(str, instance.keys() - schema["properties"].keys()))
            told = "the member {} is unknown" if len(unknown) == 1 else "the members {} are unknown"
            return told.format(", ".join(map(repr, unknown)))
    return found.message


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[Exception]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not re.search(re.sub(r"(?<!\\)\$\Z", r"\\Z", pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
