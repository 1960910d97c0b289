"""What of a component the service takes anew, and what needs another version."""

from __future__ import annotations

import pytest

from amlmigrate.kinds import all_kinds

SPEC = "/properties/componentSpec"


@pytest.mark.parametrize("field", ["description", "display_name", "tags", "tags/team"])
def test_what_the_service_takes_anew_is_an_update(field: str) -> None:
    assert all_kinds()["components"].fields.changes(f"{SPEC}/{field}")


@pytest.mark.parametrize("field", ["descriptions", "display_name2", "tags_of", "command", "inputs/tags", "tag"])
def test_what_only_begins_like_it_is_none(field: str) -> None:
    assert not all_kinds()["components"].fields.changes(f"{SPEC}/{field}")
