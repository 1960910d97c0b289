"""What the doctor could not look at, and says so."""

from __future__ import annotations

from typing import Any

from amlmigrate.core.finding import Finding
from amlmigrate.posture.reading import Read, missing_action


def unchecked(address: str, read: Read[Any], what: str, action: str) -> Finding:
    """A warning that `what` could not be read, with the right that is missing."""
    missing = missing_action(read.refused, action)
    return Finding(
        "warning",
        address,
        f"Not checked: {what} could not be read. {read.refused or 'It was not found.'}",
        f"Grant '{missing}' at {address}, or have somebody check it who has the right.",
        code="not-checked",
    )
