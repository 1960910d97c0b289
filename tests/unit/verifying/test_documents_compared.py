"""Which documents are compared with what, each rule by itself: what is not the plan's, what was let go, which is newest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import MAPPING, TARGET, asset, by_hand, inventory, plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.plan import CUTOVER, Action, Step
from amlmigrate.core.writes import Desired, Write
from amlmigrate.kinds import Context, document_digests, moving_kinds
from amlmigrate.verifying import document_comparison
from amlmigrate.verifying.document_comparison import DocumentComparison, compare_documents

LIKE = {"description": "one", "dataUri": "https://x/y", "dataType": "uri_file"}
ONE = asset("data/d/1", **LIKE)


def steps_of(*assets: Asset, action: Action = Action.CREATE) -> list[Step]:
    """What a plan says of these, and of the datastores that are in every workspace."""
    digests = document_digests(inventory(*assets))
    moved = {str(one.address) for one in assets}
    return [
        step(name, action=action if name in moved else Action.SKIP, source_sha256=sha)
        for name, sha in digests.items()
    ]


def compared(steps: list[Step], here: list[Asset], there: list[Asset], *waived: str) -> DocumentComparison:
    return compare_documents(plan(*steps), inventory(*here), inventory(*there, of=TARGET), frozenset(waived))


def told(found: DocumentComparison) -> set[tuple[str, str]]:
    return {(one.address, one.field) for one in found.differences}


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.ADOPT])
def test_whatever_was_moved_or_adopted_is_compared(action: Action) -> None:
    made, other = steps_of(ONE, action=action), asset("data/d/1", **(LIKE | {"description": "two"}))
    assert told(compared(made, [ONE], [ONE])) == set()
    assert told(compared(made, [ONE], [])) == {("data/d/1", "target")}
    assert told(compared(made, [ONE], [other])) == {("data/d/1", "/properties/description")}
    assert told(compared(made, [ONE], [], "data/d/1")) == set()


def test_what_came_to_the_source_since_is_a_difference() -> None:
    assert told(compared(steps_of(ONE), [ONE, asset("data/d/2", **LIKE)], [ONE])) == {("data/d/2", "source")}


def test_what_is_the_same_is_told_as_that_and_nothing_else_is() -> None:
    found = compared(steps_of(ONE), [ONE], [ONE])
    assert told(found) == set() and found.same == {"data/d/1"} and found.tolerated == ()
    assert found.source == document_digests(inventory(ONE)) and found.target == document_digests(
        inventory(ONE, of=TARGET)
    )
    other = replace(ONE, document={**ONE.document, "properties": LIKE | {"description": "two"}})
    assert compared(steps_of(ONE), [ONE], [other]).same == frozenset()
    assert compared(steps_of(ONE), [ONE], []).same == frozenset()


@pytest.mark.parametrize(
    "more",
    [
        # Without a digest it may come and go, as a lock does.
        step("data/gone/1", action=Action.MANUAL),
        step("data/gone/1#archive", source_sha256="00"),
        step("blobs/c/m", action=Action.COPY, source_sha256="00"),
    ],
    ids=["without a digest", "a phase", "bytes"],
)
def test_what_is_no_document_of_the_source_is_not_missed_in_it(more: Step) -> None:
    assert told(compared([*steps_of(ONE), more], [ONE], [ONE])) == set()


def test_a_document_that_changed_or_went_in_the_source_is_a_difference_whatever_was_let_go() -> None:
    changed = asset("data/d/1", **(LIKE | {"description": "two"}))
    for now in ([changed], []):
        for waived in ((), ("data/d/1",)):
            found = compared(steps_of(ONE), now, [ONE], *waived)
            assert told(found) == {("data/d/1", "source")} and found.same == frozenset()
    [gone] = compared(steps_of(ONE), [], [ONE]).differences
    assert (gone.expected, gone.actual) == (document_digests(inventory(ONE))["data/d/1"], None)


def test_what_moves_no_more_is_told_with_the_reason_of_that_very_item() -> None:
    """It is there, and nobody may take it for moved: why it cannot move stands beside it, and not why another cannot."""
    now = inventory()
    now.by_hand = [
        by_hand(Address.parse("data/other/1"), "it is another's"),
        by_hand(ONE.address, "it lies in another tenant", document=ONE.document),
    ]
    made = [replace(one, source_sha256=document_digests(now)["data/d/1"]) for one in steps_of(ONE)
            if str(one.address) == "data/d/1"]  # fmt: skip
    [found] = [
        one
        for one in compare_documents(plan(*made), now, inventory(ONE, of=TARGET)).differences
        if one.address == "data/d/1"
    ]
    assert (found.field, found.expected, found.actual) == (
        "source",
        "what can be moved",
        "it lies in another tenant",
    )


class Enabled:
    """Data that `run` makes with another description, and that the cutover gives its own."""

    def __init__(self) -> None:
        self.kind = moving_kinds()["data"]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kind, name)

    def desired(self, found: Asset, context: Context) -> Desired:
        body = self.kind.desired(found, context).first.body
        before = {**body, "properties": {**body["properties"], "description": "not yet"}}
        return Desired((Write(before), Write(body, "enable", stage=CUTOVER)))


@pytest.mark.parametrize(
    ("action", "was_there"), [(Action.CREATE, False), (Action.UPDATE, False), (Action.ADOPT, True)]
)
def test_what_the_cutover_makes_is_asked_of_the_target_only_where_it_was_there_before(
    monkeypatch: pytest.MonkeyPatch, action: Action, was_there: bool
) -> None:
    kinds: dict[str, Any] = {"data": Enabled()}
    monkeypatch.setattr(document_comparison, "moving_kinds", lambda: kinds)
    made = [*steps_of(ONE), step("data/d/1#enable", action=action, stage=CUTOVER)]
    differs = {("data/d/1", "/properties/description")}
    not_yet = asset("data/d/1", **(LIKE | {"description": "not yet"}))
    assert told(compared(made, [ONE], [not_yet])) == (differs if was_there else set())
    assert told(compared(made, [ONE], [ONE])) == (set() if was_there else differs)


@pytest.mark.parametrize("action", [Action.MANUAL, Action.SKIP, Action.CONFLICT])
def test_what_does_not_move_is_not_looked_for_in_the_target(action: Action) -> None:
    found = compared(steps_of(ONE, action=action), [ONE], [])
    assert told(found) == set() and found.same == frozenset()


def versions(*created: tuple[str, int], name: str = "models/m", **more: Any) -> list[Asset]:
    return [
        asset(
            f"{name}/{version}",
            created=f"2026-01-{day:02d}T00:00:00+00:00",
            modelType="custom_model",
            modelUri="https://x",
            **more,
        )
        for version, day in created
    ]


ORDER = versions(("1", 1), ("2", 2))
TURNED = versions(("1", 2), ("2", 1))
TIED = versions(("1", 1), ("2", 1))


@pytest.mark.parametrize(
    ("here", "there", "differs"),
    [
        (ORDER, ORDER, False),
        (ORDER, TURNED, True),
        # Two of one time: which is the newest is not known.
        (TIED, TURNED, False),
        (ORDER, TIED, False),
        (TIED, TIED, False),
        # One that is missing is a difference of its own.
        (ORDER, ORDER[:1], False),
        (versions(("1", 1)), versions(("1", 2)), False),
        (versions(("1", 1), ("2", 2), ("3", 3)), versions(("1", 1), ("2", 3), ("3", 2)), True),
        (versions(("1", 1), ("2", 1), ("3", 3)), versions(("1", 3), ("2", 3), ("3", 2)), False),
        (versions(("1", 1), ("2", 1), ("3", 3)), versions(("1", 2), ("2", 3), ("3", 1)), True),
    ],
)
def test_the_newest_version_of_a_name_is_the_same_on_both_sides(
    here: list[Asset], there: list[Asset], differs: bool
) -> None:
    latest = [one for one in compared(steps_of(*here), here, there).differences if one.field == "latest"]
    assert [one.address for one in latest] == (["models/m"] if differs else [])


def test_the_newest_is_told_by_its_version_and_may_be_let_go() -> None:
    [latest] = compared(steps_of(*ORDER), ORDER, TURNED).differences
    assert (latest.expected, latest.actual) == ("2", "1")
    for address in ("models/m/1", "models/m/2"):
        assert told(compared(steps_of(*ORDER), ORDER, TURNED, f"{address}!latest-overtaken")) == set()
    assert told(compared(steps_of(*ORDER), ORDER, TURNED, "models/m/1!other")) == {("models/m", "latest")}


def test_versions_that_do_not_move_and_phases_have_no_part_in_which_is_newest() -> None:
    one, two = steps_of(*ORDER)[-2:]
    by_hand = [*steps_of(*ORDER)[:-1], replace(two, action=Action.MANUAL)]
    assert told(compared(by_hand, ORDER, TURNED)) == set()
    phases = [*by_hand, step("models/m/2#archive", source_sha256="00")]
    assert told(compared(phases, ORDER, TURNED)) == set()
    assert one.address.version == "1"


def test_what_the_target_has_archived_already_is_told_by_its_steps() -> None:
    archived = replace(ONE, document={**ONE.document, "properties": {**LIKE, "isArchived": True}})
    assert compared(steps_of(ONE), [ONE], [archived]).archived == {"data/d/1#archive"}
    assert compared(steps_of(ONE), [ONE], [ONE]).archived == frozenset()


def test_the_versions_of_an_anonymous_name_have_no_newest() -> None:
    name, more = "environments/CliV2AnonymousEnvironment", {"image": "i", "isAnonymous": True}
    here, there = (versions(("1", first), ("2", 3 - first), name=name, **more) for first in (1, 2))
    assert [one for one in compared(steps_of(*here), here, there).differences if one.field == "latest"] == []


LOCK = asset("locks/keep", level="CanNotDelete")
ROLE = asset("roleAssignments/r", roleDefinitionId="/x/roleDefinitions/1", principalId="p", principalType="User")


def test_what_may_come_and_go_in_the_source_is_compared_with_it_or_with_the_plan() -> None:
    body = moving_kinds()["locks"].desired(LOCK, Context(MAPPING)).first.body
    made, other = [*steps_of(), step("locks/keep", body=body)], asset("locks/keep", level="ReadOnly")
    for here in ([LOCK], []):
        assert told(compared(made, here, [LOCK])) == set()
        assert told(compared(made, here, [])) == {("locks/keep", "target")}
        assert told(compared(made, here, [other])) == {("locks/keep", "/properties/level")}
        assert told(compared(made, here, [], "locks/keep")) == set()
        assert compared(made, here, [LOCK]).since == ()
    assert compared(steps_of(), [LOCK], []).since == ()


def test_a_role_that_came_or_went_since_the_plan_is_told() -> None:
    body = moving_kinds()["roleAssignments"].desired(ROLE, Context(MAPPING)).first.body
    made = [step("roleAssignments/r", body=body)]
    assert compared(made, [ROLE], [ROLE]).since == ()
    [came] = compared([], [ROLE], []).since
    assert (came.address, came.severity) == ("roleAssignments/r!came-since-plan", "blocks")
    [went] = compared(made, [], [ROLE]).since
    assert (went.address, went.severity) == ("roleAssignments/r!went-since-plan", "blocks")
    # What could not be listed is not known to have gone.
    left = inventory()
    left.by_hand.append(by_hand(Address("roleAssignments")))
    assert compare_documents(plan(*made), left, inventory(ROLE, of=TARGET)).since == ()


def test_a_role_that_ends_in_the_source_by_now_is_told_and_no_other() -> None:
    body = moving_kinds()["roleAssignments"].desired(ROLE, Context(MAPPING)).first.body
    left = inventory()
    left.by_hand.append(replace(ROLE, reason="it ends by itself, at noon", remedy="Make it for that time."))
    [finding] = compare_documents(
        plan(step("roleAssignments/r", body=body)), left, inventory(ROLE, of=TARGET)
    ).since
    assert (finding.address, finding.severity) == ("roleAssignments/r!lessened-since-plan", "blocks")
    assert "it ends by itself, at noon" in finding.summary and "Make it for that time." in finding.remedy
    # What the plan leaves to a person too, and what no plan has made.
    for other in (step("roleAssignments/r", action=Action.MANUAL), step("roleAssignments/s", body=body)):
        there = inventory(replace(ROLE, address=other.address), of=TARGET)
        assert "lessened" not in str(compare_documents(plan(other), left, there).since)
