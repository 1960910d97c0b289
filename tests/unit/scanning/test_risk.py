"""The score: each part by itself, what is not known, the order, and the page that tells the weights."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.scanning.workspaces import CLOSED, ENVIRONMENTS, OPEN, SENSITIVITIES, scanned

from amlmigrate.scanning import risk as scoring
from amlmigrate.scanning.risk import rank
from amlmigrate.scanning.values import Encryption, Exposure, Risk, StorageValues

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "risk.md"


def score(**changes: Any) -> Risk:
    return scoring.risk(scanned(**changes), SENSITIVITIES, ENVIRONMENTS)


def aged(days: int | None) -> Encryption:
    return Encryption("classic", "https://v.vault.azure.net/keys/k/1", None, days)


def test_the_best_has_nothing_and_the_worst_a_hundred() -> None:
    assert (score().score, score().level) == (0, "low")
    worst = score(
        encryption=Encryption("microsoft"),
        exposure=Exposure("Enabled", 0, "Disabled"),
        storage=OPEN,
        sensitivity="restricted",
        environment="prod",
    )
    assert (worst.score, worst.least, worst.level) == (100, 100, "high")


@pytest.mark.parametrize(
    ("changes", "part", "points"),
    [
        ({"encryption": Encryption("microsoft")}, "encryption", 40),
        ({"storage": replace(CLOSED, encryption="microsoft")}, "storage", 10),
        ({"storage": None}, "storage", 0),
        ({"sensitivity": "internal"}, "sensitivity", 7),
        ({"sensitivity": "confidential"}, "sensitivity", 13),
        ({"sensitivity": "restricted"}, "sensitivity", 20),
        ({"sensitivity": None}, "sensitivity", 10),
        ({"environment": "test"}, "environment", 6),
        ({"environment": "prod"}, "environment", 12),
        ({"environment": None}, "environment", 6),
        ({"exposure": Exposure("Enabled", 3, "Disabled")}, "exposure", 6),
        ({"storage": replace(CLOSED, public_network_access="Enabled")}, "exposure", 0),
        ({"storage": replace(CLOSED, public_network_access="Enabled", default_action="Allow")}, "exposure", 8),
        ({"storage": replace(CLOSED, shared_key_access=True)}, "exposure", 4),
        ({"encryption": aged(364)}, "key_age", 0),
        ({"encryption": aged(365)}, "key_age", 10),
        ({"encryption": aged(730)}, "key_age", 20),
    ],
)
def test_each_part_by_itself(changes: dict[str, Any], part: str, points: int) -> None:
    found = score(**changes)
    assert {name: value for name, value in found.parts.items() if value} == ({part: points} if points else {})
    assert found.score == found.least == points


def test_what_is_not_known_counts_as_its_worst_at_the_most_and_as_nothing_at_the_least() -> None:
    found = score(encryption=aged(None), storage=StorageValues("/s"))
    assert found.parts == {
        "encryption": 0, "storage": 10, "sensitivity": 0, "environment": 0, "exposure": 12, "key_age": 20
    }  # fmt: skip
    assert (found.score, found.least) == (42, 0)


def test_the_highest_comes_first_and_equal_ones_by_id() -> None:
    ones = [
        replace(scanned(name), risk=Risk(points, points, "low", {}))
        for name, points in (("b", 5), ("A", 5), ("c", 80))
    ]
    assert [one.name for one in rank(ones)] == ["c", "A", "b"]
    assert rank(ones) == rank(ones[::-1])


maybe = st.sampled_from([None, True, False])


@given(
    kind=st.sampled_from(["microsoft", "classic", "service-side"]),
    days=st.one_of(st.none(), st.integers(0, 5000)),
    sensitivity=st.sampled_from([None, *SENSITIVITIES]),
    environment=st.sampled_from([None, *ENVIRONMENTS]),
    storage=st.one_of(
        st.none(),
        st.builds(
            StorageValues,
            st.just("/s"),
            st.sampled_from([None, "microsoft", "customer"]),
            st.sampled_from([None, "Enabled", "Disabled"]),
            st.sampled_from([None, "Allow", "Deny"]),
            maybe,
        ),
    ),
    public=st.sampled_from(["Enabled", "Disabled"]),
)
def test_a_score_is_the_sum_of_its_parts_and_within_its_bounds(
    kind: str,
    days: int | None,
    sensitivity: str | None,
    environment: str | None,
    storage: StorageValues | None,
    public: str,
) -> None:
    found = score(
        encryption=Encryption(kind, None, None, days if kind != "microsoft" else None),
        sensitivity=sensitivity,
        environment=environment,
        storage=storage,
        exposure=Exposure(public, 0, "Disabled"),
    )
    assert 0 <= found.least <= found.score == sum(found.parts.values()) <= 100


def test_the_page_tells_the_weights() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    (oldest, most), (old, some) = scoring.KEY_AGE
    assert rows == {
        "Microsoft's key": str(scoring.ENCRYPTION),
        "storage account under Microsoft's key": str(scoring.STORAGE),
        "sensitivity, the highest level": str(scoring.SENSITIVITY),
        "environment, the highest level": str(scoring.ENVIRONMENT),
        "workspace open to public networks": str(scoring.PUBLIC_WORKSPACE),
        "storage open to all networks": str(scoring.OPEN_STORAGE),
        "storage accepts its shared keys": str(scoring.SHARED_KEYS),
        f"customer's key {oldest} days old or older": str(most),
        f"customer's key {old} days old or older": str(some),
    }
    for floor, level in scoring.LEVELS:
        assert f"| `{level}` | from {floor} |" in PAGE.read_text(encoding="utf-8")
