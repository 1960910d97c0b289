"""A secret that was read to pass it on is in no message, in whatever form the service repeats it."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.held_secrets import hold, without_held

SECRET = 'Tür"+/=\\p%w'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_an_answer_that_repeats_it_is_told_without_it(form: str) -> None:
    hold({"keys": {"a": SECRET, "b": None}, "more": [1]})
    error = ServiceError(400, "X", f"The key '{form}' is not accepted.", method="PUT", url=f"https://x/{form}")
    assert error.summary == "PUT was answered 400 X: The key '<secret>' is not accepted."
    assert form not in f"{error!r}{error}{error.address}"
    assert RefusedError("No.", reasons=(f"it says {form}",)).reasons == ("it says <secret>",)


def test_one_that_is_part_of_another_leaves_nothing_of_it_and_short_ones_take_nothing_from_texts() -> None:
    hold(["secret-1", "secret-1-and-more", "a", ""])
    assert without_held("a: secret-1-and-more, secret-1") == "a: <secret>, <secret>"


def test_one_that_is_a_word_of_the_mask_is_masked_once() -> None:
    hold(["secret", "a-longer-secret", "crets"])
    told = without_held("a-longer-secret, secret and crets")
    assert told == "<secret>, <secret> and <secret>"
    assert without_held(told) == told
