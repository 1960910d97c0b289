"""Lists are not believed blindly: what is none, goes in circles or is not whole is an error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from amlmigrate.cloud.arm import Answer, Arm
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.lists import ListError, whole
from amlmigrate.cloud.pacing import Pacer
from amlmigrate.cloud.workspaces import InventoryPort, WorkspaceClient
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.workspace import WorkspaceRef

HOST = "https://management.azure.com"
PATH = "/subscriptions/s/resourceGroups/g/things"
FIRST = f"{HOST}{PATH}?api-version=2022-09-01"


def _items(*names: str) -> list[dict[str, str]]:
    return [{"id": f"{PATH}/{name}", "name": name} for name in names]


async def _listed(monkeypatch: pytest.MonkeyPatch, pages: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The names that a list comes to, and the URLs that were asked."""
    arm, asked = Arm(Login(), Credential(Login()), Pacer()), []

    async def send(_: str, url: str, *__: Any) -> Answer:
        asked.append(url)
        assert len(asked) < 20, "it goes on for ever"
        return Answer(200, {}, pages[url])

    monkeypatch.setattr(arm, "_send", send)
    try:
        return [str(item["name"]) async for item in arm.pages(PATH)], asked
    finally:
        await arm.close()


async def test_every_page_is_read_and_its_link_followed_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    second = f"{FIRST}&$skipToken=a%2Bb"
    pages = {
        FIRST: {"value": _items("a", "b"), "nextLink": second},
        # A page may be empty, and an item may come twice where something was added meanwhile.
        second: {"value": [], "nextLink": f"{FIRST}&t=2"},
        f"{FIRST}&t=2": {"value": _items("b", "c"), "nextLink": None, "count": {"type": "Total", "value": 3}},
    }
    names, asked = await _listed(monkeypatch, pages)
    assert names == ["a", "b", "b", "c"] and asked == list(pages)


NO_LISTS = [
    None,
    [],
    "<html>Sign in</html>",
    {},
    {"value": None},
    {"value": {"id": "x"}},
    {"value": ["x"]},
    {"items": []},
    {"error": {"code": "X", "message": "y"}},
    {"value": [], "nextLink": 7},
    {"value": [], "nextLink": "http://management.azure.com/x"},
    {"value": [], "nextLink": "//example.com/x"},
    {"value": [], "nextLink": "javascript:x"},
]


@pytest.mark.parametrize("body", NO_LISTS, ids=str)
async def test_a_success_that_is_no_list_is_an_error(monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    with pytest.raises(ListError) as raised:
        await _listed(monkeypatch, {FIRST: body})
    assert raised.value.code == "NotAList" and raised.value.exit_code == 1
    # On a later page too.
    with pytest.raises(ListError):
        await _listed(monkeypatch, {FIRST: {"value": _items("a"), "nextLink": f"{FIRST}&p"}, f"{FIRST}&p": body})


async def test_a_link_to_another_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="its token is not sent there"):
        await _listed(monkeypatch, {FIRST: {"value": [], "nextLink": "https://example.com/subscriptions?t=1"}})


@pytest.mark.parametrize("back", [FIRST, f"{FIRST}&t=1"], ids=["to the first", "to itself"])
async def test_no_link_is_followed_twice(monkeypatch: pytest.MonkeyPatch, back: str) -> None:
    pages = {
        FIRST: {"value": _items("a"), "nextLink": f"{FIRST}&t=1"},
        f"{FIRST}&t=1": {"value": _items("b"), "nextLink": back},
    }
    with pytest.raises(ListError) as raised:
        await _listed(monkeypatch, pages)
    assert raised.value.code == "ListInCircles"


async def test_a_page_that_comes_again_behind_new_links_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {FIRST: {"value": _items("a", "b"), "nextLink": f"{FIRST}&t=0"}}
    pages |= {f"{FIRST}&t={n}": {"value": _items("b", "a"), "nextLink": f"{FIRST}&t={n + 1}"} for n in range(30)}
    with pytest.raises(ListError) as raised:
        await _listed(monkeypatch, pages)
    assert raised.value.code == "ListInCircles"


@pytest.mark.parametrize(
    "told", [{"count": {"type": "Total", "value": 3}}, {"totalCount": 3}, {"@odata.count": 3}]
)
async def test_fewer_than_the_service_counts_is_an_error(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    with pytest.raises(ListError) as raised:
        await _listed(monkeypatch, {FIRST: {"value": _items("a", "b"), **told}})
    assert raised.value.code == "ListCutShort" and "2 of 3" in raised.value.summary
    names, _ = await _listed(monkeypatch, {FIRST: {"value": _items("a", "b", "c"), **told}})
    assert names == ["a", "b", "c"]


class _Paged:
    """What the storage clients give: pages, each with the marker of the next."""

    def __init__(self, pages: list[tuple[list[str], str | None]], endpoint: str | None = "https://x/") -> None:
        self._pages, self.service_endpoint, self.continuation_token = iter(pages), endpoint, None

    def by_page(self) -> _Paged:
        return self

    def __aiter__(self) -> _Paged:
        return self

    async def __anext__(self) -> AsyncIterator[str]:
        try:
            items, self.continuation_token = next(self._pages)
        except StopIteration:
            raise StopAsyncIteration from None
        return _each(items)


async def _each(items: list[str]) -> AsyncIterator[str]:
    for item in items:
        yield item


async def test_lists_of_the_storage_clients_are_held_to_the_same() -> None:
    good: Any = _Paged([(["a"], "m"), (["b"], None)])
    assert await whole(good, "https://x/") == ["a", "b"]
    circle: Any = _Paged([(["a"], "m"), (["b"], "n"), (["c"], "m")])
    with pytest.raises(ListError, match="ListInCircles"):
        await whole(circle, "https://x/")
    # The client takes any XML for a listing, and makes an empty one of a proxy's page.
    foreign: Any = _Paged([([], None)], endpoint=None)
    with pytest.raises(ListError, match="NotAList"):
        await whole(foreign, "https://x/")


async def test_links_of_the_vaults_client_are_held_to_their_host() -> None:
    vault = "https://kv.vault.azure.net"
    good: Any = _Paged([(["a"], f"{vault}:443/keys/k/versions?$skiptoken=1"), (["b"], None)], endpoint=None)
    assert await whole(good, vault, storage=False) == ["a", "b"]
    circle: Any = _Paged([(["a"], f"{vault}/keys?t=1"), (["b"], f"{vault}/keys?t=1")], endpoint=None)
    with pytest.raises(ListError, match="ListInCircles"):
        await whole(circle, vault, storage=False)
    away: Any = _Paged([(["a"], "https://kv.vault.azure.net.example.com/keys?t=1"), (["b"], None)], endpoint=None)
    with pytest.raises(ListError, match="LinkLeadsAway"):
        await whole(away, vault, storage=False)


async def test_pages_that_hold_nothing_for_ever_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amlmigrate.cloud.lists._EMPTY_PAGES", 5)
    pages = {FIRST: {"value": [], "nextLink": f"{FIRST}&t=0"}}
    pages |= {f"{FIRST}&t={n}": {"value": [], "nextLink": f"{FIRST}&t={n + 1}"} for n in range(30)}
    with pytest.raises(ListError, match="6 pages in a row hold nothing"):
        await _listed(monkeypatch, pages)
    # Some may be, even many in all.
    some = {FIRST: {"value": [], "nextLink": f"{FIRST}&t=0"}}
    some |= {
        f"{FIRST}&t={n}": {"value": _items(str(n)) if n % 4 == 0 else [], "nextLink": f"{FIRST}&t={n + 1}"}
        for n in range(12)
    }
    some[f"{FIRST}&t=12"] = {"value": []}
    names, _ = await _listed(monkeypatch, some)
    assert names == ["0", "4", "8"]


WORKSPACE = "/subscriptions/11111111-aaaa-4bbb-8ccc-000000000001/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/ws"
THEIRS = WORKSPACE[:-2] + "other"


async def _of_workspace(path: str, *items: dict[str, Any], noting: bool = False) -> list[str]:
    class _Arm:
        async def pages(self, *_: Any) -> AsyncIterator[dict[str, Any]]:
            for item in items:
                yield item

    port = (InventoryPort if noting else WorkspaceClient)(_Arm(), WorkspaceRef.parse(WORKSPACE))  # type: ignore[arg-type] - as far as it is asked
    return [str(item["name"]) async for item in port.pages(path)]


@pytest.mark.parametrize("noting", [False, True])
async def test_what_is_of_another_parent_is_no_item_of_a_list(noting: bool) -> None:
    async def given(path: str, **item: Any) -> list[str]:
        return await _of_workspace(path, item, noting=noting)

    versions = "models/m x/versions"
    assert await given(versions, id=f"{WORKSPACE}/models/m x/versions/1".upper(), name="1") == ["1"]
    assert await given("models/m%20x/versions", id=f"{WORKSPACE}/models/m x/versions/1", name="1") == ["1"]
    assert await given("jobs", name="j") == ["j"], "not every list has ids"
    for wrong in (
        f"{THEIRS}/models/m x/versions/1",
        f"{WORKSPACE}/models/m xy/versions/1",
        f"{WORKSPACE}/models/m x",
    ):
        with pytest.raises(ListError, match="ListOfAnother"):
            await given(versions, id=wrong, name="1")
    for nameless in ({}, {"name": None}, {"name": ""}, {"name": 7}):
        with pytest.raises(ListError, match="no name"):
            await given("models", **nameless)
    # These come from above it.
    roles = "providers/Microsoft.Authorization/roleAssignments"
    assert await given(roles, id="/subscriptions/S/providers/x/1", name="1") == ["1"]
    assert await given("connections", id=f"{THEIRS}/connections/c", name="c") == ["c"]
