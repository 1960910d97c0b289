"""Looks again at what a removal left: it may have been put under a key since, or have gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace

from amlmigrate.bytes.listings import list_container
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import ArmId, name_of
from amlmigrate.core.workspace import Location, Service
from amlmigrate.decommissioning import remaining_resources
from amlmigrate.decommissioning.remaining_resources import Remaining
from amlmigrate.evidence.decommission import RemainingRecord
from amlmigrate.posture.finder import ACCOUNTS, AccountFinder

_GONE = "Azure shows none of this name any more."
_RESOURCES = ("account", "vault", "registry", "logs")
# Those whose names are there once in Azure: moved to another group or subscription they have another id, and stay.
_NAMED_ONCE = {"account": ACCOUNTS, "registry": "Microsoft.ContainerRegistry/registries"}


async def again(side: Side, before: Iterable[RemainingRecord]) -> tuple[RemainingRecord, ...]:
    """The same as they are now, in the same order. What cannot be read stays as it was told.

    Deleted containers that their account keeps stay as they were told, too: nothing puts them under another key.
    Raises ServiceError and OutOfReachError where ARM or storage is out of order.
    """
    remains = [Remaining(**asdict(one)) for one in before]
    found = {id(one): await _part(side, one) for one in remains if one.kind in _RESOURCES}
    account = next((found[id(one)] for one in remains if one.kind == "account"), None)
    now = [found.get(id(one)) or await _in_account(side, one, account) for one in remains]
    return tuple(RemainingRecord(**asdict(one)) for one in now)


async def _part(side: Side, one: Remaining) -> Remaining:
    now = await remaining_resources.part(side, one.kind, one.what, one.id)
    if now.there is False and one.there is not False and one.kind in _NAMED_ONCE:
        finder = AccountFinder(side, ArmId.at(one.id).subscription)
        if moved := await finder.id_of(_NAMED_ONCE[one.kind], name_of(one.id)):
            now = await remaining_resources.part(side, one.kind, one.what, moved)
    return one if _unread(now) else now


async def _in_account(side: Side, one: Remaining, account: Remaining | None) -> Remaining:
    """A container or a share, by its account as it is now."""
    name = one.id.partition("/")[0]
    if account is None or one.kind not in ("container", "share") or name_of(account.id).lower() != name.lower():
        return one
    if account.there is False:
        return replace(one, there=False, key=None, why=_GONE)
    try:
        now = await _listed(side, one, account)
    except ServiceError as error:
        if error.transient:
            raise
        return one
    return one if _unread(now) else now


async def _listed(side: Side, one: Remaining, account: Remaining) -> Remaining:
    """One that is there by the key of what is in it; of a share that may not be listed the account's is known."""
    name, _, container = one.id.partition("/")
    place = Location(name, container, service=Service.FILE if one.kind == "share" else Service.BLOB)
    listing = await list_container(side.store(place.service), place, tolerant=True)
    if not listing.exists:
        return replace(one, there=False, key=None, why=_GONE)
    if one.kind == "share":
        return remaining_resources.under_account(one, account)
    [now] = await remaining_resources.containers(side, account, [listing])
    return now


def _unread(now: Remaining) -> bool:
    """Whether it could not be read now, or not whole: that is no knowledge of it."""
    return now.there is None or remaining_resources.UNREAD in now.why
