"""A customer's cluster is detached, never deleted; so is one of which nobody says whose it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest
from tests.builders.world import by_hand as left_by_hand

from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds import kind_of
from amlmigrate.kinds.computes import Compute

OWN = ("AmlCompute", "ComputeInstance", "amlcompute", "COMPUTEINSTANCE")
# Every other type of the service's description, one that it does not have yet, and none at all.
OTHERS = ("Kubernetes", "AKS", "VirtualMachine", "HDInsight", "Databricks", "SynapseSpark", "DataFactory",
          "DataLakeAnalytics", "Tomorrow", "", None)  # fmt: skip
MISSING = object()
EMPTY: Mapping[str, str] = {}


def _compute(document: Any) -> Asset:
    return left_by_hand(Address.of("computes", "c"), "", "", document)


class _Port:
    """One that keeps how something was removed."""

    query: Mapping[str, str] | None = None

    async def delete(self, path: str, query: Mapping[str, str] = EMPTY) -> None:
        self.query = query


def _asked(asset: Asset) -> Mapping[str, str] | None:
    port, kind = _Port(), kind_of(asset.address)
    assert kind
    asyncio.run(kind.retire(cast(WorkspaceClient, port), asset))
    return port.query


@pytest.mark.parametrize("kind", (*OWN, *OTHERS))
@pytest.mark.parametrize("attached", (True, False, None, MISSING, "false", 0))
def test_only_what_the_service_says_it_made_is_deleted(kind: str | None, attached: Any) -> None:
    properties: dict[str, Any] = {"computeType": kind, "isAttachedCompute": attached}
    if attached is MISSING:
        del properties["isAttachedCompute"]
    expected = "Delete" if kind in OWN and attached is False else "Detach"
    assert _asked(_compute({"properties": properties})) == {"underlyingResourceAction": expected}


@pytest.mark.parametrize("document", (None, {}, {"properties": None}, {"properties": "no object"}))
def test_one_that_could_not_be_read_is_detached(document: Any) -> None:
    assert _asked(_compute(document)) == {"underlyingResourceAction": "Detach"}
    assert Compute.of(_compute(document)).attached is None


def test_the_query_is_for_computes_alone() -> None:
    assert _asked(left_by_hand(Address.of("onlineEndpoints", "e"), "", "", {})) == {}


@pytest.mark.parametrize(("kind", "loses"), (("ComputeInstance", True), ("AmlCompute", False), ("AKS", False)))
def test_what_is_told_of_a_compute(kind: str, loses: bool) -> None:
    told = Compute.of(_compute({"properties": {"computeType": kind, "isAttachedCompute": kind == "AKS"}}))
    assert told.as_dict() == {
        "address": "computes/c",
        "kind": kind,
        "attached": kind == "AKS",
        "action": "Detach" if kind == "AKS" else "Delete",
        "loses_disk": loses,
    }
