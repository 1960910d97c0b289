"""Whatever tells that all under a key uses a version tells what was not looked at: a disk or a database is not found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rotations import NEW, NOW, OLD, key, version, workspace
from tests.builders.levels import owned

from amlmigrate.cli.views.rotation import NothingDueView, RotationPlanView, RotationView
from amlmigrate.core.authorship import By
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.keys.model import LIMITS, LOOKED_AT, DependantKind
from amlmigrate.rotating import chain, proposing
from amlmigrate.rotating.aim import aim
from amlmigrate.rotating.chain import Carrier
from amlmigrate.rotating.proposing import RotationProposing
from amlmigrate.rotating.stage import DependantEnd, Ended, Half, RotateRequest, RotationOutcome, RotationPlan

BY = By("u", "h", "0", None)
PLURALS = {
    DependantKind.WORKSPACE: "workspaces",
    DependantKind.ACCOUNT: "storage accounts",
    DependantKind.SCOPE: "encryption scopes",
    DependantKind.REGISTRY: "container registries",
}


def plan(half: Half) -> RotationPlan:
    under = key(version(OLD, 200), under=(workspace(OLD),))
    step = PlannedPart(None, None, DesiredStep(DesiredVerb.UPDATE, "workspace", "id"))  # type: ignore[arg-type]  # its part is not read
    return RotationPlan(RotateRequest(under, half, NOW, ""), aim(under, "", NOW), (step,))


def outcome(half: Half) -> RotationOutcome:
    """All that was seen is on the new version."""
    ended = (Ended(workspace(OLD), DependantEnd.ADOPTED, NEW, None, ""),) if half.adopts else ()
    return RotationOutcome(plan(half), 1, version(NEW, 0), ended)


def test_the_limits_name_every_kind_that_is_looked_at() -> None:
    assert all(PLURALS[one] in LIMITS for one in DependantKind)
    assert tuple(one.value for one in DependantKind) == LOOKED_AT


@pytest.mark.parametrize("half", [Half.BOTH, Half.ADOPT])
def test_that_all_is_adopted_is_never_told_without_what_was_not_looked_at(half: Half, tmp_path: Path) -> None:
    assert outcome(half).complete
    [end] = RotationView(outcome(half), "dev", (), "again", "apart").as_json()
    assert LIMITS in end.data["lines"]
    assert end.data["looked_at"] == list(LOOKED_AT)
    [would] = RotationPlanView(plan(half), "dev", ()).as_json()
    assert would.data["looked_at"] == list(LOOKED_AT)
    made = proposing.proposal(plan(half), RotationProposing("dev", "t", BY, "2026-06-01T00:00:00+00:00"))
    assert (LIMITS,) in made.told.values()
    with chain.opened(tmp_path) as evidence:
        first = chain.begun(evidence, plan(half), Carrier(BY, "dev")).content
        last = chain.ended(evidence, first, outcome(half)).content
    assert first.looked_at == last.looked_at == LOOKED_AT


def test_who_only_makes_the_version_looked_at_nothing(tmp_path: Path) -> None:
    [end] = RotationView(outcome(Half.MAKE), "dev", (), "again", "apart").as_json()
    assert (end.data["looked_at"], "was not looked at" in end.data["text"]) == ([], True)
    with chain.opened(tmp_path) as evidence:
        assert chain.begun(evidence, plan(Half.MAKE), Carrier(BY, "dev")).content.looked_at == ()


def test_that_nothing_is_due_is_told_with_it_too() -> None:
    [none] = NothingDueView(2).as_json()
    assert "Only workspaces" in none.data["text"]


def test_who_says_the_environment_is_told_by_what_is_shown_proposed_and_kept(tmp_path: Path) -> None:
    found = plan(Half.BOTH)
    mine = replace(found.request.key.dependants[0], levels=owned())
    found = replace(
        found, request=replace(found.request, key=key(version(OLD, 200), under=(mine, workspace(name="b"))))
    )
    said = "the workspace 'ws': prod by a decision of its owner (ana@contoso.com, 2026-05-20), while tags and rules say dev"
    [would] = RotationPlanView(found, "prod", (), notes=("old",)).as_json()
    assert [(one["level"], one["by"]) for one in would.data["environment_by"]] == [
        ("prod", "decision"),
        ("dev", "tag"),
    ]
    assert would.data["notes"] == ["old"]
    about = RotationProposing("prod", "t", BY, "2026-06-01T00:00:00+00:00", notes=("old",))
    assert proposing.proposal(found, about).told["Who says the environment:"] == (said, "old")
    with chain.opened(tmp_path) as evidence:
        first = chain.begun(evidence, found, Carrier(BY, "prod", notes=("old",))).content
    assert [(one.level, one.by, one.owner, one.otherwise) for one in first.environment_by] == [
        ("prod", "decision", "ana@contoso.com", "dev"),
        ("dev", "tag", "", ""),
    ]
    assert first.notes == ("old",)
