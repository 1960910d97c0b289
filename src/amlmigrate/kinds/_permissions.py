"""The operations of Azure by which a kind is read and changed: what a role has to grant, and what it grants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.armid import ArmId

ML = "Microsoft.MachineLearningServices/workspaces"


@dataclass(frozen=True, slots=True)
class DataActions:
    """The operations on bytes that lie in what a kind lists, and on index tags of these.

    `take`: what it takes to have all of one, where reading shows less.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    read_tags: tuple[str, ...] = ()
    write_tags: tuple[str, ...] = ()
    take: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedRight:
    """An operation that writing one takes at another resource: at what a member of its properties names.

    `types`: what that may be, as Azure spells it; `verb`: the operation's, as `listKeys/action`.
    """

    member: str
    types: tuple[str, ...]
    verb: str

    @property
    def actions(self) -> tuple[str, ...]:
        """The operations, as a role has them."""
        return tuple(f"{one}/{self.verb}" for one in self.types)

    def action(self, named: str) -> str:
        """The operation at one of these; at what is of another type that of the first."""
        types = {one.lower(): action for one, action in zip(self.types, self.actions, strict=True)}
        return types.get(ArmId.of(named).type, self.actions[0])


_NO_DATA = DataActions()


@dataclass(frozen=True, slots=True)
class Permissions:
    """`read` shows all of a kind; `harmless` are actions that change nothing, whatever their names say."""

    read: tuple[str, ...]
    write: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    # What shows the secrets of one.
    secrets: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    data: DataActions = _NO_DATA
    # What is asked of one beside a write, once it is made.
    acts: tuple[str, ...] = ()
    # What a write of one takes elsewhere.
    named: tuple[NamedRight, ...] = ()

    def at(self, properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The operations that a write of one takes elsewhere, each with the ARM id at which."""
        for one in self.named:
            if id_ := str(properties.get(one.member) or ""):
                yield id_, one.action(id_)

    @classmethod
    def of(
        cls,
        *types: str,
        secrets: tuple[str, ...] = (),
        harmless: tuple[str, ...] = (),
        data: DataActions = _NO_DATA,
        acts: tuple[str, ...] = (),
    ) -> Permissions:
        """Of ARM types, as `Microsoft.KeyVault/vaults`: an operation is a type and a verb (AZ-RIGHT-16)."""

        def each(verb: str) -> tuple[str, ...]:
            return tuple(f"{one}/{verb}" for one in types)

        def named(actions: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(f"{types[0]}/{action}" for action in actions)

        return cls(each("read"), each("write"), each("delete"), named(secrets), named(harmless), data, named(acts))
