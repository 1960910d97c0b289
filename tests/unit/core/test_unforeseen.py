"""What nobody foresaw is told without its own words, and where it happened is in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from amlmigrate.core.errors import BadInputError
from amlmigrate.core.unexpected_errors import said, unforeseen


def _caught(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as found:
        return found


@pytest.mark.parametrize("tell", [said, unforeseen])
def test_of_a_fault_its_kind_is_told_and_its_place_is_logged(
    tell: Callable[[str, Exception], object], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        told = str(tell("plans/two", _caught(KeyError("sig=secret"))))
    assert "KeyError" in told and "plans/two: KeyError" in caplog.text and "in _caught" in caplog.text
    assert "secret" not in told + caplog.text


def test_what_the_tool_says_itself_is_told_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert said("plans/two", _caught(BadInputError("It is empty."))) == "It is empty."
    assert caplog.text == ""
