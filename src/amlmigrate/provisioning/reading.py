"""Reads a file of `migrate provision`: YAML or JSON, checked against its model, then against itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amlmigrate.core import filechecks
from amlmigrate.core.filechecks import Problem
from amlmigrate.core.filemodel import FileModel
from amlmigrate.desired import filereading
from amlmigrate.posture import profiles
from amlmigrate.provisioning import checks, naming
from amlmigrate.provisioning.build import wanted_of
from amlmigrate.provisioning.model import File, Profiles
from amlmigrate.provisioning.wanted import WantedWorkspace

_REMEDY = "docs/reference/provision-file.md has every member. Fix it and run the same command again."


def schema() -> dict[str, Any]:
    """The JSON Schema of the file (draft 2020-12), for editors and for the documentation."""
    return filechecks.schema(File, "A file of `migrate provision`")


def problems(document: Mapping[str, Any], model: type[FileModel] = File) -> list[Problem]:
    """Path in the file and what is wrong there, in the order of the paths."""
    return filechecks.problems(document, model)


def read(path: Path, *, subscription: str | None = None, table: Path | None = None) -> WantedWorkspace:
    """What the file asks for. Raises BadInputError, naming each member that is wrong.

    `subscription` stands in where the file names none; `table` is a file of profiles of its user's own.
    """
    document = filereading.load(path, _REMEDY)
    filereading.refuse(path, _REMEDY, problems(document))
    known = profiles.merged(profiles_of(table), document.get("profiles", {}))
    if not document.get("subscription") and subscription:
        document["subscription"] = subscription
    filereading.refuse(path, _REMEDY, (*checks.problems(document, known), *naming.problems(document)))
    return wanted_of(document, known)


def profiles_of(table: Path | None) -> dict[str, profiles.Profile]:
    """The shipped profiles, with those of a file of its user's own over them. Raises BadInputError."""
    if table is None:
        return profiles.shipped()
    own = filereading.load(table, _REMEDY)
    filereading.refuse(table, _REMEDY, problems({"profiles": own}, Profiles))
    return profiles.merged(profiles.shipped(), own)
