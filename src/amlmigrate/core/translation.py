"""In what two documents differ that should be one."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as _field


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as it should be: JSON pointer, what was expected, what is there.

    `changeable`: whether a write may change it.
    """

    address: str
    field: str
    expected: object
    actual: object
    changeable: bool = _field(default=False, compare=False)

    def as_dict(self) -> dict[str, object]:
        """Its form in evidence."""
        return {
            "address": self.address,
            "field": self.field,
            "expected": self.expected,
            "actual": self.actual,
        }
