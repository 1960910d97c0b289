"""How people name a workspace: by an address of the studio, and with the name of its subscription."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from amlmigrate.cloud import subscriptions
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.core.workspacename import WorkspaceName

SUB = "11111111-aaaa-4bbb-8ccc-000000000001"
OTHER = "22222222-aaaa-4bbb-8ccc-000000000002"
SHORT = f"/subscriptions/{SUB}/resourcegroups/rg/workspaces/ws"
ID = f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
REF = WorkspaceRef(SUB, "rg", "ws")


@pytest.mark.parametrize(
    "url",
    [
        f"https://ml.azure.com/?wsid={ID}",
        f"https://ml.azure.com?wsid={ID}&tid=72f988bf-86f1-41af-91ab-2d7cd011db47",
        f"https://ml.azure.com/?tid=x&wsid={quote(SHORT, safe='')}&reloadCount=1",
        f"https://ml.azure.com/runs/olive_moon_1?wsid={SHORT}&flight=a,b#overview",
        f"https://ML.azure.com/model/list?wsid={ID.lower()}/",
        f"https://ml.azure.us/home?wsid={SHORT}",
        f"https://studio.ml.azure.cn/home?wsid={SHORT}",
        f"https://ml.azure.cn//runs/olive_moon_1?wsid={SHORT}",
    ],
)
def test_an_address_of_the_studio_names_its_workspace(url: str) -> None:
    assert WorkspaceRef.parse(url) == REF
    assert WorkspaceRef.parse(url, OTHER) == REF, "what it says counts, and not what is set elsewhere"


@pytest.mark.parametrize(
    "url",
    [
        "https://ml.azure.com/",
        f"https://ml.azure.com/?id={ID}",
        f"https://ml.azure.com/?wsid={ID}&wsid={SHORT}",
        f"https://ml.azure.com.evil.example/?wsid={ID}",
        f"https://ml.azure.com@evil.example/?wsid={ID}",
        f"http://ml.azure.com/?wsid={ID}",
        f"https://ml.azure.com/?wsid={SHORT}/models/m",
        f"https://ml.azure.com/?wsid=/subscriptions/{SUB}/resourcegroups/rg%2F../workspaces/ws",
        f"https://ml.azure.com/?wsid=/subscriptions/{SUB}/resourcegroups/../workspaces/ws",
        "https://ml.azure.com/?wsid=/subscriptions/mine/resourcegroups/rg/workspaces/ws",
        f"https://[ml.azure.com/?wsid={ID}",
        f"https://ml.azure.com/?wsid={ID.replace('workspaces', 'registries')}",
    ],
)
def test_any_other_address_names_none(url: str) -> None:
    with pytest.raises(BadInputError, match="is not a workspace"):
        WorkspaceName.parse(url, SUB)


class _Arm:
    """Lists subscriptions, and counts how often it was asked."""

    def __init__(self, *named: tuple[str, str]) -> None:
        self.named = named
        self.asked = 0

    async def pages(self, path: str) -> AsyncIterator[dict[str, Any]]:
        assert path == "/subscriptions"
        self.asked += 1
        for name, id_ in self.named:
            yield {"displayName": name, "subscriptionId": id_}


async def _refs(arm: _Arm, *texts: str) -> list[WorkspaceRef]:
    asked: Any = arm
    return [await subscriptions.workspace_ref(asked, WorkspaceName.parse(text, SUB)) for text in texts]


async def test_a_subscription_is_found_by_its_name_whatever_its_case() -> None:
    arm = _Arm(("Contoso ML (prod)", OTHER), ("other", SUB))
    found = await _refs(arm, "contoso ml (PROD)/rg/ws", "rg/ws", "other/rg/ws")
    assert found == [WorkspaceRef(OTHER, "rg", "ws"), REF, REF] and arm.asked == 2


async def test_nothing_is_asked_where_ids_are_given() -> None:
    arm = _Arm()
    assert await _refs(arm, "rg/ws", ID, f"https://ml.azure.com/?wsid={SHORT}") == [REF] * 3 and not arm.asked


async def test_a_name_of_several_subscriptions_is_refused_with_their_ids() -> None:
    with pytest.raises(BadInputError, match=f"Several subscriptions are named 'twice': {SUB}, {OTHER}") as refused:
        await _refs(_Arm(("Twice", OTHER), ("twice", SUB)), "twice/rg/ws")
    assert refused.value.address == "twice/rg/ws"


@pytest.mark.parametrize("text", ["nobody/rg/ws", f"{SUB[:-1]}/rg/ws", "/x\n/rg/ws"])
async def test_a_name_of_none_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="You see no subscription"):
        await _refs(_Arm(("mine", SUB)), text)


@pytest.mark.parametrize("text", [" /rg/ws", "//rg/ws", "mine//ws", "mine/rg/", "mine/rg/..", "a/b/c/d"])
def test_what_has_no_name_in_its_place_is_none(text: str) -> None:
    with pytest.raises(BadInputError):
        WorkspaceName.parse(text)


def test_files_hold_ids_and_no_names() -> None:
    with pytest.raises(BadInputError, match="'mine' is not a subscription"):
        WorkspaceRef.parse("mine/rg/ws")
