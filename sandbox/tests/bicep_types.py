"""Checks documents against Microsoft's types of resources (the format of Azure/bicep-types-az)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_REQUIRED, _READ_ONLY, _WRITE_ONLY = 1, 2, 4
_PLAIN = {"StringType": str, "BooleanType": bool, "IntegerType": (int, float)}


class Types:
    """The types of one file: `Microsoft.X/y@version`, case-insensitive."""

    def __init__(self, path: Path) -> None:
        self._types = json.loads(path.read_text())
        self._bodies = {
            each["name"].partition("@")[0].lower(): each["body"]
            for each in self._types
            if each["$type"] == "ResourceType"
        }
        self._functions = {
            (each["resourceType"].lower(), each["name"].lower()): each
            for each in self._types
            if each["$type"] == "ResourceFunctionType"
        }

    def names(self) -> list[str]:
        """All resource types, in lower case."""
        return list(self._bodies)

    def choices(self, type_: str, *way: str) -> list[str]:
        """The values that the discriminator of `properties`, or of a member of it, may have."""
        body = self._resolved(self._bodies[type_.lower()])
        found = self._resolved(body["properties"]["properties"]["type"])
        for name in way[:-1]:
            known = {**found.get("properties", {}), **found.get("baseProperties", {})}
            found = self._resolved(known[name]["type"])
        assert found["discriminator"] == way[-1]
        return list(found["elements"])

    def _resolved(self, reference: dict[str, str]) -> Any:
        return self._types[int(reference["$ref"].rpartition("/")[2])]

    def problems_of_answer(self, type_: str, document: Any) -> list[str]:
        """What is wrong with an answer: missing, write-only or unknown properties, wrong types."""
        return list(self._check(self._bodies[type_.lower()], document, "", answer=True))

    def problems_of_request(self, type_: str, document: Any) -> list[str]:
        """What is wrong with a body that is sent: missing, read-only or unknown properties, wrong types."""
        return list(self._check(self._bodies[type_.lower()], document, "", answer=False))

    def problems_of_action(self, type_: str, name: str, document: Any) -> list[str]:
        """What is wrong with the answer of a POST."""
        return list(self._check(self._functions[type_.lower(), name.lower()]["output"], document, "", answer=True))

    def _check(self, reference: dict[str, str], value: Any, path: str, *, answer: bool) -> Iterator[str]:
        type_ = self._resolved(reference)
        kind = type_["$type"]
        if value is None or kind == "AnyType":
            return
        if kind in _PLAIN:
            if not isinstance(value, _PLAIN[kind]) or (kind == "IntegerType" and isinstance(value, bool)):
                yield f"{path}: {value!r} is no {kind}"
        elif kind == "StringLiteralType":
            if value != type_["value"]:
                yield f"{path}: {value!r} is not {type_['value']!r}"
        elif kind == "UnionType":
            tried = [list(self._check(each, value, path, answer=answer)) for each in type_["elements"]]
            if all(tried):
                yield f"{path}: {value!r} is none of the union"
        elif kind == "ArrayType":
            if not isinstance(value, list):
                yield f"{path}: {value!r} is no list"
                return
            for index, item in enumerate(value):
                yield from self._check(type_["itemType"], item, f"{path}[{index}]", answer=answer)
        elif kind == "DiscriminatedObjectType":
            yield from self._check_discriminated(type_, value, path, answer=answer)
        else:
            yield from self._check_object(type_, type_.get("properties", {}), value, path, answer=answer)

    def _check_discriminated(self, type_: Any, value: Any, path: str, *, answer: bool) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
            return
        chosen = value.get(type_["discriminator"])
        element = type_["elements"].get(chosen)
        if element is None:
            yield f"{path}.{type_['discriminator']}: {chosen!r} is unknown"
            return
        subtype = self._resolved(element)
        properties = {**type_["baseProperties"], **subtype.get("properties", {})}
        yield from self._check_object(subtype, properties, value, path, answer=answer)

    def _check_object(
        self, type_: Any, properties: dict[str, Any], value: Any, path: str, *, answer: bool
    ) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
            return
        more = type_.get("additionalProperties")
        for name, item in value.items():
            where = f"{path}.{name}".lstrip(".")
            known = properties.get(name)
            if known is None and more is None:
                yield f"{where}: unknown"
            elif known is None:
                yield from self._check(more, item, where, answer=answer)
            elif answer and known["flags"] & _WRITE_ONLY and item is not None:
                yield f"{where}: write-only"
            elif not answer and known["flags"] & _READ_ONLY:
                yield f"{where}: read-only"
            else:
                yield from self._check(known["type"], item, where, answer=answer)
        for name, known in properties.items():
            hidden = known["flags"] & (_WRITE_ONLY if answer else _READ_ONLY)
            if known["flags"] & _REQUIRED and not hidden and value.get(name) is None and path:
                yield f"{path}.{name}: missing"
