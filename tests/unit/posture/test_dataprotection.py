"""What the target's account protects less than the source's, setting by setting."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from amlmigrate.core.workspace import Location
from amlmigrate.posture import lifecycle
from amlmigrate.posture.containerprotection import keeps
from amlmigrate.posture.dataprotection import AccountPair, AccountProtection, findings, not_compared
from amlmigrate.posture.reading import NOTHING, Read

GOAL = Location("newacct", "azureml-blobstore-new", "models/m")
NO_ONE: Read[Any] = Read([])


def _account(name: str, service: Any = None, rules: Any = None, **more: Any) -> AccountProtection:
    policy = Read({"properties": {"policy": {"rules": rules}}}) if rules is not None else NOTHING
    shown = Read({"properties": {}})
    given: dict[str, Any] = {"account": shown, "replication": NO_ONE, "containers": NO_ONE, **more}
    return AccountProtection(f"/accounts/{name}", Read({"properties": service or {}}), policy, **given)


def _pair(source: AccountProtection, target: AccountProtection, **more: Any) -> AccountPair:
    return AccountPair(source, target, {"c": GOAL.container}, (GOAL,), **more)


def _codes(source: AccountProtection, target: AccountProtection, **more: Any) -> set[tuple[str, str, str]]:
    return {(one.about, one.code, one.severity) for one in findings(_pair(source, target, **more))}


def _kept(days: int) -> dict[str, Any]:
    return {"enabled": True, "days": days}


def test_what_is_alike_is_no_finding() -> None:
    settings = {"isVersioningEnabled": True, "deleteRetentionPolicy": _kept(7)}
    assert _codes(_account("old", settings), _account("new", settings)) == set()


@pytest.mark.parametrize(
    ("before", "now", "code"),
    [
        ({"isVersioningEnabled": True}, {"isVersioningEnabled": False}, "versions-not-kept"),
        ({"isVersioningEnabled": True}, {}, "versions-not-kept"),
        ({"deleteRetentionPolicy": _kept(7)}, {"deleteRetentionPolicy": {"enabled": False}}, "deleted-blobs-kept-shorter"),
        ({"deleteRetentionPolicy": _kept(30)}, {"deleteRetentionPolicy": _kept(7)}, "deleted-blobs-kept-shorter"),
        (
            {"containerDeleteRetentionPolicy": _kept(7)},
            {"containerDeleteRetentionPolicy": {"enabled": False, "days": 30}},
            "containers-kept-shorter",
        ),
        ({"restorePolicy": _kept(6)}, {"restorePolicy": _kept(5)}, "restore-shorter"),
        ({"restorePolicy": _kept(6)}, {}, "restore-shorter"),
        (
            {"deleteRetentionPolicy": _kept(7)},
            {"deleteRetentionPolicy": _kept(7) | {"allowPermanentDelete": True}},
            "deleted-blobs-kept-shorter",
        ),
    ],
    ids=[
        *("off", "absent", "blobs off", "blobs shorter", "containers off"),
        *("restored shorter", "not restored", "deleted for good"),
    ],
)  # fmt: skip
def test_what_is_kept_for_less_time_blocks(before: Any, now: Any, code: str) -> None:
    assert _codes(_account("old", before), _account("new", now)) == {("/accounts/new", code, "blocks")}
    assert _codes(_account("old", now), _account("new", before)) == set(), "what is stricter is nobody's loss"


@pytest.mark.parametrize(
    ("before", "options"),
    [
        ({"isVersioningEnabled": True}, "--enable-versioning true"),
        ({"deleteRetentionPolicy": _kept(7)}, "--enable-delete-retention true --delete-retention-days 7"),
        (
            {"containerDeleteRetentionPolicy": _kept(8)},
            "--enable-container-delete-retention true --container-delete-retention-days 8",
        ),
        ({"restorePolicy": _kept(6)}, "--enable-restore-policy true --restore-days 6"),
    ],
)
def test_what_is_to_be_run_sets_what_the_source_has(before: Any, options: str) -> None:
    [found] = findings(_pair(_account("old", before), _account("new")))
    command = f"az storage account blob-service-properties update --account-name new {options})"
    assert command in found.remedy


def _rule(name: str = "r", prefix: Any = None, **actions: Any) -> dict[str, Any]:
    filters = {"blobTypes": ["blockBlob"], **({} if prefix is None else {"prefixMatch": prefix})}
    return {"name": name, "type": "Lifecycle", "definition": {"actions": actions, "filters": filters}}


DELETE = {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 1}}}
ARCHIVE = {"baseBlob": {"tierToArchive": {"daysAfterModificationGreaterThan": 1}}}


@pytest.mark.parametrize(
    ("rule", "ends"),
    [
        (_rule(**DELETE), True),
        (_rule(**ARCHIVE), True),
        (_rule(prefix=[], **DELETE), True),
        (_rule(prefix=["azureml-blobstore-new"], **DELETE), True),
        (_rule(prefix=["azureml-blobstore-new/models/m/x.bin"], **DELETE), True),
        (_rule(prefix=["azureml-blobstore-new/mod"], **DELETE), True),
        (_rule(prefix=["logs/", "azureml-blobstore-new/models/"], **DELETE), True),
        (_rule(prefix=["azureml-blobstore-new/data/"], **DELETE), False),
        (_rule(prefix=["azureml-blobstore-other"], **DELETE), False),
        ({**_rule(**DELETE), "enabled": False}, False),
        ({**_rule(**DELETE), "enabled": True}, True),
        (_rule(baseBlob={"tierToCool": {"daysAfterModificationGreaterThan": 1}}), False),
        (_rule(version={"delete": {"daysAfterCreationGreaterThan": 1}}), False),
        (_rule(baseBlob={"delete": None}), False),
    ],
)
def test_a_rule_that_would_end_copies_is_found_and_no_other(rule: dict[str, Any], ends: bool) -> None:
    policy = {"properties": {"policy": {"rules": [rule]}}}
    assert bool(lifecycle.ending(policy, [GOAL])) is ends
    found = findings(_pair(_account("old"), _account("new", rules=[rule])))
    assert [one.code for one in found] == ["lifecycle-ends-copies"] * ends


def test_rules_that_the_target_lacks_are_told() -> None:
    source = _account("old", rules=[_rule("a"), _rule("b")])
    assert _codes(source, _account("new", rules=[_rule("b")])) == {
        ("/accounts/new", "lifecycle-rules-left", "warning")
    }


def test_a_rule_of_the_same_name_that_does_something_else_is_no_such_rule() -> None:
    source = _account("old", rules=[_rule("a", baseBlob={"tierToCool": {"daysAfterModificationGreaterThan": 9}})])
    there = _rule("a", baseBlob={"tierToCool": {"daysAfterModificationGreaterThan": 90}})
    assert _codes(source, _account("new", rules=[there])) == {("/accounts/new", "lifecycle-rules-left", "warning")}


@pytest.mark.parametrize("which", ["old", "new"])
@pytest.mark.parametrize("shut", [Read(refused="AuthorizationFailed: no.", code="AuthorizationFailed"), NOTHING])
def test_an_account_that_could_not_be_read_is_told(which: str, shut: Read[Any]) -> None:
    both = [_account(name, account=shut if name == which else Read({"properties": {}})) for name in ("old", "new")]
    assert _codes(*both) == {(f"/accounts/{which}", "protection-unread", "warning")}


def test_replication_is_told_where_the_target_has_none() -> None:
    source = _account("old", replication=Read([{"name": "p"}]))
    assert _codes(source, _account("new")) == {("/accounts/new", "replication-left", "blocks")}
    assert _codes(source, _account("new", replication=Read([{"name": "q"}]))) == set()


def _replicates(name: str, container: str, *, into: bool = False) -> Read[Any]:
    ends = {"sourceAccount": f"/accounts/{name}", "destinationAccount": "far"}
    rule = {"sourceContainer": container, "destinationContainer": "copy"}
    if into:
        ends = {"sourceAccount": "far", "destinationAccount": name}
        rule = {"sourceContainer": "copy", "destinationContainer": container}
    return Read([{"name": "p", "properties": {**ends, "rules": [rule]}}])


@pytest.mark.parametrize(
    ("before", "now", "left"),
    [
        (("c", False), (GOAL.container, False), False),
        (("c", True), (GOAL.container, True), False),
        # Whatever comes from elsewhere is no copy of what lies here, and another container is another one.
        (("c", False), (GOAL.container, True), True),
        (("c", True), (GOAL.container, False), True),
        (("c", False), ("logs", False), True),
        (("stays", False), ("stays", False), False),
    ],
)
def test_replication_is_compared_by_its_way_and_container(before: Any, now: Any, left: bool) -> None:
    source = _account("old", replication=_replicates("old", before[0], into=before[1]))
    target = _account("new", replication=_replicates("new", now[0], into=now[1]))
    assert [one.code for one in findings(_pair(source, target))] == ["replication-left"] * left


def _inherited(days: int, state: str = "Unlocked", *, enabled: bool = True) -> Read[Any]:
    policy = {"immutabilityPeriodSinceCreationInDays": days, "state": state}
    return Read(
        {"properties": {"immutableStorageWithVersioning": {"enabled": enabled, "immutabilityPolicy": policy}}}
    )


@pytest.mark.parametrize(
    ("before", "now", "weaker"),
    [
        (_inherited(30), Read({"properties": {}}), True),
        (_inherited(30), _inherited(29), True),
        (_inherited(30, "Locked"), _inherited(30), True),
        (_inherited(30), _inherited(30, "Disabled"), True),
        (_inherited(30), _inherited(30, enabled=False), True),
        (_inherited(30), _inherited(30, "Locked"), False),
        (_inherited(30, "Disabled"), Read({"properties": {}}), False),
        (Read({"properties": {}}), _inherited(1), False),
    ],
)
def test_the_policy_that_an_account_s_containers_inherit_is_compared(before: Any, now: Any, weaker: bool) -> None:
    found = findings(_pair(_account("old", account=before), _account("new", account=now)))
    assert [(one.code, one.severity) for one in found] == [("immutability-weaker", "blocks")] * weaker


@pytest.mark.parametrize(
    "now",
    [
        _rule(baseBlob={"delete": {"daysAfterModificationGreaterThan": 2}}),
        _rule(prefix=["azureml-blobstore-new"], **DELETE),
        _rule(**DELETE, snapshot={"delete": {"daysAfterCreationGreaterThan": 1}}),
    ],
)
def test_a_rule_that_was_let_go_and_then_changed_is_another_one(now: Any) -> None:
    """A waiver is of what was said; of a rule that deletes after ten years it is none for one that does in a day."""
    [before] = findings(_pair(_account("old"), _account("new", rules=[_rule(**DELETE)])))
    [after] = findings(_pair(_account("old"), _account("new", rules=[now])))
    assert before.address == after.address and before.summary != after.summary


def _containers(name: str, **properties: Any) -> Read[Any]:
    return Read([{"name": name, "properties": properties}])


def _retained(days: int, state: str = "Unlocked", **more: Any) -> dict[str, Any]:
    return {"properties": {"immutabilityPeriodSinceCreationInDays": days, "state": state, **more}}


@pytest.mark.parametrize(
    ("before", "now", "codes"),
    [
        ({"immutabilityPolicy": _retained(30)}, {}, {"immutability-weaker"}),
        ({"immutabilityPolicy": _retained(30)}, {"immutabilityPolicy": _retained(29)}, {"immutability-weaker"}),
        (
            {"immutabilityPolicy": _retained(30, "Locked")},
            {"immutabilityPolicy": _retained(30)},
            {"immutability-weaker"},
        ),
        ({"immutabilityPolicy": _retained(30)}, {"immutabilityPolicy": _retained(31, "Locked")}, set()),
        (
            {"immutabilityPolicy": _retained(30)},
            {"immutabilityPolicy": _retained(30, allowProtectedAppendWritesAll=True)},
            {"immutability-weaker"},
        ),
        (
            {"immutabilityPolicy": _retained(30, allowProtectedAppendWrites=True)},
            {"immutabilityPolicy": _retained(30, allowProtectedAppendWrites=True)},
            set(),
        ),
        ({"legalHold": {"hasLegalHold": True, "tags": [{"tag": "case7"}]}}, {}, {"legal-hold-left"}),
        ({"immutableStorageWithVersioning": {"enabled": True}}, {}, {"immutability-weaker"}),
        ({}, {"immutableStorageWithVersioning": {"enabled": True}}, set()),
        ({"publicAccess": "None"}, {"publicAccess": "Blob"}, {"container-more-public"}),
        ({"publicAccess": "Container"}, {"publicAccess": "Blob"}, set()),
        ({"metadata": {"owner": "ann"}}, {"metadata": {"owner": "bob"}}, {"container-metadata-left"}),
        ({}, {"metadata": {"owner": "bob"}}, set()),
        ({"metadata": {"owner": "ann"}}, {"metadata": None}, {"container-metadata-left"}),
        ({"metadata": {"owner": "ann"}}, {"metadata": {"owner": "ann", "more": "x"}}, set()),
    ],
)
def test_what_a_container_is_under_is_compared(before: Any, now: Any, codes: set[str]) -> None:
    source = _account("old", containers=_containers("c", **before))
    target = _account("new", containers=_containers(GOAL.container, **now))
    found = _codes(source, target)
    assert {code for _, code, _ in found} == codes
    assert {about for about, *_ in found} <= {"blobs/c"}


@pytest.mark.parametrize(
    ("properties", "kept"),
    [
        ({"legalHold": {"hasLegalHold": True, "tags": [{"tag": "case7"}]}}, "a legal hold (case7)"),
        ({"immutabilityPolicy": _retained(30)}, "an immutability policy of 30 days"),
        ({"immutabilityPolicy": _retained(0)}, ""),
        ({"immutabilityPolicy": _retained(3), "immutableStorageWithVersioning": {"enabled": True}}, ""),
        ({}, ""),
    ],
)
def test_what_keeps_every_blob_of_a_container_as_it_is(properties: Any, kept: str) -> None:
    assert keeps(properties) == kept


def test_no_remedy_sets_what_would_keep_the_source_from_being_removed() -> None:
    held = {"legalHold": {"hasLegalHold": True, "tags": [{"tag": "a"}]}, "immutabilityPolicy": _retained(30)}
    source = _account("old", containers=_containers("c", **held))
    found = findings(_pair(source, _account("new", containers=_containers(GOAL.container))))
    assert {one.code for one in found} == {"legal-hold-left", "immutability-weaker"}
    assert all(one.remedy.startswith("Let this finding go until the source is removed") for one in found)


def test_a_container_that_is_not_there_yet_protects_nothing() -> None:
    source = _account("old", containers=_containers("c", immutabilityPolicy=_retained(3)))
    assert ("blobs/c", "immutability-weaker", "blocks") in _codes(source, _account("new"))


def test_access_policies_are_compared_by_what_they_allow() -> None:
    both = {
        "c": (Read({"a": "r until 2027", "b": "w until 2027"}), Read({"a": "r until 2027", "b": "rw until 2027"}))
    }
    [found] = findings(_pair(_account("old"), _account("new"), policies=both))
    assert (found.code, found.severity) == ("access-policies-left", "warning") and ": b." in found.summary


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_blob_service_that_is_not_shown_is_told(which: str) -> None:
    settings = {"isVersioningEnabled": True}
    both = [_account(name, settings) for name in ("old", "new")]
    both = [replace(one, service=NOTHING) if one.name == which else one for one in both]
    assert _codes(*both) == {(f"/accounts/{which}", "protection-unread", "warning")}


def test_what_could_not_be_read_is_never_taken_for_nothing() -> None:
    refused: Read[Any] = Read(refused="AuthorizationFailed: no.", code="AuthorizationFailed")
    blind = AccountProtection("/accounts/old", refused, refused, refused, refused, account=refused)
    codes = _codes(blind, _account("new"))
    assert codes == {
        ("/accounts/old", "protection-unread", "warning"),
        ("/accounts/old", "lifecycle-unread", "warning"),
    }
    blind = AccountProtection("/accounts/new", refused, refused, refused, refused, account=refused)
    assert ("/accounts/new", "lifecycle-unread", "blocks") in _codes(_account("old"), blind)
    policies = {"c": (Read({"a": "r"}), refused)}
    found = _pair(_account("old"), _account("new"), policies=policies)
    assert findings(found) == []
    assert list(not_compared(found)) == [
        "stored access policies of c: Azure shows them to a key of the account, not to this token (AuthorizationFailed)"
    ]


def test_five_of_many_are_named_and_the_rest_counted() -> None:
    rules = [_rule(name) for name in "abcdefg"]
    [found] = findings(_pair(_account("old", rules=rules), _account("new")))
    assert found.summary.endswith(": a, b, c, d, e and 2 more.")
    [ends] = findings(_pair(_account("old"), _account("new", rules=[_rule(**DELETE)])))
    assert re.search(r"\(SHA-256 [0-9a-f]{16}\)", ends.summary)
    tags = {"hasLegalHold": True, "tags": [{"tag": name} for name in "abcdef"]}
    assert keeps({"legalHold": tags}) == "a legal hold (a, b, c, d, e and 1 more)"
