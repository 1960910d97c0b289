"""The lease on the target: which blob it is on, and who says there that they hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import quote, unquote

# Below the target's default container.
FOLDER, NAME = ".aml-cmk-migrate", "lease"
PATH = f"{FOLDER}/{NAME}"
SECONDS = 60
# Members of a blob's metadata are identifiers, and their values ASCII.
_MEMBER = "holder_"


def is_lease(path: str, metadata: tuple[tuple[str, str], ...] = ()) -> bool:
    """Whether a listed blob is the lease's, which is never content: by its whole path, not by how that begins.

    With a hierarchical namespace its folder is listed too, as a blob whose metadata says so (`hdi_isfolder`).
    """
    return path == PATH or (path == FOLDER and dict(metadata).get("hdi_isfolder") == "true")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lease, as they wrote it there: `since` in UTC, ISO 8601."""

    host: str
    folder: str
    plan: str
    command: str
    since: str

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Holder | None:
        """Reads a blob's metadata; None where it does not say."""
        found = {name.lower(): unquote(value) for name, value in metadata.items()}
        said = {one.name: found.get(f"{_MEMBER}{one.name}", "") for one in fields(cls)}
        return cls(**said) if said["host"] else None

    def metadata(self) -> dict[str, str]:
        """Its form in a blob's metadata."""
        return {f"{_MEMBER}{name}": quote(value) for name, value in asdict(self).items()}

    def is_of(self, host: str, folder: str) -> bool:
        """Whether it is that folder on that host."""
        return (self.host, self.folder) == (host, folder)

    def __str__(self) -> str:
        return f"`migrate {self.command}` of the plan {self.folder} on {self.host}, since {self.since}"

    def as_dict(self) -> dict[str, Any]:
        """Its form in events and reports."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LeaseState:
    """How the lease stands: whether somebody has it, and who said so last; `endless` never runs out by itself."""

    held: bool
    holder: Holder | None = None
    endless: bool = False
