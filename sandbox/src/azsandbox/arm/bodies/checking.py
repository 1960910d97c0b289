"""Whether a body is what its description allows: members, types, values, forms, patterns and ranges.

What a description does not know passes: unknown members survive in Azure. Values of enumerations are compared
without case, as the service takes them: `AzureOpenAi` is recorded to come back as `AzureOpenAI`, and azure-ai-ml
sends `aadToken`, `day` and `stop`. Null stands for a member that is not sent, and a string may be any scalar:
azure-ai-ml sends `hash_version` as a number. Of an enumeration that may grow only the values that are described
are taken; that the service refuses others is inferred (AZ-ARM-17).

A read-only member may be sent as it is, as a PUT of what a GET answered does; that another value is refused is
inferred (AZ-ARM-17).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from azsandbox.arm.bodies.descriptions import Description

_FORMATS = {
    "duration": re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$"),
}
_RANGES = {"minLength": 1, "minValue": 1, "maxLength": -1, "maxValue": -1}
_INT32 = 2**31
_NOTHING: tuple[Any, ...] = (None, [], {})
_TYPES: dict[str, tuple[type, ...]] = {"boolean": (bool,), "number": (int, float), "list": (list,)}


@dataclass(frozen=True)
class Problem:
    """What is wrong with one member; `path` is as in `properties.credentials.key`."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def problems(
    description: Description, number: int, value: Any, now: Any, *, strict: bool = False
) -> list[Problem]:
    """All that is wrong with a body; `now` is the document there is, or None; `strict`: unknown members too."""
    return list(_Check(description.types, strict=strict).value(number, value, now, ""))


class _Check:
    def __init__(self, types: list[dict[str, Any]], *, strict: bool) -> None:
        self._types, self._strict = types, strict

    def value(self, number: int, value: Any, now: Any, path: str) -> Iterator[Problem]:
        type_ = self._types[number]
        kind = type_["is"]
        if value is None or kind == "any":
            return
        if kind in ("object", "one of"):
            yield from self._object(type_, value, now, path)
        elif not _is(kind, value):
            yield Problem(path, f"a {kind if kind != 'one' else 'string'} is expected")
        elif kind == "list":
            for index, each in enumerate(value):
                yield from self.value(type_["of"], each, None, f"{path}[{index}]")
        else:
            yield from _plain(type_, value, path)

    def _object(self, type_: Mapping[str, Any], value: Any, now: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(path, "an object is expected")
            return
        members, others = dict(type_["members"]), type_.get("others")
        if type_["is"] == "one of":
            form = _same(value.get(type_["by"]), type_["forms"])
            if form is None:
                yield Problem(_joined(path, type_["by"]), f"one of {', '.join(type_['forms'])} is expected")
                return
            chosen = self._types[type_["forms"][form]]
            members, others = members | chosen["members"], chosen.get("others")
        yield from self._members(members, others, value, now if isinstance(now, dict) else {}, path)

    def _members(
        self, members: Mapping[str, Any], others: int | None, value: Any, now: Mapping[str, Any], path: str
    ) -> Iterator[Problem]:
        for name, (number, *marks) in members.items():
            given, where = value.get(name), _joined(path, name)
            if "read-only" in marks:
                if given is not None and given != now.get(name):
                    yield Problem(where, "it is read-only")
            elif given is None and "required" in marks:
                yield Problem(where, "it is required")
            else:
                yield from self.value(number, given, now.get(name), where)
        for name in [each for each in value if each not in members]:
            if others is not None:
                yield from self.value(others, value[name], now.get(name), _joined(path, name))
            elif self._strict and value[name] not in _NOTHING:
                yield Problem(_joined(path, name), "it is not known")


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _same(value: Any, among: Any) -> str | None:
    wanted = value.lower() if isinstance(value, str) else value
    return next((each for each in among if each.lower() == wanted), None)


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool) and kind == "number":
        return False
    return isinstance(value, _TYPES.get(kind, (str, int, float)))


def _plain(type_: Mapping[str, Any], value: Any, path: str) -> Iterator[Problem]:
    if type_["is"] == "one" and _same(value, type_["of"]) is None:
        yield Problem(path, f"one of {', '.join(type_['of'])} is expected")
    if "pattern" in type_ and not pattern(type_["pattern"]).search(str(value)):
        yield Problem(path, f"it does not match {type_['pattern']}")
    size = value if type_["is"] == "number" else len(str(value))
    for rule, sign in _RANGES.items():
        if rule in type_ and sign * size < sign * type_[rule]:
            yield Problem(path, f"it is beyond the {rule} of {type_[rule]}")
    yield from _format(type_.get("format", ""), value, path)


def _format(format_: str, value: Any, path: str) -> Iterator[Problem]:
    if format_ in _FORMATS and isinstance(value, str) and not _FORMATS[format_].match(value):
        yield Problem(path, f"a {format_} is expected")
    if format_ == "int32" and (value != int(value) or not -_INT32 <= value < _INT32):
        yield Problem(path, "a whole number of 32 bits is expected")


@cache
def pattern(text: str) -> re.Pattern[str]:
    """A pattern of a description: digits and word characters are those of ASCII, and `$` is the very end."""
    return re.compile(re.sub(r"\$$", r"\\Z", text), re.ASCII)
