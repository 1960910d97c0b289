"""Has Azure send a test notification through the action groups of alarms, and waits what became of it.

What it shows: that Azure sent it to each receiver. Whether anybody reads it, it does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from amlmigrate.cloud.arm import Answer, Arm
from amlmigrate.cloud.errors import NotSettledError, OutOfReachError, ServiceError, retry_after
from amlmigrate.cloud.operations import Ending
from amlmigrate.cloud.polling import ended
from amlmigrate.cloud.twice import HARMLESS
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.redaction import masked
from amlmigrate.guarding import alarmweakening
from amlmigrate.guarding.alarmtests import AlarmTest, ReceiverTest, digest_of
from amlmigrate.guarding.alarmweakening import BY_ROLE
from amlmigrate.guarding.wanted import Alarms

# One of the words that Azure takes (AZ-MONITOR-43): what is told looks like an alert on logs.
_ALERT = "logalertv2"
# An answer of the documentation took two minutes.
_LONGEST = 900.0
# By these Azure says that a notification, or one of its receivers, is done (AZ-MONITOR-24).
_DONE = frozenset({"succeeded", "completed", "complete"})
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_NOBODY = (
    "It has no receiver to whom Azure sends a test: to those who are told by their role it sends none."
    " Add one, such as an e-mail address."
)
NOT_MADE = "The action group is not there: `guard apply` makes it."
_GONE = "The action group is not there. Ask its owner, or take it out of `alarms.actionGroups` in the file."
_OFF = "The action group is switched off: no alarm reaches anybody by it. Switch it on, then test again."
_FAILED = frozenset({"failed", "canceled", "cancelled"})


async def test(arm: Arm, alarms: Alarms, by: str) -> tuple[AlarmTest, ...]:
    """A test of each action group that the rules name, one after the other; what is refused is told in its own."""
    return tuple([await _tested(arm, one, by, own=one == alarms.action_group_id) for one in alarms.told])


async def _tested(arm: Arm, id_: str, by: str, *, own: bool) -> AlarmTest:
    made = AlarmTest("", by, id_, ())
    try:
        found = await arm.get(id_)
        if found is None:
            return _at(arm, replace(made, refused=NOT_MADE if own else _GONE))
        if properties_of(found).get("enabled") is False:
            # A test names its receivers itself: it would arrive, and no alarm would.
            return _at(arm, replace(made, refused=_OFF))
        every = alarmweakening.receivers(properties_of(found))
        asked = {kind: each for kind, each in every.items() if each and kind != BY_ROLE}
        if not asked:
            return _at(arm, replace(made, refused=_NOBODY))
        said = await _sent(arm, id_, asked)
    except (ServiceError, OutOfReachError) as error:
        return _at(arm, replace(made, refused=_shown(error.summary)))
    return _at(arm, replace(made, receivers=tuple(_receivers(asked, said))))


def _at(arm: Arm, made: AlarmTest) -> AlarmTest:
    now = arm.service_clock.now() or arm.poller.pace.clock.today()
    return replace(made, at=now.isoformat(timespec="seconds"))


async def _sent(arm: Arm, id_: str, every: Mapping[str, list[Document]]) -> Document:
    """What Azure says of it once it has ended. A second one, where an answer was lost, is one more message."""
    body = {"alertType": _ALERT, **{kind: [_asked(one) for one in each] for kind, each in every.items()}}
    answer = await arm.call("POST", f"{id_}/createNotifications", body, twice=HARMLESS)
    url = answer.headers.get("Location") or answer.headers.get("Azure-AsyncOperation")
    if answer.status == 202 and not url:
        raise NotSettledError("Azure does not say where the end of the test is told", url=id_)
    ending = _ending(answer)
    if ending is Ending.UNDER_WAY and url:
        ending, answer = await _ended(arm, str(url), retry_after(answer.headers))
    if ending is Ending.UNDER_WAY:
        raise NotSettledError(
            "the test notification did not end within 15 minutes", url=id_, told=_word(answer.body)
        )
    return answer.body if isinstance(answer.body, dict) else {}


async def _ended(arm: Arm, url: str, after: float | None) -> tuple[Ending, Answer]:
    last: list[Answer] = []

    async def look() -> tuple[Ending, Answer]:
        last[:] = [await arm.call("GET", url)]
        return _ending(last[0]), last[0]

    ending, _ = await ended(look, replace(arm.poller.pace, longest=_LONGEST), after or 0.0)
    return ending, last[0]


def _asked(receiver: Document) -> Document:
    """A receiver as it is sent: without what only Azure says of it."""
    return {name: value for name, value in receiver.items() if name != "status" and value is not None}


def _ending(answer: Answer) -> Ending:
    """How it stands, by its own word: a 200 may say that it is still under way."""
    word = _word(answer.body).lower()
    if answer.status == 202 or word not in _DONE | _FAILED:
        return Ending.UNDER_WAY
    return Ending.SUCCEEDED if word in _DONE else Ending.FAILED


def _word(body: Any) -> str:
    return str(body.get("state") or body.get("status") or "") if isinstance(body, dict) else ""


def _receivers(every: Mapping[str, list[Document]], said: Document) -> Iterator[ReceiverTest]:
    """Each receiver, with what Azure says of it; nothing said is not sent."""
    details = {
        _value(one, "Name").lower(): one for one in said.get("actionDetails") or () if isinstance(one, dict)
    }
    for kind, each in every.items():
        for one in each:
            name = str(one.get("name"))
            detail = details.get(name.lower(), {})
            status = _value(detail, "Status")
            more = " ".join(filter(None, (_value(detail, "SubState"), _value(detail, "Detail"))))
            told = f"{status or 'Azure says nothing of it'} {more}".strip()
            yield ReceiverTest(name, kind, status.lower() in _DONE, _shown(told), digest_of(one))


def _shown(text: str) -> str:
    """What may be kept of what Azure says: of a webhook's address each part may be its secret."""
    return masked(_ADDRESS.sub("(an address)", text))


def _value(detail: Document, name: str) -> str:
    """A member that the description spells `Name`, and clients `name`."""
    found = next((value for key, value in detail.items() if key.lower() == name.lower()), None)
    return str(found or "")
