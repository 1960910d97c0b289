"""What was asked of a key is written into a tag, and read again."""

from __future__ import annotations

import pytest

from amlmigrate.core.keystandard import KeyStandard, of_tags
from amlmigrate.posture import profiles

TABLE = profiles.shipped()
HIPAA = KeyStandard("HIPAA", "RSA", 3072, "P2Y", "P1Y", "P30D")


@pytest.mark.parametrize(
    ("one", "tag"),
    [
        (HIPAA, "HIPAA"),
        (KeyStandard("HIPAA", "RSA", 4096), "HIPAA: RSA 4096"),
        (KeyStandard("ours: best", "RSA-HSM", 4096, "P1Y"), "ours: best: RSA-HSM 4096 expires=P1Y"),
        (KeyStandard("", "RSA", 2048, rotate="P90D"), "RSA 2048 rotate=P90D"),
    ],
)
def test_a_tag_says_what_was_asked_for(one: KeyStandard, tag: str) -> None:
    assert one.tag(TABLE) == tag
    assert of_tags({"KEY-PROFILE": tag}, TABLE) == one


def test_a_name_of_any_length_fits_into_a_tag() -> None:
    one = KeyStandard("n" * 900, "RSA-HSM", 4096, "P10Y", "P9Y6M", "P365D")
    tag = one.tag(TABLE)
    assert len(tag) <= 256
    found = of_tags({"key-profile": tag}, TABLE)
    assert found and found.rotation == one.rotation


def test_without_the_tag_nothing_is_known() -> None:
    assert of_tags({"profile": "HIPAA"}, TABLE) is None
    assert HIPAA.rotation and KeyStandard("", "RSA", 3072, "P1Y").rotation is None
