"""A key that is compromised, by the runbook: a new vault, a move, the old key disabled, and what that reaches."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from tests.acceptance import alone
from tests.acceptance.world import World, make_world, seed_small

from azsandbox import Sandbox, provision
from azsandbox.client import Client, Refused

sandbox = alone.sandbox
RUNBOOK = Path(__file__).parents[2] / "docs" / "how-to" / "crypto-shredding.md"
_PLACE = "https://OLD-VAULT.vault.azure.net/keys/OLD-KEY/VERSION"
_DISABLES = re.compile(r"^\s*(az keyvault key set-attributes --id (\S+) --enabled false)$", re.MULTILINE)


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> Iterator[World]:
    """A source and a target under customers' keys, each of a vault of its own."""
    yield seed_small(_under_keys(sandbox, tmp_path))


def _under_keys(sandbox: Sandbox, folder: Path) -> World:
    made = make_world(sandbox, folder)
    other = f"{made.group}b"
    pair = made.azure(provision.pair, made.group, f"{made.source}b", other, suffix="k")
    made.documents = {"source": made.documents["target"], "target": pair.target}
    made.source, made.target = made.target, other
    return made


def _named(world: World, which: str) -> dict[str, Any]:
    document = world.arm("GET", world.documents[which]["id"])
    return dict(document["properties"]["encryption"]["keyVaultProperties"])


def _key(world: World, which: str) -> str:
    return str(_named(world, which)["keyIdentifier"]).rpartition("/")[0]


def _as_az_does(world: World, command: str) -> None:
    """Carries out `az keyvault key set-attributes`, whose call is PATCH {vault}/keys/{name}/{version}."""
    words = shlex.split(command)
    options = dict(zip(words[4::2], words[5::2], strict=True))
    assert words[:4] == ["az", "keyvault", "key", "set-attributes"] and set(options) == {"--id", "--enabled"}
    body = {"attributes": {"enabled": json.loads(options["--enabled"])}}

    async def work(client: Client) -> Any:
        return await client.send(
            "PATCH", f"{options['--id']}?api-version=7.4", "https://vault.azure.net", json=body
        )

    world.azure(work)


def _disable(world: World, key: str) -> None:
    """What the runbook says: the commands that `key status --key ID` prints, as printed."""
    told = world.migrate("key", "status", "--key", key)
    commands = _DISABLES.findall(told.out)
    assert len(commands) == 1 and commands[0][1].startswith(f"{key}/"), told.out + told.err
    for command, version in commands:
        # As the page has it.
        assert command.replace(version, _PLACE) in RUNBOOK.read_text(encoding="utf-8").splitlines()
        _as_az_does(world, command)


def test_a_compromised_key_is_left_by_a_move_and_then_disabled(world: World) -> None:
    old, place = _key(world, "source"), f"{world.group}/{world.source}"
    reach = world.migrate("key", "status", "--key", old)
    for kind in ("workspace", "storage account"):
        assert f"{kind} {world.source}" in reach.out, reach.out + reach.err

    doctor = world.ok("doctor", *world.names, "--json").event("doctor.end")
    _tells_the_old_key(doctor["findings"], old, world)
    assert {"vault.purgeProtection", "key.enabled", "identity.rights", "duties.separate"} <= {
        one["name"] for one in doctor["source_claims"] if one["holds"] is not None
    }
    world.ok("plan", *world.names)
    _tells_the_old_key(world.plan_lines()[0]["findings"], old, world)
    # What it leaves is the old key's identity, which a person decides about.
    assert world.migrate("run").code == 3
    world.ok("waive", "workspace!setting-lost", "--reason", "the old identity is left with the old key")
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
    world.ok("cutover", f"plans/{world.source}")

    # What a removal leaves is told with the old key that it stays under.
    plan = f"plans/{world.source}"
    removal = world.migrate("decommission", plan, "--confirm", place, "--soak", "0", "--dry-run")
    assert removal.code == 0, removal.out + removal.err
    assert f"Azure reports it under key {old}/" in removal.out
    assert "Its queues and tables are under Microsoft's key." in removal.out

    # Nothing of the target is under the old key, and only then is it disabled.
    assert world.target not in world.migrate("key", "status", "--key", old).out
    _disable(world, old)

    with pytest.raises(Refused, match="CustomerManagedKeyNotAccessible"):
        world.status("source")
    refused_bytes = pytest.raises(HttpResponseError, match="KeyVaultEncryptionKeyNotFound")
    with world.container_client("source") as client, refused_bytes:
        client.download_blob("m/1/a").readall()
    assert world.status("target") == 200
    copied = world.blobs("target")
    assert {"m/1/a", "m/2/a", "d/x/3"} <= {name.partition("/migrated/")[2] or name for name in copied}
    with world.container_client("target") as client:
        assert all(client.download_blob(name).readall() is not None for name in copied)
    world.ok("doctor", "--target", f"{world.group}/{world.target}")

    # What still has to read the source cannot, and nothing of it was changed by asking.
    for command in (("verify",), ("decommission", plan, "--confirm", place, "--soak", "0")):
        refused = world.migrate(*command)
        assert refused.code == 6 and "is disabled" in refused.err, refused.out + refused.err
    after = world.migrate("key", "status", "--key", old)
    assert after.code == 3 and "none of its versions is enabled" in after.out, after.out
    [back] = set(re.findall(r"^\s*(az keyvault key set-attributes .* --enabled true)$", after.out, re.MULTILINE))
    _as_az_does(world, back)
    assert world.status("source") == 200


def _tells_the_old_key(findings: list[dict[str, Any]], old: str, world: World) -> None:
    [told] = [one for one in findings if one["code"] == "source-under-key"]
    assert told["severity"] == "warning" and told["address"].startswith(world.documents["source"]["id"])
    assert old in told["summary"] and f"--key {old}" in told["remedy"]
    assert "may be changed by" in told["summary"] and "Key Vault Crypto Service Encryption User" in told["summary"]
    assert not [one for one in findings if one["code"] == "key-of-source"]


def test_a_target_in_the_old_keys_vault_is_an_error_until_somebody_waives_it(world: World) -> None:
    vault = _named(world, "source")["keyVaultArmId"]
    world.documents["target"] = world.azure(_beside, world, vault)
    world.target = world.documents["target"]["name"]
    refused = world.migrate("doctor", *world.names, "--json")
    [told] = [one for one in refused.event("doctor.end")["findings"] if one["code"] == "key-of-source"]
    assert refused.code == 4 and "in the source's vault" in told["summary"], told

    world.ok("plan", *world.names)
    stopped = world.migrate("run")
    assert stopped.code == 4 and "key-of-source" in stopped.err
    assert world.items("models") == []
    world.ok("waive", told["address"], "--reason", "the vault is not affected")
    assert "key-of-source" not in world.migrate("run").err
    assert {one["name"] for one in world.items("models")} == {"m"}


async def _beside(client: Client, world: World, vault: str) -> dict[str, Any]:
    """A workspace under another key of a vault."""
    group, name = await provision.group(client, world.group), f"{world.group}c"
    user = await provision.identity(client, group, f"{name}-identity")
    await provision.assign(client, vault, provision.KEY_VAULT_CRYPTO_SERVICE_ENCRYPTION_USER, user.principal_id)
    key = await provision.key(client, vault, f"{name}-key", days=365, rotates=True)
    storage = await provision.storage_account(client, group, name, key=key, identity=user)
    for role in (provision.STORAGE_BLOB_DATA_CONTRIBUTOR, provision.STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR):
        await provision.assign(client, storage, role, user.principal_id)
    return await provision.workspace(
        client, group, name, storage_id=storage, vault_id=vault, key=key, identity=user
    )
