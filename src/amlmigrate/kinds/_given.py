"""What a person is told of secrets that no answer shows: how to give them, and that nobody compares them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import Finding
from amlmigrate.core.given import GivenSecret, given_in


def how_to_give(address: Address, *fields: Iterable[str]) -> str:
    """What to write so that an item gets its secrets: a line for each of these, of which some may be another."""
    lines = [" or ".join(f"`{GivenSecret(address, one)}`" for one in each) for each in fields]
    return f"Write where its secret is into a file for `plan --secrets FILE`: {' and '.join(lines)}."


def told_of_given(address: Address, body: Document) -> Iterator[Finding]:
    """That an item gets a secret from elsewhere."""
    names = list(dict.fromkeys(one.field for one in given_in(body, address)))
    if names:
        yield Finding(
            "warning",
            str(address),
            f"It gets a secret from where the file of --secrets says: {', '.join(names)}.",
            "Whether it is the source's nobody can compare: see that what uses it works in the target.",
            code="secret-given",
        )
