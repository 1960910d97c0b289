"""The steps of what is made as it is desired, as people read them: one way for every command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from amlmigrate.desired.steps import DesiredStep, DesiredVerb

if TYPE_CHECKING:
    from amlmigrate.cli.views.page import Page

_VERB_WIDTH = 8
_INDENT = _VERB_WIDTH + 2


class Shorter(Protocol):
    """What of an id is shown."""

    def __call__(self, id_: str, /) -> str:
        """Without what all of them begin with."""
        ...


def show(step: DesiredStep, page: Page, shorter: Shorter) -> None:
    """A line for the step, and one for each note; why one is refused is told with all other reasons, once."""
    page.line(_line(step, shorter), hang=_INDENT)
    for note in step.facts if step.verb is DesiredVerb.REFUSE else step.told:
        page.line(f"- {note}", indent=_INDENT)


def lines(step: DesiredStep, shorter: Shorter) -> Iterator[str]:
    """The same as text."""
    yield _line(step, shorter)
    yield from (f"{'':>{_INDENT}}- {note}" for note in step.told)


def _line(step: DesiredStep, shorter: Shorter) -> str:
    return f"{step.verb.value:>{_VERB_WIDTH}}  {step.what}: {shorter(step.id)}"
