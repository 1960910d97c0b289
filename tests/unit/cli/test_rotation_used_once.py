"""An approval of a rotation is for one time: used up once all was seen on the version, also after a time of waiting."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.people import ANN, BEN
from tests.unit.rotating.rotations import NEW, NOW, OLD, account, key, version, workspace

from amlmigrate.cli import rotation
from amlmigrate.cli.rotation import RotationInput
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import ExitCode, RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.keys.model import Dependant
from amlmigrate.ledger import fileapprovals, proposals
from amlmigrate.posture import tagging
from amlmigrate.rotating import proposing, stage
from amlmigrate.rotating.aim import aim
from amlmigrate.rotating.followers import DependantPart
from amlmigrate.rotating.proposing import RotationProposing
from amlmigrate.rotating.stage import Half, RotateRequest, RotationPlan

ROTATION, TENANT = "CHG-1", "tenant"
CARRIER = Identity("carrier-id", tenant_id=TENANT)
OLDER = version(OLD, 200)
MADE = version(NEW, 1, made=ROTATION)


def signed(one: By) -> By:
    assert one.identity
    return one.signed(replace(one.identity, tenant_id=TENANT))


def plan(half: Half, under: Sequence[tuple[Dependant, DesiredVerb]], *, made: bool = True) -> RotationPlan:
    held = key(*((MADE, OLDER) if made else (OLDER,)), under=tuple(one for one, _ in under))
    planned = []
    for one, verb in under:
        part = DependantPart(one, lambda: NOW)
        planned.append(PlannedPart(part, one.document, DesiredStep(verb, part.what, part.id)))
    return RotationPlan(RotateRequest(held, half, NOW, ROTATION), aim(held, ROTATION, NOW), tuple(planned))


class Azure:
    """What the stage would find in turn: each call of `plan` gives the next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.found = plan(Half.ADOPT, [(workspace(OLD, "prod"), DesiredVerb.UPDATE)])
        self.after = self.found
        self.carried = 0
        # What is due by the time that a step is done.
        self.late: tuple[PlannedPart[Any], ...] = ()
        monkeypatch.chdir(folder)
        monkeypatch.setattr(rotation.stage, "plan", self._plan)
        monkeypatch.setattr(rotation.stage, "carry_out", self._carry_out)
        monkeypatch.setattr(rotation, "who", self._who)

    async def _plan(self, *_: object) -> RotationPlan:
        return self.found

    async def _carry_out(self, side: object, found: object, telling: object, allowed: stage.Allowed) -> Any:
        for one in self.late or ():
            allowed(one)
        self.carried += 1
        return stage.as_it_stands(self.after)

    async def _who(self, *_: object) -> By:
        return By("u", "h", "1", CARRIER)


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Azure:
    return Azure(monkeypatch, tmp_path)


def approved(azure: Azure, name: str = "rotation.json") -> Path:
    """A proposal of what there is to do now, approved."""
    at = datetime(2026, 6, 1, tzinfo=UTC)
    about = RotationProposing("prod", TENANT, signed(ANN), at.isoformat())
    made, path = proposing.proposal(azure.found, about), Path(name)
    proposals.write(path, made)
    fileapprovals.approve(path, made, made.sha256[:16], signed(BEN), at)
    return path


def rotate(path: Path, azure: Azure, half: Half = Half.ADOPT) -> ExitCode:
    async def identity() -> Identity:
        return CARRIER

    clock = SimpleNamespace(now=lambda: NOW)
    side: Any = SimpleNamespace(
        credential=SimpleNamespace(identity=identity), arm=SimpleNamespace(service_clock=clock)
    )
    view: Any = SimpleNamespace(show=lambda _: None, event=lambda _: None)
    held = azure.found.request.key
    proposed = proposals.read(path, proposing.COMMAND)
    given = RotationInput(held, (), tagging.read(), half, ROTATION, path, proposed)
    shared: Any = SimpleNamespace(options={})
    return asyncio.run(rotation.rotated(view, shared, side, given, "again"))


def adopted(azure: Azure) -> None:
    azure.after = plan(Half.ADOPT, [(workspace(NEW, "prod"), DesiredVerb.EXISTS)])


def test_once_it_is_carried_out_it_is_refused_when_something_was_set_back(azure: Azure) -> None:
    path = approved(azure)
    adopted(azure)
    assert rotate(path, azure) is ExitCode.DONE
    with pytest.raises(RefusedError, match="one time"):
        rotate(path, azure)
    assert azure.carried == 1


@pytest.mark.parametrize("back", ["removed", "copied"])
def test_a_proposal_that_is_put_back_without_its_note_is_refused_by_the_evidence(azure: Azure, back: str) -> None:
    path = approved(azure)
    adopted(azure)
    assert rotate(path, azure) is ExitCode.DONE
    note = Path("rotation.json.carried-out.json")
    if back == "removed":
        note.unlink()
    else:
        for name in ("rotation.json", "rotation.json.approval.json"):
            shutil.copy(name, name.replace("rotation", "another", 1))
        path = Path("another.json")
    with pytest.raises(RefusedError, match="one time"):
        rotate(path, azure)
    assert azure.carried == 1


def test_what_was_waited_for_uses_the_approval_up_when_it_is_seen(azure: Azure) -> None:
    waiting = plan(
        Half.ADOPT, [(workspace(OLD, "prod"), DesiredVerb.UPDATE), (account(OLD, "prod"), DesiredVerb.WAIT)]
    )
    azure.found = waiting
    path = approved(azure)
    azure.after = plan(
        Half.ADOPT, [(workspace(NEW, "prod"), DesiredVerb.EXISTS), (account(OLD, "prod"), DesiredVerb.WAIT)]
    )
    assert rotate(path, azure) is ExitCode.INCOMPLETE
    # It may be gone on with meanwhile.
    assert rotate(path, azure) is ExitCode.INCOMPLETE
    azure.found = plan(
        Half.ADOPT, [(workspace(NEW, "prod"), DesiredVerb.EXISTS), (account(NEW, "prod"), DesiredVerb.EXISTS)]
    )
    assert rotate(path, azure) is ExitCode.DONE
    used = fileapprovals.carried_out(path, proposals.read(path))
    assert used and used.ended
    # Infrastructure code set the workspace back since.
    azure.found = waiting
    with pytest.raises(RefusedError, match="one time"):
        rotate(path, azure)
    assert azure.carried == 2


def test_a_look_at_what_was_never_begun_uses_nothing_up(azure: Azure) -> None:
    path = approved(azure)
    todo = azure.found
    azure.found = plan(Half.ADOPT, [(workspace(NEW, "prod"), DesiredVerb.EXISTS)])
    assert rotate(path, azure) is ExitCode.DONE
    azure.found = todo
    adopted(azure)
    assert rotate(path, azure) is ExitCode.DONE
    assert azure.carried == 1


def test_a_step_that_is_due_by_then_and_was_not_shown_is_not_done(azure: Azure) -> None:
    path = approved(azure)
    azure.late = plan(Half.ADOPT, [(account(OLD, "prod", fixed=True), DesiredVerb.UPDATE)]).planned
    with pytest.raises(RefusedError, match="it was not done"):
        rotate(path, azure)
    assert azure.carried == 0
    azure.late = azure.found.planned
    adopted(azure)
    assert rotate(path, azure) is ExitCode.DONE
