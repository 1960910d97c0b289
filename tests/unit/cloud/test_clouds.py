"""Each cloud's own hosts: what is asked goes to them, and nothing else in the source names one."""

from __future__ import annotations

import ast
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import amlmigrate
from amlmigrate.cloud.credentials import CLOUDS, Login
from amlmigrate.cloud.session import Side
from amlmigrate.core.workspace import Location

PLACE = Location("acct", "data", "a/b")
HOSTS = ("core.windows.net", "microsoftonline", "vault.azure.net", "management.azure.com", "graph.microsoft")
# What an asset of the documentation looks like, what it says of a provision file's members, and the one place where
# hosts are named.
NAMED = {"kinds/datastores.py", "kinds/codes.py", "provisioning/model.py", "cloud/credentials.py"}


@pytest.mark.parametrize("name", CLOUDS)
async def test_every_client_of_a_cloud_asks_its_own_hosts(name: str) -> None:
    cloud, side = CLOUDS[name], Side(Login(cloud=name))
    try:
        vault = side.vaults.uri("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/KV")
        assert {urlsplit(url).hostname for url in (side.blobs.url(PLACE), side.leases.url(PLACE))} == {
            f"acct.blob.{cloud.storage_suffix}"
        }
        assert urlsplit(side.shares.url(PLACE)).hostname == f"acct.file.{cloud.storage_suffix}"
        assert urlsplit(vault).hostname == f"kv.{cloud.vault_suffix}"
        assert side.arm._url("/subscriptions", {}).startswith(f"{cloud.arm}/subscriptions?")
        assert side.credential.data_scopes[1] == f"https://{cloud.vault_suffix}/.default"
        assert Login(cloud=name).options()["authority"] == cloud.authority
    finally:
        await side.close()


def test_the_clouds_are_those_that_the_users_client_knows() -> None:
    # azure-ai-ml 1.35.2, `_azure_environments.py`: its own names, which it is given as they are.
    assert set(CLOUDS) == {"AzureCloud", "AzureUSGovernment", "AzureChinaCloud"}
    for name in ("authority", "arm", "storage_suffix", "vault_suffix", "graph"):
        assert len({getattr(cloud, name) for cloud in CLOUDS.values()}) == len(CLOUDS), name


def test_no_code_names_a_host_of_the_public_cloud() -> None:
    root = Path(amlmigrate.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        # A docstring may explain with an example.
        and "\n" not in node.value
        and any(host in node.value for host in HOSTS)
        and not node.value.endswith('."""')
    }
    assert found <= NAMED | {"cloud/vault.py"}, found
