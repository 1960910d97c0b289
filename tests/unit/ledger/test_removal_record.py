"""What the ledger keeps of a removal under way is read again whole, or said to be unreadable."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import BODIES, under_way

from amlmigrate.core.errors import BadInputError
from amlmigrate.evidence import NotAReportError
from amlmigrate.ledger import Ledger, removal

# Of the members of a tombstone these are made when it is written.
AT_THE_END = {"time", "by", "recoverable_until", "residuals", "containers_deleted", "containers_kept"}
AT_THE_END |= {"accepted_unseen", "protection"}
OWN = {"operation", "purging", "deletable", "restorable"}


def _stored(ledger: Ledger) -> Any:
    return json.loads(ledger.meta()["decommission"])


def test_it_is_kept_in_the_form_of_the_tombstone_and_read_again(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        assert removal.begun(ledger) is None
        removal.keep(ledger, found := under_way())
        assert removal.begun(ledger) == found
        stored, told = _stored(ledger), BODIES["decommission"]
    assert stored.keys() == (told.keys() - AT_THE_END) | OWN
    assert {name: one for name, one in stored.items() if name not in OWN} == {
        name: one for name, one in told.items() if name not in AT_THE_END
    }


def test_what_is_known_only_later_may_be_missing(tmp_path: Path) -> None:
    """An earlier version recorded these in steps of their own, and as null before that."""
    later = ("begun_by", "verified", "code_bytes")
    body = {name: one for name, one in under_way().as_dict().items() if name not in (*later, "restorable")}
    with Ledger(tmp_path) as ledger:
        for of_then in (body, body | dict.fromkeys(later)):
            ledger.note("decommission", json.dumps(of_then))
            found = removal.begun(ledger)
            assert found and [getattr(found, name) for name in later] == [None, None, None]
            assert found.restorable == ()


def test_what_else_a_plan_tells_of_its_sides_keeps_no_removal_from_being_gone_on_with(tmp_path: Path) -> None:
    """An earlier version kept the sides as the plan's header has them."""
    body = under_way().as_dict()
    body |= {side: {**body[side], "sku": "Basic"} for side in ("source", "target")}
    with Ledger(tmp_path) as ledger:
        ledger.note("decommission", json.dumps(body))
        assert removal.begun(ledger) == under_way()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "it is no object"),
        ("{}", "it has no format"),
        (json.dumps(under_way().as_dict() | {"format": 2}), "it has format 2, and this version reads up to 1"),
        (json.dumps(under_way().as_dict() | {"gone": "yesterday"}), "gone: "),
        (json.dumps(under_way().as_dict() | {"by_us": "yes"}), "by_us: "),
        (json.dumps(under_way().as_dict() | {"unheard_of": 1}), "unheard_of: "),
    ],
    ids=["cut short", "nested without end", "a list", "nothing", "newer", "no time", "no flag", "a member more"],
)
def test_what_cannot_be_read_is_not_taken_for_no_removal(tmp_path: Path, text: str, why: str) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.note("decommission", text)
        with pytest.raises(BadInputError, match="of the removal that was begun cannot be read") as raised:
            removal.begun(ledger)
    assert why in raised.value.summary and raised.value.address.endswith("ledger.db")


def test_what_could_not_be_read_again_is_not_recorded(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        removal.keep(ledger, found := under_way())
        with pytest.raises(NotAReportError):
            removal.keep(ledger, replace(found, begun="yesterday"))
        assert removal.begun(ledger) == found
