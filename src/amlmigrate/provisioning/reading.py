"""Reads a file of `migrate provision`: YAML or JSON, checked against its model, then against itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from amlmigrate.core import strictyaml
from amlmigrate.core.errors import BadInputError
from amlmigrate.provisioning import checks, filechecks, naming, profiles
from amlmigrate.provisioning.build import wanted_of
from amlmigrate.provisioning.model import Profiles
from amlmigrate.provisioning.wanted import WantedWorkspace

_REMEDY = "docs/reference/provision-file.md has every member. Fix it and run the same command again."


def read(path: Path, *, subscription: str | None = None, table: Path | None = None) -> WantedWorkspace:
    """What the file asks for. Raises BadInputError, naming each member that is wrong.

    `subscription` stands in where the file names none; `table` is a file of profiles of its user's own.
    """
    document = _load(path)
    _refuse(path, filechecks.problems(document))
    known = profiles.shipped()
    if table is not None:
        own = _load(table)
        _refuse(table, filechecks.problems({"profiles": own}, Profiles))
        known = profiles.merged(known, own)
    known = profiles.merged(known, document.get("profiles", {}))
    if not document.get("subscription") and subscription:
        document["subscription"] = subscription
    _refuse(path, (*checks.problems(document, known), *naming.problems(document)))
    return wanted_of(document, known)


def _load(path: Path) -> dict[str, Any]:
    try:
        found = strictyaml.load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"The file cannot be read: {error}.", address=str(path), remedy="Check the path."
        ) from error
    except strictyaml.NotStrictError as error:
        raise BadInputError(f"The file cannot be used: {error}.", address=str(path), remedy=_REMEDY) from error
    if not isinstance(found, dict):
        raise BadInputError("The file holds no mapping.", address=str(path), remedy=_REMEDY)
    return found


def _refuse(path: Path, problems: Iterable[tuple[str, str]]) -> None:
    found = [f"{place or 'the file'}: {text}" for place, text in problems]
    if found:
        raise BadInputError("; ".join(found) + ".", address=str(path), remedy=_REMEDY)
