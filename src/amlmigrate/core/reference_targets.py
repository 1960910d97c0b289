"""Where an address leads: the one place that says it, of members of documents, of tables and of files alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.documents import Document, strings
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.reference import Reference, reference_of, references
from amlmigrate.core.workspace import Location

# An account with a readable second region answers under this name too; account names have no hyphen.
_SECONDARY = "-secondary"


@dataclass(frozen=True, slots=True)
class Lead:
    """Where one address leads, as the source's users follow it, and how the target's users have to write it.

    `location` is where its bytes lie in blob storage; None where it is about none, or that is not known.
    `goal` is where the move brings them; None where it does not take them. `after` is the address in the
    target: the same text where nothing has to change, or it is not known what to. `ours`: it names the source
    itself, its workspace or a container of it that moves, and leads nowhere once that is gone. A short
    datastore URI names no workspace, so that it is none of them.
    """

    address: str
    reference: Reference
    location: Location | None
    goal: Location | None
    after: str
    ours: bool


def lead(text: str, mapping: Mapping, member: str = "", beside: Any = None) -> Lead | None:
    """Where a text leads that is one address from its first sign to its last; None where it is none.

    Nothing ends it early: spaces, quotes, brackets and commas belong to it, as they do to names of blobs.
    Short forms of assets (`azureml:name:1`) count where `member` or the type `beside` it says what they name.
    """
    found = reference_of(text, "", member, beside)
    if found is None:
        return None
    after = mapping.rewrite_whole(text)
    return _followed(text, found, mapping, mapping.renamed(found) if after == text else after)


def leads_within(text: str, mapping: Mapping) -> Iterator[Lead]:
    """The addresses that stand somewhere in a longer text: where each ends is a guess, good for telling only."""
    for found in references([text]):
        yield _followed(found.text, found, mapping, mapping.rewrite(found.text))


def names_source(text: str, mapping: Mapping) -> str:
    """The first address in a text, or the text itself, that names the source; empty where none does."""
    whole = lead(text, mapping)
    found = [whole] if whole else leads_within(text, mapping)
    return next((one.address for one in found if one.ours), "") or next(iter(mapping.places.named(text)), "")


def _followed(address: str, reference: Reference, mapping: Mapping, after: str) -> Lead:
    location = mapping.locate(reference)
    goal = mapping.place(location) if location else None
    named = not reference.scope.local and mapping.in_source(reference.scope)
    moved = reference.location is not None and mapping.moves(reference.location)
    return Lead(address, reference, location, goal, after, named or moved)


def leads_into(document: Document, places: Iterable[Location]) -> bool:
    """Whether a document names one of some containers: account and container in members of their own, or a URL.

    Whatever the members are called (`containerName`, `filesystem`), whichever cloud's endpoint stands beside
    them, and in capitals too: a host's name is the same in capitals.
    """
    texts = [text for _, text in strings(document)]
    words = {text.lower().removesuffix(_SECONDARY) for text in texts}
    return any(
        {place.account.lower(), place.container.lower()} <= words or any(map(_urls(place).search, texts))
        for place in places
    )


def _urls(place: Location) -> re.Pattern[str]:
    """What names a container inside a text: a URL of any service and cloud, or an ARM id.

    At its bounds, since the account may be called as the workspace begins, and `azureml` is a scheme too.
    """
    account, container = re.escape(place.account), re.escape(place.container)
    return re.compile(
        rf"//{account}(?:-secondary)?\.[^/\s]+/{container}(?![a-z0-9-])"
        rf"|//{container}@{account}(?:-secondary)?\."
        rf"|/storageAccounts/{account}/\S*/{container}(?![a-z0-9-])",
        re.IGNORECASE,
    )
