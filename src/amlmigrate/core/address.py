"""Addresses: the name of an item in plans, ledgers and reports."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering

from amlmigrate.core.errors import BadInputError

BLOBS = "blobs"
ARCHIVE = "#archive"
# Names of assets and their versions are told apart by case, those of datastores are not
# (AZ-ARM-6).
CASELESS = frozenset({"datastores"})
# The names of these are one in a region (AZ-WS-7): beside the old one the new one needs another.
NAMED_ANEW = frozenset({"onlineEndpoints", "batchEndpoints", "serverlessEndpoints", "computes"})


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """`kind/name/version`, the ARM path below the workspace without `versions`.

    Without a version it is the container (`models/credit-risk`) or something unversioned
    (`datastores/lake`). Bytes are `blobs/CONTAINER/PREFIX`: `version` is then the prefix, slashes and all.
    What comes in thousands is one item that has a kind only (`jobs`).
    `archive` marks the step that archives what the address names.
    Two are equal that name one thing, whichever way it is spelled.
    """

    kind: str
    name: str
    version: str | None = None
    archive: bool = False

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads an address. Raises BadInputError when it is none."""
        # Bytes are never archived, and a blob may be named like the mark.
        archive = text.endswith(ARCHIVE) and not text.startswith(f"{BLOBS}/")
        kind, _, rest = (text.removesuffix(ARCHIVE) if archive else text).partition("/")
        name, _, version = rest.partition("/")
        if not kind or (archive and not name) or any(sign in kind for sign in "*?["):
            raise BadInputError(
                f"'{text}' is no address.",
                remedy="Write it as `migrate show` does, like models/credit-risk/3.",
            )
        return cls(kind, name, version or None, archive)

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, Address) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __lt__(self, other: Address) -> bool:
        return self._key < other._key

    @property
    def _key(self) -> tuple[str, str, str, bool]:
        return (self.kind, plain_name(self.kind, self.name), self.version or "", self.archive)

    @property
    def order(self) -> tuple[int, int, str]:
        """By which versions of one time are sorted: whole numbers by their value, after all other texts."""
        text = self.version or ""
        return (1, int(text), text) if text.isascii() and text.isdigit() else (0, 0, text)

    @property
    def item(self) -> Address:
        """The address without the mark of an archiving step."""
        return Address(self.kind, self.name, self.version)

    @property
    def container(self) -> Address:
        """The address of the container that holds a version."""
        return Address(self.kind, self.name)

    def archived(self) -> Address:
        """The address of the step that archives this item."""
        return Address(self.kind, self.name, self.version, True)

    def __str__(self) -> str:
        path = "/".join(part for part in (self.kind, self.name, self.version) if part)
        return f"{path}{ARCHIVE if self.archive else ''}"


def plain_name(kind: str, name: str) -> str:
    """A name in the form in which two of a kind are compared."""
    return name.lower() if kind in CASELESS else name


def plain_text(address: str) -> str:
    """An address as text in the form in which two are compared."""
    kind, slash, name = address.partition("/")
    return f"{kind}{slash}{plain_name(kind, name)}"


def blob_address(container: str, prefix: str = "") -> Address:
    """The address of the blobs below a prefix; without one, of all that a container holds."""
    return Address(BLOBS, container, prefix or None)
