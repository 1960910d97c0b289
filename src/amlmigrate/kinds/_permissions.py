"""The operations of Azure by which a kind is read and changed: what a role has to grant, and what it grants."""

from __future__ import annotations

from dataclasses import dataclass

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
