"""What figures make of keys that nobody has, and of those that nobody may read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.builders.arm import FakeArm
from tests.unit.figures.histories import history

from amlmigrate.cloud.session import Side
from amlmigrate.core.errors import BadInputError, DeniedError
from amlmigrate.figures import stage
from amlmigrate.figures.plans import Plans
from amlmigrate.figures.record import Record
from amlmigrate.figures.resources import EstateResources
from amlmigrate.figures.scans import ScansRead
from amlmigrate.figures.stage import FiguresRequest
from amlmigrate.keys.scope import NoKeyError


@pytest.mark.parametrize(
    ("wrong", "known"),
    [(NoKeyError("none"), True), (BadInputError("no such place"), False), (DeniedError("refused"), False)],
)
async def test_an_estate_without_a_key_has_no_rotations_and_one_that_is_refused_is_not_known(
    wrong: Exception, known: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    async def read(*_: Any) -> Any:
        raise wrong

    monkeypatch.setattr(stage.reading, "read", read)
    made = history(3)
    past = stage.sources(ScansRead(made.looks, {}, EstateResources()), Plans(), Record())
    request = FiguresRequest(tmp_path, tmp_path, tmp_path)
    now = made.looks[-1].at
    found = await stage.live(cast(Side, SimpleNamespace(arm=FakeArm())), past, request, now)
    told = stage.figures(past, found, now).as_dict()
    if known:
        assert told["rotations"]["keys"] == 0 and "rotations" not in found.why
    else:
        assert told["rotations"] is None and told["whole"] is False
        assert any(str(wrong) in one or "not read" in one for one in told["bounds"])
