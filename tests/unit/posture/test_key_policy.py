"""A key against the profile that its tag names: each attribute by itself, and what is as good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.posture.exemplary import KEY, NOW, exemplary

from amlmigrate.core.claim import Claim
from amlmigrate.core.keys import Key, Rotation
from amlmigrate.posture.keypolicy import policy_claim
from amlmigrate.posture.reading import Read

HIPAA = Rotation("P2Y", after_create="P1Y", notify_before_expiry="P30D")


def judged(tag: str | None, *, rotation: Any = HIPAA, key: Key = KEY, **version: Any) -> Claim:
    """Of a key of that tag, in use and newest, with other times."""
    tags = {"Key-Profile": tag} if tag is not None else {}
    one = replace(key, version=replace(key.version, **{"tags": tags, **version}))
    facts = replace(exemplary(), key=Read(one), newest=Read(one), rotation=Read(rotation))
    assert facts.key_ref
    [claim] = policy_claim(facts.of_key(facts.key_ref), one)
    return claim


@pytest.mark.parametrize(
    "tag", ["HIPAA", "hipaa", " HIPAA ", "RSA 2048", "OURS: RSA 3072 expires=P2Y rotate=P1Y notify=P7D"]
)
def test_what_is_as_asked_for_or_stricter_holds(tag: str) -> None:
    assert judged(tag).holds is True


@pytest.mark.parametrize(
    ("tag", "changed", "word"),
    [
        ("PCI-DSS", {}, "type is RSA instead of RSA-HSM"),
        ("RSA 4096", {}, "3072 bits instead of 4096"),
        ("RSA 3072 expires=P1Y", {"expires": None}, "never expires instead of after P1Y"),
        ("RSA 3072 expires=P6M", {}, "valid for 300 days instead of P6M"),
        ("RSA 3072 expires=P6M", {"not_before": NOW + timedelta(days=1)}, "valid for 299 days"),
        ("HIPAA", {"rotation": None}, "no rotation policy instead of"),
        ("HIPAA", {"rotation": replace(HIPAA, after_create="P18M")}, "rotated P18M"),
        ("HIPAA", {"rotation": replace(HIPAA, after_create=None)}, "instead of 'expires P2Y, rotated P1Y"),
        ("HIPAA", {"rotation": replace(HIPAA, notify_before_expiry="P7D")}, "notice P7D"),
        ("HIPAA", {"rotation": replace(HIPAA, expires_in=None)}, "instead of"),
    ],
)
def test_what_is_less_is_told(tag: str, changed: dict[str, Any], word: str) -> None:
    found = judged(tag, **changed)
    assert (found.holds, found.severity) == (False, "warning") and word in found.summary
    assert found.remedy and found.evidence["profile"]


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("hipaa", "as strict as its profile HIPAA (RSA 3072 expires=P2Y rotate=P1Y notify=P30D)."),
        ("HIPAA: RSA 3072 expires=P2Y rotate=P1Y notify=P30D", "as strict as its profile HIPAA ("),
        (
            "HIPAA: RSA 2048",
            "as strict as what its tag calls HIPAA (RSA 2048, which are not those of the profile HIPAA).",
        ),
        ("pci-dss: RSA 2048", "what its tag calls pci-dss (RSA 2048, which are not those of the profile PCI-DSS)"),
        ("OURS: RSA 3072 expires=P2Y", "as strict as what its tag calls OURS (RSA 3072 expires=P2Y)."),
        # Nobody looks at the notice of a rotation that is not asked for.
        ("RSA 3072 notify=P30D", "as strict as the values of its tag (RSA 3072)."),
    ],
)
def test_a_key_is_held_to_what_is_said_and_to_no_name_alone(tag: str, told: str) -> None:
    found = judged(tag)
    assert found.holds is True and told in found.summary


def test_all_that_is_less_is_one_claim() -> None:
    found = judged("NIST", rotation=None, expires=None)
    assert found.summary.count(";") == 2


def test_a_day_more_is_the_clocks() -> None:
    created = KEY.version.created
    assert created
    assert judged("RSA 3072 expires=P300D", expires=created + timedelta(days=301)).holds is True
    assert judged("RSA 3072 expires=P300D", expires=created + timedelta(days=302)).holds is False


def test_the_newest_version_tells_it_where_the_one_in_use_does_not() -> None:
    plain = replace(KEY, version=replace(KEY.version, tags={}))
    tagged = replace(KEY, version=replace(KEY.version, tags={"key-profile": "RSA 4096"}))
    facts = replace(exemplary(), newest=Read(tagged))
    assert facts.key_ref
    [found] = policy_claim(facts.of_key(facts.key_ref), plain)
    assert found.holds is False


def test_a_key_without_the_tag_is_no_finding() -> None:
    found = judged(None)
    assert (found.holds, found.severity, found.finding) == (None, "information", None)


@pytest.mark.parametrize(
    "tag", ["", "SOX", "RSA", "RSA 3072 expires=soon", "EC 256", "RSA 3072 expires=P9999999999Y"]
)
def test_a_tag_that_says_nothing_is_not_known(tag: str) -> None:
    found = judged(tag)
    assert (found.holds, found.severity) == (None, "warning") and "key-profile" in found.summary


def test_a_policy_whose_durations_cannot_be_read_is_not_known() -> None:
    found = judged("HIPAA", rotation=replace(HIPAA, after_create="yearly"))
    assert found.holds is None and "yearly" in found.summary


def test_without_a_rotation_in_the_profile_none_has_to_be_read() -> None:
    one = replace(KEY, version=replace(KEY.version, tags={"key-profile": "RSA 3072"}))
    facts = replace(exemplary(), key=Read(one), rotation=Read(refused="403"))
    assert facts.key_ref
    [found] = policy_claim(facts.of_key(facts.key_ref), one)
    assert found.holds is True
