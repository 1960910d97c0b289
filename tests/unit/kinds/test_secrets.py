"""Secrets inside texts: markers in a plan, filled in for the PUT, and never compared."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.builders.world import CONTEXT, MAPPING, OLD, OLD_BLOBS, archiving, asset
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.errors import DriftError
from amlmigrate.core.given import unfilled
from amlmigrate.kinds import all_kinds

SECRET = "c2VjcmV0"
URL = f"https://x.example.com/a?v=1&sig={SECRET}"
COMMAND = f"curl '{URL}' {OLD.id}/models/m/versions/1"
COMPONENT = asset("components/c/1", componentSpec={"command": COMMAND, "args": ["--in", URL]}, tags={"from": URL})
KIND = all_kinds()["components"]


def _source() -> InMemory:
    return InMemory({"components/c/versions/1": COMPONENT.document})


def test_a_body_holds_none_and_is_filled_whole() -> None:
    translation = KIND.desired(COMPONENT, CONTEXT)
    assert SECRET not in json.dumps(translation.first.body)
    assert SECRET not in str(translation.rewrites)
    assert translation.findings == ()
    spec = translation.first.body["properties"]["componentSpec"]
    assert spec["args"][1] == {
        "$secret": "/properties/componentSpec/args/1",
        "text": "https://x.example.com/a?v=<secret>&sig=<secret>",
    }
    body = asyncio.run(KIND.secrets(_source(), InMemory(), COMPONENT.address, translation.first.body))
    assert body["properties"]["componentSpec"] == {"command": MAPPING.rewrite(COMMAND), "args": ["--in", URL]}
    assert body["properties"]["tags"] == {"from": URL}
    assert KIND.differences(COMPONENT.address, translation.first.body, body) == []
    archived = archiving(COMPONENT)
    assert archived is not None and KIND.differences(COMPONENT.address, archived, body) != []


def test_a_difference_shows_none() -> None:
    other = {
        "properties": {
            **COMPONENT.properties,
            "componentSpec": {"command": f"wget '{URL}'", "args": ["--in", URL]},
        }
    }
    found = KIND.differences(COMPONENT.address, COMPONENT.document, other)
    assert [difference.field for difference in found] == ["/properties/componentSpec/command"]
    assert SECRET not in str(found)


def test_a_source_without_the_secret_is_drift() -> None:
    body = KIND.desired(COMPONENT, CONTEXT).first.body
    gone = InMemory({"components/c/versions/1": asset("components/c/1", componentSpec={}).document})
    for source in (InMemory(), gone):
        with pytest.raises(DriftError):
            asyncio.run(KIND.secrets(source, InMemory(), COMPONENT.address, body))


def test_a_signature_of_the_old_account_is_an_error() -> None:
    url = f"https://acct.blob.core.windows.net/{OLD_BLOBS}/a.csv?sv=1&sig={SECRET}"
    for text, told in ((url, 1), (url.replace("sig=", "plain="), 0), (URL, 0)):
        kind = all_kinds()["data"]
        found = kind.desired(asset("data/d/1", dataType="uri_file", dataUri=text), CONTEXT).findings
        assert [finding.severity for finding in found] == ["error"] * told
        assert SECRET not in str(found)


def test_what_the_target_has_is_kept_without_its_secrets() -> None:
    kept = KIND.storable({"note": URL, "plain": "x"}, "/properties/properties")
    assert kept == {
        "note": {
            "$secret": "/properties/properties/note",
            "text": "https://x.example.com/a?v=<secret>&sig=<secret>",
        },
        "plain": "x",
    }


@pytest.mark.parametrize(
    "planted",
    [
        {"$secret": 5, "text": "x"},
        {"$secret": "/properties/description", "text": ["x"]},
        {"$secret": "password", "given": "computes/vm"},
        {"$secret": ["x"], "given": None},
    ],
)
async def test_what_only_looks_like_a_marker_ends_nothing_and_gets_nothing(planted: dict[str, Any]) -> None:
    made = asset("components/c/1", componentSpec={"command": COMMAND, "x": planted})
    body = KIND.desired(made, CONTEXT).first.body
    source = InMemory({"components/c/versions/1": made.document})
    filled = await KIND.secrets(source, source, made.address, body)
    assert filled["properties"]["componentSpec"]["x"] == planted and unfilled(filled)
    assert KIND.differences(made.address, body, made.document) is not None
    assert KIND.desired(made, CONTEXT).findings == ()
