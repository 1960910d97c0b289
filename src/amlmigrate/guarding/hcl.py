"""Texts of Terraform's language, as far as files for git need them: blocks, values, names. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from amlmigrate.core.armid import ArmId

_ESCAPES = {"\\b": "\\u0008", "\\f": "\\u000c"}


class HclCode(str):
    """An expression of Terraform, written as it is."""

    __slots__ = ()


class HclJson:
    """A value that the provider takes as JSON text."""

    def __init__(self, value: Any) -> None:
        self.value = value


class HclBlocks:
    """Nested blocks of one name."""

    def __init__(self, values: list[dict[str, Any]]) -> None:
        self.values = values


def block(kind: str, type_: str, name: str, values: Mapping[str, Any]) -> str:
    """A block with two labels, as a resource."""
    return f'{kind} "{type_}" "{name}" {{\n{"".join(_lines(values, 1))}}}\n'


def _lines(values: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for name, value in values.items():
        if isinstance(value, HclBlocks):
            for one in value.values:
                yield f"\n{indent}{name} {{\n{''.join(_lines(one, depth + 1))}{indent}}}\n"
        elif isinstance(value, HclJson):
            yield f"{indent}{name} = jsonencode({_value(value.value, depth)})\n"
        else:
            yield f"{indent}{name} = {_value(value, depth)}\n"


def _value(value: Any, depth: int) -> str:
    indent = "  " * (depth + 1)
    if isinstance(value, HclCode):
        return str(value)
    if isinstance(value, Mapping):
        inner = "".join(f"{indent}{_text(name)} = {_value(one, depth + 1)}\n" for name, one in value.items())
        return f"{{\n{inner}{'  ' * depth}}}"
    if isinstance(value, list | tuple):
        inner = "".join(f"{indent}{_value(one, depth + 1)},\n" for one in value)
        return f"[\n{inner}{'  ' * depth}]" if value else "[]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    """A quoted text; `${` and `%{` would begin a template, and are doubled where they are meant as they are.

    Of JSON's escapes Terraform has all but two (HCL native syntax, "Template Expressions").
    """
    text = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[0], found[0]), json.dumps(value, ensure_ascii=False))
    return text.replace("${", "$${").replace("%{", "%%{")


def label(resource: str) -> str:
    """A name of Terraform that stays a resource's own: by a number one would take another's place.

    Terraform removes and makes again what changes its workspace, and in between nothing is exempt.
    """
    id_ = ArmId.of(resource)
    word = re.sub(r"[^a-z0-9_-]", "_", id_.name.lower())
    return f"{word}_{hashlib.sha256(id_.key.encode()).hexdigest()[:12]}"
