"""Secrets inside the texts of a document: a plan has a marker in their place, filled in for the PUT."""

from __future__ import annotations

from typing import Any

from amlmigrate.core.documents import Document
from amlmigrate.core.errors import DriftError
from amlmigrate.core.given import SECRET, is_given
from amlmigrate.core.held_secrets import hold
from amlmigrate.core.pointers import at
from amlmigrate.core.redaction import MASK, masked, restored, secrets

_TEXT, _WHOLE = "text", "whole"


def marked(where: str, text: str) -> Any:
    """The text; where it has a secret, the marker: the place in the source document, and the text without it."""
    hidden = masked(text)
    return text if hidden == text else {SECRET: where, _TEXT: hidden}


def whole(where: str) -> Document:
    """The marker for a text that may be a secret whatever its form, at this place in the source document."""
    return {SECRET: where, _TEXT: MASK, _WHOLE: True}


def shown(value: Any) -> Any:
    """A copy without any secret, markers as their texts: the form in which two documents can be compared.

    What is given from elsewhere is null, as an answer has it.
    """
    if isinstance(value, str):
        return masked(value)
    if _is_marker(value):
        return value[_TEXT]
    if is_given(value):
        return None
    if isinstance(value, dict):
        return {key: shown(child) for key, child in value.items()}
    return [shown(child) for child in value] if isinstance(value, list) else value


def has_markers(value: Any) -> bool:
    """Whether any text of a body has to be filled in."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return _is_marker(value) or any(has_markers(child) for child in children)


def filled(value: Any, source: Document) -> Any:
    """A copy with each marker as its text, secrets and all. Raises DriftError where the source has others."""
    if _is_marker(value):
        try:
            text = str(at(source, value[SECRET]))
            taken = [text] if value.get(_WHOLE) else secrets(text)
            hold(taken)
            return restored(value[_TEXT], taken)
        except (LookupError, ValueError) as error:
            raise DriftError(
                f"The source document has no such secret at '{value[SECRET]}' any more.",
                address=str(source.get("id", "")),
                remedy="Make a new plan: it will contain only the difference.",
            ) from error
    if isinstance(value, dict):
        return {key: filled(child, source) for key, child in value.items()}
    return [filled(child, source) for child in value] if isinstance(value, list) else value


def _is_marker(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() - {_WHOLE} != {SECRET, _TEXT}:
        return False
    # Whoever writes documents in the source can write what looks like one.
    return isinstance(value[SECRET], str) and isinstance(value[_TEXT], str)
