"""New names where a name is one in a region: what one may be, and one made of the old name."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from itertools import count

SUFFIX = "-cmk"
# What an earlier move added.
_ADDED = re.compile(r"(?<=.)-cmk[0-9]*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NameRule:
    """What a new name may be: `says` is that in words. `longest`: how many signs one has that is made here."""

    pattern: re.Pattern[str]
    longest: int
    says: str

    def takes(self, name: str) -> bool:
        """Whether the service takes it, as far as is known."""
        return self.pattern.fullmatch(name) is not None

    def beside(self, old: str, taken: Container[str]) -> str:
        """The first of OLD-cmk, OLD-cmk2, … that is not taken; the old name is cut where it is too long.

        `taken` are names in lower case: letter case does not tell names of ARM apart.
        """
        start = _ADDED.sub("", old)
        for number in count(1):
            end = SUFFIX if number == 1 else f"{SUFFIX}{number}"
            made = start[: self.longest - len(end)].rstrip("-") + end
            if made.lower() not in taken:
                return made
        raise AssertionError("numbers have no end")
