"""The demands of the standards: `controls.yaml`, in this project's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from amlmigrate.core import strictyaml

# What stands above every table of them.
SENTENCE = (
    "What is listed supports a control, and does not establish compliance with it or with its standard."
    " PCI DSS 3.5.1 is not met by encryption at rest alone."
)


@dataclass(frozen=True, slots=True)
class ControlStandard:
    """A standard: `id` as it is typed, its name, and by what its demands are told."""

    id: str
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Control:
    """One demand of a standard, and what no file shows of it.

    `claims` and `files` (`facts.FACTS`) are looked for in the evidence; `look` are other commands.
    """

    standard: ControlStandard
    control: str
    demand: str
    cannot: str
    claims: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    look: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """What is looked for in the evidence, claims first."""
        return (*self.claims, *self.files)


def standards() -> dict[str, ControlStandard]:
    """Each standard by its id, in the file's order."""
    return {id_: ControlStandard(id_, **told) for id_, told in _content()["standards"].items()}


def controls(only: str = "") -> tuple[Control, ...]:
    """Each control, or those of one standard by its id, in the file's order."""
    known = standards()
    return tuple(_control(known, one) for one in _content()["controls"] if only in ("", one["standard"]))


def _control(known: Mapping[str, ControlStandard], told: Mapping[str, Any]) -> Control:
    members: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in told.items()}
    members["standard"] = known[told["standard"]]
    return Control(**members)


def _content() -> dict[str, Any]:
    text = (files("amlmigrate.controls") / "controls.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = strictyaml.load(text)
    return found
