"""A definition without what may be secret: `${NAME}` stands for each text that is not known to be harmless."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from amlmigrate.core.redaction import replaced
from amlmigrate.planning.byhand.readable import closed, readable

# An expression of a pipeline, which names an input and holds no value.
_EXPRESSION = re.compile(r"\$\{\{[\w.\s-]+\}\}")
# What a shell has of its own: filled in by its environment, unseen, it would be another value.
_SHELL = "PATH HOME USER LOGNAME SHELL PWD OLDPWD LANG TERM TMPDIR HOSTNAME MAIL EDITOR DISPLAY PS1 IFS UID"
_TAKEN = frozenset(_SHELL.split())


@dataclass(slots=True)
class HiddenNames:
    """The names that stand for texts: each place has one, whichever copy of the document it is seen in."""

    by_place: dict[str, str] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)

    def of(self, place: str, member: str) -> str:
        """The name for a place, as `API_KEY`; a second one of that kind is `API_KEY_2`."""
        if place not in self.by_place:
            name = _upper(member)
            number = self._count[name] = self._count.get(name, 0) + 1
            self.by_place[place] = f"{name}_{number}" if number > 1 else name
        return self.by_place[place]


def _upper(member: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", member)
    name = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").upper() or "VALUE"
    # `PATH_VALUE`, and a number of its own for what ends with one: `KEY_2` is the second `KEY`.
    name = f"V_{name}" if name[0].isdigit() else name
    return f"{name}_VALUE" if name in _TAKEN or re.search(r"_\d+\Z", name) else name


def hidden(value: Any, names: HiddenNames, *, member: str = "", place: str = "", shut: bool = False) -> Any:
    """A copy of a JSON value: the names of members as they are, and of texts only what is known to be harmless."""
    if isinstance(value, dict):
        return {
            key: hidden(
                child,
                names,
                member=str(key),
                place=f"{place}/{key}",
                shut=shut or closed(str(key), child, value, top=not place),
            )
            for key, child in value.items()
        }
    if isinstance(value, list):
        return [
            hidden(child, names, member=member, place=f"{place}/{number}", shut=shut)
            for number, child in enumerate(value)
        ]
    if isinstance(value, str):
        return _text(value, names, member, place, shut=shut)
    # A number may be a secret as well, where everything may be.
    return f"${{{names.of(place, member)}}}" if shut and type(value) in (int, float) else value


def _text(text: str, names: HiddenNames, member: str, place: str, *, shut: bool) -> str:
    if not text or (not shut and _EXPRESSION.fullmatch(text)):
        return text
    if shut or not readable(member, text):
        return f"${{{names.of(place, member)}}}"
    parts: list[str] = []

    def take(part: str) -> str:
        parts.append(part)
        return f"${{{names.of(f'{place}#{len(parts)}', member)}}}"

    return replaced(text, take)
