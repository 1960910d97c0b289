"""When the service deletes a data asset is part of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.world import CONTEXT, OLD_BLOBS, SOURCE, asset

from amlmigrate.core.documents import properties_of
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


def test_a_signature_of_the_old_account_is_an_error_and_is_not_shown() -> None:
    url = f"https://{SOURCE.storage_account}.blob.core.windows.net/{OLD_BLOBS}/d/1?sv=1&sig=c2lnbmF0dXJl"
    found = KIND.desired(asset("data/d/1", dataType="uri_file", dataUri=url), CONTEXT)
    [finding] = found.findings
    assert (finding.severity, finding.address) == ("error", "data/d/1!signed-url")
    assert "c2lnbmF0dXJl" not in str([finding, properties_of(found.first.body)])
