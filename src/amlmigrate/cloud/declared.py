"""What kinds say of their ARM types to the layer below them, which knows none by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

ML = "microsoft.machinelearningservices/workspaces"


@dataclass(frozen=True, slots=True)
class Absent:
    """How a front end says that one thing is not there: `text` captures the name, `code` is one of the answer's.

    Where it is said of what lies in that thing, as a version, `text` captures the names on the way to it.
    `code` may be the outer one, one of `details`, or one of the chain of inner errors.
    """

    code: str
    text: re.Pattern[str]
    source: str

    @classmethod
    def of(cls, code: str, text: str, source: str) -> Absent:
        """Of a pattern, whatever the case."""
        return cls(code, re.compile(text, re.IGNORECASE), source)


@dataclass(frozen=True, slots=True)
class ArmType:
    """`query` is what its list needs to show everything; `lists_others`: it shows what does not lie in it.

    `in_vault`: its items lie in the workspace's vault, and are read and written there.
    """

    query: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[Absent, ...] = ()
    lists_others: bool = False
    in_vault: bool = False


_NOTHING = ArmType()
_TYPES: dict[str, ArmType] = {}
_VERSIONS: dict[str, str] = {}


def declare(type_: str, said: ArmType) -> None:
    """Keeps what a kind says of a type, as `microsoft.machinelearningservices/workspaces/models`, in any case."""
    _TYPES[type_.lower()] = said


def declare_version(type_: str, api_version: str) -> None:
    """Keeps the api-version of a type, where its provider's own does not do."""
    _VERSIONS[type_.lower()] = api_version


def version(type_: str) -> str:
    """The api-version that was said of a type; '' where none was."""
    return _VERSIONS.get(type_.lower(), "")


def of(type_: str) -> ArmType:
    """What is said of a type, in any case."""
    return _TYPES.get(type_.lower(), _NOTHING)


def forms() -> Iterator[tuple[str, Absent]]:
    """Each way in which one of a type is said not to be there, with the type."""
    return ((type_, form) for type_, said in _TYPES.items() for form in said.absent)
