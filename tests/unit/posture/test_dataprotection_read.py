"""What is read of both accounts before they are compared, and what plan, verification and removal make of it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.arm import FakeArm
from tests.builders.errors import refusal
from tests.builders.world import MAPPING, NEW_BLOBS, OLD_BLOBS, SOURCE, TARGET

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.workspace import Location, SurveyedWorkspace
from amlmigrate.posture.dataprotection import afresh, beforehand, ending, pair, read, unwritable
from amlmigrate.posture.reading import NOTHING, Read

OLD, NEW = SOURCE.storage_account_id, TARGET.storage_account_id
BYTES = (
    Location("acct", OLD_BLOBS, "models"),
    Location("acct", "azureml", "runs"),
    Location("customerlake", "raw"),
)
GOALS = (Location("cmkacct", NEW_BLOBS, "models"), Location("cmkacct", "azureml", "runs"))
KEEPS = {"properties": {"isVersioningEnabled": True}}
DELETES = {
    "name": "clean",
    "definition": {"actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 1}}}},
}
RULES = {"properties": {"policy": {"rules": [DELETES]}}}
NO_RULES = refusal(404, "ManagementPolicyNotFound")


def answers(account: str, **more: Any) -> dict[str, Any]:
    """What ARM says of an account: nothing is on, but for what a test says."""
    told = {"itself": {"properties": {}}, "service": {"properties": {}}, "rules": NO_RULES} | more
    return {
        account: told["itself"],
        f"{account}/blobServices/default": told["service"],
        f"{account}/managementPolicies/default": told["rules"],
        f"{account}/objectReplicationPolicies": told.get("replication", []),
        f"{account}/blobServices/default/containers": told.get("containers", []),
        f"{account}/storageTaskAssignments": told.get("tasks", []),
    }


class Blobs:
    """The stored access policies of containers, by account and name."""

    def __init__(self, policies: dict[tuple[str, str], Any]) -> None:
        self.policies = policies

    async def access_policies(self, place: Location) -> Any:
        found = self.policies.get((place.account, place.container), {})
        if isinstance(found, Exception):
            raise found
        return found


def clouds(
    old: dict[str, Any] | None = None, new: dict[str, Any] | None = None, policies: dict[Any, Any] | None = None
) -> Any:
    """Each side knows its own account alone."""
    blobs = Blobs(policies or {})
    return SimpleNamespace(
        source=SimpleNamespace(arm=FakeArm(old or answers(OLD)), blobs=blobs),
        target=SimpleNamespace(arm=FakeArm(new or answers(NEW)), blobs=blobs),
    )


def under(workspace: SurveyedWorkspace, account: str) -> SurveyedWorkspace:
    properties = {**workspace.properties, "storageAccount": account}
    return replace(workspace, document={**workspace.document, "properties": properties})


async def test_all_that_protects_an_account_is_read_of_it() -> None:
    given = {
        "itself": {"properties": {"x": 1}},
        "service": KEEPS,
        "rules": RULES,
        "replication": [{"name": "p"}],
        "containers": [{"name": "c"}],
    }
    found = await read(clouds(answers(OLD, **given)).source, OLD)
    assert (found.id, found.name) == (OLD, "acct")
    assert found.account.value == given["itself"] and found.settings == {"isVersioningEnabled": True}
    assert found.lifecycle.value == RULES
    assert (found.replication.value, found.containers.value) == ([{"name": "p"}], [{"name": "c"}])


async def test_only_the_answer_that_there_are_no_rules_is_one_without_rules() -> None:
    assert (await read(clouds().source, OLD)).lifecycle == NOTHING
    other = answers(OLD, rules=refusal(404, "ResourceNotFound"))
    assert (await read(clouds(other).source, OLD)).lifecycle.refused
    with pytest.raises(ServiceError):
        await read(clouds(answers(OLD, rules=refusal(503, "ServerBusy"))).source, OLD)


async def test_both_accounts_are_read_with_the_containers_and_places_that_get_bytes() -> None:
    policies = {
        ("acct", OLD_BLOBS): {"a": "r"},
        ("cmkacct", NEW_BLOBS): {"b": "w"},
        ("acct", "azureml"): {"c": "r"},
        ("cmkacct", "azureml"): refusal(404, "ContainerNotFound"),
    }
    found = await pair(clouds(policies=policies), MAPPING, iter(BYTES))
    assert found and (found.source.id, found.target.id) == (OLD, NEW)
    assert found.containers == {OLD_BLOBS: NEW_BLOBS, "azureml": "azureml"}
    assert found.places == GOALS
    assert found.policies[OLD_BLOBS] == (Read({"a": "r"}), Read({"b": "w"}))
    # What is made with the first bytes has no policies yet, and that is known.
    assert found.policies["azureml"] == (Read({"c": "r"}), Read({}))


async def test_policies_that_may_not_be_read_are_not_none() -> None:
    shut = {("cmkacct", NEW_BLOBS): refusal(403, "AuthorizationFailure")}
    found = await pair(clouds(policies=shut), MAPPING, BYTES[:1])
    assert found and found.policies[OLD_BLOBS][1].refused and found.policies[OLD_BLOBS][1].value is None


@pytest.mark.parametrize(
    "accounts", [("", NEW), (OLD, ""), (OLD, OLD.upper())], ids=["no source", "no target", "one"]
)
async def test_where_no_two_accounts_are_nothing_is_compared(accounts: tuple[str, str]) -> None:
    mapping = Mapping(under(SOURCE, accounts[0]), under(TARGET, accounts[1]))
    # No answer is known there: a call would fail.
    nobody = SimpleNamespace(source=None, target=None)
    both: Any = nobody
    assert await pair(both, mapping, BYTES) is None
    assert await beforehand(both, mapping, BYTES) == []
    assert await afresh(both, mapping, BYTES) == ([], [])
    if accounts[0]:
        assert await ending(both.target, mapping, BYTES) == []


async def test_a_plan_warns_of_what_keeps_a_verification_from_being_green() -> None:
    weaker = clouds(answers(OLD, service=KEEPS), answers(NEW, rules=RULES, tasks=[{"name": "t"}]))
    codes = ["versions-not-kept", "lifecycle-ends-copies"]
    planned = await beforehand(weaker, MAPPING, BYTES)
    assert [(one.code, one.severity) for one in planned] == [(code, "warning") for code in codes]
    found, not_compared = await afresh(weaker, MAPPING, BYTES)
    assert [(one.code, one.severity) for one in found] == [(code, "blocks") for code in codes]
    assert len(not_compared) == 1 and not_compared[0].endswith(": t")


async def test_what_was_not_compared_is_told_with_its_container() -> None:
    shut = {("acct", OLD_BLOBS): refusal(403, "AuthorizationFailure")}
    found, not_compared = await afresh(clouds(policies=shut), MAPPING, BYTES)
    assert found == [] and len(not_compared) == 1 and OLD_BLOBS in not_compared[0]


@pytest.mark.parametrize(
    ("new", "codes"),
    [
        ({}, []),
        ({"rules": RULES}, ["lifecycle-ends-copies"]),
        ({"rules": refusal()}, ["lifecycle-unread"]),
        # What protects less ends no copy.
        ({"service": {"properties": {}}, "rules": {"properties": {"policy": {"rules": []}}}}, []),
    ],
    ids=["no rules", "a rule", "not shown", "an empty policy"],
)
async def test_before_a_removal_only_what_would_end_copies_counts(new: dict[str, Any], codes: list[str]) -> None:
    both = clouds(answers(OLD, service=KEEPS), answers(NEW, **new))
    found = await ending(both.target, MAPPING, BYTES)
    assert [(one.code, one.about, one.severity) for one in found] == [(code, NEW, "blocks") for code in codes]


async def test_a_rule_about_places_without_copies_ends_none() -> None:
    both = clouds(new=answers(NEW, rules=RULES))
    assert await ending(both.target, MAPPING, BYTES[2:]) == []


HOLD = {"properties": {"legalHold": {"hasLegalHold": True, "tags": [{"tag": "case7"}]}}}


@pytest.mark.parametrize(
    ("place", "answer", "told"),
    [
        (GOALS[0], HOLD, True),
        (GOALS[0], {"properties": {}}, False),
        (GOALS[0], refusal(), False),
        (None, HOLD, False),
    ],
    ids=["a hold", "nothing", "not shown", "no container"],
)
async def test_what_keeps_the_lease_from_being_written_is_told(
    place: Location | None, answer: Any, told: bool
) -> None:
    async def default_container() -> Location | None:
        return place

    arm = FakeArm({f"{NEW}/blobServices/default/containers/{NEW_BLOBS}": answer})
    workspace = SimpleNamespace(default_container=default_container)
    side: Any = SimpleNamespace(arm=arm, workspace=lambda ref: workspace if ref == TARGET.ref else None)
    found = await unwritable(side, TARGET)
    assert len(found) == told and all(NEW_BLOBS in one and "case7" in one for one in found)
