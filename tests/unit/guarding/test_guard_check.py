"""What `guard check` calls missing or weaker, over documents as Azure answers them."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.unit.guarding.guards import GROUP, SCOPE, GuardedArm, S, guarded_side, guardrail, old, workspace_id

from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.guarding import bodies
from amlmigrate.guarding.checking import GuardCheck, GuardGap, check, ended, exempted, weaker
from amlmigrate.guarding.estate import GuardedEstate
from amlmigrate.guarding.falls import TaggedThen
from amlmigrate.guarding.wanted import Guardrail, Stage


def told(stage: Stage, **changed: Any) -> list[str]:
    """The codes and texts of the gaps of an assignment in which this was changed."""
    wanted = guardrail(stage)
    there: Document = deepcopy(bodies.assignment(wanted))
    there["properties"] |= changed
    return [f"{one.code}: {one.text}" for one in weaker(wanted, there, "APPLY")]


@pytest.mark.parametrize("stage", Stage)
def test_an_assignment_as_the_file_asks_for_has_no_gap(stage: Stage) -> None:
    assert told(stage) == []


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"enforcementMode": "DoNotEnforce"}, "at stage dry-deny"),
        (
            {"parameters": {"cmkEffect": {"value": "disabled"}}},
            "at no stage, and the file asks for deny-new: its effect is disabled, its enforcementMode Default",
        ),
        ({"parameters": {}}, "its effect is not given"),
        (
            {"parameters": {"cmkEffect": {"value": "Deny"}, "minimumRSAKeySize": {"value": 2048}}},
            "sets minimumRSAKeySize to 2048, and the file asks for 3072",
        ),
        ({"notScopes": ["/subscriptions/s"]}, "leaves out /subscriptions/s"),
        ({"overrides": [{"kind": "policyEffect", "value": "audit"}]}, "sets policyEffect to 'audit'"),
        ({"resourceSelectors": [{"name": "x"}]}, "selectors narrow the assignment"),
        ({"policyDefinitionId": "/other"}, "is of /other, not of the initiative"),
    ],
)
def test_what_makes_an_assignment_do_less_is_told(changed: dict[str, Any], text: str) -> None:
    assert any(text in one for one in told(Stage.DENY_NEW, **changed))


def test_an_override_that_refuses_is_not_called_weaker() -> None:
    assert told(Stage.DENY, overrides=[{"kind": "policyEffect", "value": "Deny"}]) == []


def test_an_end_without_an_offset_is_in_utc_and_one_that_cannot_be_read_is_none() -> None:
    assert ended({"expiresOn": "2027-01-01T00:00:00"}) == datetime(2027, 1, 1, tzinfo=UTC)
    assert ended({"expiresOn": "2027-01-01T02:00:00+02:00"}) == datetime(2027, 1, 1, tzinfo=UTC)
    assert ended({"expiresOn": "soon"}) is None
    assert ended({}) is None


NOW = datetime(2026, 11, 30, tzinfo=UTC)


EXEMPTIONS = "providers/Microsoft.Authorization/policyExemptions"
WANTED = guardrail(Stage.DENY_NEW)


def exemption(at: str, name: str = "x", **properties: Any) -> Document:
    """One of the guardrail's assignment, at a scope; `aml-cmk` is the name of the guardrail's own."""
    given = {"policyAssignmentId": WANTED.assignment_id.upper(), "expiresOn": "2027-01-01T00:00:00Z"}
    mark = {"metadata": {bodies.MARK: SCOPE}} if name == "aml-cmk" else {}
    return {"id": f"{at}/{EXEMPTIONS}/{name}", "properties": {**given, **mark, **properties}}


def gaps(one: Document, stage: Stage = Stage.DENY_NEW) -> list[GuardGap]:
    """What is said of an exemption where `ws` is still an old workspace."""
    return list(exempted(guardrail(stage), [one], GuardedEstate("", (old(),)), NOW, "APPLY"))


ENDED = {"expiresOn": "2026-11-29T00:00:00Z"}


@pytest.mark.parametrize(
    ("at", "properties", "told"),
    [
        (workspace_id("ws"), {}, []),
        (workspace_id("ws"), {"expiresOn": None}, ["This exemption has no end."]),
        (workspace_id("ws"), {"expiresOn": "soon"}, ["This exemption has an end that cannot be read: 'soon'."]),
        (
            workspace_id("ws"),
            ENDED,
            [
                "This exemption ended on 2026-11-29, and by the latest scan its workspace needs a key and has none:"
                " at stage deny-new its updates are refused, unless another exemption covers it."
            ],
        ),
        (
            workspace_id("moved"),
            ENDED,
            ["This exemption ended on 2026-11-29 and exempts nothing any more."],
        ),
        (
            f"{SCOPE}/resourceGroups/g",
            {},
            ["This exemption exempts all of the resource group g, new workspaces too."],
        ),
        (SCOPE, {}, [f"This exemption exempts all of {SCOPE}, new workspaces too."]),
        # What is over exempts from nothing, however wide it is.
        (SCOPE, ENDED, ["This exemption ended on 2026-11-29 and exempts nothing any more."]),
        (
            SCOPE,
            {"expiresOn": ""},
            ["This exemption has no end.", f"This exemption exempts all of {SCOPE}, new workspaces too."],
        ),
    ],
)
def test_what_is_said_of_an_exemption(at: str, properties: dict[str, Any], told: list[str]) -> None:
    assert [one.text for one in gaps(exemption(at, **properties))] == told


@pytest.mark.parametrize("stage", [Stage.AUDIT, Stage.DRY_DENY])
def test_where_nothing_is_refused_an_update_is_not_said_to_be(stage: Stage) -> None:
    [one] = gaps(exemption(workspace_id("ws"), **ENDED), stage)
    assert one.text == "This exemption ended on 2026-11-29 and exempts nothing any more."


def test_what_to_do_about_an_exemption_is_what_helps() -> None:
    at = workspace_id("ws")
    where = f"--name x --scope {at}"
    [theirs] = gaps(exemption(at, **ENDED))
    assert theirs.remedy.endswith(
        f"have it last longer: az policy exemption update {where} --expires-on DAYT23:59:59Z"
    )
    [ours] = gaps(exemption(at, "aml-cmk", **ENDED))
    assert ours.remedy.endswith("set a later day in the file (`exemptions`), then: APPLY")
    # At `deny` the file's days count no more, and ours are removed.
    for given in ({}, ENDED):
        [left] = gaps(exemption(at, "aml-cmk", **given), Stage.DENY)
        assert (left.code, left.remedy) == ("weaker", "APPLY") and "at stage deny there is none" in left.text
    [theirs] = gaps(exemption(at, **ENDED), Stage.DENY)
    assert "have it last longer" in theirs.remedy
    [over] = gaps(exemption(workspace_id("a b"), **ENDED))
    assert over.remedy.startswith("Remove it: az policy exemption delete --name x --scope '/subscriptions/")


def checked(arm: GuardedArm, wanted: Guardrail, then: tuple[TaggedThen, ...] = (), scan: str = "x") -> GuardCheck:
    met = GuardedEstate(scan, (), scanned=frozenset({S}))
    return asyncio.run(check(guarded_side(arm), wanted, met, NOW, then, apply="APPLY"))


def applied(wanted: Guardrail, **changed: Any) -> GuardedArm:
    """An ARM with a guardrail, of whose assignment this was changed."""
    arm = GuardedArm()
    for id_, body in (
        (wanted.definition_id, bodies.definition(wanted)),
        (wanted.initiative_id, bodies.initiative(wanted)),
        (wanted.assignment_id, bodies.assignment(wanted)),
    ):
        arm.kept[key_of(id_)] = {"id": id_, **deepcopy(body)}
    arm.kept[key_of(wanted.assignment_id)]["properties"] |= changed
    return arm


def test_what_is_stricter_than_the_file_is_told_and_no_gap() -> None:
    found = checked(applied(guardrail(Stage.DENY)), guardrail(Stage.AUDIT))
    assert (found.gaps, found.not_checked) == ((), ())
    assert found.notes[0] == "The assignment is at stage deny, which is stricter than audit in the file."


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({}, "APPLY"),
        # Apply undoes nothing that is stricter, and touches nothing of others: it would not help.
        (
            {"overrides": [{"kind": "policyEffect", "value": "Deny"}]},
            "apply refuses to change it. An override sets",
        ),
        ({"metadata": {}}, "did not make it for this scope, and apply does not touch it"),
    ],
)
def test_apply_is_named_only_where_it_would_help(changed: dict[str, Any], remedy: str) -> None:
    wanted = guardrail(Stage.AUDIT)
    [one] = checked(applied(wanted, notScopes=["/subscriptions/s"], **changed), wanted).gaps
    assert "leaves out /subscriptions/s" in one.text and remedy in one.remedy


def test_a_definition_of_others_is_not_for_apply() -> None:
    wanted = guardrail()
    arm = applied(wanted)
    arm.kept[key_of(wanted.initiative_id)]["properties"] |= {"metadata": {}, "policyDefinitions": []}
    [one] = checked(arm, wanted).gaps
    assert "apply does not touch it" in one.remedy
    [other] = checked(applied(guardrail(harmless=("public",))), wanted).gaps[:1]
    assert "/harmless/defaultValue differs" in other.text and "weakens nothing" in other.remedy


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ((), "there is no scan to compare with"),
        ((TaggedThen("/subscriptions/elsewhere/x", {}, NOW),), "have no workspace here"),
    ],
)
def test_why_no_tags_were_compared_is_told_as_it_is(then: tuple[TaggedThen, ...], said: str) -> None:
    [note] = checked(applied(guardrail()), guardrail(), then).notes
    assert said in note


def test_where_nobody_may_see_what_lies_below_tags_are_not_checked() -> None:
    arm, wanted = applied(guardrail(scope=GROUP)), guardrail(scope=GROUP)

    def refused(path: str) -> list[Document]:
        raise refusal()

    arm._page = refused  # type: ignore[method-assign]  # a list that is refused
    found = checked(arm, wanted, (TaggedThen(workspace_id("ws"), {}, NOW),))
    assert any(one.startswith("whether a level fell") for one in found.not_checked) and found.notes == ()
