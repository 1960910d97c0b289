"""Reads that may be refused: a vault that does not answer is one, and is not waited for long."""

from __future__ import annotations

import asyncio

import pytest

from amlmigrate.posture import reading


async def test_a_vault_that_does_not_answer_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_VAULT_SECONDS", 0.01)

    async def never() -> None:
        await asyncio.Event().wait()

    read = await reading.tried_vault(never())
    assert read.value is None and "cannot be reached" in read.refused
