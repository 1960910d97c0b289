"""An instance is made for its owner and never left running: what of it is sent, hidden, told and stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import CONTEXT, asset, inventory
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.cloud.errors import ProvisioningFailedError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.placement import Around
from amlmigrate.core.principals import Principals
from amlmigrate.core.writes import Accepted
from amlmigrate.kinds import Machines, moving_kinds

KIND = moving_kinds()["computes"]
CI = Address.of("computes", "ci")
ASKED, NOTHING = frozenset({"instances"}), frozenset[str]()
ME, TENANT, OTHER = (f"{n}0000000-0000-0000-0000-000000000000" for n in (1, 2, 3))
MADE_BY = {"userName": "me@x.com", "userId": ME, "userOrgId": TENANT}
ARGUMENTS, VARIABLE = "--key TOPSECRET1", "TOPSECRET2"
SCRIPTS = {
    "scripts": {
        "startupScript": {
            "scriptSource": "workspaceStorage",
            "scriptData": "Users/me/setup.sh",
            "scriptArguments": ARGUMENTS,
            "timeout": "10m",
        }
    }
}
SERVICES = [{"name": "r", "environmentVariables": {"A": {"type": "local", "value": VARIABLE}}}]
START = {"action": "start", "status": "Enabled", "triggerType": "Cron", "cron": {"expression": "0 8 * * *"}}
STOP = START | {"action": "Stop", "id": "/x", "provisioningStatus": "Completed"}


def instance(**inner: Any) -> Asset:
    shown = {"vmSize": "STANDARD_DS3_V2", "createdBy": MADE_BY, "state": "Running", "applications": [], **inner}
    return asset("computes/ci", computeType="ComputeInstance", isAttachedCompute=False, properties=shown)


def sent(found: Asset) -> Document:
    inner: Document = KIND.desired(found, CONTEXT).first.body["properties"]["properties"]
    return inner


def codes(found: Asset) -> list[str]:
    return [one.code for one in KIND.desired(found, CONTEXT).findings]


@pytest.mark.parametrize(
    ("inner", "options", "moves"),
    [
        ({}, ASKED, True),
        ({}, NOTHING, False),
        ({"createdBy": None}, ASKED, False),
        ({"createdBy": {"userName": "me"}}, ASKED, False),
        # It is not who made it that it is of.
        ({"personalComputeInstanceSettings": {"assignedUser": {"objectId": OTHER, "tenantId": ""}}}, ASKED, False),
        ({"personalComputeInstanceSettings": {"assignedUser": {}}}, ASKED, True),
        (
            {
                "createdBy": None,
                "personalComputeInstanceSettings": {"assignedUser": {"objectId": ME, "tenantId": TENANT}},
            },
            ASKED,
            True,
        ),
    ],
)
async def test_it_stays_unless_it_is_asked_for_and_says_whose_it_is(
    inner: dict[str, Any], options: frozenset[str], moves: bool
) -> None:
    [one] = await KIND.scan(InMemory({"computes/ci": instance(**inner).document | {"name": "ci"}}))
    assert KIND.let(one, frozenset(), options) is moves
    known = moves or options == NOTHING
    assert ("plan --computes instances" in one.remedy) is known and "disk" in one.reason


def test_it_is_its_owners_and_nothing_starts_it() -> None:
    assigned = {"assignedUser": {"objectId": OTHER, "tenantId": TENANT}}
    assert sent(instance())["personalComputeInstanceSettings"] == {
        "assignedUser": {"objectId": ME, "tenantId": TENANT}
    }
    found = sent(instance(personalComputeInstanceSettings=assigned, schedules={"computeStartStop": [START, STOP]}))
    assert found["personalComputeInstanceSettings"] == assigned
    assert found["computeInstanceAuthorizationType"] == "personal"
    told = [(one["action"], one["status"]) for one in found["schedules"]["computeStartStop"]]
    assert told == [("start", "Disabled"), ("Stop", "Enabled")]
    assert not {"createdBy", "state", "applications"} & set(found)
    assert "id" not in found["schedules"]["computeStartStop"][1]


def test_what_may_be_a_secret_whatever_its_form_is_in_no_plan_and_filled_in() -> None:
    found = instance(setupScripts=SCRIPTS, customServices=SERVICES)
    desired = KIND.desired(found, CONTEXT)
    assert "TOPSECRET" not in repr(desired)
    inner = desired.first.body["properties"]["properties"]
    script = inner["setupScripts"]["scripts"]["startupScript"]
    assert (script["scriptData"], script["timeout"]) == ("Users/me/setup.sh", "10m")


async def test_they_are_read_from_the_source_for_the_call_and_compared() -> None:
    found = instance(setupScripts=SCRIPTS, customServices=SERVICES)
    body = KIND.desired(found, CONTEXT).first.body
    port = InMemory({"computes/ci": found.document})
    filled = (await KIND.secrets(port, port, CI, body))["properties"]["properties"]
    assert filled["setupScripts"]["scripts"]["startupScript"]["scriptArguments"] == ARGUMENTS
    assert filled["customServices"] == SERVICES
    assert KIND.compares_secrets(body) and set((await KIND.secret_of(port, CI)).values()) == {ARGUMENTS, VARIABLE}
    assert not KIND.compares_secrets(KIND.desired(instance(), CONTEXT).first.body)
    differing = [one.field.rpartition("/")[2] for one in KIND.differences(CI, body, found.document)]
    assert differing == ["computeInstanceAuthorizationType", "personalComputeInstanceSettings"]


def test_a_script_inside_is_hidden_and_one_in_the_share_comes_after_it() -> None:
    inline = {"scripts": {"creationScript": {"scriptSource": "inline", "scriptData": "dG9wLXNlY3JldA=="}}}
    assert "dG9w" not in repr(KIND.desired(instance(setupScripts=inline), CONTEXT))
    [named] = [one for one in KIND.references(instance(setupScripts=SCRIPTS)) if one.datastore]
    assert (named.datastore, named.path) == ("workspaceworkingdirectory", "Users/me/setup.sh")
    assert not [one for one in KIND.references(instance(setupScripts=inline)) if one.datastore]


def test_what_its_owner_has_to_know() -> None:
    assert codes(instance()) == ["instance-disk"]
    assert ME in KIND.desired(instance(), CONTEXT).findings[0].summary
    assert codes(instance(setupScripts=SCRIPTS, enableSSO=True)) == ["instance-disk", "instance-sign-on"]
    assert "enableSSO" not in sent(instance(customServices=SERVICES, enableSSO=True))
    assert sent(instance(enableSSO=True))["enableSSO"] is True
    assert codes(instance(schedules={"computeStartStop": [START]})) == ["instance-disk", "instance-schedules"]
    assert codes(instance(schedules={"computeStartStop": [STOP]})) == ["instance-disk"]
    ssh = {"sshPublicAccess": "Enabled", "adminPublicKey": "ssh-rsa AAAA"}
    assert codes(instance(sshSettings=ssh)) == ["instance-disk", "instance-ssh-key"]
    assert sent(instance(sshSettings=ssh))["sshSettings"] == {"sshPublicAccess": "Enabled"}
    body = KIND.desired(instance(sshSettings=ssh), CONTEXT).first.body
    inner = body["properties"]["properties"]
    there = {**body, "properties": {**body["properties"], "properties": {**inner, "sshSettings": ssh}}}
    assert KIND.differences(CI, body, there) == [], "its owner has set it since"
    found = instance(idleTimeBeforeShutdown="PT15M")
    with_identity = Asset(found.address, {**found.document, "identity": {"type": "UserAssigned"}})
    assert codes(with_identity) == ["instance-disk", "instance-idle"] and codes(found) == ["instance-disk"]


def test_two_are_compared_without_what_the_service_and_its_owner_decide() -> None:
    wanted = KIND.desired(instance(enableSSO=True, schedules={"computeStartStop": [START]}), CONTEXT).first.body
    inner = wanted["properties"]["properties"]
    there = inner | {
        "state": "Stopped",
        "enableSSO": False,
        "lastOperation": {"operationName": "Stop"},
        "schedules": {"computeStartStop": [START | {"action": "Start", "id": "/y", "status": "Enabled"}]},
    }
    actual = {"properties": {**wanted["properties"], "properties": there, "provisioningState": "Succeeded"}}
    assert KIND.differences(CI, wanted, actual) == []
    there["vmSize"] = "STANDARD_DS4_V2"
    [found] = KIND.differences(CI, wanted, actual)
    assert found.field == "/properties/properties/vmSize" and not found.changeable
    actual["properties"] |= {"properties": inner, "tags": {"a": "b"}, "description": "other"}
    assert not any(one.changeable for one in KIND.differences(CI, wanted, actual)), "no second PUT is made of one"


def test_one_that_is_stopped_keeps_its_cores() -> None:
    assert KIND.machines(KIND.desired(instance(), CONTEXT).first.body) == Machines("STANDARD_DS3_V2", 1, kept=True)


class Target(InMemory):
    """A target whose instance is in some state; `stops` is what becomes of an attempt to stop it."""

    state = "Running"
    last = "Create"
    stops: Any = "Stopped"
    failed = False

    async def get(self, path: str) -> Document | None:
        self.calls.append(("GET", path))
        last = {"operationName": self.last}
        return instance(state=self.state, lastOperation=last).document

    async def settled(self, path: str, operation: Any = None) -> Document | None:
        if self.failed:
            raise ProvisioningFailedError.of({"code": "X", "message": "setup failed"}, word="Failed", url=path)
        return await self.get(path)

    async def act(self, path: str) -> None:
        self.calls.append(("POST", path))
        if isinstance(self.stops, Exception):
            raise self.stops
        self.state, self.last = self.stops, "Stop"

    @property
    def stopped(self) -> int:
        return self.calls.count(("POST", "computes/ci/stop"))


def target(**told: Any) -> Target:
    made = Target()
    for name, value in told.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("told", "stopped"),
    [
        ({}, 1),
        ({"state": "SetupFailed"}, 1),
        ({"state": "Unknown"}, 1),
        ({"state": "Stopped"}, 0),
        ({"state": "Stopping"}, 0),
        ({"state": "CreateFailed"}, 0),
        # Its owner has started it meanwhile.
        ({"last": "Start"}, 0),
    ],
)
async def test_what_this_tool_has_made_is_stopped(told: dict[str, Any], stopped: int) -> None:
    port = target(**told)
    assert await KIND.settle(port, CI, Accepted({})) is not None
    assert port.stopped == stopped
    # The same again, as after a kill: nothing more.
    await KIND.settle(port, CI, Accepted({}))
    assert port.stopped == stopped


async def test_what_somebody_else_made_is_left_as_it_is() -> None:
    port = target()
    assert await KIND.settle(port, CI) is not None and port.stopped == 0


async def test_one_that_failed_while_it_was_made_is_stopped_too_and_fails_in_the_services_words() -> None:
    port = target(failed=True, state="SetupFailed")
    with pytest.raises(ProvisioningFailedError, match="setup failed"):
        await KIND.settle(port, CI, Accepted({}))
    assert port.stopped == 1


async def test_one_that_cannot_be_stopped_is_never_left_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    port = target(stops=refusal(403, "AuthorizationFailed", "no right to stop"))
    with pytest.raises(
        MigrateError, match=r"may run: it could not be stopped. Its state is 'Running'.*no right"
    ) as caught:
        await KIND.settle(port, CI, Accepted({}))
    assert "--resume" in caught.value.remedy
    lost = target(stops=refusal(500, "X", "lost"))

    async def served(path: str) -> None:
        lost.state = "Stopping"
        raise refusal(500, "X", "lost")

    lost.act = served  # type: ignore[method-assign] - an answer that is lost after the work
    assert await KIND.settle(lost, CI, Accepted({})) is not None


@pytest.mark.parametrize(
    ("who", "told"),
    [
        (Principals(), ""),
        (Principals(elsewhere=True), "of another tenant"),
        # Which tenant the new id is of a plan does not say.
        (Principals(elsewhere=True, called={ME: OTHER}), "of another tenant"),
        (Principals(gone=frozenset({ME})), "does not have any more"),
        (Principals(called={ME: OTHER}, gone=frozenset({ME})), ""),
        (Principals(called={ME: OTHER}, gone=frozenset({OTHER})), "does not have any more"),
    ],
)
def test_it_is_made_for_nobody_who_is_not_of_the_targets_tenant(who: Principals, told: str) -> None:
    assert KIND.principals(instance()) == (ME,)
    found = KIND.placement(instance(), Around(CONTEXT.mapping, inventory(), inventory(), who)).reason
    assert told in found and bool(found) is bool(told)
    cluster = asset("computes/cpu", computeType="AmlCompute")
    assert KIND.principals(cluster) == ()
    assert not KIND.placement(cluster, Around(CONTEXT.mapping, inventory(), inventory(), who)).reason


def test_it_is_of_whoever_has_followed_its_owner() -> None:
    plan = replace(CONTEXT, mapping=replace(CONTEXT.mapping, principals={ME: OTHER}))
    found = KIND.desired(instance(), plan)
    inner = found.first.body["properties"]["properties"]
    assert inner["personalComputeInstanceSettings"] == {"assignedUser": {"objectId": OTHER, "tenantId": TENANT}}
    assert OTHER in found.findings[0].summary and ME not in found.findings[0].summary
