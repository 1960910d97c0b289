"""Which profile a key is held to, and its cryptoperiod with its source. Pure.

Nothing in Azure says what a key's cryptoperiod is. A profile is told by the tag `key-profile` of the key, of its
vault or of a dependant, by `--profile`, or else the default counts: two years, the most that NIST SP 800-57 part 1
recommends for a key that wraps keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amlmigrate.core.durations import days
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.keystandard import TAG, of_tags
from amlmigrate.keys.model import KeyProfile
from amlmigrate.posture.profiles import Profile, find, shipped

DEFAULT = "NIST"


def of(table: Mapping[str, Profile], tags: Iterable[Mapping[str, str]], option: str = "") -> KeyProfile:
    """The profile that an option names, else the first tag that names one, else the default.

    A tag that names none of the table is told in `told_by`, and the default counts.
    """
    if option:
        return _made(table, option, "--profile")
    named = next((value for one in tags for name, value in one.items() if name.lower() == TAG), "")
    if named and _has_period(table, named):
        return _made(table, named, f"the tag {TAG}")
    if named and (own := _of_values(table, named)):
        return own
    unknown = f", since the tag {TAG} names '{named}', which has no cryptoperiod" if named else ""
    return default(f"the default{unknown}")


def _of_values(table: Mapping[str, Profile], text: str) -> KeyProfile | None:
    """Of a tag that tells values itself, as of a profile that is in no table; None without a cryptoperiod.

    It is no profile of the table, whatever name stands before its values.
    """
    try:
        told = of_tags({TAG: text}, {})
    except ValueError:
        return None
    if told is None or not told.expires:
        return None
    name = told.name if told.name and find(table, told.name) is None else "own values"
    return KeyProfile(name, days(told.expires), "the tag tells the period", f"the tag {TAG}")


def default(told_by: str = "the default") -> KeyProfile:
    """The profile of a key that nothing tells one of, as it is shipped."""
    return _made(shipped(), DEFAULT, told_by)


def checked(table: Mapping[str, Profile], option: str) -> str:
    """The name of a profile that was asked for. Raises BadInputError for one that has no cryptoperiod."""
    if not _has_period(table, option):
        raise BadInputError(
            f"There is no key profile '{option}' with a cryptoperiod.",
            address="--profile",
            remedy=f"Use one of {', '.join(table)}, or write it into a file for --profiles.",
        )
    return option


def _has_period(table: Mapping[str, Profile], name: str) -> bool:
    return bool((find(table, name) or {}).get("expires"))


def _made(table: Mapping[str, Profile], name: str, told_by: str) -> KeyProfile:
    found: Profile = find(table, name) or {}
    spelled = next((known for known in table if known.lower() == name.lower()), name)
    source = str((found.get("reasons") or {}).get("expires") or "the table of profiles gives no source")
    return KeyProfile(spelled, days(str(found["expires"])), source, told_by)
