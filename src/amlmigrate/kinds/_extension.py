"""The base of kinds that lie at a workspace but belong to other providers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.seal import NOT_LISTED, UNLISTED
from amlmigrate.kinds._listed import Listed, WorkspacePort


class Extension(Listed):
    """A type of another provider, read at the workspace; where it cannot be listed one item says so."""

    provider: ClassVar[str]
    # What a person does about what could not be listed, of a kind that moves.
    remedy: ClassVar[str] = ""
    refers = False
    needs_on = False
    shown = False

    @classmethod
    def arm_types(cls) -> tuple[str, ...]:
        return (f"{cls.provider}/{cls.name}",)

    @property
    def collection(self) -> str:
        return f"providers/{self.provider}/{self.name}"

    def path(self, address: Address) -> str:
        """Of what is at something in the workspace, below that: the last name is the path of it."""
        return "/".join((*address.path[1:], self.collection, address.name))

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        found = list(self.before(source))
        try:
            found += [item async for item in self._items(source)]
        except ServiceError as error:
            # Where nothing is noted, as of a target, what is not known is no basis for anything.
            noted = source.whole or bool(self.manual)
            if error.status not in (400, 403, 404) or error.transient or not noted:
                raise
            return [self._unlisted(error)]
        return self.items(source.id, found)

    def before(self, source: WorkspacePort) -> Iterable[Document]:
        """What counts though a list does not show it."""
        return ()

    @abstractmethod
    def items(self, workspace: str, found: list[Document]) -> list[Asset]:
        """The items of what there is at the workspace with that id."""

    def _unlisted(self, error: ServiceError) -> Asset:
        """One item for all of a type that could not be listed: whether there are any is not known."""
        reason, document = not_listed(self.collection, error), NOT_LISTED
        if error.status == 403 and not error.key_trouble:
            right = f"{self.provider}/{self.name}"
            reason = f"they could not be listed ({error.code}): the right to read {right} is missing"
            document = UNLISTED
        return Asset(Address(self.name), document, reason=reason, remedy=self.manual or self.remedy)


def not_listed(path: str, error: ServiceError) -> str:
    """What is said of a collection that could not be listed: the answer quoted."""
    return f"{path} could not be listed: {error.summary.rstrip('.')}"


def at_or_below(workspace: str, scope: str) -> bool:
    """Whether a scope is the workspace's own, or lies in it."""
    return ArmId.of(scope).within(ArmId.of(workspace))
