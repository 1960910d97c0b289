"""Links of answers and recorded addresses are followed unchanged, and only where the token belongs."""

from __future__ import annotations

from typing import Any

import pytest

from amlmigrate.cloud.arm import Answer, Arm
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.pacing import Pacer
from amlmigrate.core.errors import RefusedError

OWN = [
    "https://management.azure.com/subscriptions/s?t=1&c=a%2Bb",
    "https://management.azure.com:443/subscriptions/s",
    "https://MANAGEMENT.azure.com/subscriptions/s",
    "https://eastus2.management.azure.com/subscriptions/s",
]
FOREIGN = [
    "https://example.com/subscriptions/s",
    "https://management.azure.com.example.com/subscriptions/s",
    "https://xmanagement.azure.com/subscriptions/s",
    "https://management.azure.com@example.com/subscriptions/s",
    "https:///subscriptions/s",
]


async def _sent(monkeypatch: pytest.MonkeyPatch, link: str) -> list[str]:
    arm, sent = Arm(Login(), Credential(Login()), Pacer()), []

    async def send(_: str, url: str, *__: Any) -> Answer:
        sent.append(url)
        return Answer(200, {}, {})

    monkeypatch.setattr(arm, "_send", send)
    try:
        await arm.call("GET", link)
    finally:
        await arm.close()
    return sent


@pytest.mark.parametrize("link", OWN)
async def test_one_of_azures_own_is_followed_unchanged(monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    assert await _sent(monkeypatch, link) == [link]


@pytest.mark.parametrize("link", FOREIGN)
async def test_another_gets_no_token(monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    with pytest.raises(RefusedError, match="its token is not sent there"):
        await _sent(monkeypatch, f"{link}?sig=secret")


@pytest.mark.parametrize(
    "path",
    ["@example.com/x", ".example.com/x", ":443@example.com/x", " @example.com/x", "\\@example.com/x", "x"],
)
async def test_a_path_that_would_go_on_with_the_host_gets_no_token(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    with pytest.raises(RefusedError, match="its token is not sent there"):
        await _sent(monkeypatch, path)
