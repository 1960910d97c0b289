"""A source under a customer's key already: which key, who may change and use it, and whether a move leaves it.

Nobody can see that a key is compromised, so a target that stays with the source's key or vault is an error that a
person may waive, with a reason: two workspaces of one vault may be meant. After a theft only a new key in another
vault helps (AZ-KEY-33).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from amlmigrate.cloud.session import Side
from amlmigrate.core.claim import Claim, findings
from amlmigrate.core.few import agreed, few
from amlmigrate.core.finding import Finding
from amlmigrate.core.keys import KeyId, key_id
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture import BytePlaces
from amlmigrate.posture import facts as reading
from amlmigrate.posture import stored as storing
from amlmigrate.posture.facts import KeyRef, PostureFacts
from amlmigrate.posture.holders import Holders, managers_of, users_of
from amlmigrate.posture.proof import OF_KEY, claims
from amlmigrate.posture.stored import StoredPlaces
from amlmigrate.posture.tagging import most_sensitive

_TOLD = 5
# A claim that is made once of each key, whatever can be read of it.
_ONCE = "vault.place"


@dataclass(frozen=True, slots=True)
class SourceKey:
    """What was read of a source under a customer's key.

    `keys` are its own and those of its accounts and encryption scopes, each with who uses it, in words.
    """

    source: Workspace
    facts: PostureFacts
    keys: tuple[tuple[KeyRef, str], ...]
    claims: tuple[Claim, ...]


async def read(side: Side, source: Workspace | None) -> SourceKey | None:
    """None for a source under Microsoft's key.

    Raises ServiceError and OutOfReachError where ARM is out of order.
    """
    if source is None or not source.encrypted:
        return None
    now = datetime.now(UTC)
    places = await BytePlaces.of_target(side, source, sensitive=most_sensitive(source))
    facts, stored = await asyncio.gather(
        reading.gather(side, source), storing.gather(side, source, places, reading.key_of(source))
    )
    told = tuple(one for one in claims(facts, stored, now) if one.name in OF_KEY)
    return SourceKey(source, facts, tuple(_keys(facts, stored)), told)


def _keys(facts: PostureFacts, stored: StoredPlaces) -> Iterator[tuple[KeyRef, str]]:
    """Each key with who uses it, in words."""
    if facts.key_ref:
        yield facts.key_ref, "the workspace"
    for known, users in stored.keys:
        yield known.ref, " and ".join(users)


def judged(found: SourceKey | None, target: Workspace | None, of_target: Iterable[Claim]) -> list[Finding]:
    """What there is to say of the source's keys: what they are, what does not hold of them, whether they are left.

    What does not hold is a warning: the source is left, and nothing is written under its key.
    """
    if found is None:
        return []
    known = list(of_target)
    said = {one.address for one in findings(known)}
    lacking = [one for one in findings(found.claims) if one.address not in said]
    told = (replace(one, severity="warning", summary=f"Of the source's key: {one.summary}") for one in lacking)
    return [_under(found), *(_kept(found, target, known) if target else ()), *told]


def _under(found: SourceKey) -> Finding:
    keys = [f"{user} under {ref.id}" for ref, user in found.keys]
    named = few(keys, _TOLD) or "it names no key that could be looked at"
    command = f"migrate key status --key {found.keys[0][0].id}" if found.keys else "az ml workspace show"
    return Finding(
        "warning",
        found.source.id,
        f"The source is under a customer's key already: {named}.{_people(found)}",
        f"See what else lies under it: {command}. If the key is compromised, disable it only once the move is"
        " verified, and nothing else needs it.",
        code="source-under-key",
    )


def _people(found: SourceKey) -> str:
    """Who may change and who may use the workspace's key, as far as roles and policies could be read."""
    ref, facts = found.facts.key_ref, found.facts
    if ref is None:
        return ""
    if facts.vault.value is None or facts.on_vault.value is None:
        return " Who may change or use the workspace's key is not known."
    changing = _names(managers_of(facts, ref)) or "nobody who could be seen"
    using = _names(users_of(facts, ref)) or "nobody who could be seen"
    return f" The workspace's key may be changed by {changing}; it may be used to decrypt by {using}."


def _names(holders: Holders) -> str:
    def told(one: str) -> str:
        later = ", once activated" if holders.only_later(one) else ""
        return f"{one} ({' and '.join(sorted(holders.all[one]))}{later})"

    return few([told(one) for one in sorted(holders.all)], _TOLD)


def _kept(found: SourceKey, target: Workspace, of_target: Iterable[Claim]) -> Iterator[Finding]:
    """That what is written to the target would be under a key of the source, or one of the same vault."""
    named = {one.key.lower(): one.key for one in of_target if one.name == _ONCE and one.key}
    own = {KeyId(ref.vault, ref.name).key for ref, _ in found.keys}
    vaults = {ref.vault for ref, _ in found.keys}
    read = [(key, key_id(key)) for key in named.values()]
    # Whichever version is named, or none.
    same = [key for key, one in read if one and one.key in own]
    beside = [key for key, one in read if one and one.vault in vaults and key not in same]
    if not same and not beside:
        return
    parts = [f"the source's own key ({few(same, _TOLD)})"] if same else []
    count = len(beside)
    parts += [f"{agreed(count, 'a key', 'keys')} in the source's vault ({few(beside, _TOLD)})"] if beside else []
    yield Finding(
        "error",
        target.id,
        f"What is moved would lie under {' and '.join(parts)}: if that key or vault is compromised, or the key is"
        " disabled, the target is affected as the source is.",
        "Create the target, and the accounts that it uses, under a key of another vault (migrate provision). If"
        f" it is meant to be so: migrate waive '{target.id}!key-of-source' --reason TEXT",
        code="key-of-source",
    )
