"""Asks before what cannot be undone, or concerns others: by a question at a terminal, else by an option."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.views import asking
from amlmigrate.cli.views.asking import AskedView
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Agreement:
    """About which file, by which command with all that it was given, and whether --yes was given."""

    file: str
    again: str
    yes: bool


async def agree(view: View, shared: CommonOptions, asks: Sequence[str], one: Agreement) -> None:
    """Raises RefusedError without a yes; nothing was changed by then."""
    if not asks or one.yes:
        return
    if shared.json or not asking.possible():
        raise RefusedError(
            "Some of this cannot be undone, or changes what others have or use, and there is no terminal to ask"
            " at; nothing was changed.",
            reasons=tuple(asks),
            address=one.file,
            remedy=f"If every reason is meant: {one.again} --yes",
        )
    view.show(AskedView(asks))
    if not await asking.yes("Continue? Type yes: "):
        raise RefusedError(
            "You did not answer yes; nothing was changed.",
            reasons=tuple(asks),
            address=one.file,
            remedy="Change the file, or run the same command again and answer with yes.",
        )
