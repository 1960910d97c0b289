"""Half a character in an answer of ARM is an error where it would have to be moved, and a sign in what an error says."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from amlmigrate.cloud.arm import _body
from amlmigrate.cloud.errors import ServiceError


def _read(status: int, text: str) -> Any:
    content = json.dumps({"a": text}).encode()
    return _body(
        SimpleNamespace(content=content, status_code=status, json=lambda: json.loads(content)), "GET", "/x?y=1"
    )


@pytest.mark.parametrize("text", ["a\ud800b", "\udc00", "\ude00\ud83d"])
def test_half_a_character_is_never_moved(text: str) -> None:
    with pytest.raises(ServiceError, match="half of a character") as raised:
        _read(200, text)
    assert raised.value.code == "NotText"
    assert set(_read(409, text)["a"]) <= set("ab\ufffd")


@pytest.mark.parametrize("text", ["\U0001f600", "\u202e", "\\ud800", "plain"])
def test_a_whole_one_is(text: str) -> None:
    assert _read(200, text) == _read(400, text) == {"a": text}
