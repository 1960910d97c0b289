"""What a part gives: its reading, its decision, and what is learned from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic

from amlmigrate.cloud.resources import Resources
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.vault import Vaults
from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document
from amlmigrate.desired import ownership
from amlmigrate.desired.known import K
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.desired.usage import Estate
from amlmigrate.posture.accountusers import AccountUsers


@dataclass(frozen=True, slots=True)
class DesiredPort:
    """What parts reach Azure through."""

    resources: Resources
    vaults: Vaults
    side: Side
    estate: Estate


class DesiredPart(ABC, Generic[K]):
    """One resource, or one property of it, that is to be there."""

    what: str  # as a reader of the plan calls it
    id: str
    # The file's member that names it, as `keyVault`; empty for what is no thing of its own and bears no tag.
    kind = ""
    # The workspace that the file is about, as its tag names it.
    owner = ""
    # Whether its name has to be free in the whole world, and what a quota of its region counts it as.
    worldwide = False
    counted = ""
    # The collection of its provider that lists deleted ones of a group, where a creation would bring one back.
    recovered = ""
    # The collection of its provider that lists deleted ones of a subscription, where none can be brought back once
    # another has its name.
    given_up = ""
    # Whether the service may refuse for a while because the identity's rights have not arrived yet.
    awaits_grants = False
    # Whether `id` is a resource of its own, to be read until the service has made it.
    settles = True

    async def read(self, port: DesiredPort, known: K) -> Any:
        """What is there; None: nothing. What is under way is returned as it stands."""
        return await port.resources.get(self.id)

    @abstractmethod
    def decide(self, found: Any, known: K) -> DesiredStep:
        """What becomes of it. Pure."""

    def learn(self, found: Any, known: K) -> K:
        """What follows from it for the parts that come later. Pure."""
        return known

    async def act(self, port: DesiredPort, step: DesiredStep) -> None:
        """Does what the step says, and waits until it is done."""
        assert step.change
        await port.resources.write(step.change.method, step.change.path, step.change.body)

    @property
    def address(self) -> str:
        """As `--adopt` and the file's `adopted` name it: `keyVault/NAME`."""
        return f"{self.kind}/{name_of(self.id)}"

    def bearer(self, found: Any) -> Document | None:
        """What of all that was read bears the tag that says whose it is; None where nothing is there. Pure."""
        return document_of(found)

    def named_in(self, text: str) -> bool:
        """Whether the text of another resource, in lower case, names it. Pure."""
        return any(f"{self.id}{end}".lower() in text for end in ('"', "/"))

    async def more_users(self, port: DesiredPort, document: Document) -> AccountUsers:
        """Who uses it beside the resources that name it, and those who have a role on it."""
        return AccountUsers()

    def touches(self, step: DesiredStep) -> Iterable[ownership.Change]:
        """What of other things the step changes, each by its ARM id and what is changed. Pure."""
        return ()

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """What of the step cannot be undone, in words that do not depend on what is learned later. Pure."""
        return ()

    def instead(self, step: DesiredStep) -> str:
        """What its owner has to do where whoever runs this may not; empty where that is nobody in particular."""
        return ""

    def unmet(self, found: Any) -> list[str]:
        """What a creation of ours should have brought, and did not though the service took it."""
        return []

    # What decisions are made of.

    def exists(self, *notes: str) -> DesiredStep:
        """It is there and stays as it is."""
        return DesiredStep(DesiredVerb.EXISTS, self.what, self.id, notes)

    def refuse(self, *reasons: str) -> DesiredStep:
        """It cannot be made what is asked for."""
        return DesiredStep(DesiredVerb.REFUSE, self.what, self.id, reasons)

    def create(self, body: Document, *notes: str) -> DesiredStep:
        """It is made by a PUT."""
        return DesiredStep(DesiredVerb.CREATE, self.what, self.id, notes, ArmCall("PUT", self.id, body))

    def update(self, body: Document, *notes: str) -> DesiredStep:
        """It is strengthened by a PATCH."""
        return DesiredStep(DesiredVerb.UPDATE, self.what, self.id, notes, ArmCall("PATCH", self.id, body))


def document_of(found: Any) -> Document | None:
    """The ARM document in what a part has read; None where there is none."""
    document = getattr(found, "document", found)
    return document if isinstance(document, dict) else None
