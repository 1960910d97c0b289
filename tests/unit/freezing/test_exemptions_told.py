"""A freeze tells an exemption of the source that ends before the move is over, whether it takes anything or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import plan

from amlmigrate.cli.views.freeze import FreezeView
from amlmigrate.core.authorship import By
from amlmigrate.core.events import ignore
from amlmigrate.core.finding import Finding
from amlmigrate.freezing import stage
from amlmigrate.freezing.freeze import TakenRights
from amlmigrate.freezing.writers import Writers
from amlmigrate.ledger import Ledger

ENDS = Finding("warning", "/e", "It ends.", "az policy exemption update", "exemption-ends")
NOW = datetime(2026, 2, 1, tzinfo=UTC)


async def _frozen(
    folder: Path, patch: pytest.MonkeyPatch, *, dry_run: bool
) -> tuple[stage.FreezeResult, list[Any]]:
    asked: list[Any] = []

    async def early_ends(_: Any, source: str, until: datetime, now: datetime) -> list[Finding]:
        asked.append((source, until, now))
        return [ENDS]

    def giving(value: Any) -> Any:
        async def given(*_: Any, **__: Any) -> Any:
            return value

        return given

    read = plan()
    patch.setattr(stage, "early_ends", early_ends)
    patch.setattr(stage, "read_pair", giving((SimpleNamespace(storage_account_id="/a"), None)))
    patch.setattr(stage, "writers", giving(Writers()))
    patch.setattr(stage, "signed", giving(By("ann", "host", "1")))
    patch.setattr(stage.freeze, "take_away", giving(TakenRights()))
    patch.setattr(stage.record, "refuse_strange", lambda *_: None)
    arm = SimpleNamespace(service_clock=SimpleNamespace(now=lambda: NOW))
    clouds: Any = SimpleNamespace(source=SimpleNamespace(arm=arm, roles=None, credential=None))
    with Ledger(folder) as ledger:
        ledger.bind(read)
        request = stage.FreezeRequest(read, folder, By("ann", "host", "1"), ignore, dry_run=dry_run)
        return await stage.FreezeWork(request, ledger, clouds).freeze(), asked


@pytest.mark.parametrize("dry_run", [False, True])
async def test_it_is_told_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dry_run: bool) -> None:
    result, asked = await _frozen(tmp_path, monkeypatch, dry_run=dry_run)
    assert asked == [(plan().header.source_ref.id, NOW + timedelta(days=21), NOW)], "by Azure's clock"
    told = FreezeView(tmp_path, result).ending
    assert "warning: /e!exemption-ends: It ends. az policy exemption update" in told.lines
    assert told.members["findings"] == [ENDS.as_dict()]
