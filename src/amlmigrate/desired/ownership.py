"""Whose a thing is: this file's, as its tag says, or others', and what its owner lets this file change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import BadInputError

if TYPE_CHECKING:
    from amlmigrate.desired.parts import DesiredPart

# On all that provisioning makes, written with its creation: the workspace that it was made for. A tag that names
# another workspace is another file's.
TAG = "aml-cmk-migrate-for"

# What a file may be allowed to change of a thing that is not its own.
ENCRYPTION, NETWORK, SHARED_KEY, PURGE = "encryption", "network", "sharedKey", "purgeProtection"
GRANTS, KEYS, ROTATION, ENDPOINTS = "grants", "keys", "rotation", "endpoints"
# Members of a PATCH, and what they change; one that is not here is never changed of what is others'.
_MEMBERS = {
    "encryption": ENCRYPTION,
    "allowSharedKeyAccess": SHARED_KEY,
    "publicNetworkAccess": NETWORK,
    "networkAcls": NETWORK,
    "enablePurgeProtection": PURGE,
    "enableSoftDelete": PURGE,
}
REPLACED = "replacement"
# Changes that may shut out whoever uses a thing; they are looked at also where it is the file's own.
_CLOSING = frozenset({NETWORK, SHARED_KEY})
Change = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OtherOwner:
    """A thing that is not this file's: what it is called, its owner's tag if any, and whether it was adopted."""

    what: str
    name: str
    tagged: str
    adopted: bool
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Word:
    """Whose the file's things are, and what was said of those of others, by ARM ids in lower case."""

    owner: str
    adopted: frozenset[str] = frozenset()
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, part: DesiredPart[Any], document: Document) -> OtherOwner | None:
        """None for what is this file's own, as its tag says."""
        tagged = tag_of(document)
        if tagged.lower() == self.owner.lower():
            return None
        id_ = key_of(part.id)
        return OtherOwner(part.what, part.address, tagged, id_ in self.adopted, self.allowed.get(id_, frozenset()))


def tag_of(document: Document) -> str:
    """The workspace that a thing was made for; empty without the tag, whose name has no letter case."""
    tags: Mapping[str, Any] = document.get("tags") or {}
    return next((str(value) for name, value in tags.items() if name.lower() == TAG), "")


def word(
    owner: str,
    parts: Sequence[DesiredPart[Any]],
    adopt: Iterable[str],
    allowed: Mapping[str, frozenset[str]],
    file: str,
) -> Word:
    """The word that was given by names. Raises BadInputError for one that names nothing, or several things."""
    known, said = _names(parts), dict[str, frozenset[str]]()
    for name, kinds in allowed.items():
        if (id_ := _found(name, known, f"adopted.{name}", file)) in said:
            raise BadInputError(
                f"`adopted.{name}` names what another name of `adopted` names too.",
                address=file,
                remedy="Write all that its owner allows below one name.",
            )
        said[id_] = kinds
    return Word(owner, frozenset(_found(name, known, f"--adopt {name}", file) for name in adopt), said)


def _names(parts: Sequence[DesiredPart[Any]]) -> dict[str, dict[str, str]]:
    """Each name that a thing can be called by to the ids that it means, each with its address."""
    known: dict[str, dict[str, str]] = {}
    for part in parts:
        if part.kind:
            for name in (part.address, part.address.partition("/")[2], part.id):
                known.setdefault(name.lower(), {})[key_of(part.id)] = part.address
    return known


def _found(name: str, known: Mapping[str, Mapping[str, str]], said: str, file: str) -> str:
    found = known.get(name.rstrip("/").lower(), {})
    if len(found) == 1:
        return next(iter(found))
    every = sorted({address for each in known.values() for address in each.values()})
    told = "several things of the file" if found else "nothing in the file"
    raise BadInputError(
        f"`{said}` names {told}.",
        address=file,
        remedy=f"Name one of: {', '.join(sorted(found.values()) or every)}.",
    )


def changes(part: DesiredPart[Any], body: Document | None) -> Iterator[Change]:
    """What a PATCH of a thing changes of it, each with its id."""
    told = body or {}
    members = [*properties_of(told), *(name for name in told if name not in ("properties", "identity"))]
    if "identity" in told:
        members.append("encryption")  # the identity that a thing uses its key with
    yield from ((part.id, kind) for kind in sorted({_MEMBERS.get(name, REPLACED) for name in members}))


def closing(part: DesiredPart[Any], touched: Iterable[Change]) -> list[str]:
    """What of the changes may shut out those who use the part's thing."""
    return [kind for id_, kind in touched if key_of(id_) == key_of(part.id) and kind in _CLOSING]


def shut_out(part: DesiredPart[Any], kinds: Iterable[str], users: Iterable[str]) -> tuple[str, ...]:
    """What somebody says yes to before a thing of the file that others have come to use is closed."""
    return tuple(
        f"{part.what} {part.address} is changed ({kind}), which may shut out: {one}"
        for kind in kinds
        for one in users
    )


def unadopted(others: OtherOwner) -> str:
    """Why what exists is not taken for the file's own."""
    whose = f"its tag {TAG} says that it was made for {others.tagged}" if others.tagged else f"no tag {TAG}"
    return (
        f"It exists and does not belong to this file ({whose}), so it is not touched. If its owner agrees that"
        f" this workspace uses it: --adopt {others.name}."
    )


def told(users: Sequence[str], unseen: Sequence[str]) -> tuple[str, ...]:
    """Who else uses a thing, and of what that is not known."""
    seen = [f"used by: {one}" for one in users] or ["nobody else was seen that uses it"]
    return (*seen, *(f"who else uses it is not known: {why}" for why in unseen))


def forbidden(touched: Iterable[Change], others: Mapping[str, OtherOwner]) -> Iterator[str]:
    """Why changes of what is others' are not made, each change of each thing by itself."""
    for id_, kind in touched:
        one = others.get(key_of(id_))
        if one is None or (one.adopted and kind in one.allowed):
            continue
        if kind == REPLACED:
            yield f"It would replace {one.name}, which belongs to others: nothing allows that."
            continue
        yield (
            f"It would change {one.name}, which belongs to others ({kind}). Once its owner agrees, say so in"
            f" the file: `adopted: {{{one.name}: {{allow: [{kind}]}}}}`."
        )
