"""Texts for a terminal, which acts on some characters: names in Azure and files may hold any."""

from __future__ import annotations

from rich.markup import escape as _without_markup

from amlmigrate.core.by import printable


def escape(text: str) -> str:
    """A text on one line, without what a terminal or rich would act on."""
    return _without_markup(printable(text))


def lines(text: str) -> str:
    """The same of a text of our own with line breaks in it."""
    return _without_markup(plain_lines(text))


def plain_lines(text: str) -> str:
    """A text with its line breaks and without anything else that a terminal would act on."""
    return "\n".join(map(printable, text.split("\n")))
