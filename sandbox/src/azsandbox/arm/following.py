"""Which version of a key is in use where none is named: services look for a newer one from time to time."""

from __future__ import annotations

from typing import Any

from azsandbox.arm.clock import TICKS_PER_SECOND, tracked_time
from azsandbox.arm.context import Context
from azsandbox.arm.customerkeys import KeyName, parsed
from azsandbox.arm.store import Record

# The longest that it may take: storage looks once a day (AZ-KEY-17), a registry within the hour (AZ-KEY-27). Here
# it takes as long always, so that nothing is ready sooner than is promised.
STORAGE_SECONDS = 24 * 3600
REGISTRY_SECONDS = 3600
# What the answers call the version in use.
STORAGE_SHOWN, REGISTRY_SHOWN = "currentVersionedKeyIdentifier", "versionedKeyIdentifier"
_SINCE = "lastKeyRotationTimestamp"


def versioned(context: Context, identifier: str) -> str:
    """A key's identifier with the version that is newest now, where it names none and the key is there."""
    name = parsed(identifier)
    found = context.keys.version(name) if name and not name.version else None
    return f"{identifier.rstrip('/')}/{found.name}" if isinstance(found, Record) else identifier


def shown(context: Context, identifier: str, kept: dict[str, Any], member: str, seconds: int) -> dict[str, Any]:
    """The properties of a key as they are answered now: with the version that is in use, and since when.

    `kept` are those of the last write, `member` what it calls the version.
    """
    found = _newer(context, identifier, str(kept.get(member) or ""), seconds)
    if found is None:
        return kept
    since = tracked_time((int(found.hidden["attributes"]["created"]) + seconds) * TICKS_PER_SECOND)
    return {**kept, member: f"{identifier.rstrip('/')}/{found.name}", _SINCE: since}


def written(
    context: Context,
    identifier: str,
    sent: dict[str, Any],
    was: str,
    before: dict[str, Any],
    member: str,
    now: str,
) -> dict[str, Any]:
    """The properties of a key after a write that names it by `identifier`.

    `was` is how it was named before, '' where it was not, and `before` are the properties as they were shown then.
    Inferred (AZ-KEY-29): one that is named as before stays where it is; one that is named anew goes over to the
    newest version at once.
    """
    if was.rstrip("/").lower() == identifier.rstrip("/").lower():
        return {**sent, **{name: before[name] for name in (member, _SINCE) if name in before}}
    return {**sent, member: versioned(context, identifier), _SINCE: now}


def _newer(context: Context, identifier: str, used: str, seconds: int) -> Record | None:
    """The version that a service has gone over to by now from the one of the last write, if any."""
    name, before = parsed(identifier), parsed(used)
    if name is None or name.version or before is None:
        return None
    versions = context.keys.versions(KeyName(name.vault, name.name, ""))
    places = [place for place, one in enumerate(versions) if one.name.lower() == before.version.lower()]
    later = versions[places[0] + 1 :] if places else []
    now = context.clock.now()
    return next((one for one in reversed(later) if _taken(one.hidden["attributes"], seconds, now)), None)


def _taken(attributes: dict[str, Any], seconds: int, now: float) -> bool:
    """Whether the service has come to use a version.

    Inferred (AZ-KEY-28): one that was disabled when it looked was passed over.
    """
    looked = attributes["created"] + seconds
    return bool(looked <= now and (attributes.get("enabled", True) or attributes["updated"] >= looked))
