"""How a key is named: one spelling for all that Azure, its tools and people write for it."""

from __future__ import annotations

import pytest

from amlmigrate.core.keys import KeyId, is_hsm, key_id, one_spelling, vault_address, vault_host_name

V = "a" * 32
VAULT = "https://kv.vault.azure.net"


@pytest.mark.parametrize(
    "text",
    [
        f"{VAULT}/keys/cmk/{V}",
        f"{VAULT}:443/keys/cmk/{V}",
        f"{VAULT}:443/keys/cmk/{V}/",
        f"HTTPS://KV.VAULT.AZURE.NET/KEYS/cmk/{V}",
        f"  {VAULT}/keys/CMK/{V.upper()} ",
    ],
)
def test_a_version_has_one_spelling(text: str) -> None:
    assert one_spelling(text) == f"{VAULT}/keys/cmk/{V}"
    found = key_id(text)
    assert found and (found.vault, found.key) == (VAULT, f"{VAULT}/keys/cmk")


@pytest.mark.parametrize("text", [f"{VAULT}/keys/cmk", f"{VAULT}/keys/cmk/", f"{VAULT}:443/keys/Cmk/"])
def test_a_key_without_a_version_has_none(text: str) -> None:
    found = key_id(text)
    assert found and found.version == "" and found.id == found.key == f"{VAULT}/keys/cmk"


@pytest.mark.parametrize(
    "text",
    [
        None, "", "cmk", "http://kv.vault.azure.net/keys/cmk", f"{VAULT}/secrets/cmk", f"{VAULT}/keys/",
        f"{VAULT}/keys/cmk/{V}/more", f"{VAULT}:8443/keys/cmk", "https://me@kv.vault.azure.net/keys/cmk",
        f"{VAULT}/keys/cmk?x=1", f"{VAULT}/deletedkeys/cmk", f"x{VAULT}/keys/cmk", "(known once it is made)",
    ],
)  # fmt: skip
def test_what_names_no_key_is_none(text: object) -> None:
    assert key_id(text) is None


@pytest.mark.parametrize(
    "text", [VAULT, f"{VAULT}/", f"{VAULT}:443", f"{VAULT}:443/", "https://KV.vault.Azure.net/", f" {VAULT}//"]
)
def test_an_address_has_one_spelling(text: str) -> None:
    assert vault_address(text) == VAULT and vault_host_name(text) == "kv"


@pytest.mark.parametrize(
    ("address", "hsm"),
    [
        ("https://h.managedhsm.azure.net", True),
        ("https://h.managedhsm.azure.net:443/", True),
        ("https://H.ManagedHSM.usgovcloudapi.net", True),
        ("https://h.managedhsm.azure.cn", True),
        ("https://h.vault.azure.cn", False),
        ("https://managedhsm.vault.usgovcloudapi.net", False),
        ("", False),
    ],
)
def test_a_managed_hsm_is_one_in_every_cloud(address: str, *, hsm: bool) -> None:
    assert is_hsm(address) is hsm


def test_keys_of_two_vaults_or_of_longer_names_are_two() -> None:
    keys = {KeyId(vault, name).key for vault in (VAULT, "https://kv2.vault.azure.net") for name in ("cmk", "cmk2")}
    assert len(keys) == 4
