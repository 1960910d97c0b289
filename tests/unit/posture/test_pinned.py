"""A version of a key that is named and ends is told with its day, however well the key rotates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.posture.exemplary import BLOBS, NOW, exemplary, planned, stored, with_version

from amlmigrate.core.claim import Claim
from amlmigrate.posture.facts import PostureFacts
from amlmigrate.posture.proof import before_removal, claims
from amlmigrate.posture.reading import Read

STORED = stored(None, None, plan=planned(BLOBS), held={BLOBS: {}})


def _claim(facts: PostureFacts, name: str = "key.pinned") -> Claim:
    return next(one for one in claims(facts, STORED, NOW) if one.name == name)


@pytest.mark.parametrize(("days", "severity"), [(300, "warning"), (7, "error"), (8, "warning"), (1, "error")])
def test_the_day_is_told_beside_a_rotation_policy_that_holds(days: int, severity: str) -> None:
    facts = with_version(exemplary(), expires=NOW + timedelta(days=days))
    found = _claim(facts)
    assert _claim(facts, "key.rotation").holds and found.holds is False
    assert found.finding and found.finding.severity == severity
    assert f"expires on {NOW + timedelta(days=days):%Y-%m-%d}." in found.summary
    assert "rotation policy makes newer versions, and does not move the workspace by itself" in found.summary
    assert "keyIdentifier" in found.remedy
    removal = [one for one in before_removal([found]) if one.severity == "error"]
    assert bool(removal) is (severity == "error")


def test_without_a_policy_it_is_told_too_and_what_has_expired_is_said_to_have() -> None:
    found = _claim(replace(exemplary(), rotation=Read()))
    assert "A newer version does not move the workspace" in found.summary
    facts = with_version(exemplary(), expires=NOW - timedelta(days=1))
    assert "which expired on 2026-02-28" in _claim(facts).summary
    assert _claim(facts, "key.expiry").severity == "error"


def test_a_version_without_an_end_is_no_finding() -> None:
    assert _claim(with_version(exemplary(), expires=None)).finding is None


def test_a_key_that_is_named_without_a_version_is_not_said_to_follow() -> None:
    facts = exemplary()
    assert facts.key_ref
    facts = replace(facts, key_ref=replace(facts.key_ref, version=""))
    version = _claim(facts, "key.version")
    assert version.holds is None and "which one it uses is not shown" in version.summary
    assert "as far as is documented" in _claim(facts).summary
