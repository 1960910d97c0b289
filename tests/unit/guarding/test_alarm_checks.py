"""What a check says of alarms: missing, off, otherwise, without a receiver, without a test; and what is no fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.unit.guarding.guards import CALLER, LOGS, SCOPE, VAULT, GuardedArm, alarms, guardrail

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.guarding import alarmchecks, alarmplaces, alarmrules, alarmtests
from amlmigrate.guarding.alarmchecks import AlarmsAsked
from amlmigrate.guarding.alarmtests import AlarmTest, ReceiverTest
from amlmigrate.guarding.gaps import AlarmCheck
from amlmigrate.guarding.wanted import Alarms
from amlmigrate.ledger.files import FileError

NOW = datetime(2026, 12, 1, tzinfo=UTC)
GROUP = alarms().action_group_id
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def sent(*names: str, at: datetime = NOW, kind: str = "emailReceivers", ok: bool = True) -> AlarmTest:
    def of(name: str) -> ReceiverTest:
        receiver = {"name": name, "emailAddress": name, "useCommonAlertSchema": True, "status": "Enabled"}
        return ReceiverTest(name, kind, ok, "", alarmtests.digest_of(receiver))

    return AlarmTest(at.isoformat(), "somebody", GROUP, tuple(map(of, names)))


class Estate(GuardedArm):
    """What alarms are about, and all that they are made of, but for what a test takes away."""

    def __init__(self, wanted: Alarms) -> None:
        super().__init__()
        for id_ in (VAULT, LOGS):
            self.kept[key_of(id_)] = {"id": id_, "location": "East US 2", "properties": {}}
        for one in alarmrules.everything(guardrail(alarms=wanted), wanted):
            self._put("PUT", one.id, one.body)
        self.refusing = ""

    def at(self, part: str) -> Document:
        return next(one for key, one in self.kept.items() if part.lower() in key)

    async def get(self, path: str, *_: Any) -> Any:
        if self.refusing and self.refusing.lower() in path.lower():
            raise ServiceError(403, "AuthorizationFailed", "no right", method="GET", url=path)
        return await super().get(path)


async def checked(
    wanted: Alarms, arm: Estate, *tests: AlarmTest, assignments: list[Document] | None = None
) -> AlarmCheck:
    async def held(_: str) -> list[Document]:
        return assignments or []

    side = cast(Side, SimpleNamespace(arm=arm, vaults=None, roles=SimpleNamespace(assignments=held)))
    asked = AlarmsAsked(tests, NOW, "migrate guard apply guard.yaml", "migrate guard test guard.yaml")
    return await alarmchecks.check(side, guardrail(alarms=wanted), asked)


def codes(found: AlarmCheck) -> list[tuple[str, str]]:
    return [(one.code, one.id.rpartition("/")[2].lower()) for one in found.gaps]


async def test_all_there_and_tested_is_no_gap() -> None:
    wanted = alarms()
    found = await checked(wanted, Estate(wanted), sent("keys@contoso.com"))
    assert (found.gaps, found.not_checked) == ((), ())
    # Never fired is information.
    fired = "No alarm fired in the last 30 days, which is no fault: nothing may have happened."
    assert found.notes == (fired, alarmchecks.NOT_LOOKED_AT)


async def test_which_alarms_fired_is_told_by_their_rules() -> None:
    wanted, arm = alarms(), Estate(alarms())
    named = (
        "aml-cmk-vault-latency-kv",
        "aml-cmk-access-changed-roleAssignments-write",
        "aml-cmk-vault-latency-kv",
        "x",
    )
    for number, rule in enumerate(named):
        id_ = f"{SCOPE}/providers/Microsoft.AlertsManagement/alerts/{number}"
        arm.kept[key_of(id_)] = {"id": id_, "properties": {"essentials": {"alertRule": f"{SCOPE}/a/{rule}"}}}
    note, _ = (await checked(wanted, arm, sent("keys@contoso.com"))).notes
    assert "A vault answers slowly (2 times)" in note and "Rights are given or taken (1 time)" in note


async def test_what_is_missing_is_told_with_the_command_that_makes_it() -> None:
    wanted, arm = alarms(), Estate(alarms())
    for part in ("/diagnosticsettings/", "/aml-cmk-vault-deleted", "/aml-cmk-key-changed"):
        del arm.kept[next(key for key in arm.kept if part in key)]
    found = await checked(wanted, arm, sent("keys@contoso.com"))
    assert sorted(code for code, _ in codes(found)) == ["missing"] * 3
    assert {one.remedy for one in found.gaps} == {"migrate guard apply guard.yaml"}


async def test_what_is_off_is_told_once() -> None:
    wanted, arm = alarms(), Estate(alarms())
    arm.at("/aml-cmk-key-changed")["properties"]["enabled"] = False
    arm.at("/actiongroups/")["properties"]["enabled"] = False
    assert codes(await checked(wanted, arm, sent("keys@contoso.com"))) == [
        ("off", "aml-cmk"),
        ("off", "aml-cmk-key-changed"),
    ]


async def test_what_is_otherwise_and_what_apply_would_refuse_to_change_are_told() -> None:
    wanted, arm = alarms(), Estate(alarms())
    arm.at("/aml-cmk-vault-latency")["properties"]["severity"] = 4
    arm.at("/aml-cmk-vault-availability")["properties"]["severity"] = 0
    arm.at("/aml-cmk-use-refused")["tags"] = {}
    arm.at("/aml-cmk-use-refused")["properties"]["severity"] = 4
    found = await checked(wanted, arm, sent("keys@contoso.com"))
    remedies = {one.id.rpartition("/")[2]: one.remedy for one in found.gaps}
    assert {one.code for one in found.gaps} == {"differs"}
    assert remedies["aml-cmk-vault-latency-kv"] == "migrate guard apply guard.yaml"
    assert "refuses to change it" in remedies["aml-cmk-vault-availability-kv"]
    assert "did not make it" in remedies["aml-cmk-use-refused"]


async def test_other_words_for_people_are_no_gap() -> None:
    arm = Estate(alarms())
    arm.at("/aml-cmk-key-changed")["properties"] |= {"displayName": "x", "description": "y"}
    assert codes(await checked(alarms(), arm, sent("keys@contoso.com"))) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"emailReceivers": []}, "Nobody is told of any alarm"),
        (
            {
                "emailReceivers": [
                    {"name": "keys@contoso.com", "emailAddress": "keys@contoso.com", "status": "Disabled"}
                ]
            },
            "has unsubscribed",
        ),
    ],
)
async def test_a_group_without_a_receiver_that_gets_it_is_told(changed: Document, told: str) -> None:
    wanted = alarms(emails=()) if not changed["emailReceivers"] else alarms()
    arm = Estate(wanted)
    arm.at("/actiongroups/")["properties"] |= changed
    found = await checked(wanted, arm, sent("keys@contoso.com"))
    assert [one.code for one in found.gaps if told in one.text] == ["receivers"]


async def test_rules_that_tell_a_group_that_is_gone_are_told() -> None:
    theirs = f"{SCOPE}/resourceGroups/ops/providers/Microsoft.Insights/actionGroups/pager"
    wanted = alarms(action_groups=(theirs,))
    found = await checked(wanted, Estate(wanted), sent("keys@contoso.com"))
    assert [(one.code, one.id) for one in found.gaps] == [("missing", theirs)]


async def test_a_role_that_nobody_has_at_the_subscription_tells_nobody() -> None:
    wanted = alarms(roles=(OWNER,))
    definition = f"{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"

    def held(scope: str, kind: str) -> list[Document]:
        return [{"properties": {"scope": scope, "principalType": kind, "roleDefinitionId": definition}}]

    for assignments, expected in (
        (held(SCOPE, "Group"), []),
        (held(f"{SCOPE}/resourceGroups/g", "User"), ["receivers"]),
        (held(SCOPE, "ServicePrincipal"), ["receivers"]),
        ([], ["receivers"]),
    ):
        found = await checked(wanted, Estate(wanted), sent("keys@contoso.com"), assignments=assignments)
        assert [one.code for one in found.gaps] == expected
        # Azure sends them no test: that is no fault of theirs.
        assert any("sends no test" in one for one in found.notes)


@pytest.mark.parametrize(
    ("tests", "untested"),
    [
        ((), True),
        ((sent("keys@contoso.com", at=NOW - timedelta(days=90)),), False),
        ((sent("keys@contoso.com", at=NOW - timedelta(days=90, seconds=1)),), True),
        ((sent("keys@contoso.com", at=NOW + timedelta(minutes=10)),), False),
        ((sent("keys@contoso.com", at=NOW + timedelta(minutes=11)),), True),
        ((sent("keys@contoso.com", ok=False),), True),
        ((sent("other@contoso.com"),), True),
        ((sent("keys@contoso.com", kind="smsReceivers"),), True),
        ((replace(sent("keys@contoso.com"), action_group=f"{GROUP}-2"),), True),
        ((sent("keys@contoso.com", ok=False), sent("keys@contoso.com")), False),
    ],
)
async def test_who_had_no_test_for_90_days_is_told(tests: tuple[AlarmTest, ...], untested: bool) -> None:
    found = await checked(alarms(), Estate(alarms()), *tests)
    assert [one.code for one in found.gaps] == ["untested"] * untested
    assert all(one.remedy == "migrate guard test guard.yaml" for one in found.gaps)


async def test_another_address_under_a_name_that_was_tested_is_not_tested() -> None:
    arm = Estate(alarms())
    [receiver] = arm.at("/actiongroups/")["properties"]["emailReceivers"]
    receiver |= {"emailAddress": "mallory@contoso.com"}
    found = await checked(alarms(), arm, sent("keys@contoso.com"))
    assert "untested" in {one.code for one in found.gaps}


def _muted(rule: Document) -> None:
    rule["properties"]["muteActionsDuration"] = "P1D"


def _narrowed(rule: Document) -> None:
    rule["properties"]["overrideQueryTimeRange"] = "PT1M"


def _measuring(rule: Document) -> None:
    rule["kind"] = "LogToMetric"


def _in_another_letter_case(rule: Document) -> None:
    [criterion] = rule["properties"]["criteria"]["allOf"]
    criterion["query"] = criterion["query"].replace("'KeyBackup'", "'keybackup'")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_muted, "muteActionsDuration"),
        (_narrowed, "overrideQueryTimeRange"),
        (_measuring, "LogToMetric"),
        (_in_another_letter_case, "letter case"),
    ],
)
async def test_a_rule_that_tells_nobody_though_it_looks_as_asked_for_is_told(
    change: Callable[[Document], None], told: str
) -> None:
    arm = Estate(alarms())
    arm.at("/aml-cmk-use-refused")["kind"] = "LogAlert"
    change(arm.at("/aml-cmk-key-changed"))
    found = await checked(alarms(), arm, sent("keys@contoso.com"))
    assert [(one.code, told in one.text) for one in found.gaps] == [("differs", True)]


async def test_a_rule_of_the_guardrail_that_the_file_no_longer_asks_for_is_told_and_no_other() -> None:
    arm = Estate(alarms())
    theirs = arm.at("/aml-cmk-key-expiring")
    theirs["tags"] = {}
    found = await checked(alarms(without=("key-changed", "key-expiring")), arm, sent("keys@contoso.com"))
    [note] = [one for one in found.notes if "does not ask for these rules" in one]
    assert note.endswith(": aml-cmk-key-changed.")
    assert found.gaps == ()


async def test_what_may_not_be_read_is_not_known_and_no_gap() -> None:
    for what in ("/aml-cmk-key-changed", "/actionGroups/", "/vaults/kv"):
        arm = Estate(alarms())
        arm.refusing = what
        found = await checked(alarms(), arm, sent("keys@contoso.com"))
        assert found.not_checked, what
        assert not [one for one in found.gaps if one.code == "missing"]


async def test_what_the_file_names_and_is_not_there_is_told_and_keeps_a_plan_from_being_made() -> None:
    wanted, arm = alarms(location="westeurope"), Estate(alarms())
    del arm.kept[key_of(VAULT)]
    where = await alarmplaces.found(cast(Any, arm), guardrail(alarms=wanted))
    assert len(where.reasons) == 2
    found = await checked(wanted, arm, sent("keys@contoso.com"))
    assert {one.id for one in found.gaps if one.code == "missing"} >= {VAULT, LOGS}


async def test_the_region_of_the_logs_is_azures() -> None:
    where = await alarmplaces.found(cast(Any, Estate(alarms())), guardrail(alarms=alarms(location="")))
    assert where.wanted and where.wanted.location == "eastus2"
    assert where.reasons == ()


def test_tests_are_kept_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "guard.yaml"
    assert alarmtests.read(file) == ()
    first, second = sent("a"), replace(sent("b", ok=False), refused="no right")
    alarmtests.add(file, [first])
    path = alarmtests.add(file, [second])
    assert path.name == "guard.yaml.alarm-tests.jsonl"
    assert alarmtests.read(file) == (first, second)
    assert [one.whole for one in (first, second)] == [True, False]


@pytest.mark.parametrize("text", ["{", "[]", '{"format":2}', '{"format":1,"at":"never"}', "\xff"])
def test_records_that_cannot_be_read_are_not_written_over(tmp_path: Path, text: str) -> None:
    file = tmp_path / "guard.yaml"
    alarmtests.place(file).write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInputError):
        alarmtests.add(file, [sent("a")])
    assert alarmtests.place(file).read_bytes() == text.encode("latin-1")


def _ids(found: Iterator[Any]) -> set[str]:
    return {one.id for one in found}


def test_callers_are_of_the_one_rule_that_tells_of_callers() -> None:
    ids = _ids(alarmrules.rules(guardrail(), alarms())) - _ids(alarmrules.rules(guardrail(), alarms(callers={})))
    assert [one.rpartition("/")[2] for one in ids] == ["aml-cmk-unexpected-caller"]
    [text] = [str(one.body) for one in alarmrules.rules(guardrail(), alarms()) if one.id in ids]
    assert CALLER in text


def test_nobody_is_written_to_where_that_cannot_be_recorded(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        alarmtests.check_writable(Path("/proc/guard.yaml"))
    alarmtests.check_writable(tmp_path / "guard.yaml")
    assert list(tmp_path.iterdir()) == []
