"""A file that is written anew as a whole: what a plan holds of it, since it may be large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amlmigrate.core.mapping import Rewrite


@dataclass(frozen=True, slots=True)
class AnewFile:
    """Its path in the source's container, and its bytes on both sides: `sha256` and `to_sha256` in hex.

    `md5` (base64) and `length` are the target's. `count` strings change; `lines` are the first of them, masked.
    """

    path: str
    sha256: str
    to_sha256: str
    md5: str
    length: int
    count: int
    lines: tuple[Rewrite, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Its form in a step's line of `plan.jsonl`."""
        return {
            "path": self.path,
            "sha256": self.sha256,
            "to_sha256": self.to_sha256,
            "to_md5": self.md5,
            "to_bytes": self.length,
            "count": self.count,
            "lines": [{"where": one.where, "from": one.before, "to": one.after} for one in self.lines],
        }

    @classmethod
    def of_dict(cls, line: dict[str, Any]) -> AnewFile:
        """Reads that form. Raises KeyError and TypeError where it is none."""
        lines = tuple(Rewrite(one["where"], one["from"], one["to"]) for one in line["lines"])
        numbers = (line["to_bytes"], line["count"])
        return cls(line["path"], line["sha256"], line["to_sha256"], line["to_md5"], *numbers, lines)
