"""What a revocation of a key would reach, and the commands by which a person does it. Nothing here does. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from amlmigrate.alarms.rows import USES
from amlmigrate.core.few import many
from amlmigrate.keys import remedies
from amlmigrate.keys.model import LIMITS, DependantKind, KeyInUse, LoggedUse, UnreadPlace

# What becomes of it once its key is revoked (AZ-KEY-7, AZ-KEY-35, AZ-KEY-41; learn:
# container-registry/tutorial-customer-managed-keys).
_REACHES = {
    DependantKind.WORKSPACE: "new work is refused; deployments that run go on until they are deleted",
    DependantKind.ACCOUNT: "blobs and files answer 403 to every call that touches content or metadata; names of"
    " containers, shares and blobs can still be listed, and things deleted",
    DependantKind.SCOPE: "what lies in the scope answers 403 to every call that touches content or metadata",
    DependantKind.REGISTRY: "no image can be pulled or pushed",
}


@dataclass(frozen=True, slots=True)
class Revocation:
    """`reaches` are lines of what stops, `commands` disable each enabled version, `back` enables them again.

    `others` used the key by the vault's log, and their identities are none that the dependants name. `limits` say
    what more it may reach, as nobody looked there or could.
    """

    reaches: tuple[str, ...]
    commands: tuple[str, ...]
    back: tuple[str, ...]
    others: tuple[LoggedUse, ...]
    limits: tuple[str, ...]


def of(key: KeyInUse, unread: Sequence[UnreadPlace] = ()) -> Revocation:
    """For one key; `unread` is where nobody could look for more that lies under it.

    Every enabled version counts: what was written under an older one needs it (AZ-KEY-13)."""
    enabled = [one.id for one in key.versions.value or () if one.enabled]
    return Revocation(
        tuple(f"{one.kind.value} {one.name}: {_REACHES[one.kind]}" for one in key.dependants),
        tuple(remedies.enabled(id_, to=False) for id_ in enabled),
        tuple(remedies.enabled(id_, to=True) for id_ in enabled),
        tuple(_others(key)),
        tuple(_limits(key, unread)),
    )


def _limits(key: KeyInUse, unread: Sequence[UnreadPlace]) -> Iterator[str]:
    yield LIMITS
    if unread:
        yield f"{many(len(unread), 'place')} where more may lie could not be read"
    if key.log.refused:
        yield f"who else used the key is not known: {key.log.refused}"


def _others(key: KeyInUse) -> Iterator[LoggedUse]:
    """Callers that the principals of the dependants do not explain (AZ-LOG-9), each once."""
    seen: set[str] = set()
    for one in key.logged(USES):
        if one.caller not in key.principals and one.caller not in seen:
            seen.add(one.caller)
            yield one
