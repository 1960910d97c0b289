"""Which items the user asked for: globs over addresses."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from amlmigrate.core.address import Address


@dataclass(frozen=True, slots=True)
class Selection:
    """`--select` and `--exclude`; nothing selected means everything."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def takes(self, address: Address) -> bool:
        """Whether an address is asked for. A glob that matches a container takes its versions too."""
        return not self.excludes(address) and (not self.select or _matches(self.select, address))

    def excludes(self, address: Address) -> bool:
        """Whether an address is to be left out even if something selected refers to it."""
        return _matches(self.exclude, address)


def _matches(globs: tuple[str, ...], address: Address) -> bool:
    texts = (str(address.item), str(address.container))
    return any(fnmatchcase(text, glob) for glob in globs for text in texts)
