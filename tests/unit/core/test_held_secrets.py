"""A secret that was read to pass it on is in no message, in whatever form the service repeats it."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.held_secrets import hold, without_held

SECRET = """Tür"+/=\\p%w 'x&<y"""


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(SECRET)[1:-1])[1:-1],
        r"T\u00FCr\u0022\u002B/=\\p%w \u0027x\u0026\u003Cy",
        r"T\u00fcr\"+\/=\\p%w 'x&<y",
        repr(SECRET)[1:-1],
        html.escape(SECRET),
        html.escape(SECRET, quote=False),
        quote(SECRET, safe=""),
        quote(SECRET),
        quote_plus(SECRET),
        "T%c3%bcr%22%2b%2f%3d%5cp%25w%20%27x%26%3cy",
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


@pytest.mark.parametrize("before", ["", "u", "me", "who", "somebody:"])
@pytest.mark.parametrize("after", ["", ".", "and more", "!!"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_one_inside_a_longer_base64_is_found_wherever_it_begins(before: str, after: str, encode: Any) -> None:
    secret = "Tür-Schlüssel+9/zwölf?>~"
    hold(secret)
    whole = encode(f"{before}{secret}{after}".encode()).decode()
    told = without_held(f"Authorization: Basic {whole} was refused")
    assert "<secret>" in told and told.endswith(" was refused") and without_held(told) == told
    left = told.removeprefix("Authorization: Basic ").removesuffix(" was refused").split("<secret>")
    # Of what goes before and after at most a sign goes with it, and of itself nothing stays.
    assert len(left) == 2 and whole.startswith(left[0]) and whole.endswith(left[1])
    assert len(left[0]) * 6 <= len(before.encode()) * 8
    assert len(left[1].rstrip("=")) * 6 <= len(after.encode()) * 8 + 6


def test_a_short_one_is_not_looked_for_inside_a_longer_base64() -> None:
    hold("abcd")
    assert without_held("x YWJjZCE= y, abcd") == "x YWJjZCE= y, <secret>"


def test_one_that_is_no_text_is_held_too() -> None:
    hold("no-text-\udcff-here")
    assert without_held("it is no-text-\udcff-here") == "it is <secret>"
