"""Secrets of vaults by Microsoft's own client: versions, deletion, backups, and where a vault takes one back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient
from live import azure, sync_credential, unique
from people import Person, give, nobody
from vaults import url

from azsandbox import Sandbox, provision
from azsandbox.client import Client

pytestmark = pytest.mark.usefixtures("azure_env")
ENDS = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def vaults(sandbox: Sandbox) -> tuple[str, str]:
    """Two in one group, of which nobody keeps a secret from being purged: ARM ids."""

    async def make(client: Client) -> tuple[str, str]:
        group = await provision.group(client, unique("secrets-"))
        first, second = [
            await provision.vault(client, group, unique("kv"), purge_protection=False) for _ in range(2)
        ]
        return first, second

    made: tuple[str, str] = azure(sandbox.env, make)
    return made


@pytest.fixture
def person(sandbox: Sandbox, vaults: tuple[str, str]) -> Person:
    """Who may do everything with the secrets of both."""
    made = nobody(sandbox)
    for one in vaults:
        give(sandbox, made, provision.KEY_VAULT_SECRETS_OFFICER, one)
    return made


@pytest.fixture
def clients(person: Person, vaults: tuple[str, str]) -> Iterator[tuple[SecretClient, SecretClient]]:
    with ExitStack() as stack:
        credential = stack.enter_context(sync_credential(person.env))
        first, second = (stack.enter_context(SecretClient(url(one), credential)) for one in vaults)
        yield first, second


def test_a_backup_brings_all_versions_with_what_each_says_and_is_taken_once(
    clients: tuple[SecretClient, SecretClient],
) -> None:
    here, there = clients
    here.set_secret("token", "one", content_type="text/plain", tags={"n": "1"})
    second = here.set_secret("token", "two", expires_on=ENDS, tags={"n": "2"})
    assert second.properties.version
    here.update_secret_properties("token", second.properties.version, content_type="text/css")
    backup = here.backup_secret("token")
    assert b"two" not in backup
    restored = there.restore_secret_backup(backup)
    assert (restored.name, restored.version, restored.vault_url) == (
        "token",
        second.properties.version,
        there.vault_url,
    )
    found = there.get_secret("token")
    told = (found.value, found.properties.content_type, found.properties.tags, found.properties.expires_on)
    assert told == ("two", "text/css", {"n": "2"}, ENDS)
    old, new = (
        {one.version: (one.created_on, one.tags) for one in each.list_properties_of_secret_versions("token")}
        for each in clients
    )
    assert old == new and len(new) == 2
    assert [
        there.get_secret("token", version).value for version in sorted(new, key=lambda one: new[one][1]["n"])
    ] == [
        "one",
        "two",
    ]
    # Neither over the one that is there nor into its own vault.
    for each in clients:
        with pytest.raises(ResourceExistsError) as caught:
            each.restore_secret_backup(backup)
        assert caught.value.error.code == "Conflict"


def test_a_deleted_one_keeps_its_name_until_it_is_purged_and_comes_back_from_a_backup(
    clients: tuple[SecretClient, SecretClient],
) -> None:
    here, _ = clients
    here.set_secret("gone", "value")
    backup = here.backup_secret("gone")
    deleted = here.begin_delete_secret("gone", _polling_interval=0).result()
    assert deleted.recovery_id and [one.name for one in here.list_deleted_secrets()] == ["gone"]
    with pytest.raises(ResourceNotFoundError):
        here.get_secret("gone")
    with pytest.raises(ResourceExistsError):
        here.restore_secret_backup(backup)
    here.begin_recover_deleted_secret("gone", _polling_interval=0).wait()
    assert here.get_secret("gone").value == "value"
    here.begin_delete_secret("gone", _polling_interval=0).wait()
    here.purge_deleted_secret("gone")
    here.restore_secret_backup(backup)
    assert here.get_secret("gone").value == "value"


def test_what_is_no_backup_is_refused_and_so_is_who_may_not(
    sandbox: Sandbox, clients: tuple[SecretClient, SecretClient], vaults: tuple[str, str]
) -> None:
    here, _ = clients
    with pytest.raises(HttpResponseError) as caught:
        here.restore_secret_backup(b"no backup")
    assert caught.value.status_code == 400
    with pytest.raises(ResourceNotFoundError):
        here.backup_secret("none")
    with (
        sync_credential(nobody(sandbox).env) as credential,
        SecretClient(url(vaults[0]), credential) as stranger,
        pytest.raises(HttpResponseError) as denied,
    ):
        stranger.backup_secret("none")
    assert denied.value.status_code == 403
