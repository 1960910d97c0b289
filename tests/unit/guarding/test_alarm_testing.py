"""A test notification: what is sent, how long it is waited for, and what counts as sent."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.unit.guarding.guards import alarms

from amlmigrate.cloud.arm import Answer
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.clock import Clock, Pace
from amlmigrate.core.documents import Document
from amlmigrate.guarding import testing
from amlmigrate.guarding.alarmtests import AlarmTest

GROUP = alarms().action_group_id
MAIL = {"name": "keys", "emailAddress": "keys@contoso.com", "status": "Enabled"}
HOOK = {"name": "pager", "serviceUri": "https://hooks.example.com/secret", "useAadAuth": False, "objectId": None}
PROPERTIES = {"emailReceivers": [MAIL], "webhookReceivers": [HOOK], "smsReceivers": [], "armRoleReceivers": []}
STATUS = "https://management.azure.com/status/1"


def said(state: str, *details: Document) -> Answer:
    return Answer(200, {}, {"state": state, "actionDetails": list(details)})


def detail(name: str, status: str = "Completed", **more: Any) -> Document:
    return {"MechanismType": "Email", "Name": name, "Status": status, "SubState": "Default", **more}


class Notifying:
    """ARM with one action group, which answers a test and the looks at it in turn."""

    def __init__(self, *answers: Answer | Exception, properties: Document | None = None) -> None:
        self.answers, self.calls = list(answers), list[tuple[str, str, Any]]()
        self.properties = PROPERTIES if properties is None else properties
        self.time, self.there = 0.0, True

        async def sleep(seconds: float) -> None:
            self.time += seconds

        self.poller = SimpleNamespace(pace=Pace(Clock(now=lambda: self.time, sleep=sleep)))
        self.service_clock = SimpleNamespace(now=lambda: None)

    async def get(self, path: str) -> Any:
        return {"id": path, "properties": self.properties} if self.there else None

    async def call(self, method: str, path: str, body: Any = None, **_: Any) -> Answer:
        self.calls.append((method, path, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


ACCEPTED = Answer(202, {"Location": STATUS}, None)


async def result(arm: Notifying) -> AlarmTest:
    [found] = await testing.test(cast(Any, arm), alarms(), "somebody")
    return found


async def test_a_group_that_is_switched_off_is_sent_no_test() -> None:
    arm = Notifying(
        said("Completed", detail("keys"), detail("pager")), properties={**PROPERTIES, "enabled": False}
    )
    found = await result(arm)
    assert ("switched off" in found.refused, found.whole, arm.calls) == (True, False, [])


async def test_of_a_group_that_is_not_there_it_is_said_who_makes_it() -> None:
    arm, other = Notifying(ACCEPTED), GROUP.replace("actionGroups/", "actionGroups/of-others-")
    arm.there = False
    asked = replace(alarms(), action_groups=(other,))
    own, others = await testing.test(cast(Any, arm), asked, "somebody")
    assert (own.refused, own.whole, arm.calls) == (testing.NOT_MADE, False, [])
    assert "guard apply" in own.refused
    assert "Ask its owner" in others.refused


async def test_every_receiver_of_the_group_is_tested_and_the_end_waited_for() -> None:
    arm = Notifying(
        ACCEPTED,
        Answer(202, {"Location": STATUS}, None),
        said("InProgress", detail("keys", "InProgress")),
        said("Completed", detail("keys"), detail("pager", "Succeeded")),
    )
    found = await result(arm)
    assert [(one.name, one.kind, one.sent) for one in found.receivers] == [
        ("keys", "emailReceivers", True),
        ("pager", "webhookReceivers", True),
    ]
    assert found.whole and found.at and found.by == "somebody"
    method, path, body = arm.calls[0]
    assert (method, path) == ("POST", f"{GROUP}/createNotifications")
    # Without what only Azure says, and without collections that are empty.
    assert body == {
        "alertType": "logalertv2",
        "emailReceivers": [{"name": "keys", "emailAddress": "keys@contoso.com"}],
        "webhookReceivers": [{"name": "pager", "serviceUri": HOOK["serviceUri"], "useAadAuth": False}],
    }
    assert [path for _, path, _ in arm.calls[1:]] == [STATUS] * 3
    # What a receiver is reached by may be a secret, and is not kept.
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    "answer",
    [
        said(
            "Completed",
            detail("keys"),
            detail("pager", "Failed", Detail="no answer: https://hooks.example.com/secret"),
        ),
        said("Completed", detail("keys")),
        said("Failed", detail("keys"), detail("pager", "Failed")),
        said("Completed"),
        Answer(200, {}, {"state": "Completed"}),
    ],
)
async def test_one_that_azure_does_not_say_was_sent_was_not(answer: Answer) -> None:
    found = await result(Notifying(ACCEPTED, answer))
    assert not found.whole and "secret" not in str(found)
    assert not next(one for one in found.receivers if one.name == "pager").sent


@pytest.mark.parametrize(
    "answers",
    [
        (ServiceError(403, "AuthorizationFailed", "no right", method="POST", url="x"),),
        (ServiceError(429, "TooManyRequests", "too many", method="POST", url="x"),),
        (OutOfReachError("it broke", method="POST", url="x"),),
        (ACCEPTED, ServiceError(404, "NotFound", "forgotten", method="GET", url="x")),
        (Answer(202, {}, None),),
        (ACCEPTED, said("InProgress")),
        (ACCEPTED, Answer(200, {}, None)),
    ],
)
async def test_what_is_not_known_is_no_test(answers: tuple[Any, ...]) -> None:
    found = await result(Notifying(*answers))
    assert (found.whole, found.receivers) == (False, ())
    assert found.refused


async def test_nobody_can_be_tested_by_role_or_in_an_empty_group() -> None:
    role = {"armRoleReceivers": [{"name": "owners", "roleId": "x"}], "emailReceivers": []}
    for properties in (role, {}):
        arm = Notifying(ACCEPTED, properties=properties)
        found = await result(arm)
        assert (found.whole, arm.calls) == (False, [])
        assert found.refused
