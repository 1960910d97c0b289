"""What `migrate provision` says of itself: the command that goes on, and what is still open."""

from __future__ import annotations

from typing import Any

import pytest

from amlmigrate.cli import provision
from amlmigrate.desired.steps import DesiredStep, DesiredVerb


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (provision.Said("w.yaml", (), False, False), "migrate provision w.yaml"),
        (
            provision.Said("my file.yaml", ("kv", "/subscriptions/s x"), True, False, 1800, "house keys.yaml"),
            "migrate provision 'my file.yaml' --adopt kv --adopt '/subscriptions/s x' --profiles 'house keys.yaml'"
            " --wait 30",
        ),
    ],
)
def test_the_command_that_goes_on_is_the_same_one(said: provision.Said, told: str) -> None:
    """Without the table of profiles it would make another key."""
    assert provision._again(said) == told


class _View:
    def result(self, name: str, told: dict[str, Any]) -> None:
        self.last = told["block"][-1]


class _One:
    def __init__(self, verb: DesiredVerb) -> None:
        self.step = DesiredStep(verb, "workspace", "/x")


@pytest.mark.parametrize(
    ("verbs", "told"),
    [
        ((DesiredVerb.EXISTS,), "Nothing to do."),
        (
            (DesiredVerb.EXISTS, DesiredVerb.WAIT),
            "Nothing to do; 1 not known yet, since Azure is still at work there.",
        ),
        (
            (DesiredVerb.GRANT, DesiredVerb.WAIT, DesiredVerb.EXISTS),
            "1 to do, 1 as they are; 1 not known yet, since Azure is still at work there.",
        ),
    ],
)
def test_what_is_under_way_is_not_called_as_it_is(verbs: tuple[DesiredVerb, ...], told: str) -> None:
    view = _View()
    provision._show(view, [_One(verb) for verb in verbs], "s")  # type: ignore[arg-type, list-item]
    assert view.last == told
