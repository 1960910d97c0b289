"""Of which tenant a target is, and that who approves is of it and reads it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from tests.builders.world import NEW, NEW_ID, OLD_ID, header, plan, workspace

from amlmigrate.cloud import tenants as cloud_tenants
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import BadInputError, DeniedError, ExitCode, MigrateError
from amlmigrate.core.identity import Identity
from amlmigrate.deciding.approve import refuse_unseeing

BEN = Identity("ben", tenant_id="T1")
FORBIDDEN = ServiceError(403, "AuthorizationFailed", "no", method="GET", url="/subscriptions/s")
ABSENT = BadInputError("There is no workspace.")
Answer = str | None | MigrateError


class Target:
    """A target's side: what a GET of its subscription and of its workspace comes to."""

    def __init__(self, tenant: Answer = "t1", found: str | MigrateError = NEW_ID) -> None:
        self._tenant, self._found = tenant, found
        self.asked: list[str] = []
        self.arm = self.credential = self

    async def get(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        if isinstance(self._tenant, MigrateError):
            raise self._tenant
        return {"tenantId": self._tenant} if self._tenant else None

    async def tenant(self) -> str:
        return "of the token"

    def workspace(self, _: Any) -> Any:
        async def read() -> Any:
            if isinstance(self._found, MigrateError):
                raise self._found
            return workspace(NEW, self._found, "cmkacct", "northeurope")

        return SimpleNamespace(read=read)


@pytest.mark.parametrize(
    ("answer", "tenant"), [("t1", "t1"), (None, "of the token"), (FORBIDDEN, "of the token"), ("", "of the token")]
)
async def test_a_targets_tenant_is_its_subscriptions_else_that_of_the_token(answer: Answer, tenant: str) -> None:
    side: Any = Target(answer)
    assert await cloud_tenants.of_target(side, NEW.subscription) == tenant
    assert side.asked == [f"/subscriptions/{NEW.subscription}"]


async def test_what_may_be_answered_later_is_not_taken_for_no_answer() -> None:
    side: Any = Target(ServiceError(503, "Busy", "later", method="GET", url="/subscriptions/s"))
    with pytest.raises(ServiceError):
        await cloud_tenants.of_target(side, NEW.subscription)


async def _ended(side: Target, tenant: str = "t1", who: Identity = BEN) -> ExitCode | None:
    """The exit code with which an approval of a plan is refused, whose header has that tenant; None where it goes on."""
    made = plan()
    made = replace(made, header=header(extra={"target_tenant": tenant} if tenant else {}))
    clouds: Any = SimpleNamespace(target=side)
    try:
        await refuse_unseeing(clouds, made, who)
    except MigrateError as error:
        return error.exit_code
    return None


async def test_who_is_of_the_targets_tenant_and_reads_it_may_approve() -> None:
    assert await _ended(Target()) is None
    assert await _ended(Target(), "") is None


@pytest.mark.parametrize("tenant", ["t2", ""])
@pytest.mark.parametrize("of_plan", ["t1", ""], ids=["in the header", "of an older plan"])
async def test_another_tenant_is_refused_whoever_planned(tenant: str, of_plan: str) -> None:
    """Of an older plan nobody knows whose it is: Azure is asked."""
    assert await _ended(Target(), of_plan, replace(BEN, tenant_id=tenant)) is ExitCode.DENIED


@pytest.mark.parametrize(
    ("found", "code"),
    [(FORBIDDEN, ExitCode.DENIED), (ABSENT, ExitCode.BAD_INPUT), (OLD_ID, ExitCode.BAD_INPUT)],
    ids=["may not read it", "there is none", "another one by that name"],
)
async def test_who_does_not_see_the_very_target_does_not_approve(
    found: str | MigrateError, code: ExitCode
) -> None:
    assert await _ended(Target(found=found)) is code


def test_a_planner_of_another_tenant_is_refused() -> None:
    cloud_tenants.refuse_other("t1", BEN)
    with pytest.raises(DeniedError, match="tenant t2"):
        cloud_tenants.refuse_other("t2", BEN)


async def test_a_domain_signs_in_and_the_id_of_the_token_counts() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"oid": "ben", "tid": "T1"}).encode()).decode().rstrip("=")
    asked: list[str] = []

    async def token(*_: str, **named: Any) -> AccessToken:
        asked.append(named["tenant_id"])
        return AccessToken(f"x.{claims}.y", 2**40)

    credential = Credential(Login(tenant="contoso.com"))
    credential._inner = SimpleNamespace(get_token=token)  # type: ignore[assignment]  # Entra's answer
    who = await credential.identity()
    assert asked == ["contoso.com"] and who.tenant_id == "T1"
    assert await _ended(Target(), "t1", who) is None
