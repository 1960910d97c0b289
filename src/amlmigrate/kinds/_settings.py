"""Holds the settings of a document that both workspaces have by themselves against each other. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.pointers import Way, member, spelled, way_of

NO_NAMES: Mapping[Address, Address] = {}
_SHOWN = 200


class SettingVerdict(Enum):
    """What a setting comes to that is not the same on both sides."""

    OPENED = auto()
    WEAKER = auto()
    LOST = auto()
    UNKNOWN = auto()
    DIFFERS = auto()


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One setting in which the target is not as good as the source, or other."""

    verdict: SettingVerdict
    path: Way
    source: Any
    target: Any
    # What is missing or too much, where it is only part of the value.
    part: str = ""

    @property
    def says(self) -> str:
        """`properties.hbiWorkspace is false, in the source true`."""
        part = f" ({self.part})" if self.part else ""
        return f"{'.'.join(self.path)} is {shown(self.target)}, in the source {shown(self.source)}{part}"


@dataclass(frozen=True, slots=True)
class Both:
    """The whole documents."""

    source: Document
    target: Document


# Source's value, target's value, both documents: what it comes to, and which part of the value it is about.
Judge = Callable[[Any, Any, Both], tuple[SettingVerdict, str] | None]


@dataclass(frozen=True, slots=True)
class Setting:
    """A member of the document, `|` between its names: how it is judged (None: each has its own), and why so."""

    name: str
    judge: Judge | None
    why: str
    # What of its value is a change of the document when it changes; None of what is proven afresh each time.
    form: Callable[[Any], Any] = lambda value: value
    # What counts where nothing is set; None: the same as false or empty.
    unset: Any = None
    # The kind of which its value is a name; '' of all else.
    kind: str = ""

    @property
    def path(self) -> Way:
        """The names on the way to it."""
        return way_of(self.name)

    def of(self, document: Document) -> Any:
        """Its value in a document."""
        value = member(document, self.path)
        return self.unset if value is None else value


def shown(value: Any) -> str:
    """A value in a sentence."""
    text = "not set" if nothing(value) and value is not False else json.dumps(value, sort_keys=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def nothing(value: Any) -> bool:
    """Whether a value says nothing: what the service fills in where nobody said anything."""
    return value is None or value is False or value in ("", [], {})


def shortfalls(
    settings: tuple[Setting, ...], source: Document, target: Document, names: Mapping[Address, Address] = NO_NAMES
) -> Iterator[Shortfall]:
    """All settings in which the target is not equal or stricter; one that nobody has judged is among them.

    `names`: what the target calls items of the source that have another name there.
    """
    for setting in settings:
        if setting.judge is None:
            continue
        left, right = setting.of(source), setting.of(target)
        called = names.get(Address.of(setting.kind, str(left))) if setting.kind and left else None
        if same(left if called is None else called.name, right):
            continue
        if found := setting.judge(left, right, Both(source, target)):
            part = found[1] if called is None else f"which the target calls {called.name}"
            yield Shortfall(found[0], setting.path, left, right, part)
    known = {setting.path for setting in settings}
    unknown = {**_leaves(source, known), **_leaves(target, known)}
    for path in sorted(unknown):
        left, right = member(source, path), member(target, path)
        if not same(left, right):
            yield Shortfall(SettingVerdict.UNKNOWN, path, left, right)


def canonical(settings: tuple[Setting, ...], document: Document) -> Document:
    """What of a document is held against another: path to value, without what each has of its own."""
    known = {setting.path for setting in settings}
    kept = {one.name: one.form(member(document, one.path)) for one in settings if one.judge is not None}
    kept |= {spelled(path): value for path, value in _leaves(document, known).items()}
    return {name: _plain(value) for name, value in sorted(kept.items()) if not nothing(value)}


def same(left: Any, right: Any) -> bool:
    """Whether two values are one: what says nothing is as if it were not there, letter case in ids is none."""
    return (nothing(left) and nothing(right)) or _plain(left) == _plain(right)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        # An empty member may be all there is to say, as of a tag without a value.
        return {key: _plain(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    if isinstance(value, str) and ArmId.of(value).subscription:
        return key_of(value)
    return value


def _leaves(value: Any, known: set[Way], path: Way = ()) -> dict[Way, Any]:
    """The members of a document that no setting is for."""
    if path in known:
        return {}
    if isinstance(value, dict) and (value or not path):
        found: dict[Way, Any] = {}
        for name, child in value.items():
            found |= _leaves(child, known, (*path, name))
        return found
    # A member of which only parts are known says nothing by itself.
    return {} if nothing(value) else {path: value}


# The judges: each is asked only where the two values are not the same.


def kept(lost: SettingVerdict = SettingVerdict.LOST, other: SettingVerdict | None = SettingVerdict.LOST) -> Judge:
    """`lost` where the target has nothing, `other` where it has another value; None: its own will do."""

    def judge(source: Any, target: Any, _: Both) -> tuple[SettingVerdict, str] | None:
        if nothing(source):
            return None
        if nothing(target):
            return lost, ""
        return (other, "") if other else None

    return judge


def differs(source: Any, target: Any, _: Both) -> tuple[SettingVerdict, str] | None:
    """Told wherever the two are not the same."""
    return SettingVerdict.DIFFERS, ""


def flag(*, strict: bool, verdict: SettingVerdict = SettingVerdict.WEAKER) -> Judge:
    """True or false: `strict` is the stricter of the two; what is not set is false."""

    def judge(source: Any, target: Any, _: Both) -> tuple[SettingVerdict, str] | None:
        if not all(value is None or isinstance(value, bool) for value in (source, target)):
            return SettingVerdict.UNKNOWN, ""
        return (verdict, "") if bool(source) is strict else None

    return judge


def ranked(*ranks: str | tuple[str, ...], verdict: SettingVerdict = SettingVerdict.WEAKER) -> Judge:
    """One of some values, the weakest first; what is not set is the weakest, letter case does not count."""
    order = {
        name.lower(): place
        for place, names in enumerate(ranks)
        for name in ((names,) if isinstance(names, str) else names)
    }

    def judge(source: Any, target: Any, _: Both) -> tuple[SettingVerdict, str] | None:
        left, right = (order.get(str(value).lower()) if value else 0 for value in (source, target))
        if left is None or right is None:
            return SettingVerdict.UNKNOWN, ""
        if left == right:
            other = bool(source and target) and str(source).lower() != str(target).lower()
            return (SettingVerdict.DIFFERS, "") if other else None
        return (verdict, "") if right < left else None

    return judge


def every_one(key: Callable[[Any], Any]) -> Judge:
    """A list: each of the source's, by its key, has to be in the target, which may have more."""

    def judge(source: Any, target: Any, _: Both) -> tuple[SettingVerdict, str] | None:
        missing = {keyed(key(one)) for one in source or ()} - {keyed(key(one)) for one in target or ()}
        return (SettingVerdict.LOST, f"without {', '.join(sorted(missing))}") if missing else None

    return judge


def keyed(value: Any) -> str:
    """A value in a form that can be looked up."""
    return json.dumps(_plain(value), sort_keys=True)
