"""The datastores of every workspace that can be seen, and what could not be looked at."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.workspaces import datastores_of
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document, properties_of, shown_properties
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.parallel import each
from amlmigrate.core.reference_targets import leads_into
from amlmigrate.core.workspace import Location, WorkspaceRef
from amlmigrate.posture.sharing import not_whole, reads_all

_AT_ONCE = 16
_GUID = re.compile(r"(?:/?subscriptions/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unseen:
    """What could not be looked at, and why: a subscription's id, or a workspace's ARM id, in lower case."""

    scope: str
    why: str

    def as_dict(self) -> Document:
        """Its form in a tombstone."""
        return {"scope": self.scope, "why": self.why}


@dataclass(slots=True)
class Neighbours:
    """What there was to see: datastores by ARM id with their properties, None where a document has none."""

    subscriptions: set[str] = field(default_factory=set)
    workspaces: set[str] = field(default_factory=set)
    stores: dict[str, Document | None] = field(default_factory=dict)
    unseen: list[Unseen] = field(default_factory=list)

    def reasons(self, places: Iterable[Location], accepted: Container[str] = ()) -> list[str]:
        """Why some containers must stay. What could not be looked at is none where its scope was `accepted`."""
        places = list(places)
        return [
            *(
                f"The datastore {id_} points into them."
                for id_, properties in sorted(self.stores.items())
                if properties and leads_into(properties, places)
            ),
            *(f"Where the datastore {id_} leads is not known." for id_, found in self.stores.items() if not found),
            *(
                "Whether a workspace uses the account, or a datastore points into them, is not known:"
                f" {one.why} (--accept-unseen {one.scope})."
                for one in self.unseen
                if one.scope not in accepted
            ),
        ]

    def accepted(self, scopes: Container[str]) -> list[Unseen]:
        """What was not looked at, and somebody accepted that."""
        return [one for one in self.unseen if one.scope in scopes]


def scope(text: str) -> str:
    """What `--accept-unseen` names, as `Unseen.scope` has it: a subscription's id, or a workspace's ARM id.

    Raises BadInputError.
    """
    if match := _GUID.fullmatch(text.strip()):
        return match[1].lower()
    try:
        return key_of(WorkspaceRef.parse(text.strip()).id)
    except BadInputError as error:
        raise BadInputError(
            f"'{text}' is neither a subscription nor a workspace.",
            remedy="Give --accept-unseen the scope as the refusal names it: a subscription's id, or a workspace's"
            " ARM id.",
        ) from error


@dataclass(slots=True)
class Visible:
    """Every workspace that can be seen, with the side that sees it; the subscriptions that were asked."""

    workspaces: list[tuple[Side, Document]] = field(default_factory=list)
    subscriptions: set[str] = field(default_factory=set)
    unseen: list[Unseen] = field(default_factory=list)


async def visible(sides: Iterable[Side], named: Iterable[str] = ()) -> Visible:
    """Lists the workspaces of every subscription that can be seen.

    `named` are subscriptions that are asked in any case, on the first side. What no role of the caller reaches is
    in no list of Azure's, and nobody here knows of it. Raises ServiceError where ARM is out of order.
    """
    found, more = Visible(), {name.lower() for name in named}
    for side in dict.fromkeys(sides):
        shown = {str(item["subscriptionId"]).lower() async for item in side.arm.pages("/subscriptions")}
        for subscription in sorted((shown | more) - found.subscriptions):
            found.subscriptions.add(subscription)
            await _subscription(side, subscription, found)
        more = set()
    return found


async def _subscription(side: Side, subscription: str, found: Visible) -> None:
    path = f"/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/workspaces"
    try:
        listed = [item async for item in side.arm.pages(path)]
    except ServiceError as error:
        found.unseen.append(_unseen(subscription, f"the workspaces of subscription {subscription}", error))
        return
    found.workspaces += [(side, item) for item in listed]
    if not await reads_all(side, subscription):
        found.unseen.append(Unseen(subscription, not_whole(subscription)))


async def neighbours(sides: Iterable[Side], besides: Container[str], named: Iterable[str] = ()) -> Neighbours:
    """Reads the datastores of every workspace that can be seen, but for those `besides` (workspaceIds)."""
    seen = await visible(sides, named)
    found = Neighbours(seen.subscriptions, unseen=seen.unseen)

    async def stores(one: tuple[Side, Document]) -> None:
        await _workspace(one[0], str(one[1]["id"]), found)

    await each([one for one in seen.workspaces if number_of(one[1]) not in besides], stores, parallel=_AT_ONCE)
    return found


def number_of(workspace: Document) -> str | None:
    """Its workspaceId, by which one that was made anew under a name is told from the one before."""
    return properties_of(workspace).get("workspaceId")


async def _workspace(side: Side, id_: str, found: Neighbours) -> None:
    found.workspaces.add(key_of(id_))
    try:
        datastores = await datastores_of(side.arm, id_)
    except ServiceError as error:
        found.unseen.append(_unseen(key_of(id_), f"the datastores of {id_}", error))
        return
    for address, document in datastores.items():
        found.stores[address] = shown_properties(document)


def _unseen(about: str, what: str, error: ServiceError) -> Unseen:
    """Whatever was answered instead of a list is no knowledge. Raises what may pass by itself."""
    if error.transient:
        raise error
    return Unseen(about, f"{what} could not be listed ({error.status} {error.code})")
