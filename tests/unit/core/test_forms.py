"""What a text of a file has to look like is told in words with an example, and never by a regular expression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic_core import PydanticCustomError

from amlmigrate.core.filemodel import FileModel, Form
from amlmigrate.evidence.members import Sha256, Time
from amlmigrate.guarding.model import GuardModel
from amlmigrate.posture import tagging
from amlmigrate.provisioning.model import File, Profiles

SOURCES = Path(__file__).parents[3] / "src" / "amlmigrate"
# Signs that stand in a regular expression and in no sentence.
EXPRESSION = re.compile(r"\^|\[[a-zA-Z0-9]-|\{\d|\\d|\.\*|\(\?")


def forms(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema that has a pattern."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema
        for part in schema.values():
            yield from forms(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from forms(part)


def forms_of(kind: Any) -> Iterator[Form]:
    """Every form in a type, or in the members of a model."""
    if isinstance(kind, type) and issubclass(kind, FileModel):
        for member in get_type_hints(kind, include_extras=True).values():
            yield from forms_of(member)
    yield from (one for one in getattr(kind, "__metadata__", ()) if isinstance(one, Form))
    for part in get_args(kind):
        yield from forms_of(part)


FORMS = [*{form: None for kind in (GuardModel, File, Profiles, Sha256, Time) for form in forms_of(kind)}]


def test_each_form_is_told_in_words_with_an_example_of_it() -> None:
    assert len(FORMS) > 20
    for form in FORMS:
        assert re.fullmatch(form.whole, form.example)
        assert not EXPRESSION.search(form.told)
        with pytest.raises(PydanticCustomError, match="is not ") as refused:
            form._checked("")
        assert form.told in str(refused.value)
        assert form.whole not in str(refused.value)


def test_what_the_tagging_standard_says_of_its_forms_is_in_words_too() -> None:
    found = list(forms(tagging.schema()))
    assert found
    for form in found:
        assert re.search(form["pattern"], form["examples"][0])
        assert not EXPRESSION.search(form["description"])


def test_no_model_has_a_pattern_that_would_be_told_as_it_is() -> None:
    found = [path.name for path in SOURCES.rglob("*.py") if re.search(r"\bField\([^)]*pattern=", path.read_text())]
    assert not found
