"""The evidence of rotations: a report before the first change, one at the end, and whether duties were apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rotations import NEW, NOW, OLD, key, version, workspace

from amlmigrate.core.authorship import By
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.evidence.rotation import ApprovedBy
from amlmigrate.rotating import chain
from amlmigrate.rotating.aim import aim
from amlmigrate.rotating.chain import Carrier
from amlmigrate.rotating.stage import DependantEnd, Ended, Half, RotateRequest, RotationOutcome, RotationPlan

ROTATION = aim(key(), "", NOW).rotation
BEFORE = key(version(OLD, 200), under=(workspace(OLD),))
AFTER = key(version(NEW, 0, made=ROTATION), version(OLD, 200), under=(workspace(OLD),))


def carrier(name: str) -> Carrier:
    identity = Identity(name) if name else None
    return Carrier(By("u", "h", "0", identity), "dev")


def plan(half: Half, *, made: bool = False, changes: bool = True) -> RotationPlan:
    one = AFTER if made else BEFORE
    verb = DesiredVerb.UPDATE if changes else DesiredVerb.EXISTS
    planned = PlannedPart(None, None, DesiredStep(verb, "workspace", "id"))  # type: ignore[arg-type]  # its part is not read
    return RotationPlan(RotateRequest(one, half, NOW, ROTATION), aim(one, ROTATION, NOW), (planned,))


def begin(folder: Path, who: str, half: Half, *, made: bool = False) -> str:
    """Begins a rotation, and returns whether duties are apart."""
    with chain.opened(folder) as evidence:
        return chain.begun(evidence, plan(half, made=made), carrier(who)).content.duties


def test_two_identities_that_make_and_adopt_are_apart(tmp_path: Path) -> None:
    assert begin(tmp_path, "a", Half.MAKE) == "not known"
    assert begin(tmp_path, "b", Half.ADOPT, made=True) == "apart"
    # Whoever adopts by the whole command makes nothing.
    assert begin(tmp_path, "c", Half.BOTH, made=True) == "apart"


@pytest.mark.parametrize("half", [Half.ADOPT, Half.BOTH])
def test_one_identity_is_not_apart_from_itself(tmp_path: Path, half: Half) -> None:
    begin(tmp_path, "A", Half.MAKE)
    assert begin(tmp_path, "a", half, made=True) == "not apart"


def test_both_halves_at_once_are_not_apart_also_after_a_kill_in_between(tmp_path: Path) -> None:
    assert begin(tmp_path, "a", Half.BOTH) == "not apart"
    assert begin(tmp_path, "a", Half.BOTH, made=True) == "not apart"


def test_who_made_a_version_elsewhere_is_not_known(tmp_path: Path) -> None:
    assert begin(tmp_path, "b", Half.ADOPT, made=True) == "not known"
    begin(tmp_path / "other", "", Half.MAKE)
    assert begin(tmp_path / "other", "b", Half.ADOPT, made=True) == "not known"


def test_who_only_looks_does_neither(tmp_path: Path) -> None:
    begin(tmp_path, "a", Half.MAKE)
    begin(tmp_path, "b", Half.ADOPT, made=True)
    with chain.opened(tmp_path) as evidence:
        looked = chain.content(evidence, plan(Half.BOTH, made=True, changes=False), carrier("a"))
    assert looked.duties == "apart"


def outcome(end: DependantEnd) -> RotationOutcome:
    seen = NEW if end is DependantEnd.ADOPTED else OLD
    ended = Ended(workspace(OLD), end, seen, None, "")
    return RotationOutcome(plan(Half.BOTH), 1, version(NEW, 0, made=ROTATION), (ended,), made=True)


def test_the_end_tells_what_was_seen_and_looking_again_is_no_news(tmp_path: Path) -> None:
    with chain.opened(tmp_path) as evidence:
        first = chain.begun(evidence, plan(Half.BOTH), carrier("a")).content
        assert not chain.told_already(evidence, first, outcome(DependantEnd.WAITING))
        chain.ended(evidence, first, outcome(DependantEnd.WAITING))
        assert chain.told_already(evidence, first, outcome(DependantEnd.WAITING))
        assert not chain.told_already(evidence, first, outcome(DependantEnd.ADOPTED))
        for less in ({"unread": ("/x: refused",)}, {"looked_in": ("other",)}, {"environment": "not known"}):
            assert not chain.told_already(evidence, replace(first, **less), outcome(DependantEnd.WAITING))
        last = chain.ended(evidence, first, outcome(DependantEnd.ADOPTED)).content
    assert (last.complete, last.made, last.version, last.replaced) == (
        True,
        True,
        version(NEW).id,
        version(OLD).id,
    )
    assert [(one.before, one.version, one.end) for one in last.dependants] == [(OLD, NEW, "adopted")]


def test_one_that_failed_says_why_and_is_not_complete(tmp_path: Path) -> None:
    with chain.opened(tmp_path) as evidence:
        first = chain.begun(evidence, plan(Half.BOTH), carrier("a")).content
        last = chain.failed(evidence, first, RefusedError("refused")).content
    assert (last.state, last.failed, last.complete, last.dependants) == ("ended", "refused", False, ())
    assert not last.made


def test_a_version_is_told_as_made_by_who_made_it_alone(tmp_path: Path) -> None:
    """Another machine may have made it after the plan was shown; one that then failed made it all the same."""
    found = replace(outcome(DependantEnd.ADOPTED), made=False)
    refused = RefusedError("the workspace was refused")
    refused.done = ("new version",)
    with chain.opened(tmp_path) as evidence:
        first = chain.begun(evidence, plan(Half.BOTH), carrier("a")).content
        assert chain.ended(evidence, first, found).content.made is False
        assert chain.failed(evidence, first, refused).content.made is True


def test_a_chain_that_was_changed_takes_no_report(tmp_path: Path) -> None:
    begin(tmp_path, "a", Half.MAKE)
    [path] = (tmp_path / "evidence").glob("*.json")
    path.write_text(path.read_text().replace('"dev"', '"prod"'))
    with pytest.raises(RefusedError, match="cannot be trusted"):
        begin(tmp_path, "b", Half.ADOPT, made=True)


def test_an_outcome_is_complete_only_when_all_were_seen_on_a_version_that_is_there() -> None:
    good = outcome(DependantEnd.ADOPTED)
    assert good.complete
    assert not replace(good, version=None).complete
    assert not outcome(DependantEnd.WAITING).complete
    assert not outcome(DependantEnd.NOT_ADOPTED).complete


APPROVAL = ApprovedBy(sha256="d" * 64, object_id="ann-id", by="ann", at="2026-06-01T00:00:00+00:00")


def carry(folder: Path, half: Half, end: DependantEnd | None, approval: ApprovedBy | None = APPROVAL) -> None:
    """Carries out a half of the rotation by an approval, to an end or into an interruption."""
    found = plan(half, made=half is not Half.MAKE)
    under = () if half is Half.MAKE or end is None else (Ended(workspace(OLD), end, NEW, None, ""),)
    with chain.opened(folder) as evidence:
        first = chain.begun(evidence, found, replace(carrier("a"), approval=approval)).content
        if end is not None:
            chain.ended(evidence, first, RotationOutcome(found, 1, version(NEW, 0, made=ROTATION), under))


def again(folder: Path, approval: ApprovedBy | None = APPROVAL) -> None:
    with chain.opened(folder) as evidence:
        chain.refuse_second_use(evidence, plan(Half.ADOPT, made=True), approval)


@pytest.mark.parametrize("half", [Half.BOTH, Half.ADOPT])
def test_an_approval_that_was_used_to_its_end_is_refused_also_without_the_note_beside_it(
    tmp_path: Path, half: Half
) -> None:
    carry(tmp_path, half, DependantEnd.ADOPTED)
    with pytest.raises(RefusedError, match="an approval is for one time"):
        again(tmp_path)
    # Another approval of the same rotation, and none where none is needed.
    again(tmp_path, replace(APPROVAL, sha256="e" * 64))
    again(tmp_path, None)


@pytest.mark.parametrize(
    ("half", "end"),
    [
        (Half.MAKE, DependantEnd.ADOPTED),
        (Half.BOTH, DependantEnd.WAITING),
        (Half.ADOPT, DependantEnd.NOT_ADOPTED),
        (Half.BOTH, None),
    ],
)
def test_an_approval_is_gone_on_with_until_all_was_seen_on_the_version(
    tmp_path: Path, half: Half, end: DependantEnd | None
) -> None:
    carry(tmp_path, half, end)
    again(tmp_path)
    # What was waited for is seen by a command that changes nothing, and needs no approval.
    carry(tmp_path, Half.ADOPT, DependantEnd.ADOPTED, None)
    with pytest.raises(RefusedError, match="carried out already"):
        again(tmp_path)
