"""What MLClient's readings of both sides come to: nothing that was not seen counts as read, or as unreadable alike."""

from __future__ import annotations

from itertools import product

import pytest

from amlmigrate.cloud.sdk import Unreadable
from amlmigrate.core.address import Address
from amlmigrate.verifying.sdk import Readers, judged

ONE, TWO = Address.of("models", "m", "1"), Address.of("data", "d", "1")
READ, OWN, REFUSED = "read", "own", "refused"


def _side(ends: dict[Address, str]) -> Unreadable:
    return Unreadable(
        {address: "SchemaError: no use for it" for address, end in ends.items() if end == OWN},
        {address: "GET was answered 403 Forbidden." for address, end in ends.items() if end == REFUSED},
    )


def _judged(source: str, target: str, other: str = READ) -> Readers:
    return judged([ONE, TWO], _side({ONE: source, TWO: other}), _side({ONE: target, TWO: other}))


@pytest.mark.parametrize(("source", "target"), list(product([READ, OWN, REFUSED], repeat=2)))
def test_each_pair_of_ends(source: str, target: str) -> None:
    found = _judged(source, target)
    alike = (source, target) == (OWN, OWN)
    differs = target != READ and not alike
    assert [one.address for one in found.differences] == [str(ONE)] * differs
    assert list(found.alike) == [str(ONE)] * alike
    assert list(found.not_checked) == [str(ONE)] * (source == REFUSED)
    assert (found.assets, found.readable) == (2, 2 - (target != READ))


@pytest.mark.parametrize(("source", "target"), list(product([OWN, REFUSED, READ], [OWN, REFUSED])))
def test_nothing_readable_in_the_target_is_never_without_a_difference(source: str, target: str) -> None:
    ends = ({ONE: source, TWO: source}, {ONE: target, TWO: target})
    assert judged([ONE, TWO], _side(ends[0]), _side(ends[1])).differences


def test_no_asset_is_no_difference() -> None:
    assert judged([], Unreadable(), Unreadable()).differences == ()


def test_what_was_not_checked_is_counted_and_named_by_its_reason() -> None:
    three = [Address.of("models", "m", str(number)) for number in range(5, 8)]
    [all_named] = judged(three, _side(dict.fromkeys(three, REFUSED)), _side({})).told()
    assert "3 assets (models/m/5, models/m/6, models/m/7): " in all_named
    many = [Address.of("models", "m", str(number)) for number in range(5, 10)]
    found = judged([*many, ONE], _side(dict.fromkeys(many, REFUSED) | {ONE: OWN}), _side({ONE: OWN}))
    assert found.told() == [
        "with MLClient in the source, 5 assets (models/m/5, models/m/6, models/m/7, …): "
        "GET was answered 403 Forbidden.",
        "with MLClient, which itself reads them on neither side, 1 asset (models/m/1): SchemaError: no use for it",
    ]
    assert found.in_report.source_not_checked.keys() == {str(address) for address in many}


def test_of_what_is_settled_nothing_is_expected() -> None:
    found = _judged(READ, REFUSED).without({str(ONE)})
    assert (found.differences, found.readable) == ((), 1)


def test_what_was_not_read_is_told_in_the_order_of_addresses() -> None:
    """Whichever was asked first, one verification of one state is one report."""
    both = _side({ONE: REFUSED, TWO: OWN})
    found = judged([ONE, TWO], _side({}), both)
    assert [one.address for one in found.differences] == [str(TWO), str(ONE)]
    assert list(judged([ONE, TWO], _side({ONE: REFUSED, TWO: REFUSED}), _side({})).not_checked) == [
        str(TWO),
        str(ONE),
    ]
