"""Alert processing rules in a check: which are told, by whom, with which next step, and what is not known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.guarding.guards import SCOPE, VAULT, alarms
from tests.unit.guarding.test_alarm_checks import Estate, checked, sent

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError
from amlmigrate.guarding.gaps import AlarmCheck
from amlmigrate.guarding.wanted import Alarms

RULES = "providers/Microsoft.AlertsManagement/actionRules"
MADE = {"createdBy": "ann@contoso.com", "createdAt": "2026-11-02T03:04:05.1234567Z"}
TESTED = sent("keys@contoso.com")


def rule(name: str, *scopes: str, within: str = SCOPE, **given: Any) -> Document:
    properties = {
        "scopes": list(scopes or (SCOPE,)),
        "actions": [{"actionType": "RemoveAllActionGroups"}],
        **given,
    }
    return {"id": f"{within}/resourceGroups/ops/{RULES}/{name}", "properties": properties, "systemData": {**MADE}}


class Silent(Estate):
    """The whole estate with alert processing rules, of which lists may break off."""

    def __init__(self, *rules: Document, wanted: Alarms | None = None) -> None:
        super().__init__(wanted or alarms())
        self.asked: list[str] = []
        self.breaks: MigrateError | None = None
        for one in rules:
            self.kept[key_of(one["id"])] = one

    async def pages(self, path: str, *args: Any, **given: Any) -> AsyncIterator[Document]:
        async for one in super().pages(path, *args, **given):
            yield one
        if path.endswith(RULES):
            self.asked.append(path)
            if self.breaks:
                raise self.breaks


async def looked(*rules: Document, breaks: MigrateError | None = None) -> AlarmCheck:
    arm = Silent(*rules)
    arm.breaks = breaks
    return await checked(alarms(), arm, TESTED)


async def test_a_rule_that_silences_alarms_is_told_with_when_by_whom_and_what_to_do() -> None:
    daily = {"recurrences": [{"recurrenceType": "Daily", "startTime": "17:00:00", "endTime": "09:00:00"}]}
    theirs = rule("quiet nights", schedule={**daily, "timeZone": "UTC"})
    theirs["systemData"] |= {"lastModifiedBy": "bob@contoso.com", "lastModifiedAt": "2026-11-03T00:00:00Z"}
    [gap] = (await looked(theirs)).gaps
    assert (gap.code, gap.id) == ("silenced", theirs["id"])
    assert (
        "takes all action groups from alerts, daily from 17:00:00 to 09:00:00 (UTC): nobody is told of" in gap.text
    )
    assert gap.text.endswith(
        " Made by ann@contoso.com at 2026-11-02 03:04 UTC, changed last by bob@contoso.com at 2026-11-03 00:00 UTC."
    )
    assert gap.remedy.endswith(
        "az monitor alert-processing-rule update --name 'quiet nights' --resource-group ops --subscription"
        f" {SCOPE.rpartition('/')[2]} --enabled false"
    )


async def test_what_may_silence_alarms_is_told_as_such() -> None:
    context = {"field": "AlertContext", "operator": "Contains", "values": ["x"]}
    surely, perhaps, both = [
        (await looked(one)).gaps[0].text for one in (rule("a"), rule("a", conditions=[context]), rule("a", VAULT))
    ]
    assert ("nobody is told of" in surely, "erhaps" in surely, "may take" in surely) == (True, False, False)
    assert ("perhaps nobody is told of any alarm" in perhaps, "may take" in perhaps) == (True, True)
    # Of a vault a metric shows what an alert is on, and the activity log may show others.
    assert "nobody is told of 'A vault does not answer'" in both
    assert "Perhaps not of these either: 'A" in both
    assert "nobody is told of any alarm." in surely


async def test_what_harms_no_alarm_is_no_gap() -> None:
    adds = rule("adds", actions=[{"actionType": "AddActionGroups", "actionGroupIds": ["/x"]}])
    ended = rule("ended", schedule={"effectiveUntil": "2026-11-01T00:00:00", "timeZone": "UTC"})
    of_others = {"field": "AlertRuleName", "operator": "Equals", "values": ["backup"]}
    found = await looked(adds, ended, rule("off", enabled=False), rule("others", conditions=[of_others]))
    assert (found.gaps, found.not_checked, len(found.notes)) == ((), (), 2)


async def test_a_rule_for_a_machine_alone_is_told_and_is_no_gap() -> None:
    found = await looked(rule("vm", f"{SCOPE}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"))
    assert found.gaps == ()
    [note] = [one for one in found.notes if "nothing to do with" in one]
    assert note.endswith(": vm.")


async def test_who_made_it_is_not_known_where_azure_does_not_say() -> None:
    theirs = rule("a")
    del theirs["systemData"]
    [gap] = (await looked(theirs)).gaps
    assert "By whom is not known" in gap.text


@pytest.mark.parametrize(
    "error",
    [
        *(
            ServiceError(status, "Code", "says", method="GET", url="x")
            for status in (401, 403, 404, 409, 429, 500)
        ),
        OutOfReachError("the connection broke", method="GET", url="x"),
    ],
)
async def test_rules_that_could_not_be_read_are_not_checked_and_those_that_came_count(error: MigrateError) -> None:
    found = await looked(breaks=error)
    assert (found.gaps, len(found.not_checked)) == ((), 1)
    assert found.not_checked[0].startswith(f"whether alert processing rules silence alarms in {SCOPE}: ")
    partly = await looked(rule("a"), breaks=error)
    assert (len(partly.gaps), len(partly.not_checked)) == (1, 1)


async def test_rules_are_looked_for_wherever_alerts_have_their_targets() -> None:
    other = "/subscriptions/99999999-2222-4333-8444-555555555555"
    vault = VAULT.replace(SCOPE, other)
    wanted = alarms(vaults=(vault,))
    arm = Silent(rule("a", other, within=other), wanted=wanted)
    arm.kept[key_of(vault)] = {"id": vault, "location": "eastus2", "properties": {}}
    found = await checked(wanted, arm, TESTED)
    assert sorted(arm.asked) == sorted(f"{one}/{RULES}" for one in (SCOPE, other))
    assert [one.code for one in found.gaps] == ["silenced"]


async def test_an_alarm_that_is_not_there_is_not_silenced_and_one_that_may_not_be_read_may_be() -> None:
    named = {"field": "AlertRuleName", "operator": "Equals", "values": ["aml-cmk-vault-deleted-vaults-delete"]}
    arm = Silent(rule("a", conditions=[named]))
    arm.refusing = "/aml-cmk-vault-deleted"
    assert [one.code for one in (await checked(alarms(), arm, TESTED)).gaps] == ["silenced"]
    arm.refusing = ""
    del arm.kept[next(key for key in arm.kept if "/aml-cmk-vault-deleted" in key)]
    assert [one.code for one in (await checked(alarms(), arm, TESTED)).gaps] == ["missing"]
