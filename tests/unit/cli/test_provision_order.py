"""In which order `migrate provision` reads, shows, checks, asks and does; and what ends it before anything is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from tests.unit.provisioning.provisioned import wanted

from amlmigrate.cli import provision
from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.views import asking
from amlmigrate.cli.views.base import CommandView, View
from amlmigrate.core.errors import ExitCode, RefusedError
from amlmigrate.desired.applying import Applied
from amlmigrate.provisioning import stage
from amlmigrate.provisioning.stage import Provisioning, ProvisionRequest

SHOWN = ["read", "ProvisionPlanView", "check"]
DONE = ["apply", "ProvisionView"]
UNDOABLE = ("the vault gets purge protection",)


@dataclass
class Watched:
    """Writes down what is done; `refused` is raised where the plan is checked, `answer` is what a person says."""

    asks: tuple[str, ...] = UNDOABLE
    refused: bool = False
    answer: bool = True
    steps: tuple[Any, ...] = ()
    did: list[str] = field(default_factory=list)
    request: ProvisionRequest | None = None
    waits: bool | None = None

    def show(self, view: CommandView) -> None:
        self.did.append(type(view).__name__)

    def event(self, _: object) -> None:
        """Nothing happens."""

    async def read(self, request: ProvisionRequest, _: object, *, wait: bool) -> Watched:
        self.request, self.waits = request, wait
        self.did.append("read")
        return self

    def check(self) -> None:
        self.did.append("check")
        if self.refused:
            raise RefusedError("It cannot be done.")

    async def apply(self) -> Applied:
        self.did.append("apply")
        return Applied(1, ())

    async def yes(self, _: str) -> bool:
        self.did.append("asked")
        return self.answer


@asynccontextmanager
async def _session(_: object) -> AsyncIterator[None]:
    yield


async def _run(
    watched: Watched,
    monkeypatch: pytest.MonkeyPatch,
    *,
    dry_run: bool = False,
    yes: bool = False,
    json: bool = False,
    terminal: bool = True,
) -> ExitCode:
    monkeypatch.setattr(provision, "session", _session)
    monkeypatch.setattr(provision, "provisioning", watched.read)
    monkeypatch.setattr(asking, "possible", lambda: terminal)
    monkeypatch.setattr(asking, "yes", watched.yes)
    said = provision.Said("w.yaml", ("kv",), yes, 1800)
    return await provision._provision(
        cast(View, watched), CommonOptions(json=json), wanted(), said, dry_run=dry_run
    )


async def test_what_was_given_decides_what_is_read_and_how_long_is_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched()
    assert await _run(watched, monkeypatch) is ExitCode.DONE
    assert watched.request and watched.waits
    assert (watched.request.file, watched.request.adopt, watched.request.patience) == ("w.yaml", ("kv",), 1800)


async def test_a_right_is_waited_for_as_long_as_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[float] = []

    async def apply(*_: object, patience: float) -> Applied:
        found.append(patience)
        return Applied(0, ())

    monkeypatch.setattr(stage, "apply", apply)
    request = ProvisionRequest(wanted(), "w.yaml", (), lambda _: None, 1800)
    await Provisioning(request, (), cast(Any, None)).apply()
    assert found == [1800]


@pytest.mark.parametrize("yes", [False, True])
async def test_what_is_refused_is_shown_and_nobody_asked(yes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(refused=True)
    with pytest.raises(RefusedError):
        await _run(watched, monkeypatch, yes=yes)
    assert watched.did == SHOWN


@pytest.mark.parametrize("yes", [False, True])
async def test_a_dry_run_asks_does_and_waits_for_nothing(yes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched()
    assert await _run(watched, monkeypatch, dry_run=True, yes=yes) is ExitCode.DONE
    assert watched.did == [*SHOWN, "ProvisionDryView"] and watched.waits is False


@pytest.mark.parametrize(
    ("given", "asks", "between"),
    [
        ({}, UNDOABLE, ["AskedView", "asked"]),
        ({"yes": True}, UNDOABLE, []),
        ({"yes": True, "json": True, "terminal": False}, UNDOABLE, []),
        ({"json": True, "terminal": False}, (), []),
    ],
    ids=["answered", "by an option", "by an option for a program", "nothing to ask"],
)
async def test_it_is_done_once_it_is_agreed_to(
    given: dict[str, bool], asks: tuple[str, ...], between: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(asks)
    assert await _run(watched, monkeypatch, **given) is ExitCode.DONE
    assert watched.did == [*SHOWN, *between, *DONE]


@pytest.mark.parametrize(
    ("given", "between"),
    [
        ({}, ["AskedView", "asked"]),
        ({"terminal": False}, []),
        # A program is not asked, though somebody may sit at the terminal.
        ({"json": True}, []),
    ],
    ids=["another answer", "no terminal", "a program"],
)
async def test_without_a_yes_nothing_is_done(
    given: dict[str, bool], between: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(answer=False)
    with pytest.raises(RefusedError) as refused:
        await _run(watched, monkeypatch, **given)
    assert watched.did == [*SHOWN, *between]
    assert refused.value.reasons == UNDOABLE and "nothing was changed" in refused.value.summary
