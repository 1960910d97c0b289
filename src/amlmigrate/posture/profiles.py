"""The table of profiles, what a key of a standard looks like: `profiles.yaml`, and anybody's to replace."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from amlmigrate.core import strictyaml

Profile = Mapping[str, Any]


def shipped() -> dict[str, Profile]:
    """The shipped table: profile name to `type`, `size`, `expires`, `rotate`, `notify` and `reasons`."""
    text = (files("amlmigrate.posture") / "profiles.yaml").read_text(encoding="utf-8")
    found: dict[str, Profile] = strictyaml.load(text)
    return found


def merged(table: Mapping[str, Profile], own: Mapping[str, Profile]) -> dict[str, Profile]:
    """The table with more profiles in it; one of a name that is there, in whatever letter case, replaces it."""
    names = {name.lower() for name in own}
    return {name: profile for name, profile in table.items() if name.lower() not in names} | dict(own)


def find(table: Mapping[str, Profile], name: str) -> Profile | None:
    """A profile by its name, whose letter case does not count."""
    return next((profile for known, profile in table.items() if known.lower() == name.lower()), None)
