"""What the gate tells of the day on which the target's key ends: it keeps no source, and nobody else tells it later."""

from __future__ import annotations

from amlmigrate.core.finding import Finding
from amlmigrate.decommissioning.gating import _ends


def test_the_end_of_a_key_is_told_and_nothing_else_that_was_found() -> None:
    codes = ("key.expiry", "key.size", "key.pinned", "vault.place", "")
    found = [Finding("warning", "/k", f"It is {code}.", "", code=code) for code in codes]
    assert _ends(found) == ("the target: It is key.expiry.", "the target: It is key.pinned.")
    assert _ends([]) == ()
