"""What becomes of an asset at the deletion of its workspace, also where that is a soft one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Loss:
    """`member` is that of a tombstone in which it stands, `told` what stands there, `says` is for people."""

    member: Literal["computes", "endpoints", "jobs"]
    told: Any
    says: str


def endpoint(address: str) -> Loss:
    """An endpoint, or a deployment of one."""
    return Loss("endpoints", address, f"is lost for good: {address}")
