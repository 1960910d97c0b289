"""What is lost for good even by a soft delete, secrets by name only, and for how long containers can come back."""

from __future__ import annotations

import pytest
from tests.builders.arm import FakeArm, side
from tests.builders.errors import refusal
from tests.builders.world import SOURCE
from tests.builders.world import by_hand as left_by_hand

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.workspace import Workspace
from amlmigrate.decommissioning.losses import Dying, secrets

VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"
WITH_VAULT = Workspace(SOURCE.ref, {**SOURCE.document, "properties": {**SOURCE.properties, "keyVault": VAULT}})
ACCOUNT = SOURCE.storage_account_id
SERVICE = f"{ACCOUNT}/blobServices/default"


def _compute(name: str, kind: str, attached: bool | None) -> Asset:
    properties = {"computeType": kind, "isAttachedCompute": attached}
    return left_by_hand(Address.of("computes", name), "", "", {"properties": properties})


def test_computes_with_their_disks_endpoints_and_jobs() -> None:
    found = Dying.of(
        [
            _compute("ci", "ComputeInstance", False),
            _compute("aks", "Kubernetes", True),
            _compute("odd", "", None),
            left_by_hand(Address.of("onlineEndpoints", "e"), "", ""),
            left_by_hand(Address.of("batchEndpoints", "b"), "", ""),
            left_by_hand(Address.of("schedules", "s"), "", ""),
            left_by_hand(Address.of("jobs"), "", "", {"running": 2}),
        ]
    )
    assert found.as_dict()["endpoints"] == ["onlineEndpoints/e", "batchEndpoints/b"]
    assert (found.as_dict()["jobs"], len(found.as_dict()["computes"])) == (2, 3)
    lines = "\n".join(found.lines())
    assert "lost for good, with its disk: computes/ci" in lines
    assert "detached, what is behind it stays: computes/aks" in lines
    assert "computes/odd (of a kind that is not told)" in lines
    assert "2 jobs that have not ended" in lines
    assert Dying.of([]).lines() == [] and Dying.of([]).as_dict()["jobs"] is None


async def test_secrets_are_told_by_number_and_name_and_never_by_value() -> None:
    listed = [{"name": "b", "properties": {"value": "hush"}}, {"name": "a"}]
    found = await secrets(side(FakeArm({f"{VAULT}/secrets": listed})), WITH_VAULT)
    assert found.as_dict() == {"vault": VAULT, "count": 2, "names": ["a", "b"], "unread": ""}
    assert "hush" not in repr(found) and found.lines() == [f"stay: 2 secrets in {VAULT}"]


@pytest.mark.parametrize("status", (401, 403, 400))
async def test_secrets_that_could_not_be_listed_are_not_none(status: int) -> None:
    found = await secrets(side(FakeArm({f"{VAULT}/secrets": refusal(status)})), WITH_VAULT)
    assert (found.as_dict()["count"], found.as_dict()["names"]) == (None, None)
    assert found.unread and found.lines()[0].startswith("not known")


async def test_a_workspace_without_a_vault_has_no_secrets_in_it() -> None:
    assert (await secrets(side(FakeArm()), SOURCE)).lines() == []


async def test_a_vault_that_is_out_of_order_is_an_error() -> None:
    with pytest.raises(ServiceError):
        await secrets(side(FakeArm({f"{VAULT}/secrets": refusal(503, "ServerBusy")})), WITH_VAULT)
