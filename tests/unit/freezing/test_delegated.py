"""Who has rights by another tenant's management of the subscription is in no list of role assignments: it is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import OLD, SOURCE

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.finding import Finding
from amlmigrate.freezing.delegated import delegated
from amlmigrate.freezing.writers import Writers

HERE = f"/subscriptions/{OLD.subscription}"
OTHER = "/subscriptions/5b1c7e90-2f4d-4a86-b3c9-8d06e2f7a155"


class Arm:
    """Shows subscriptions, or refuses them."""

    def __init__(self, **shown: Any) -> None:
        self.shown, self.asked = shown, list[str]()

    async def get(self, path: str) -> Any:
        self.asked.append(path)
        if error := self.shown.get("error"):
            raise error
        return self.shown.get("document")


def found(account: str = SOURCE.storage_account_id, **shown: Any) -> tuple[list[Finding], list[str]]:
    arm: Any = Arm(**shown)
    document = SOURCE.document | {"properties": SOURCE.document["properties"] | {"storageAccount": account}}
    source = replace(SOURCE, document=document) if account != SOURCE.storage_account_id else SOURCE
    return asyncio.run(delegated(arm, source)), arm.asked


def test_another_tenant_that_manages_the_subscription_may_write() -> None:
    told, _ = found(document={"managedByTenants": [{"tenantId": "t2"}, {"tenantId": "t1"}]})
    [one] = told
    assert (one.code, one.about) == ("delegated", HERE) and "(t1, t2)" in one.summary
    writers = Writers(findings=told)
    assert writers.writing == told and writers.staying == 1


@pytest.mark.parametrize("told", [{}, {"managedByTenants": None}, {"managedByTenants": []}])
def test_nobody_else_is_nothing_to_tell(told: dict[str, Any]) -> None:
    assert found(document=told) == ([], [HERE])


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_may_not_be_read_is_told_as_not_checked(status: int) -> None:
    error = refusal(status, "AuthorizationFailed")
    for shown in ({"error": error}, {"document": None}):
        [one] = found(**shown)[0]
        assert one.code == "not-checked" and not Writers(findings=[one]).writing


def test_what_is_out_of_order_is_no_answer() -> None:
    with pytest.raises(ServiceError):
        found(error=refusal(503, "ServerBusy"))
