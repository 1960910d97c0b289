"""What was asked of a key when it was made, as one of its tags keeps it: the key may have been changed since.

The tag is a profile's name, or values: `HIPAA`, `OURS: RSA 3072 expires=P2Y rotate=P1Y`, `RSA-HSM 4096`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from amlmigrate.core.durations import days
from amlmigrate.core.keys import Rotation

# On every key that provisioning makes, and anybody's to write. Whoever may change the key may change its tags too.
TAG = "key-profile"
_DURATION = r"[Pp]\w+"
_VALUES = re.compile(
    r"(?:(?P<name>.+): )?(?P<type>RSA|RSA-HSM) (?P<size>\d{4,5})"
    rf"(?: expires=(?P<expires>{_DURATION}))?(?: rotate=(?P<rotate>{_DURATION}))?"
    rf"(?: notify=(?P<notify>{_DURATION}))?",
    re.ASCII,
)
TIMES = ("expires", "rotate", "notify")
# A tag's value has 256 characters at most; the values take 80 of them.
_LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class KeyStandard:
    """A profile's name, empty for values of a file's own; type (`RSA`, `RSA-HSM`), bits, ISO 8601 durations."""

    name: str
    kind: str
    size: int
    expires: str | None = None
    rotate: str | None = None
    notify: str | None = None

    @property
    def rotation(self) -> Rotation | None:
        """The rotation policy, if one is asked for."""
        if not self.rotate:
            return None
        return Rotation(self.expires, after_create=self.rotate, notify_before_expiry=self.notify)

    @property
    def words(self) -> str:
        """Name and values: `HIPAA: RSA 3072 expires=P2Y rotate=P1Y notify=P30D`."""
        given = ((name, getattr(self, name)) for name in TIMES)
        told = " ".join(f"{name}={value}" for name, value in given if value)
        name = f"{self.name[:_LONGEST_NAME]}: " if self.name else ""
        return f"{name}{self.kind} {self.size} {told}".rstrip()

    def told(self, table: Mapping[str, Mapping[str, Any]]) -> str:
        """As a sentence names it, with every value that a key is held to.

        Anybody may write a profile's name before other values: only what the table has is called a profile.
        """
        known = _named(self.name, table) if self.name else None
        # Without a rotation there is no policy whose notice could be looked at.
        asked = replace(self, name="", notify=self.notify if self.rotate else None).words
        if known and known == replace(self, name=known.name):
            return f"its profile {known.name} ({asked})"
        others = f", which are not those of the profile {known.name}" if known else ""
        called = f"what its tag calls {self.name}" if self.name else "the values of its tag"
        return f"{called} ({asked}{others})"

    def tag(self, table: Mapping[str, Mapping[str, Any]]) -> str:
        """The tag's value: the name alone where it says all, by the shipped table of profiles."""
        known = _named(self.name, table) if self.name else None
        return self.name if known and known == replace(self, name=known.name) else self.words


def of_tags(tags: Mapping[str, str], table: Mapping[str, Mapping[str, Any]]) -> KeyStandard | None:
    """What was asked of a key by its tags; None without the tag. Raises ValueError for one that says nothing."""
    text = next((str(value).strip() for name, value in tags.items() if name.lower() == TAG), None)
    if text is None:
        return None
    if known := _named(text, table):
        return known
    match = _VALUES.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text[:300]}' is neither a profile ({', '.join(table)}) nor values of one.")
    for name in TIMES:
        days(match[name] or "P0D")
    return _made(match["name"] or "", {**match.groupdict(), "size": int(match["size"])})


def _named(name: str, table: Mapping[str, Mapping[str, Any]]) -> KeyStandard | None:
    found = next((known for known in table if known.lower() == name.lower()), None)
    return _made(found, table[found]) if found else None


def _made(name: str, values: Mapping[str, Any]) -> KeyStandard:
    times = {each: values.get(each) for each in TIMES}
    return KeyStandard(name, values["type"], values["size"], **times)
