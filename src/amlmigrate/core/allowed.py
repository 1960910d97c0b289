"""What a plan's options let move that stays by hand otherwise, and which secrets somebody gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.errors import BadInputError

# By kind, what of it is asked for beside what moves anyway.
Options = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Allowed:
    """`secrets`: by the address of an item, the fields that `run` is given from elsewhere. `items`: what moves, of
    what is left to do by hand without an option.
    """

    secrets: Mapping[Address, frozenset[str]] = field(default_factory=dict)
    items: frozenset[Address] = frozenset()

    def given(self, address: Address) -> frozenset[str]:
        """The fields of an item whose secrets are given."""
        return self.secrets.get(address.item, frozenset())

    def __bool__(self) -> bool:
        return bool(self.secrets or self.items)

    def __or__(self, other: Allowed) -> Allowed:
        """What either lets; of an item whose secrets both name, this one's fields."""
        return Allowed({**other.secrets, **self.secrets}, self.items | other.items)

    def as_dict(self) -> dict[str, Any]:
        """Its form in a plan's header."""
        return {
            "secrets": {str(address): sorted(fields) for address, fields in sorted(self.secrets.items())},
            "items": sorted(map(str, self.items)),
        }

    @classmethod
    def of_dict(cls, found: Any) -> Allowed:
        """Reads that form; what a header without it lets move. Raises BadInputError where it is none."""
        if not found:
            return NOTHING
        try:
            secrets = {Address.parse(address): _texts(fields) for address, fields in found["secrets"].items()}
            return cls(secrets, frozenset(map(Address.parse, found["items"])))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInputError(
                f"What a plan lets move cannot be read: {type(error).__name__}.", remedy="Make a new plan."
            ) from error


def _texts(found: Iterable[Any]) -> frozenset[str]:
    return frozenset(map(str, found))


NOTHING = Allowed()
