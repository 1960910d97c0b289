"""The port of what names an identity of the source outside of both workspaces: how it is given to the target's.

Nothing of it lies below a workspace: it is read where it is, and no document of a workspace is written for it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.switched import Settings
from amlmigrate.kinds._listed import Listed, Way, WorkspacePort

if TYPE_CHECKING:
    from amlmigrate.cloud.arm import Arm

# In a body, an id that the service makes with what has it: `{"$principal": ADDRESS}`, the plan's address of that.
PRINCIPAL = "$principal"


class GrantWay(StrEnum):
    """How somebody is let in: by a role, by a vault's access policy, by a rule of a storage account's firewall."""

    ROLE = "role assignment"
    POLICY = "access policy"
    RULE = "resource access rule"


@dataclass(frozen=True, slots=True)
class IdentityHolder:
    """What has an identity that the service made: the plan's address of it, and by which ids it is known.

    `old` is of the source: an object id, or an ARM id where something names that. `new` is the target's, '' while
    it has none. `never`: why the target's can be given nothing, as a sentence; '' where it can.
    """

    item: Address
    old: str
    new: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What one holds at a scope, an ARM id: by which form, with which role, and what Azure shows of it.

    `own`: whether the scope is the source's own resource, or lies in it; `home` is what takes its place in the
    target, '' where nothing does. `ends`: that it ends by itself, or may, as a sentence; '' where it does not.
    """

    form: GrantWay
    scope: str
    role: str
    holder: IdentityHolder
    document: Document
    home: str = ""
    own: bool = False
    ends: str = ""


class GoneError(ConflictError):
    """What something is given on is not there any more."""


class Elsewhere(Listed):
    """What an item of it gives: written by the cutover where the plan may, else by a person."""

    open_ended = True
    refers = False
    needs_on = False
    shown = False
    # No part of what is compared: the cutover reads it right before it writes.
    passing = True
    way = Way.GIVE
    # The option of `plan` without which a person gives it.
    option: ClassVar[str]

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        # None lies below the workspace.
        return []

    @abstractmethod
    def address(self, held: Held) -> Address:
        """By which the plan calls it."""

    @abstractmethod
    def body(self, held: Held, who: Document | str) -> Document:
        """What is sent so that somebody has the same, and nothing more."""

    @abstractmethod
    def unlike(self, held: Held) -> str:
        """Why nobody can be given just the same, as a sentence; '' where they can."""

    @abstractmethod
    def command(self, held: Held, who: str) -> str:
        """What a person types for it."""

    @abstractmethod
    def aim(self, scope: str, body: Document, who: str) -> Document:
        """What there is once it is given: `{"id": …, "properties": {…}}`."""

    @abstractmethod
    def to(self, body: Document, who: str) -> Document:
        """A body with whom it is for."""

    @abstractmethod
    async def read(self, arm: Arm, aim: Document) -> Document:
        """What there is of it, in the same form; `{}` where there is nothing. Raises ServiceError."""

    @abstractmethod
    def has(self, there: Document, aim: Document) -> bool:
        """Whether whoever it is for has all of it."""

    @abstractmethod
    async def lessened(self, arm: Arm, there: Document) -> str:
        """Why what there is of somebody's is less than the same given anew, as a sentence; '' where it is not.

        What cannot be read may be less. Raises ServiceError where ARM is out of order.
        """

    @abstractmethod
    def bars(self, there: Document, aim: Document) -> str:
        """Why it cannot be given beside what there is, as a sentence; '' where it can."""

    @abstractmethod
    def becomes(self, there: Document, aim: Document) -> Settings:
        """What there will be of it, by JSON pointers, once it is given beside what there is."""

    @abstractmethod
    async def give(self, arm: Arm, aim: Document, body: Document) -> bool:
        """Exactly one changing call. False: somebody else has given it meanwhile. Raises ServiceError."""

    @abstractmethod
    async def take(self, arm: Arm, was: Settings, left: Settings) -> None:
        """Exactly one changing call: takes of what was left what there was not before. Raises ServiceError."""

    @abstractmethod
    async def now(self, arm: Arm, left: Settings) -> Document:
        """What there is of what was left, as `read`. Raises GoneError where what it is on is gone."""
