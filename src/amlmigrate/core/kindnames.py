"""How kinds and the names of their items are spelled: each kind declares it where it is defined.

An address has to be compared where no kind is at hand (in a ledger, in a selection): core keeps what they say.
"""

from __future__ import annotations

_SPELLED: dict[str, str] = {}
_CASELESS: set[str] = set()
_OPEN: set[str] = set()


def declare(kind: str, *, caseless: bool = False, open_ended: bool = False) -> None:
    """Says how a kind is spelled.

    `caseless`: case does not tell names of its items apart; `open_ended`: its last name takes all that follows.
    """
    _SPELLED[kind.lower()] = kind
    for known, holds in ((_CASELESS, caseless), (_OPEN, open_ended)):
        (known.add if holds else known.discard)(kind.lower())


def spelled(kind: str) -> str:
    """A kind as it spells itself, whatever the case of the text; one that nobody declared as it is."""
    return _SPELLED.get(kind.lower(), kind)


def declared(kind: str) -> bool:
    """Whether there is such a kind, whatever the case of the text."""
    return kind.lower() in _SPELLED


def open_ended(kind: str) -> bool:
    """Whether what follows a first name is one name, slashes and all."""
    return kind.lower() in _OPEN


def caseless(kind: str) -> bool:
    """Whether case does not tell names of its items apart."""
    return kind.lower() in _CASELESS


def plain_name(kind: str, name: str) -> str:
    """A name in the form in which two of a kind are compared."""
    return name.lower() if caseless(kind) else name
