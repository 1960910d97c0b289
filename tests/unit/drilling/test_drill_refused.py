"""What keeps a drill from beginning: each reason by itself, and none where nothing is the matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from drilled import GROUP, KEY, ME, NOW, VAULT_ID, VERSION, key, tagged, version
from tests.builders.levels import owned
from tests.builders.levels import tagged as tagged_so

from amlmigrate.core import rotations
from amlmigrate.core.drilltag import UNDER_WAY
from amlmigrate.core.keys import KeyVersion, Rotation
from amlmigrate.drilling import refusing, rights
from amlmigrate.drilling.facts import stops_with
from amlmigrate.drilling.model import DrillRequest
from amlmigrate.drilling.refusing import DrillFacts, RightToEnable, UsingWorkspace
from amlmigrate.keys import dependants, drills
from amlmigrate.keys.model import DRILLED, AuditLog, Dependant, KeyInUse, LoggedUse, UnreadPlace
from amlmigrate.posture import tagging
from amlmigrate.posture.reading import Read

WS = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
TAGS = {"AML-cmk-migrate-drill": "Allowed"}
STANDARD = tagging.read()


def under(environment: str | None = "dev", used: str = VERSION, oid: str = "ws-oid") -> Dependant:
    """A workspace under the key."""
    encryption = {
        "status": "Enabled",
        "keyVaultProperties": {"keyVaultArmId": VAULT_ID, "keyIdentifier": used},
    }
    document = {"id": WS, "identity": {"principalId": oid}, "properties": {"encryption": encryption}}
    found = dependants.of_workspace(document, lambda _: tagged_so(environment))
    assert found
    return found


def use(caller: str = "ws-oid", operation: str = "KeyUnwrap", **more: Any) -> LoggedUse:
    made = LoggedUse(operation, VERSION, caller, "app", 3, 0, NOW - timedelta(days=8), NOW - timedelta(hours=1))
    return replace(made, **more)


def log(*uses: LoggedUse, since: float = 100, refused: str = "") -> Read[AuditLog]:
    """A log whose first row is so many days old."""
    return Read(AuditLog(uses, NOW - timedelta(days=since), ("/logs",), NOW - timedelta(days=90)), refused=refused)


def drilled_key(*versions: KeyVersion, **more: Any) -> KeyInUse:
    made = key(*versions, dependants=(under(),), vault=Read({"id": VAULT_ID, "tags": TAGS}), log=log(use()))
    return replace(made, **more)


def expiring(days: float = 30) -> KeyVersion:
    return replace(version(), expires=NOW + timedelta(days=days, hours=3))


def staged(hours: float) -> KeyVersion:
    """A newer version, valid in so many hours."""
    begins = NOW + timedelta(hours=hours)
    return replace(version(), id=f"{KEY}/{'b' * 32}", created=NOW - timedelta(days=1), not_before=begins)


def workspace(**more: Any) -> UsingWorkspace:
    return replace(UsingWorkspace(WS, "ws", tagged_so("dev"), TAGS), **more)


def facts(one: KeyInUse | None = None, **more: Any) -> DrillFacts:
    """Of which nothing stands in the way."""
    found = one or drilled_key()
    request = DrillRequest(found, found.goal(NOW), timedelta(hours=2), NOW)
    return replace(DrillFacts(request, STANDARD, ME, (workspace(),), (), RightToEnable()), **more)


def test_nothing_stands_in_the_way_of_a_key_of_development_whose_vault_and_workspace_allow_it() -> None:
    assert refusing.reasons(facts()) == ()


REFUSED: dict[str, tuple[Callable[[], DrillFacts], str]] = {
    "no tag on the vault": (lambda: facts(drilled_key(vault=Read({"tags": {"aml-cmk-migrate-drill": "no"}}))), "does not bear the tag"),
    "the vault is not read": (lambda: facts(drilled_key(vault=Read(refused="403."))), "allows a drill is not known"),
    "no tag on a workspace": (lambda: facts(workspaces=(workspace(tags={}),)), "does not bear the tag"),
    "no workspace": (lambda: facts(workspaces=()), "No workspace"),
    "a dependant of production": (lambda: facts(drilled_key(dependants=(under("prod"),))), "is production"),
    "a dependant that its owner calls production": (lambda: facts(drilled_key(dependants=(replace(under(), levels=owned()),))), "is production (prod by a decision of its owner (ana@contoso.com, 2026-05-20), while tags and rules say dev)"),
    "a workspace whose owner calls it production": (lambda: facts(workspaces=(workspace(levels=owned()),)), "by a decision of its owner"),
    "a dependant of no environment": (lambda: facts(drilled_key(dependants=(under(None),))), "is not known"),
    "a workspace of production on an account under it": (lambda: facts(workspaces=(workspace(levels=tagged_so("prod")),)), "is production"),
    "a subscription that is not read": (lambda: facts(unread=(UnreadPlace("/s", "x/read", "403."),)), "Whether more is under the key is not known"),
    "versions that are not read": (lambda: facts(drilled_key(versions=Read(refused="403."))), "versions of the key cannot be read"),
    "only disabled versions": (lambda: facts(drilled_key(version(enabled=False))), "is not drilled"),
    "another drill": (lambda: facts(drilled_key(version(drill=tagged("d2")))), "--restore"),
    "a drill of another version": (lambda: facts(drilled_key(version(), replace(version(enabled=False, drill=tagged()), id=f"{KEY}/{'b' * 32}"))), "--restore"),
    "a tag that cannot be read": (lambda: facts(drilled_key(version(drill="x"))), "--restore"),
    "a rotation that left it behind": (lambda: facts(drilled_key(replace(version(), id=f"{KEY}/{'b' * 32}"), version())), "--adopt"),
    "a workspace that names no version": (lambda: facts(drilled_key(dependants=(under(used=KEY),))), "Which version"),
    "a rotation that began here": (lambda: facts(rotation="r1"), "Rotation r1"),
    "a policy that makes a version meanwhile": (lambda: facts(drilled_key(rotation=Read(Rotation(after_create="P9D")))), "from 2026-06-01 12:00 UTC on"),
    "a policy that is overdue": (lambda: facts(drilled_key(rotation=Read(Rotation(after_create="P7D")))), "By its rotation policy"),
    "a policy that counts from the expiry": (lambda: facts(drilled_key(expiring(), rotation=Read(Rotation(before_expiry="P30D")))), "By its rotation policy"),
    "a policy that cannot be read": (lambda: facts(drilled_key(rotation=Read(refused="403."))), "makes a new version meanwhile is not known: 403."),
    "a policy that says nothing of use": (lambda: facts(drilled_key(rotation=Read(Rotation(after_create="soon")))), "by itself is not known: 'soon'"),
    "a version that becomes valid meanwhile": (lambda: facts(drilled_key(staged(2.9), version())), "becomes valid at"),
    "a log that is not read": (lambda: facts(drilled_key(log=Read(refused="403."))), "audit log cannot be read"),
    "a log of which a part is not read": (lambda: facts(drilled_key(log=log(use(), refused="one place: 403."))), "audit log cannot be read"),
    "a log that begins late": (lambda: facts(drilled_key(log=log(use(), since=3))), "only since"),
    "rows of a log that may be hidden": (lambda: facts(hiding="a condition."), "shows all who use the key is not known: a condition."),
    "another caller": (lambda: facts(drilled_key(log=log(use("other")))), "other used the key"),
    "another caller that was refused": (lambda: facts(drilled_key(log=log(use("other", "KeyWrap", refused=3)))), "other used the key"),
    "a caller without a name": (lambda: facts(drilled_key(log=log(use("")))), "does not name used the key"),
    "calls of which the log does not name the key": (lambda: facts(drilled_key(log=log(use("other", key=""), use(key="")))), "of 3 calls the vault's audit log does not name the key"),
    "an endpoint": (lambda: facts(workspaces=(workspace(endpoints=("scoring",)),)), "1 endpoint (scoring)"),
    "endpoints that are not listed": (lambda: facts(workspaces=(workspace(unlisted="403."),)), "live endpoints is not known"),
    "a right that ends too early": (lambda: facts(right=RightToEnable(NOW + timedelta(hours=2, minutes=59))), "Your right to enable"),
    "a right of which the end is not known": (lambda: facts(right=RightToEnable(unknown="no.")), "is not known: no."),
    "a workspace that is being changed": (lambda: facts(workspaces=(workspace(changing="`migrate run`"),)), "being changed"),
    "a workspace that is being removed": (lambda: facts(workspaces=(workspace(state="Deleting"),)), "'Deleting'"),
    "a plan": (lambda: facts(plans=("The plan plans/x is under way",)), "plans/x"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "told"), REFUSED.values(), ids=REFUSED)
def test_each_reason_is_one_sentence_with_what_to_do(made: Callable[[], DrillFacts], told: str) -> None:
    found = refusing.reasons(made())
    assert [one for one in found if told in one], found
    assert len(found) <= 2, found


@pytest.mark.parametrize(
    ("versions", "policy"),
    [
        ((version(),), Rotation(after_create="P10D")),
        ((version(),), Rotation(after_create="P1M")),
        ((expiring(31.1),), Rotation(before_expiry="P30D")),
        ((version(),), Rotation(before_expiry="P30D")),
        ((staged(3.1), version()), None),
    ],
)
def test_a_version_that_comes_later_than_an_hour_after_the_limit_is_no_reason(
    versions: tuple[KeyVersion, ...], policy: Rotation | None
) -> None:
    found = facts(drilled_key(*versions, rotation=Read(policy)))
    assert not [one for one in refusing.reasons(found) if "would switch" in one or "by itself" in one]


@pytest.mark.parametrize(
    ("policy", "due"),
    [
        # February is shorter than the 30 days that a month counts elsewhere.
        (Rotation(after_create="P1M"), datetime(2026, 3, 1, tzinfo=UTC)),
        (Rotation(after_create="P3M"), datetime(2026, 5, 1, tzinfo=UTC)),
        (Rotation(before_expiry="P1M"), datetime(2026, 6, 30, tzinfo=UTC)),
    ],
)
def test_the_earliest_time_of_the_next_version_counts(policy: Rotation, due: datetime) -> None:
    newest = replace(
        version(), created=datetime(2026, 2, 1, tzinfo=UTC), expires=datetime(2026, 7, 31, tzinfo=UTC)
    )
    assert rotations.due(policy, newest) == due


def test_without_a_time_of_its_making_the_next_version_is_not_known() -> None:
    unknown = replace(version(), created=None)
    found = refusing.reasons(facts(drilled_key(unknown, rotation=Read(Rotation(after_create="P9D")))))
    assert [one for one in found if "is not told" in one]


def test_a_log_may_be_as_young_as_the_key() -> None:
    young = replace(version(), created=NOW - timedelta(hours=5))
    assert refusing.reasons(facts(drilled_key(young, log=log(use(), since=5 / 24)))) == ()


def test_the_own_use_of_the_key_and_that_of_other_keys_are_no_reason_and_the_own_is_told() -> None:
    own, other = use(ME.upper(), "KeyWrap"), use("other", key=f"{KEY}-2/{'c' * 32}")
    found = facts(drilled_key(log=log(use(), own, other)))
    assert refusing.reasons(found) == () and refusing.own_uses(found) == 3
    nobody = facts(drilled_key(log=log(use(), use(""))), caller="")
    assert refusing.reasons(nobody) and refusing.own_uses(nobody) == 0


def test_who_drilled_the_key_before_is_no_stranger() -> None:
    told = drills.ended({UNDER_WAY: tagged(), DRILLED: "2026-05-01T00:00:00+00:00 other"}, NOW)
    assert told == {DRILLED: f"2026-06-01T12:00:00.000+00:00 {ME} other"}
    before = drilled_key(version(**told), log=log(use(), use("other")))
    found = facts(before, caller="somebody")
    assert refusing.reasons(found) == () and refusing.own_uses(found) == 3
    assert drills.last(before) == NOW
    many = {DRILLED: " ".join((NOW.isoformat(), *(f"{n:036}" for n in range(9))))}
    assert len(drills.ended(many, NOW)[DRILLED]) <= 256


def test_a_right_that_lasts_an_hour_longer_than_the_limit_is_enough() -> None:
    assert refusing.reasons(facts(right=RightToEnable(NOW + timedelta(hours=3)))) == ()


@pytest.mark.parametrize(
    ("members", "stops"),
    [
        ({"storageAccount": ACCOUNT.upper()}, True),
        ({"containerRegistry": ACCOUNT.replace("acct", "other")}, False),
        ({}, False),
    ],
)
def test_a_workspace_stops_with_the_key_of_its_account(members: dict[str, str], stops: bool) -> None:
    account = Dependant(dependants.DependantKind.ACCOUNT, ACCOUNT, under().ref, "", "")
    found = drilled_key(dependants=(account,))
    assert stops_with(found, {"id": f"{WS}2", "properties": members}) is stops
    scope = replace(account, kind=dependants.DependantKind.SCOPE, id=f"{ACCOUNT}/encryptionScopes/s")
    assert stops_with(replace(found, dependants=(scope,)), {"id": f"{WS}2", "properties": members}) is stops


# Until when somebody may enable the version.

ROLE = f"{VAULT_ID}/providers/Microsoft.Authorization/roleDefinitions/officer"
OFFICER = {"properties": {"permissions": [{"dataActions": ["Microsoft.KeyVault/vaults/keys/*"]}]}}
READER = {"properties": {"permissions": [{"actions": ["*/read"]}]}}


def assignment(name: str = "a", principal: str = ME, **more: Any) -> dict[str, Any]:
    id_ = f"{VAULT_ID}/providers/Microsoft.Authorization/roleAssignments/{name}"
    told = {"roleDefinitionId": ROLE, "principalId": principal, "scope": VAULT_ID, **more}
    return {"id": id_, "name": name, "properties": told}


def instance(name: str, end: str) -> dict[str, Any]:
    told = {**assignment(name)["properties"], "originRoleAssignmentId": assignment(name)["id"], "endDateTime": end}
    return {"id": f"{VAULT_ID}/i/{name}", "properties": {**told, "assignmentType": "Activated"}}


def of_roles(*some: dict[str, Any], timed: tuple[dict[str, Any], ...] = (), role: Any = OFFICER) -> RightToEnable:
    return rights.by_roles(some, timed, {ROLE.lower(): role}, ME)


def test_a_role_that_was_activated_ends_and_the_last_of_several_counts() -> None:
    early, late = "2026-06-01T13:00:00Z", "2026-06-01T17:00:00Z"
    one = of_roles(assignment(), timed=(instance("a", early),))
    assert one.until == NOW + timedelta(hours=1)
    two = of_roles(assignment(), assignment("b"), timed=(instance("a", early), instance("b", late)))
    assert two.until == NOW + timedelta(hours=5)
    lasting = assignment("b", scope=GROUP)
    assert of_roles(assignment(), lasting, timed=(instance("a", early),)) == RightToEnable()


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (of_roles(), "no role of yours"),
        (of_roles(assignment(), role=READER), "no role of yours"),
        (of_roles(assignment(), role=None), "no role of yours"),
        (of_roles(assignment(condition="x")), "no role of yours"),
        (of_roles(assignment(principal="group")), "through a group"),
        (rights.by_policies([], ME), "no access policy"),
        (rights.by_policies([{"objectId": "group", "permissions": {"keys": ["all"]}}], ME), "no access policy"),
        (rights.by_policies([{"objectId": ME, "permissions": {"keys": ["get"]}}], ME), "no access policy"),
    ],
)
def test_a_right_that_is_not_shown_is_not_known(found: RightToEnable, told: str) -> None:
    assert told in found.unknown and found.until is None


@pytest.mark.parametrize("permission", ["Update", "all"])
def test_an_access_policy_has_no_end(permission: str) -> None:
    policies = [{"objectId": ME.upper(), "permissions": {"keys": [permission]}}]
    assert rights.by_policies(policies, ME) == RightToEnable()
