"""Which key accounts, containers and scopes are under, by what Azure shows of each."""

from __future__ import annotations

from typing import Any

import pytest

from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.reading import Read
from amlmigrate.posture.stored import _same, default_scope, excepted, is_customers, key_of_account, key_of_scope

URI, VERSION = "https://kv.vault.azure.net", "1" * 32
CURRENT = {"currentVersionedKeyIdentifier": f"{URI}/keys/k/{VERSION}"}


@pytest.mark.parametrize("uri", [f"{URI}:443", f"{URI}:443/", "https://KV.vault.azure.net/"])
def test_the_vault_of_an_account_is_the_workspace_s_however_its_address_is_written(uri: str) -> None:
    """The workspace's own key is not read twice, and its vault is not looked for under another name."""
    found = key_of_account({"keyvaultproperties": {"keyvaulturi": uri, "keyname": "K", "keyversion": VERSION}})
    of_scope = key_of_scope(
        {"properties": {"keyVaultProperties": {"keyUri": f"{uri.rstrip('/')}/keys/k/{VERSION}"}}}
    )
    own = KeyRef("/vault", URI, "k", VERSION)
    assert found and of_scope
    for one in (found, of_scope):
        assert one.vault == own.vault and _same(one, own)
        assert not _same(one, KeyRef("/vault", URI, "k", "2" * 32))
        assert not _same(one, KeyRef("/vault", "https://kv2.vault.azure.net", "k", VERSION))


@pytest.mark.parametrize(
    ("named", "ref"),
    [
        ({"keyname": "k", "keyversion": VERSION}, KeyRef("", URI, "k", VERSION, follows=False)),
        ({"keyname": "k"}, KeyRef("", URI, "k", "", follows=True)),
        ({"keyname": "k", "keyversion": ""} | CURRENT, KeyRef("", URI, "k", VERSION, follows=True)),
        (
            {"keyname": "k", "currentVersionedKeyIdentifier": f"{URI}/keys/k"},
            KeyRef("", URI, "k", "", follows=True),
        ),
        ({"keyname": "k", "currentVersionedKeyIdentifier": "?"}, KeyRef("", URI, "k", "", follows=True)),
        ({"keyname": "k", "keyversion": "2" * 32} | CURRENT, KeyRef("", URI, "k", "2" * 32, follows=False)),
        ({"keyname": ""}, None),
        ({"keyname": "k", "keyvaulturi": ""}, None),
        (None, None),
    ],
)
@pytest.mark.parametrize("member", ["keyvaultproperties", "keyVaultProperties"])
def test_the_key_of_an_account(named: dict[str, Any] | None, ref: KeyRef | None, member: str) -> None:
    assert key_of_account({member: named and {"keyvaulturi": f"{URI}/"} | named}) == ref


@pytest.mark.parametrize(
    ("named", "ref"),
    [
        ({"keyUri": f"{URI}/keys/k/{VERSION}"}, KeyRef("", URI, "k", VERSION, follows=False)),
        ({"keyUri": f"{URI}/keys/k"}, KeyRef("", URI, "k", "", follows=True)),
        ({"keyUri": f"{URI}/keys/k/"} | CURRENT, KeyRef("", URI, "k", VERSION, follows=True)),
        ({"keyUri": f"{URI}/keys/k/{'2' * 32}"} | CURRENT, KeyRef("", URI, "k", "2" * 32, follows=False)),
        ({"keyUri": f"{URI}/secrets/k"}, None),
        ({"keyUri": ""}, None),
        (None, None),
    ],
)
def test_the_key_of_a_scope(named: dict[str, Any] | None, ref: KeyRef | None) -> None:
    assert key_of_scope({"properties": {"keyVaultProperties": named}}) == ref


ACCOUNT, SERVICE = {"keyType": "Account"}, {"keyType": "Service"}


@pytest.mark.parametrize(
    ("source", "services", "left"),
    [
        ("Microsoft.Keyvault", None, "queues and tables"),
        ("Microsoft.Keyvault", {"queue": ACCOUNT}, "tables"),
        ("Microsoft.Keyvault", {"queue": SERVICE, "table": ACCOUNT}, "queues"),
        ("microsoft.keyVault", {"queue": ACCOUNT, "table": ACCOUNT}, ""),
        ("Microsoft.Storage", None, ""),
        (None, None, ""),
    ],
)
def test_what_of_an_account_its_key_does_not_cover(source: Any, services: Any, left: str) -> None:
    assert excepted({"keySource": source, "services": services}) == left
    assert is_customers(source) is (str(source).lower() == "microsoft.keyvault")


@pytest.mark.parametrize(
    ("shown", "scope"), [("own", "own"), ("$account-encryption-key", ""), (None, ""), ("", "")]
)
def test_the_account_s_own_key_is_no_scope(shown: Any, scope: str) -> None:
    assert default_scope(Read({"properties": {"defaultEncryptionScope": shown}})) == scope
