"""Connections: their secrets are where they are needed for the moment, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bicep_types import Types
from tests.builders.world import CONTEXT, NEW, OLD
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import MigrateError
from amlmigrate.kinds.connections import _CREDENTIALS, _WITHOUT, KIND

GIT = Address.parse("connections/git")
LIST = "connections/git/listsecrets"


def _document(auth: str = "PAT", **more: Any) -> Document:
    properties = {"authType": auth, "category": "Git", "target": "t", "credentials": None, "metadata": {}, **more}
    return {"id": f"{OLD.id}/{GIT}", "name": "git", "properties": properties, "systemData": {}}


def _port(document: Document, credentials: Any = None) -> InMemory:
    answer = {**document, "properties": {**document["properties"], "credentials": credentials}}
    return InMemory({str(GIT): document}, secrets={LIST: answer})


@pytest.mark.parametrize("auth", [*_CREDENTIALS, *_WITHOUT])
async def test_a_secret_is_in_the_body_for_the_moment_and_in_no_plan(auth: str) -> None:
    secret = {"keys": {"a": "TOP SECRET"}} if auth == "CustomKeys" else {"key": "TOP SECRET", "extra": None}
    source, target = _port(_document(auth), secret), InMemory()
    [asset] = await KIND.scan(source)
    body = KIND.desired(asset, CONTEXT).first.body
    before = json.dumps(body)
    source.calls.clear()
    filled = await KIND.secrets(source, target, GIT, body)
    assert json.dumps(body) == before and "TOP SECRET" not in before and target.calls == []
    kept = {name: value for name, value in secret.items() if value is not None}
    if auth in _WITHOUT:
        assert filled == body and source.calls == [] and "credentials" not in body["properties"]
    else:
        assert filled["properties"]["credentials"] == kept and source.calls == [("POST", LIST)]
        assert KIND.differences(GIT, body, filled) == []


async def test_an_answer_that_repeats_its_secret_is_told_without_it() -> None:
    source = _port(_document("CustomKeys"), {"keys": {"a": "Y0u-would-not-guess"}})
    assert await KIND.secret_of(source, GIT)
    assert "would-not-guess" not in MigrateError("The key 'Y0u-would-not-guess' is not accepted.").summary


async def test_who_signs_in_is_told() -> None:
    own = {"clientId": "the-client", "clientSecret": "Y0u-would-not-guess-it", "tenantId": "the-tenant"}
    assert await KIND.secret_of(_port(_document("ServicePrincipal"), own), GIT) == own
    error = MigrateError("the-client of the-tenant is not let in with Y0u-would-not-guess-it.")
    assert error.summary == "the-client of the-tenant is not let in with <secret>."


@pytest.mark.parametrize("credentials", [None, {}, {"pat": None}])
async def test_without_credentials_nothing_is_written(credentials: Any) -> None:
    source = _port(_document(), credentials)
    [asset] = await KIND.scan(source)
    with pytest.raises(MigrateError, match="does not give its credentials"):
        await KIND.secrets(source, InMemory(), GIT, KIND.desired(asset, CONTEXT).first.body)


@pytest.mark.parametrize("auth", ["UserEntraToken", "Agent", "DelegatedSAS", "None!", ""])
async def test_a_sign_in_that_nobody_knows_is_left_by_hand(auth: str) -> None:
    [asset] = await KIND.scan(_port(_document(auth)))
    assert f"'{auth}'" in asset.reason and asset.remedy.endswith(".")


async def test_what_is_anothers_is_left_alone_and_what_may_be_is_left_by_hand() -> None:
    hub = OLD.id.replace("ws1", "hub")
    theirs = {**_document(createdByWorkspaceArmId=hub), "id": f"{hub}/{GIT}"}
    [shared] = await KIND.scan(_port(theirs))
    assert hub in KIND.stays(shared) and not shared.reason
    [doubtful] = await KIND.scan(_port(_document(createdByWorkspaceArmId=hub)))
    assert not KIND.stays(doubtful) and hub in doubtful.reason
    [own] = await KIND.scan(_port(_document(createdByWorkspaceArmId=OLD.id.upper())))
    assert not KIND.stays(own) and not own.reason


def test_one_that_signs_in_by_an_identity_says_so() -> None:
    for auth, told in (("AAD", True), ("ManagedIdentity", True), ("PAT", False)):
        found = KIND.desired(Asset(GIT, _document(auth)), CONTEXT).findings
        assert [one.code for one in found] == ["connection-identity"] * told


def test_what_names_the_source_names_the_target() -> None:
    own = {"ResourceId": f"{OLD.id}/onlineEndpoints/e", "null": None}
    body = KIND.desired(Asset(GIT, _document(metadata=own, group="x", error="y")), CONTEXT).first.body
    assert body["properties"]["metadata"] == {"ResourceId": f"{NEW.id}/onlineEndpoints/e", "null": None}
    assert not {"group", "error", "createdByWorkspaceArmId"} & body["properties"].keys()


def test_every_sign_in_of_the_description_moves_or_stays_by_hand(shared: Path) -> None:
    types = Types(shared / "specs" / "bicep-types" / "ml-2025-12-01.types.json")
    described = set(types.choices("Microsoft.MachineLearningServices/workspaces/connections", "authType"))
    assert described == {*_CREDENTIALS, *_WITHOUT}
