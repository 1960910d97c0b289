"""Reads a file that says what is desired, YAML or JSON; all that is wrong with it is refused at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from amlmigrate.core import strictyaml, unread
from amlmigrate.core.errors import BadInputError


def load(path: Path, remedy: str) -> dict[str, Any]:
    """The file as a map. Raises BadInputError for one that cannot be read, or could mean two things."""
    try:
        found = strictyaml.load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"The file cannot be read: {unread.why(error)}.", address=str(path), remedy="Check the path."
        ) from error
    except strictyaml.NotStrictError as error:
        raise BadInputError(f"The file cannot be used: {error}.", address=str(path), remedy=remedy) from error
    if not isinstance(found, dict):
        raise BadInputError("The file holds no mapping.", address=str(path), remedy=remedy)
    return found


def refuse(path: Path, remedy: str, problems: Iterable[tuple[str, str]]) -> None:
    """Raises BadInputError where there are problems, each a place in the file and what is wrong there."""
    found = [f"{place or 'the file'}: {text}" for place, text in problems]
    if found:
        raise BadInputError("; ".join(found) + ".", address=str(path), remedy=remedy)
