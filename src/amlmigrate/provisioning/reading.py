"""Reads a file of `migrate provision`: YAML or JSON, checked against its model, then against itself."""

from __future__ import annotations

from pathlib import Path

from amlmigrate.desired import filereading
from amlmigrate.provisioning import checks, filechecks, naming, profiles
from amlmigrate.provisioning.build import wanted_of
from amlmigrate.provisioning.model import Profiles
from amlmigrate.provisioning.wanted import WantedWorkspace

_REMEDY = "docs/reference/provision-file.md has every member. Fix it and run the same command again."


def read(path: Path, *, subscription: str | None = None, table: Path | None = None) -> WantedWorkspace:
    """What the file asks for. Raises BadInputError, naming each member that is wrong.

    `subscription` stands in where the file names none; `table` is a file of profiles of its user's own.
    """
    document = filereading.load(path, _REMEDY)
    filereading.refuse(path, _REMEDY, filechecks.problems(document))
    known = profiles.shipped()
    if table is not None:
        own = filereading.load(table, _REMEDY)
        filereading.refuse(table, _REMEDY, filechecks.problems({"profiles": own}, Profiles))
        known = profiles.merged(known, own)
    known = profiles.merged(known, document.get("profiles", {}))
    if not document.get("subscription") and subscription:
        document["subscription"] = subscription
    filereading.refuse(path, _REMEDY, (*checks.problems(document, known), *naming.problems(document)))
    return wanted_of(document, known)
