"""Who made a report: identity, local user, host, version of the tool, and the options of the command."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import PurePath
from typing import Any

from amlmigrate.core.escapes import escaped
from amlmigrate.core.identity import Identity
from amlmigrate.core.redaction import masked, path_text


@dataclass(frozen=True, slots=True)
class By:
    """`identity` is None where nobody signed in, or the token does not say who did.

    `options` are those of the command by name, with the values that counted, defaults included.
    """

    user: str
    host: str
    version: str
    identity: Identity | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return escaped(str(self.identity)) if self.identity else self.local

    @property
    def local(self) -> str:
        """The user at the host."""
        return escaped(f"{self.user}@{self.host}")

    def signed(self, identity: Identity | None) -> By:
        """The same, who signed in as that."""
        return replace(self, identity=identity)

    def who(self) -> dict[str, Any]:
        """Its form in a plan's header: `user`, `identity` (null where not known), `host`, `version`."""
        identity = self.identity.as_dict() if self.identity else None
        found: dict[str, Any] = _json(
            {"user": self.user, "identity": identity, "host": self.host, "version": self.version}
        )
        return found

    def asked(self) -> dict[str, Any]:
        """The options as JSON: without secrets, and without those that have no value."""
        return {name: _json(value) for name, value in self.options.items() if value is not None}

    def as_dict(self) -> dict[str, Any]:
        """Its form in a report: as `who`, and the `options`."""
        return {**self.who(), "options": self.asked()}


def _json(value: Any) -> Any:
    if isinstance(value, Enum):
        return _json(value.value)
    if isinstance(value, Mapping):
        return {str(name): _json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json(one) for one in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return escaped(path_text(value) if isinstance(value, PurePath) else masked(str(value)))
