"""What stays is told with the key that is read from it; what is not known is a residual and never left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.arm import FakeArm, side
from tests.builders.errors import refusal
from tests.builders.world import SOURCE, blob, listing

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.workspace import Location, Service, Workspace
from amlmigrate.decommissioning import remaining_resources
from amlmigrate.decommissioning.remaining_resources import Remaining
from amlmigrate.decommissioning.residuals import residuals

GROUP = SOURCE.storage_account_id.partition("/providers/")[0]
ACCOUNT = SOURCE.storage_account_id
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/acct"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/acct"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/acct"
KEY = "https://v.vault.azure.net/keys/k/1"
MICROSOFTS = {"properties": {"encryption": {"keySource": "Microsoft.Storage"}}}
CUSTOMERS = {"properties": {"encryption": {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {
    "keyvaulturi": "https://v.vault.azure.net/", "keyname": "k", "keyversion": "1"}}}}  # fmt: skip
EVERYTHING = Workspace(SOURCE.ref, {**SOURCE.document, "properties": {**SOURCE.properties, "keyVault": VAULT,
                       "containerRegistry": REGISTRY, "applicationInsights": INSIGHTS}})  # fmt: skip
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/data"
SCOPE = f"{ACCOUNT}/encryptionScopes/own"


async def _parts(**answers: Any) -> dict[str, Remaining]:
    paths = {"account": ACCOUNT, "registry": REGISTRY, "vault": VAULT, "insights": INSIGHTS}
    arm = FakeArm({paths.get(name, name): answer for name, answer in answers.items()})
    return {one.kind: one for one in await remaining_resources.parts(side(arm), EVERYTHING)}


async def test_each_is_told_with_its_own_key() -> None:
    registry = {"properties": {"encryption": {"status": "enabled", "keyVaultProperties": {"keyIdentifier": KEY}}}}
    found = await _parts(
        account=CUSTOMERS, registry=registry, vault={"properties": {}}, insights={"properties": {}}
    )
    assert {kind: (one.key, one.residual) for kind, one in found.items()} == {
        "account": (KEY, False),
        "vault": (None, False),
        "registry": (KEY, False),
        "logs": (None, True),
    }
    assert "takes no customer's key" in found["vault"].why


async def test_logs_lie_under_the_key_of_their_cluster() -> None:
    cluster = {
        "properties": {"keyVaultProperties": {"keyVaultUri": "https://v/", "keyName": "k", "keyVersion": "1"}}
    }
    logs = {"properties": {"features": {"clusterResourceId": "/cluster"}}}
    insights = {"properties": {"WorkspaceResourceId": "/logs"}}
    found = await _parts(insights=insights, **{"/logs": logs, "/cluster": cluster})
    assert (found["logs"].key, found["logs"].residual) == ("https://v/keys/k/1", False)
    found = await _parts(insights=insights, **{"/logs": logs, "/cluster": refusal()})
    assert found["logs"].residual and "could not be read" in found["logs"].why


@pytest.mark.parametrize("error", [refusal(403), refusal(401, "ExpiredToken"), refusal(400, "UserError")])
async def test_what_could_not_be_read_is_told_and_is_a_residual(error: ServiceError) -> None:
    one = (await _parts(account=error))["account"]
    assert (one.there, one.key, one.residual) == (None, None, True)
    assert "could not be read" in one.why


async def test_what_is_not_there_is_none_and_what_is_out_of_order_an_error() -> None:
    one = (await _parts())["account"]
    assert (one.there, one.residual) == (False, False)
    with pytest.raises(ServiceError):
        await _parts(account=refusal(503, "ServerBusy"))


async def test_a_customers_key_that_is_not_named_is_no_key() -> None:
    one = (await _parts(account={"properties": {"encryption": {"keySource": "Microsoft.Keyvault"}}}))["account"]
    assert one.residual and "names none" in one.why


def _scope(source: str, key: str | None = None) -> dict[str, Any]:
    return {"properties": {"source": source, "keyVaultProperties": {"keyUri": key}}}


@pytest.mark.parametrize(
    ("account", "default", "own", "scope", "key", "says"),
    [
        (MICROSOFTS, None, (None,), None, None, "Microsoft's key"),
        (MICROSOFTS, "$account-encryption-key", (), None, None, "Microsoft's key"),
        (CUSTOMERS, None, (None,), None, KEY, "under key"),
        # The container has a scope, and what is in it too.
        (
            MICROSOFTS,
            "own",
            ("own",),
            _scope("Microsoft.KeyVault", KEY),
            KEY,
            "scope 'own': Azure reports it under key",
        ),
        (MICROSOFTS, "own", (), _scope("Microsoft.KeyVault", KEY), KEY, "scope 'own'"),
        (
            CUSTOMERS,
            "own",
            ("own",),
            _scope("Microsoft.Storage"),
            None,
            "scope 'own': It is under Microsoft's key",
        ),
        # Written before it had one.
        (MICROSOFTS, "own", ("own", None), _scope("Microsoft.KeyVault", KEY), None, "Microsoft's key"),
        # A blob has a scope of its own.
        (
            CUSTOMERS,
            None,
            (None, "own"),
            _scope("Microsoft.Storage"),
            None,
            "scope 'own': It is under Microsoft's",
        ),
        (CUSTOMERS, "own", ("own",), refusal(), None, "scope 'own' could not be read"),
        (CUSTOMERS, "own", ("own",), None, None, "scope 'own' could not be read: Azure shows none"),
        (CUSTOMERS, None, ("sha256:abc",), None, None, "sent along"),
    ],
)
async def test_a_container_lies_under_the_keys_of_what_is_in_it(
    account: Any, default: str | None, own: tuple[str | None, ...], scope: Any, key: str | None, says: str
) -> None:
    arm = FakeArm({ACCOUNT: account, CONTAINER: {"properties": {"defaultEncryptionScope": default}}, SCOPE: scope})
    blobs = [blob(f"b{number}", 10, encryption=name) for number, name in enumerate(own)]
    [part] = await remaining_resources.parts(side(arm), SOURCE)
    [one] = await remaining_resources.containers(side(arm), part, [listing(Location("acct", "data"), *blobs)])
    assert (one.id, one.key, one.residual) == ("acct/data", key, key is None)
    assert says in one.why
    assert (one.blobs, one.bytes) == (len(own), 10 * len(own))


@pytest.mark.parametrize("answer", [None, refusal()])
async def test_a_container_whose_scope_is_not_known_is_a_residual(answer: Any) -> None:
    arm = FakeArm({ACCOUNT: CUSTOMERS, CONTAINER: answer})
    [part] = await remaining_resources.parts(side(arm), SOURCE)
    there = listing(Location("acct", "data"))
    [one] = await remaining_resources.containers(side(arm), part, [there])
    assert one.residual and "could not be read" in one.why
    there.exists = False
    assert await remaining_resources.containers(side(arm), part, [there]) == []
    [elsewhere] = await remaining_resources.containers(side(arm), part, [listing(Location("other", "data"))])
    assert elsewhere.residual


CODE = Location("acct", "code-1", service=Service.FILE)


async def test_shares_lie_under_the_key_of_their_account() -> None:
    [part] = await remaining_resources.parts(side(FakeArm({ACCOUNT: MICROSOFTS})), SOURCE)
    shut = replace(listing(replace(CODE, container="code-2")), refused="no right")
    listed = [
        listing(CODE, blob("a")),
        shut,
        listing(replace(CODE, container="empty")),
        listing(Location("acct", "b")),
    ]
    one, other = remaining_resources.shares(part, listed)
    assert other.id == "acct/code-2" and (one.id, one.kind, one.residual) == ("acct/code-1", "share", True)


async def test_what_the_key_of_an_account_leaves_out_is_told_of_the_account_alone() -> None:
    [part] = await remaining_resources.parts(side(FakeArm({ACCOUNT: CUSTOMERS})), SOURCE)
    assert part.key == KEY and part.why.endswith("Its queues and tables are under Microsoft's key.")
    [share] = remaining_resources.shares(part, [listing(CODE, blob("a"))])
    assert share.key == KEY and "queues" not in share.why


OWN = f"azureml-blobstore-{SOURCE.workspace_id}"
LISTED = f"{ACCOUNT}/blobServices/default/containers?$include=deleted"


def _gone(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "properties": {"deleted": True, "deletedTime": "T", "remainingRetentionDays": 3, **more}}


async def test_a_container_that_is_deleted_and_kept_for_a_while_is_a_residual() -> None:
    listed = [_gone(OWN), _gone(OWN), _gone("team"), {"name": "azureml", "properties": {}}]
    arm = FakeArm({ACCOUNT: MICROSOFTS, LISTED: listed})
    [part] = await remaining_resources.parts(side(arm), SOURCE)
    [one], unread = await remaining_resources.deleted(side(arm), part, SOURCE)
    assert (one.id, one.residual, unread) == (f"acct/{OWN}", True, "") and "3 days more" in one.why
    # One of the same name that is there is another.
    there = replace(one, kind="container")
    assert [each.address for each in residuals([there, one])] == [
        f"residual/acct/{OWN}",
        f"residual/acct/{OWN}:deleted",
    ]


@pytest.mark.parametrize(
    ("account", "own", "bare"), [(CUSTOMERS, {}, False), (CUSTOMERS, {"defaultEncryptionScope": "own"}, True)]
)
async def test_a_deleted_container_lies_under_its_scope_or_its_accounts_key(
    account: Any, own: Any, bare: bool
) -> None:
    arm = FakeArm({ACCOUNT: account, LISTED: [_gone(OWN, **own)], SCOPE: _scope("Microsoft.Storage")})
    [part] = await remaining_resources.parts(side(arm), SOURCE)
    [one], _ = await remaining_resources.deleted(side(arm), part, SOURCE)
    assert one.residual is bare


async def test_deleted_containers_that_could_not_be_listed_are_not_none() -> None:
    arm = FakeArm({ACCOUNT: MICROSOFTS, LISTED: refusal()})
    [part] = await remaining_resources.parts(side(arm), SOURCE)
    found, unread = await remaining_resources.deleted(side(arm), part, SOURCE)
    assert found == [] and "Whether the account keeps containers" in unread
    assert await remaining_resources.deleted(side(arm), None, SOURCE) == ([], "")
