"""What is read before a drill, and what each refusal of Azure makes of it: never a workspace that is not there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from drilled import GROUP, KEY, ME, NOW, VAULT_ID, VERSION, key, request, version
from tests.builders.errors import refusal, silence

from amlmigrate.cli import keydrill
from amlmigrate.cli.keydrill import DrillOptions, limit_of
from amlmigrate.cli.keyoptions import KeyAsked
from amlmigrate.cli.views.drill import DrillPlanView
from amlmigrate.cloud.credentials import Login
from amlmigrate.core.armid import key_of
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError
from amlmigrate.drilling import chain, facts, measuring, probes, refusing, rights
from amlmigrate.drilling.facts import Nearby
from amlmigrate.drilling.model import ProbeReply
from amlmigrate.drilling.refusing import DrillFacts
from amlmigrate.drilling.stage import DrillOrder
from amlmigrate.keys import dependants
from amlmigrate.keys.model import AuditLog, Dependant, DependantKind, KeySurvey
from amlmigrate.keys.reading import KeyRules
from amlmigrate.leasing import looking
from amlmigrate.posture import tagging
from amlmigrate.posture.reading import Read
from amlmigrate.rotating import chain as rotations
from amlmigrate.scanning.standing import StandingDecision, StandingDecisions

SUBSCRIPTION = GROUP.split("/")[2]
LIST = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/workspaces"
WS = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
STANDARD = tagging.read()


def workspace(name: str = "ws", **properties: Any) -> dict[str, Any]:
    encryption = {"status": "Enabled", "keyVaultProperties": {"keyVaultArmId": VAULT_ID, "keyIdentifier": VERSION}}
    told = {"provisioningState": "Succeeded", "encryption": encryption, **properties}
    return {"id": WS.replace("/ws", f"/{name}"), "tags": {"environment": "dev"}, "properties": told}


class Arm:
    """Lists by path; an exception is raised."""

    def __init__(self, **lists: Any) -> None:
        self.lists: dict[str, Any] = {LIST: [workspace()], **{f"{WS}/{name}": one for name, one in lists.items()}}

    async def pages(self, path: str, query: Any = None) -> AsyncIterator[dict[str, Any]]:
        found = self.lists.get(path, [])
        if isinstance(found, Exception):
            raise found
        for one in found:
            yield one


class Roles:
    """What the caller has on the vault."""

    def __init__(self, assigned: Any = (), timed: Any = (), data: str = rights.UPDATE) -> None:
        self._assigned, self._timed, self._data = assigned, timed, data

    async def assigned(self, scope: str, caller: str) -> Any:
        return _given(self._assigned)

    async def schedules(self, scope: str) -> Any:
        return _given(self._timed)

    async def definition_at(self, scope: str, role: str) -> Any:
        return {"properties": {"permissions": [{"dataActions": [self._data]}]}}


def _given(found: Any) -> Any:
    if isinstance(found, Exception):
        raise found
    return list(found)


ASSIGNED = [
    {
        "id": f"{VAULT_ID}/providers/Microsoft.Authorization/roleAssignments/a",
        "properties": {"roleDefinitionId": "/r", "principalId": ME, "scope": VAULT_ID},
    }
]


async def read(
    arm: Arm | None = None, roles: Roles | None = None, monkeypatch: Any = None, lease: Any = "", **more: Any
) -> DrillFacts:
    async def look(side: Any, ref: Any) -> Any:
        if isinstance(lease, Exception):
            raise lease
        return SimpleNamespace(text=lambda: lease)

    monkeypatch.setattr(looking, "look", look)

    async def identity() -> Any:
        return SimpleNamespace(object_id=ME)

    side: Any = SimpleNamespace(
        arm=arm or Arm(), roles=roles or Roles(ASSIGNED), credential=SimpleNamespace(identity=identity)
    )
    under = dependants.of_workspace(workspace(), dependants.by(STANDARD))
    assert under
    vault = Read({"id": VAULT_ID, "properties": {"enableRbacAuthorization": True}})
    one = replace(key(), dependants=(under,), vault=vault)
    survey = KeySurvey((one,), (SUBSCRIPTION,), (), NOW)
    asked = request(key=one)
    held = more.get("held", KeyRules(STANDARD))
    return await facts.read(side, asked, survey, held, Nearby(more.get("plans", Path("none-such"))))


async def test_all_that_decides_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await read(monkeypatch=monkeypatch)
    [one] = found.workspaces
    assert (one.id, one.levels.level("environment"), one.endpoints, one.unlisted, one.changing) == (
        WS,
        "dev",
        (),
        "",
        "",
    )
    assert (found.caller, found.right, found.unread) == (ME, refusing.RightToEnable(), ())


async def test_what_an_owner_decided_keeps_a_drill_from_production_and_is_told_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = StandingDecision("prod", "ana", date(2026, 5, 20), "SCAN-1.jsonl")
    decided = StandingDecisions("old", NOW - timedelta(days=2), {(key_of(WS), "environment"): one})
    found = await read(monkeypatch=monkeypatch, held=KeyRules(STANDARD, decisions=decided))
    assert any("is production (prod by a decision of its owner (ana" in why for why in refusing.reasons(found))
    assert "2 days old" in found.notes[0]
    [would] = DrillPlanView(found, "prod", (), ()).as_json()
    assert (would.data["environment_by"][0]["by"], would.data["notes"]) == ("decision", list(found.notes))
    assert any("the workspace 'ws': prod by a decision" in line for line in would.data["lines"])
    with rotations.opened(tmp_path) as evidence:
        order = DrillOrder("d1", NOW, ME)
        first = chain.begun(evidence, found, order, By("u", "h", "0", None), "prod").content
    assert [(each.by, each.owner, each.otherwise) for each in first.environment_by] == [("decision", "ana", "dev")]
    assert first.notes == found.notes


def test_a_workspace_of_another_key_whose_account_is_under_this_one_stops_too() -> None:
    under = dependants.of_workspace(workspace(), dependants.by(STANDARD))
    assert under
    account = Dependant(DependantKind.ACCOUNT, ACCOUNT, under.ref, "", "")
    assert facts.stops_with(replace(key(), dependants=(account,)), workspace("prod", storageAccount=ACCOUNT))


def test_a_project_stops_with_the_key_of_its_hub() -> None:
    hub = dependants.of_workspace(workspace(), dependants.by(STANDARD))
    assert hub
    project = {"id": f"{WS}-project", "properties": {"hubResourceId": WS.upper()}, "tags": {}}
    assert facts.stops_with(replace(key(), dependants=(hub,)), project)
    assert not facts.stops_with(replace(key(), dependants=(hub,)), {**project, "properties": {}})


@pytest.mark.parametrize("name", ["onlineEndpoints", "batchEndpoints", "serverlessEndpoints"])
@pytest.mark.parametrize("error", [refusal(403), refusal(404, "NotFound"), refusal(500), silence()])
async def test_endpoints_that_are_not_listed_are_told(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    [one] = (await read(Arm(**{name: error}), monkeypatch=monkeypatch)).workspaces
    assert one.unlisted and not one.endpoints


async def test_an_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    [one] = (await read(Arm(onlineEndpoints=[{"name": "scoring"}]), monkeypatch=monkeypatch)).workspaces
    assert one.endpoints == ("scoring",)


@pytest.mark.parametrize(
    "lease", ["`migrate run` holds it", refusal(500), silence(), BadInputError("no container")]
)
async def test_a_lease_that_is_held_or_not_read_is_told(lease: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    [one] = (await read(lease=lease, monkeypatch=monkeypatch)).workspaces
    assert one.changing


async def test_a_list_of_workspaces_that_is_refused_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm()
    arm.lists[LIST] = refusal(403)
    assert [one.id for one in (await read(arm, monkeypatch=monkeypatch)).unread] == [LIST]


@pytest.mark.parametrize(
    ("roles", "known"),
    [
        (Roles(refusal(403)), False),
        (Roles(ASSIGNED, refusal(403)), False),
        (Roles(ASSIGNED, refusal(400, "AadPremiumLicenseRequired")), True),
        (Roles([]), False),
    ],
    ids=["assignments", "schedules", "no licence", "none"],
)
async def test_a_right_that_cannot_be_read_is_not_known(
    roles: Roles, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = (await read(roles=roles, monkeypatch=monkeypatch)).right
    assert (right.unknown == "") is known


def test_a_plan_that_cannot_be_read_may_be_under_way(tmp_path: Path) -> None:
    folder = tmp_path / "plans" / "x"
    folder.mkdir(parents=True)
    (folder / "plan.jsonl").write_text(json.dumps({"record": "header"}))
    [told] = facts.plans_of([WS], tmp_path / "plans")
    assert "may be under way" in told
    assert facts.plans_of([WS], tmp_path / "none-such") == []


ROLE = f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions/r"
READS_ROWS = {"dataActions": ["Microsoft.OperationalInsights/workspaces/tables/data/read"]}
READS_ALL = {"actions": ["*/read"]}
READS_ONE = {"actions": ["Microsoft.OperationalInsights/workspaces/query/AZKVAuditLogs/read"]}


def given(role: str, condition: str = "") -> dict[str, Any]:
    return {"properties": {"roleDefinitionId": f"{ROLE}{role}", "principalId": ME, "condition": condition or None}}


@pytest.mark.parametrize(
    ("assigned", "hidden"),
    [
        ([("rows", "c")], True),
        ([("rows", "c"), ("one", "")], True),
        ([("unread", "c")], True),
        ([("rows", "c"), ("unread", "")], True),
        ([("rows", "c"), ("all", "")], False),
        ([("rows", ""), ("rows", "c")], False),
        ([("all", "c")], False),
        ([("rows", "")], False),
        ([], False),
    ],
)
def test_a_condition_hides_rows_of_a_log_where_no_other_role_shows_them(
    assigned: list[tuple[str, str]], hidden: bool
) -> None:
    told = {"rows": READS_ROWS, "all": READS_ALL, "one": READS_ONE}
    roles = {key_of(f"{ROLE}{name}"): {"properties": {"permissions": [one]}} for name, one in told.items()}
    found = rights.by_conditions(
        "/logs", [given(*one) for one in assigned], {**roles, key_of(f"{ROLE}unread"): None}
    )
    assert bool(found) is hidden


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        (Roles([given("rows", "c")]), ""),
        (Roles([given("rows", "c")], data=READS_ROWS["dataActions"][0]), "has a condition, which may hide rows"),
        (Roles([given("rows")]), ""),
        (Roles(refusal(403)), "cannot be read"),
    ],
    ids=["a role without rows", "a role with some rows", "no condition", "refused"],
)
async def test_where_nobody_says_which_rows_are_shown_that_is_told(roles: Roles, told: str) -> None:
    log = Read(AuditLog((), NOW, ("/logs",), NOW))
    found = await rights.hiding(SimpleNamespace(roles=roles), key(log=log), ME)  # type: ignore[arg-type]  # all it asks
    assert told in found and bool(told) is bool(found)


# The calls by which it is measured.


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (None, ProbeReply.ANSWERED),
        (refusal(403, "Forbidden", codes=("CustomerManagedKeyNotAccessible", "KeyDisabled")), ProbeReply.REFUSED),
        (refusal(403, "AuthorizationFailed"), ProbeReply.OTHERWISE),
        (refusal(429), ProbeReply.UNKNOWN),
        (silence(), ProbeReply.UNKNOWN),
    ],
)
async def test_a_workspace_is_called_by_what_it_holds(error: Exception | None, reply: ProbeReply) -> None:
    under = dependants.of_workspace(workspace(), dependants.by(STANDARD))
    assert under
    arm = Arm(datastores=error or [{"name": "one"}])
    side: Any = SimpleNamespace(arm=arm)
    asked = request(key=replace(key(), dependants=(under,)), version=version())
    one, vault = await probes.of(side, asked)
    assert (await one.look()).reply is reply
    assert vault.kind == probes.VAULT


async def test_a_registry_is_called_only_where_it_is_one_of_the_cloud() -> None:
    under = dependants.of_workspace(workspace(), dependants.by(STANDARD))
    assert under
    for server in ("reg.azurecr.io.evil.example", "evil.example", "reg.azurecr.cn", ""):
        registry = replace(under, kind=DependantKind.REGISTRY, document={"properties": {"loginServer": server}})
        side: Any = SimpleNamespace(login=Login(), credential=None)
        one, _ = await probes.of(side, request(key=replace(key(), dependants=(registry,))))
        look = await one.look()
        assert look.reply is ProbeReply.UNKNOWN and "no registry of this cloud" in look.told


async def test_what_no_call_reads_is_not_measured() -> None:
    ref = dependants.of_workspace(workspace(), dependants.by(STANDARD))
    assert ref
    registry = replace(ref, kind=DependantKind.SCOPE, id=f"{ACCOUNT}/encryptionScopes/s")
    one, _ = await probes.of(SimpleNamespace(), request(key=replace(key(), dependants=(registry,))))  # type: ignore[arg-type]  # nothing of it is called
    assert "look at it yourself" in one.missing
    [watched, _] = await measuring.before([one, replace(one, missing="")])
    assert watched.seen.note == one.missing


# What the command is asked.


@pytest.mark.parametrize("text", ["PT10S", "PT2H", "pt90m", "PT4H"])
def test_a_limit_is_a_duration_of_iso_8601(text: str) -> None:
    assert limit_of(text)


@pytest.mark.parametrize("text", ["", "2h", "PT9S", "PT4H1S", "P1M", "P1D", "-PT1H", "PTxH"])
def test_what_is_no_limit_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(BadInputError) as met:
        limit_of(text)
    assert "PT10S to PT4H" in met.value.remedy


@pytest.mark.parametrize(
    ("asked", "given", "told"),
    [
        (DrillOptions(), KeyAsked((), (), (), ""), "No key is named"),
        (DrillOptions(restore=True), KeyAsked(("rg/ws",), (), (), KEY), "--restore takes a key"),
        (DrillOptions(restore=True), KeyAsked(("rg/ws",), (), (), ""), "--restore takes a key"),
        (DrillOptions(restore=True, confirm="kv/cmk"), KeyAsked((), (), (), KEY), "--restore takes a key"),
        (DrillOptions(restore=True, dry_run=True), KeyAsked((), (), (), KEY), "--restore takes a key"),
    ],
)
def test_options_that_do_not_go_together_are_refused(asked: DrillOptions, given: KeyAsked, told: str) -> None:
    with pytest.raises(BadInputError) as met:
        keydrill._check(asked, given)
    assert told in met.value.summary


def test_a_second_signal_is_told_with_the_command_that_ends_the_drill() -> None:
    cut = keydrill._cut_off(DrillOptions(), KEY)
    assert "watcher" in cut.summary and f"migrate key drill --restore --key {KEY}" in cut.remedy
    assert "again" in keydrill._cut_off(DrillOptions(restore=True), KEY).remedy
