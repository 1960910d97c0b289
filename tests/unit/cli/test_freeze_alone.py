"""Giving back waits for nobody who is at work, and for no target that is not there; taking away needs the lease."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.reports import TIME, filed, report
from tests.builders.world import OLD, OLD_ID, SOURCE, plan

from amlmigrate.cli.views.freeze import GiveBackView
from amlmigrate.cloud.errors import OutOfReachError
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, DeniedError, MigrateError, PlanLockedError, RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.evidence.freezing import FrozenSource as FreezeSource
from amlmigrate.evidence.frozen import FreezeRecord
from amlmigrate.evidence.members import PlanRef
from amlmigrate.freezing import plan_source, stage
from amlmigrate.freezing.give_back import Back, Source
from amlmigrate.freezing.stage import FreezeRequest, FreezeWork, GiveBackResult
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.lock import Lock

NO_TARGET = [
    DeniedError("The target's key is disabled."),
    BadInputError("There is no workspace."),
    refusal(404, "ContainerNotFound"),
    refusal(403, "KeyVaultEncryptionKeyNotFound"),
    refusal(500, "InternalError"),
    OutOfReachError("refused", method="PUT", url="/x"),
]


async def _entered(monkeypatch: pytest.MonkeyPatch, error: MigrateError, *, needed: bool) -> bool:
    @asynccontextmanager
    async def held(*_: Any, **__: Any) -> AsyncIterator[None]:
        raise error
        yield

    monkeypatch.setattr(stage, "holding", held)
    request = SimpleNamespace(plan=None, emit=None, dry_run=False)
    work: Any = SimpleNamespace(clouds=None, ledger=None, request=request)
    lock: Any = None
    async with stage.leased(work, lock, needed=needed):
        assert work.not_compared == error.summary
        return True
    return False


@pytest.mark.parametrize("error", NO_TARGET, ids=lambda one: type(one).__name__)
async def test_giving_back_needs_no_target(monkeypatch: pytest.MonkeyPatch, error: MigrateError) -> None:
    assert await _entered(monkeypatch, error, needed=False)
    with pytest.raises(type(error)):
        await _entered(monkeypatch, error, needed=True)


async def test_giving_back_waits_for_who_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlanLockedError):
        await _entered(monkeypatch, PlanLockedError("Somebody is at work."), needed=False)


def test_that_nothing_told_whether_the_folder_is_the_newest_is_said(tmp_path: Path) -> None:
    known: Any = None
    said, unsaid = (
        GiveBackView(tmp_path, GiveBackResult(known, {}, Back(), Source(OLD.id), not_compared=why)).ending.lines
        for why in ("The target's key is disabled.", "")
    )
    assert said == (
        f"not checked: whether the plan's folder is as new as the target knows: {NO_TARGET[0].summary}",
    )
    assert unsaid == ()


class _Deaf:
    """A lease in whose blob nothing can be written."""

    async def record(self) -> dict[str, Any]:
        return {}

    async def change(self, _: Any) -> None:
        raise DeniedError("Azure refused the lease on the target.")


async def _anchored(tmp_path: Path, ends: BaseException | None) -> None:
    read = plan()
    with Ledger(tmp_path) as ledger:
        ledger.bind(read)
        Evidence(tmp_path, ledger).add(report("deed", **{"plan": {"sha256": read.sha256}}))
        clouds: Any = SimpleNamespace(source=None)
        request = FreezeRequest(read, tmp_path, By("ann", "host", "1"), ignore)
        work, lease = FreezeWork(request, ledger, clouds), _Deaf()
        async with work.anchored(lease):  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
            if ends:
                raise ends


async def test_that_the_target_does_not_know_how_far_it_came_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await _anchored(tmp_path, None)
    assert [one.getMessage() for one in caplog.records if "older copy" in one.getMessage()] == [
        "What was done now is not recorded in the target, so an older copy of the plan's folder may not be known as"
        " one until the next `migrate freeze`: Azure refused the lease on the target."
    ]


async def test_it_hides_nothing_that_went_wrong_before(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="it stays"):
        await _anchored(tmp_path, RefusedError("One of them: it stays."))


def test_two_people_in_one_folder_are_one_after_the_other(tmp_path: Path) -> None:
    with Ledger(tmp_path) as one, Ledger(tmp_path) as other:
        one.bind(plan())
        with Lock(one), pytest.raises(PlanLockedError), Lock(other):
            pass


# The source as it is.


async def _source(found: Any, *, account: str = SOURCE.storage_account_id, deleted: str | None = "") -> Any:
    class Port:
        async def find(self) -> Any:
            if isinstance(found, Exception):
                raise found
            return found

    side: Any = SimpleNamespace(workspace=lambda _: Port())
    reports = [filed("decommission", deleted=deleted)] if deleted != "" else []
    known = FreezeRecord(
        PlanRef.of(plan()), FreezeSource(id="", workspace_id="", storage_account=account), By("ann", "host", "1")
    )
    return await plan_source.read(side, plan(), Path("x"), reports, known)


async def test_the_source_that_is_there_is_its_own() -> None:
    source, account = await _source(SOURCE.document)
    assert (source.other, source.gone, source.removed) == ("", False, "") and account == SOURCE.storage_account_id


async def test_an_account_that_evidence_alone_names_is_refused_while_the_source_tells() -> None:
    with pytest.raises(RefusedError, match="storage account"):
        await _source(SOURCE.document, account=f"{SOURCE.storage_account_id}x")
    # What a version before deeds wrote names none.
    assert (await _source(SOURCE.document, account=""))[1] == SOURCE.storage_account_id


async def test_a_workspace_made_anew_is_another() -> None:
    anew = {**SOURCE.document, "properties": {**SOURCE.document["properties"], "workspaceId": OLD_ID[::-1]}}
    source, account = await _source(anew)
    assert "created again" in source.other and account == SOURCE.storage_account_id


@pytest.mark.parametrize(("deleted", "removed"), [(TIME, TIME), (None, ""), ("", "")])
async def test_gone_is_told_apart_from_removed_by_this_plan(deleted: str | None, removed: str) -> None:
    source, account = await _source(None, deleted=deleted)
    assert source.gone and source.removed == removed and account == SOURCE.storage_account_id


@pytest.mark.parametrize("error", [NO_TARGET[2], NO_TARGET[-1]])
async def test_what_cannot_be_read_keeps_nothing_back(error: Exception) -> None:
    source, account = await _source(error)
    assert source.id == OLD.id and source.unread and not source.gone and account == SOURCE.storage_account_id
