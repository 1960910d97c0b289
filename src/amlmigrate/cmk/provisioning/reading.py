"""Reads a file of `migrate provision`: YAML or JSON, checked against the shipped schema, then against itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from amlmigrate.cmk.provisioning import checks, naming, profiles
from amlmigrate.cmk.provisioning.build import wanted_of
from amlmigrate.cmk.provisioning.wanted import Wanted
from amlmigrate.core import schemas, strictyaml
from amlmigrate.core.errors import BadInputError

_REMEDY = "docs/reference/provision-file.md has every member. Set it right and run the same command again."


def schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    text = (files("amlmigrate.cmk.provisioning") / "file.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def read(path: Path, *, subscription: str | None = None, table: Path | None = None) -> Wanted:
    """What the file asks for. Raises BadInputError, naming each member that is wrong.

    `subscription` stands in where the file names none; `table` is a file of profiles of its user's own.
    """
    document = _load(path)
    _refuse(path, _problems(document, schema()))
    known = profiles.shipped()
    if table is not None:
        own = _load(table)
        _refuse(table, _problems({"profiles": own}, {**schema(), "required": []}))
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


def _problems(document: Mapping[str, Any], against: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Path in the file and what is wrong there."""
    for error in sorted(
        schemas.validator(against).iter_errors(document), key=lambda error: [str(part) for part in error.path]
    ):
        yield ".".join(str(part) for part in error.absolute_path), _text(error)


def _text(error: Any) -> str:
    """The validator's words, put plainly where they are riddles."""
    if error.validator == "oneOf" and "encryption" in error.absolute_path:
        return "write `service-side`, or an object with `mode: classic` and `cosmosDbPrincipalId`"
    if error.validator == "oneOf":
        return "give either `name` or `id`"
    if error.validator == "not":  # a member that another one rules out
        return "not together with " + ("`profile`" if "profile" in error.absolute_schema_path else "`id`")
    if error.validator == "pattern":
        return f"{error.instance!r} is not of the form {error.validator_value}"
    return str(error.message)
