"""What lies below a management group: its subscriptions bound a scan, and none of them is left unseen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from tests.builders.arm import FakeArm, side
from tests.builders.errors import refusal
from tests.unit.guarding.guards import GROUP, SCOPE, GuardedArm, S, guarded_side, guardrail, old, workspace_id

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.guarding import bodies, stage
from amlmigrate.guarding.checking import check
from amlmigrate.guarding.estate import GuardedEstate, OpenPlan, RemovedSource, not_known
from amlmigrate.guarding.places import GuardedPlaces, bounded, exemptions, places, workspaces
from amlmigrate.guarding.progress import events
from amlmigrate.guarding.stage import GuardRequest
from amlmigrate.guarding.unseen import with_unseen
from amlmigrate.guarding.wanted import Stage

OTHER, FAR = ("22222222-2222-4333-8444-555555555555", "33333333-2222-4333-8444-555555555555")
NOW = datetime(2026, 12, 1, tzinfo=UTC)
HERE = guardrail(Stage.DENY_NEW, scope=GROUP)
MET = GuardedEstate("x", (old(),), scanned=frozenset({S, OTHER}))


def far(name: str = "ws", subscription: str = FAR) -> Any:
    return replace(old(name), id=workspace_id(name, subscription=subscription))


def where(arm: Any, wanted: Any = HERE) -> GuardedPlaces:
    return asyncio.run(places(cast(Arm, arm), wanted))


AT_GROUP = f"{SCOPE}/resourceGroups/g"


@pytest.mark.parametrize("scope", [SCOPE, AT_GROUP])
def test_a_subscription_and_a_group_are_their_own_place(scope: str) -> None:
    assert where(FakeArm({scope: {"id": scope}}), guardrail(scope=scope)) == GuardedPlaces((scope,))


@pytest.mark.parametrize(
    ("scope", "answer", "what"),
    [
        (SCOPE, None, "subscription"),
        (SCOPE, refusal(404, "SubscriptionNotFound"), "subscription"),
        (AT_GROUP, None, "resource group"),
        (AT_GROUP, refusal(404, "SubscriptionNotFound"), "subscription"),
    ],
)
def test_a_scope_that_is_not_there_is_bad_input_before_anything_is_made(
    scope: str, answer: Any, what: str
) -> None:
    arm = FakeArm({scope: answer})
    with pytest.raises(BadInputError) as bad:
        where(arm, guardrail(scope=scope))
    assert bad.value.summary == f"Azure says that there is no such {what}." and bad.value.address == scope
    made = GuardedArm()
    del made.kept[key_of(scope)]
    for stage_ in Stage:
        wanted = guardrail(stage_, scope=scope)
        request = GuardRequest(wanted, GuardedEstate("", ()), NOW)
        with pytest.raises(BadInputError, match="no such"):
            asyncio.run(stage.plan(guarded_side(made), request, events(lambda event: None)))
        with pytest.raises(BadInputError, match="no such"):
            asyncio.run(check(guarded_side(made), wanted, request.estate, NOW))
    assert made.writes == 0


def test_a_scope_that_goes_while_somebody_agrees_gets_no_definition() -> None:
    arm, wanted = GuardedArm(), guardrail(scope=AT_GROUP)
    request, told = GuardRequest(wanted, GuardedEstate("", ()), NOW), events(lambda event: None)
    found = asyncio.run(stage.plan(guarded_side(arm), request, told))
    del arm.kept[key_of(AT_GROUP)]
    with pytest.raises(BadInputError, match="no such resource group"):
        asyncio.run(stage.carry_out(guarded_side(arm), request, found, told))
    assert arm.writes == 0


@pytest.mark.parametrize("scope", [SCOPE, AT_GROUP])
@pytest.mark.parametrize("error", [refusal(), refusal(401), refusal(404, "NotFound"), refusal(429), refusal(500)])
def test_a_scope_that_cannot_be_read_is_not_said_to_be_absent(scope: str, error: ServiceError) -> None:
    with pytest.raises(ServiceError):
        where(FakeArm({scope: error}), guardrail(scope=scope))


def test_what_may_be_read_of_a_scope_that_may_not_is_checked_all_the_same() -> None:
    found = asyncio.run(check(side(FakeArm({SCOPE: refusal()})), guardrail(), GuardedEstate("", ()), NOW))
    assert found.not_checked[0].startswith("whether the scope is there: GET was answered 403")
    assert [one.code for one in found.gaps] == ["missing"] * 3


def test_a_management_group_is_all_subscriptions_below_it_and_no_groups() -> None:
    below = [
        {"type": "Microsoft.Management/managementGroups", "name": "inner"},
        {"type": "/subscriptions", "name": S},
        {"type": "/Subscriptions", "name": OTHER},
    ]
    found = where(FakeArm({GROUP: {}, f"{GROUP}/descendants": below}))
    assert found == GuardedPlaces((f"/subscriptions/{S}", f"/subscriptions/{OTHER}"))


@pytest.mark.parametrize("answer", [None, refusal(404, "NotFound")])
def test_a_management_group_that_is_not_there_is_bad_input(answer: Any) -> None:
    with pytest.raises(BadInputError, match="no such management group"):
        where(FakeArm({GROUP: answer}))


@pytest.mark.parametrize("path", [GROUP, f"{GROUP}/descendants"])
def test_what_may_not_be_read_is_told_and_nothing_is_taken_for_known(path: str) -> None:
    answers = {GROUP: {}, f"{GROUP}/descendants": [], path: refusal(403, "AuthorizationFailed")}
    found = where(FakeArm(answers))
    assert (found.scopes, bool(found.refused)) == ((), True)
    met = asyncio.run(with_unseen(cast(Arm, FakeArm(answers)), HERE, MET, found))
    assert any("is not known" in one for one in not_known(met))
    assert asyncio.run(exemptions(cast(Arm, FakeArm()), found)).value is None
    assert asyncio.run(workspaces(cast(Arm, FakeArm()), found)).value is None


def test_the_subscriptions_below_bound_a_scan_and_what_plans_did() -> None:
    until = datetime(2027, 1, 1, tzinfo=UTC)
    met = GuardedEstate(
        "x",
        (old(), far()),
        plans=(OpenPlan("a", old().id, ""), OpenPlan("b", far().id, "")),
        removed=(RemovedSource(old().id, "a", until), RemovedSource(far().id, "b", until)),
        scanned=frozenset({S, FAR}),
    )
    found = bounded(met, HERE, GuardedPlaces((f"/subscriptions/{S.upper()}",)))
    assert [one.id for one in found.old] == [old().id]
    assert [one.folder for one in (*found.plans, *found.removed)] == ["a", "a"]
    assert found.uncovered == ()
    # Of a subscription it bounds nothing: there the ids do.
    assert bounded(met, guardrail(), GuardedPlaces((SCOPE,))) == met


def test_a_subscription_below_that_no_scan_has_is_told() -> None:
    found = bounded(MET, HERE, GuardedPlaces((f"/subscriptions/{S}", f"/subscriptions/{FAR}")))
    assert found.uncovered == (FAR,)
    assert any(f"has not subscription {FAR}" in one for one in not_known(found))


def test_workspaces_of_every_subscription_below_are_looked_for() -> None:
    tags = {"data-classification": "restricted"}
    made = {"id": workspace_id("since", subscription=OTHER), "tags": tags, "kind": "Default", "properties": {}}
    there = {"id": old().id, "tags": tags, "kind": "Default", "properties": {}}
    arm = GuardedArm(there, made, subscriptions=(S, OTHER))
    met = asyncio.run(
        with_unseen(cast(Arm, arm), HERE, GuardedEstate("x", (old(),), scanned=frozenset({S, OTHER})), where(arm))
    )
    assert (met.unseen, met.vanished) == (("old-rg/since",), ())


def test_one_list_that_is_refused_leaves_the_whole_unknown() -> None:
    there = GuardedPlaces((f"/subscriptions/{S}", f"/subscriptions/{OTHER}"))
    refused = f"/subscriptions/{OTHER}/providers/Microsoft.MachineLearningServices/workspaces"
    found = asyncio.run(workspaces(cast(Arm, FakeArm({refused: refusal(403, "AuthorizationFailed")})), there))
    assert (found.value, bool(found.refused)) == (None, True)


def test_a_subscription_that_never_had_azure_ml_is_not_asked_for_workspaces() -> None:
    provider = f"{SCOPE}/providers/Microsoft.MachineLearningServices"
    answers = {
        provider: {"registrationState": "NotRegistered"},
        f"{provider}/workspaces": refusal(409, "MissingSubscriptionRegistration"),
    }
    assert asyncio.run(workspaces(cast(Arm, FakeArm(answers)), GuardedPlaces((SCOPE,)))).value == []


def test_an_exemption_that_two_lists_show_is_one() -> None:
    at_group = {"id": f"{GROUP}/providers/Microsoft.Authorization/policyExemptions/x"}
    kind = "providers/Microsoft.Authorization/policyExemptions"
    answers = {f"/subscriptions/{one}/{kind}": [at_group] for one in (S, OTHER)}
    there = GuardedPlaces((f"/subscriptions/{S}", f"/subscriptions/{OTHER}"))
    assert asyncio.run(exemptions(cast(Arm, FakeArm(answers)), there)).value == [at_group]


def test_an_exemption_of_the_whole_management_group_is_a_gap() -> None:
    arm = GuardedArm(subscriptions=(S,))
    wanted = guardrail(scope=GROUP)
    body = bodies.exemption(wanted, NOW.date(), None)
    id_ = f"{GROUP}/providers/Microsoft.Authorization/policyExemptions/wide"
    # As a list of the subscription shows what is above it.
    shown = {"id": id_, **body}
    page = arm._page
    arm._page = lambda path: [shown] if path.endswith("/policyExemptions") else page(path)  # type: ignore[method-assign]  # the test's own in its place
    found = asyncio.run(check(guarded_side(arm), wanted, GuardedEstate("", ()), NOW))
    assert any(one.text.startswith(f"This exemption exempts all of {GROUP},") for one in found.gaps)
    assert key_of(id_) in {key_of(one.id) for one in found.gaps}
