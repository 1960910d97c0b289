"""Who signed in, by the claims of a token; a token never comes back in a message."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from amlmigrate.cloud.credentials import _identity
from amlmigrate.core.errors import DeniedError
from amlmigrate.core.identity import Identity


def _token(**claims: Any) -> str:
    return f"h.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.s"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"oid": "1", "upn": "ann@x", "appid": "cli"}, Identity("1", "ann@x", "cli")),
        ({"oid": "1", "upn": "ann@x", "tid": "t"}, Identity("1", "ann@x", "", "t")),
        ({"oid": "1", "unique_name": "ann@x"}, Identity("1", "ann@x", "")),
        ({"oid": "2", "appid": "a"}, Identity("2", "", "a")),
        ({"oid": "2", "azp": "a", "name": "é~"}, Identity("2", "", "a")),
    ],
)
def test_people_and_applications(claims: dict[str, Any], expected: Identity) -> None:
    assert _identity(_token(**claims)) == expected


@pytest.mark.parametrize("token", ["opaque-secret", "secret.!!.x", _token(sub="secret"), "h.W10.s"])
def test_a_token_of_nobody_is_refused_and_not_told(token: str) -> None:
    with pytest.raises(DeniedError) as caught:
        _identity(token)
    assert token not in str(caught.value) and caught.value.__suppress_context__


def test_object_ids_do_not_mind_letter_case() -> None:
    assert Identity("AB").same("ab") and not Identity("").same("")
