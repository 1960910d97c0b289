"""Who is who in the target's tenant: people, groups and applications, by their object ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principals:
    """`elsewhere`: whether the target is of another tenant, where nobody has the id that they have in this one.

    `called` is what somebody said of that, old id to new, in lower case. `gone` are those of which the directory
    shows that they are no more, in lower case.
    """

    elsewhere: bool = False
    called: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def of(self, object_id: str) -> str:
        """The id that one has in the target's tenant; '' where nobody said it."""
        found = self.called.get(object_id.lower(), "")
        return found or ("" if self.elsewhere else object_id)
