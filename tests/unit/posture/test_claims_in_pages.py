"""Pages that say which claim or policy fires name only such as there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from amlmigrate.guarding.bodies import BY_CLASSIFICATION
from amlmigrate.guarding.members import MEMBERS
from amlmigrate.posture.catalogue import CATALOGUE

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to"
CLAIMS = {one.name for one in CATALOGUE}
AREAS = "|".join(sorted({name.partition(".")[0] for name in CLAIMS}))


@pytest.mark.parametrize("page", ["five-mistakes.md", "vault-unavailable.md", "guardrails.md"])
def test_each_claim_and_policy_that_a_page_names_exists(page: str) -> None:
    text = (HOW_TO / page).read_text(encoding="utf-8")
    named = set(re.findall(rf"`((?:{AREAS})\.[a-zA-Z]+)`", text))
    assert named <= CLAIMS
    policies = set(re.findall(r"`((?:aml|kv|key|st|acr)[A-Z]\w+)`", text))
    assert policies <= {*MEMBERS, BY_CLASSIFICATION}
    assert named or page != "five-mistakes.md"


def test_each_of_the_five_mistakes_says_what_fires() -> None:
    text = (HOW_TO / "five-mistakes.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (?=\d)", text, flags=re.MULTILINE)[1:]
    assert len(parts) == 5 and all("**Fires**" in part and "**Instead**" in part for part in parts)
