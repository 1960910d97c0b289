"""Secrets of a vault: which are items, how one that is asked for moves, and what counts as the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import CONTEXT
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asked import Asked
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import DriftError, MigrateError
from amlmigrate.kinds.vault_secrets import KIND, ORIGIN, RESTORE, VALUE

TOKEN = Address.of("vaultSecrets", "token")
FIRST, SECOND, THIRD = ("1" * 32, "2" * 32, "3" * 32)


def _document(name: str = "token", *versions: str, tags: Mapping[str, str] | None = None, **more: Any) -> Document:
    attributes = {"enabled": True, "created": 1, "updated": 2, "recoveryLevel": "Recoverable"} | more.pop(
        "attributes", {}
    )
    properties = {"contentType": None, "attributes": attributes, **more}
    if versions:
        properties["versions"] = list(versions)
    return {
        "id": f"/v/secrets/{name}",
        "name": name,
        "tags": dict(tags) if tags else None,
        "properties": properties,
    }


@dataclass
class Vault(InMemory):
    """A workspace whose vault answers its list with `error`, once the workspace's own was told."""

    error: Exception | None = None

    async def pages(
        self, path: str, query: Mapping[str, str] | None = None, *, absent_is_empty: bool = False
    ) -> AsyncIterator[Document]:
        async for one in super().pages(path, query):
            yield one
        if self.error:
            raise self.error


def _vault(*documents: Document, asked: Asked | None = None, error: Exception | None = None) -> Vault:
    named = {f"vaultSecrets/{one['name']}": one for one in documents}
    return Vault(named, named=asked or Asked(), error=error)


def _asked(way: str = RESTORE, *, others: bool = True) -> Asked:
    return Asked({TOKEN: way}, others)


LISTED = (
    _document("mine", inVault=True, throughWorkspace=True),
    _document("zz", inVault=True, throughWorkspace=False),
    _document("Azure", inVault=True, throughWorkspace=False, managed=True),
    _document("gone", throughWorkspace=True),
)


async def test_people_s_own_are_items_each_and_all_others_are_one() -> None:
    found = {str(one.address): one for one in await KIND.scan(_vault(*LISTED))}
    assert list(found) == ["vaultSecrets/mine", "vaultSecrets/gone", "vaultSecrets"]
    assert all(one.reason and one.remedy for one in found.values())
    assert "its vault shows none" in found["vaultSecrets/gone"].reason
    rest = found["vaultSecrets"]
    assert [(line["name"], line["whose"]) for line in rest.many.lines] == [
        ("Azure", "a certificate"),
        ("zz", "not known"),
    ]
    assert "2 secrets" in rest.reason and "the service's own" in rest.reason
    again = await KIND.scan(_vault(*(one for one in LISTED if one["name"] != "mine")))
    assert KIND.digest(again[-1]) == KIND.digest(rest)


async def test_without_the_workspace_s_own_list_nobody_s_are_told_apart() -> None:
    [found] = await KIND.scan(_vault(_document("a", inVault=True), _document("b", inVault=True)))
    assert str(found.address) == "vaultSecrets" and "is not known" in found.reason
    assert await KIND.scan(_vault()) == []


FORBIDDEN = refusal(403, "Forbidden", "no", codes=("ForbiddenByFirewall",))


@pytest.mark.parametrize(
    ("error", "told", "document"),
    [
        (FORBIDDEN, "ForbiddenByFirewall", {"listed": False}),
        (refusal(404, "NotFound", "gone"), "could not be listed", {"not_listed": True}),
        (silence("no such host"), "cannot be reached", {"not_listed": True}),
    ],
)
async def test_what_the_vault_does_not_list_is_an_item_beside_what_the_workspace_lists(
    error: ServiceError | OutOfReachError, told: str, document: Document
) -> None:
    mine, rest = await KIND.scan(_vault(_document("gone", throughWorkspace=True), error=error))
    assert str(mine.address) == "vaultSecrets/gone" and str(rest.address) == "vaultSecrets"
    assert told in rest.reason and rest.document == document


async def test_what_is_asked_for_moves_and_is_no_more_among_the_others() -> None:
    documents = (_document("token", FIRST, throughWorkspace=False), _document("zz", throughWorkspace=False))
    found = {str(one.address): one for one in await KIND.scan(_vault(*documents, asked=_asked()))}
    assert not found["vaultSecrets/token"].reason and len(found["vaultSecrets"].many.lines) == 1
    # In a target nobody asks what else there is.
    target = _vault(*documents, asked=_asked(others=False), error=FORBIDDEN)
    assert [str(one.address) for one in await KIND.scan(target)] == ["vaultSecrets/token"]
    assert ("GET", "vaultSecrets") not in target.calls
    assert await KIND.scan(_vault(asked=_asked(others=False))) == []


@pytest.mark.parametrize(
    ("way", "more", "moves"),
    [
        (RESTORE, {"attributes": {"enabled": False}}, True),
        (VALUE, {"attributes": {"enabled": False}}, False),
        (VALUE, {"attributes": {"exp": 1}}, True),
        (RESTORE, {"managed": True}, False),
    ],
)
async def test_what_cannot_move_is_left_with_the_reason(way: str, more: dict[str, Any], moves: bool) -> None:
    found = (await KIND.scan(_vault(_document("token", FIRST, **more), asked=_asked(way))))[0]
    assert (found.reason == "") is moves


def _asset(way: str, *versions: str, **more: Any) -> Asset:
    return Asset(TOKEN, _document("token", *versions, **more), beside={"moves": {"way": way}})


def _body(way: str, *versions: str, **more: Any) -> Document:
    return KIND.desired(_asset(way, *versions, **more), CONTEXT).first.body


def _source(*versions: str, version: str = "") -> InMemory:
    url = f"https://old.vault.azure.net/secrets/token/{version or versions[-1]}"
    secrets = {
        "vaultSecrets/token/value": {"id": url, "value": "TOP SECRET"},
        "vaultSecrets/token/backup": {"value": "ONLY VAULTS READ IT"},
    }
    return InMemory({"vaultSecrets/token": _document("token", *versions)}, secrets=secrets)


async def test_a_plan_has_neither_value_nor_backup_and_a_run_sends_one() -> None:
    restored, value = _body(RESTORE, FIRST, SECOND), _body(VALUE, FIRST, SECOND, tags={"a": "b"})
    assert "SECRET" not in str((restored, value)).replace("'$secret'", "")
    filled = await KIND.secrets(_source(FIRST, SECOND), InMemory(), TOKEN, restored)
    assert filled["properties"]["backup"] == "ONLY VAULTS READ IT" and "value" not in filled["properties"]
    filled = await KIND.secrets(_source(FIRST, SECOND), InMemory(), TOKEN, value)
    assert filled["properties"]["value"] == "TOP SECRET" and "backup" not in filled["properties"]
    assert filled["tags"] == {"a": "b", ORIGIN: f"https://old.vault.azure.net/secrets/token/{SECOND}"}
    assert filled["properties"]["attributes"] == {"enabled": True}


async def test_over_a_secret_that_is_there_the_newest_value_is_set() -> None:
    target = InMemory({"vaultSecrets/token": _document("token", FIRST)})
    filled = await KIND.secrets(_source(FIRST, SECOND), target, TOKEN, _body(RESTORE, FIRST, SECOND))
    assert filled["properties"]["value"] == "TOP SECRET"


async def test_a_newer_value_than_the_plan_s_is_not_sent() -> None:
    with pytest.raises(DriftError):
        await KIND.secrets(_source(FIRST, version=SECOND), InMemory(), TOKEN, _body(VALUE, FIRST))


async def test_one_that_has_no_place_for_the_mark_of_its_version_is_never_set() -> None:
    """A run would set it, and never know it again: not as what it wrote, nor as the source's."""
    tags = {str(number): "x" for number in range(15)}
    [left] = await KIND.scan(_vault(_document("token", FIRST, tags=tags), asked=_asked(VALUE)))
    assert "15 tags" in left.reason
    [moves] = await KIND.scan(_vault(_document("token", FIRST, tags=tags), asked=_asked(RESTORE)))
    assert not moves.reason
    # Restored by a first run, and set to another value in the source since.
    source, target = _source(FIRST, SECOND), InMemory({"vaultSecrets/token": _document("token", FIRST)})
    with pytest.raises(MigrateError, match="Nothing is set: it has 15 tags"):
        await KIND.secrets(source, target, TOKEN, _body(RESTORE, FIRST, SECOND, tags=tags))
    assert ("POST", "vaultSecrets/token/value") not in source.calls
    # Its own mark of an earlier move is replaced.
    marked = {**dict(list(tags.items())[:14]), ORIGIN: "https://older.vault.azure.net/secrets/token/x"}
    filled = await KIND.secrets(_source(FIRST), InMemory(), TOKEN, _body(VALUE, FIRST, tags=marked))
    assert filled["tags"][ORIGIN].endswith(FIRST) and len(filled["tags"]) == 15


def _origin(version: str) -> dict[str, str]:
    return {ORIGIN: f"https://old.vault.azure.net/secrets/token/{version}"}


@pytest.mark.parametrize(
    ("there", "fields", "made"),
    [
        (_document("token", FIRST, SECOND), [], True),
        (_document("token", "9" * 32, tags=_origin(SECOND)), [], True),
        # Restored by a first run, and set by its value since; a version between may be missing.
        (_document("token", FIRST, "9" * 32, tags=_origin(SECOND)), [], True),
        (_document("token", "9" * 32), ["/properties/versions"], False),
        (_document("token", "9" * 32, tags=_origin(FIRST)), ["/properties/versions"], False),
        (_document("token", SECOND), ["/properties/versions"], True),
        # Somebody set a newer one in the target.
        (_document("token", FIRST, SECOND, "9" * 32), ["/properties/versions"], True),
        (_document("token", FIRST, SECOND, tags={"a": "b"}), ["/tags/a"], True),
        (
            _document("token", FIRST, SECOND, attributes={"enabled": False}),
            ["/properties/attributes/enabled"],
            True,
        ),
    ],
)
def test_the_same_is_what_came_of_the_source_s_newest_version(
    there: Document, fields: list[str], made: bool
) -> None:
    body = _body(RESTORE, FIRST, SECOND)
    found = KIND.differences(TOKEN, body, there)
    assert [one.field for one in found if one.field != "/tags"] == fields or [one.field for one in found] == [
        "/tags"
    ]
    assert KIND.made(body, there) is made


def test_a_lost_older_version_cannot_be_brought_back_and_a_new_one_can_be_set() -> None:
    body = _body(RESTORE, FIRST, SECOND, THIRD)
    [lost] = KIND.differences(TOKEN, body, _document("token", FIRST, THIRD))
    [newer] = KIND.differences(TOKEN, body, _document("token", FIRST, SECOND))
    assert (lost.changeable, newer.changeable) == (False, True)


@pytest.mark.parametrize(("way", "versions", "told"), [(VALUE, 3, 1), (VALUE, 1, 0), (RESTORE, 3, 0)])
def test_older_versions_that_stay_are_told(way: str, versions: int, told: int) -> None:
    found = KIND.desired(_asset(way, *(FIRST, SECOND, THIRD)[:versions]), CONTEXT).findings
    assert [one.code for one in found] == ["secret-versions-stay"] * told


async def test_both_sides_newest_values_are_compared() -> None:
    assert KIND.compares_secrets({}) and KIND.hides
    assert await KIND.secret_of(_source(FIRST), TOKEN) == {"value": "TOP SECRET"}
    # Two that no vault gives a value of are not the same by that.
    given = _source(FIRST)
    given.secrets["vaultSecrets/token/value"] = {"id": "x"}
    assert await KIND.secret_of(given, TOKEN) == {}
