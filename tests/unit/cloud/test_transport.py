"""Proxies are those of the environment, looked up once for each host; a `.netrc` leaves them to aiohttp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from amlmigrate.cloud import retrying
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.transport import Transport, proxy_login, proxy_of
from amlmigrate.core.errors import BadInputError


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("https_proxy", "http_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "ALL_PROXY", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pw@proxy:3128")
    monkeypatch.setenv("NO_PROXY", "localhost,.vault.azure.net")
    proxy_of.cache_clear()
    yield
    proxy_of.cache_clear()


@pytest.mark.parametrize(
    ("host", "proxy"),
    [
        ("management.azure.com", "http://user:pw@proxy:3128"),
        ("acct.blob.core.windows.net", "http://user:pw@proxy:3128"),
        ("kv.vault.azure.net", None),
        ("localhost", None),
    ],
)
def test_a_host_has_the_proxy_that_the_environment_names(host: str, proxy: str | None) -> None:
    assert proxy_of("https", host) == proxy


def test_without_a_proxy_hosts_are_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HTTPS_PROXY")
    assert proxy_of("https", "management.azure.com") is None


@pytest.mark.parametrize("sign", ["#", "/", "?"])
def test_what_is_no_url_of_a_proxy_is_not_told(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:ge{sign}heim@proxy:3128")
    with pytest.raises(BadInputError) as refused:
        proxy_of("https", "management.azure.com")
    assert refused.value.address == "HTTPS_PROXY" and refused.value.__suppress_context__
    assert "heim" not in f"{refused.value} {refused.value.remedy}"


async def test_a_connection_and_an_answer_have_the_times_of_the_policy() -> None:
    credential = Credential(Login())
    async with Transport(credential) as made:
        config = made.connection_config
    await credential.close()
    assert (config.timeout, config.read_timeout) == (retrying.CONNECT_SECONDS, retrying.READ_SECONDS)


async def test_only_who_has_a_netrc_is_left_to_aiohttp(tmp_path: Path) -> None:
    credential = Credential(Login())
    async with Transport(credential) as plain:
        assert plain.session is not None and not plain.session.trust_env
    (tmp_path / ".netrc").write_text("machine proxy login user password pw\n")
    async with Transport(credential) as left:
        assert left.session is not None and left.session.trust_env
    await credential.close()


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("machine proxy login user password pw\n", ("user", "pw")),
        ("machine other login user password pw\n", None),
        ("machine other login a password b\ndefault login user password pw\n", ("user", "pw")),
        ("no such word\n", None),
    ],
)
def test_who_signs_in_at_a_proxy_is_in_the_netrc(tmp_path: Path, text: str, login: tuple[str, str] | None) -> None:
    assert proxy_login("http://proxy:3128") is None
    (tmp_path / ".netrc").write_text(text)
    (tmp_path / ".netrc").chmod(0o600)
    assert proxy_login("http://proxy:3128") == login
    assert proxy_login("") is None
