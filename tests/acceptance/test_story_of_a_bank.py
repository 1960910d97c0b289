"""The tutorial of an estate as it is told: three workspaces of a bank, and the figures after each step."""

from __future__ import annotations

from tests.acceptance import test_story
from tests.acceptance.test_story import Shell

shell = test_story.shell


def test_the_story_of_a_bank(shell: Shell) -> None:
    test_story.followed(shell, "govern-an-estate")
