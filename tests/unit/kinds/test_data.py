"""When the service deletes a data asset is part of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import CONTEXT, asset

from amlmigrate.kinds import all_kinds

KIND = all_kinds()["data"]
SETTING = {"condition": "CreatedGreaterThan", "value": "30d"}


def _data(**more: Any) -> Any:
    return asset("data/d/1", dataType="uri_file", dataUri="https://example.com/x", **more)


def test_it_is_sent_told_and_compared() -> None:
    found = KIND.desired(_data(autoDeleteSetting=SETTING), CONTEXT)
    assert found.first.body["properties"]["autoDeleteSetting"] == SETTING
    [finding] = found.findings
    assert (finding.severity, finding.address) == ("warning", "data/d/1!deletes-itself")
    assert "CreatedGreaterThan 30d" in finding.summary
    for other in (None, SETTING | {"value": "45d"}):
        differing = KIND.differences(_data().address, found.first.body, _data(autoDeleteSetting=other).document)
        assert {one.field.split("/")[2] for one in differing} == {"autoDeleteSetting"}


def test_what_has_none_is_told_of_nothing() -> None:
    for none in ({}, {"autoDeleteSetting": None}):
        found = KIND.desired(_data(**none), CONTEXT)
        assert found.findings == ()
        assert "autoDeleteSetting" not in found.first.body["properties"]


@pytest.mark.parametrize("field", ["autoDeleteSetting", "autoDeleteSetting/value", "tags"])
def test_it_may_be_changed(field: str) -> None:
    assert KIND.fields.changes(f"/properties/{field}")
