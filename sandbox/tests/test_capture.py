"""What is captured for a validator: whole exchanges with ARM, and no secret, also where an answer is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from azsandbox import Options, Sandbox, provision
from azsandbox.capture import HIDDEN, document
from azsandbox.client import Client


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that captures."""
    with Sandbox(tmp_path_factory.mktemp("capturing"), Options(arm_limits="off", capture=True)) as running:
        yield running


async def test_exchanges_are_whole_and_hold_no_secret(captured: Sandbox) -> None:
    async with Client(captured.env) as client:
        pair = await provision.pair(client, "g", "one", "two", suffix="cap")
        account = str(pair.source["properties"]["storageAccount"])
        keys = (await client.arm("POST", f"{account}/listKeys", "2023-05-01"))["keys"]
        credentials = {
            "credentialsType": "AccountKey",
            "secrets": {"secretsType": "AccountKey", "key": keys[0]["value"]},
        }
        body = {
            "properties": {
                "datastoreType": "AzureBlob",
                "accountName": "a",
                "containerName": "c",
                "credentials": credentials,
            }
        }
        store = f"{pair.source['id']}/datastores/d"
        await client.arm("PUT", f"{store}?skipValidation=true", "2023-04-01", body)
        found = await client.arm("POST", f"{store}/listSecrets", "2023-04-01")
    text = (captured.state / "capture.jsonl").read_text()
    assert found["key"] == keys[0]["value"] and not any(key["value"] in text for key in keys)
    assert captured.env["AZURE_CLIENT_SECRET"] not in text and "Bearer" not in text
    assert (captured.state / "capture.jsonl").stat().st_mode & 0o077 == 0
    lines = [json.loads(line) for line in text.splitlines()]
    [put] = [line for line in lines if "/datastores/d?" in line["request"]["url"]]
    assert put["response"]["status"] == 201 and put["response"]["body"]["id"] == store
    assert put["request"]["body"]["properties"]["credentials"]["secrets"] == {
        "secretsType": "AccountKey",
        "key": HIDDEN,
    }
    [told] = [line for line in lines if "/listSecrets" in line["request"]["url"]]
    assert told["response"]["body"] == {"secretsType": "AccountKey", "key": HIDDEN}


async def test_nothing_is_captured_unless_it_was_asked_for(sandbox: Sandbox) -> None:
    assert not (sandbox.state / "capture.jsonl").exists()


@pytest.mark.parametrize(
    ("body", "path", "kept"),
    [
        ({"primaryKey": "s", "keyName": "key1"}, "/x/listKeys", {"primaryKey": HIDDEN, "keyName": "key1"}),
        ({"anything": {"deep": ["s"]}}, "/x/listNotebookAccessToken", {"anything": {"deep": [HIDDEN]}}),
        ({"keyValue": "s", "value": "s"}, "", {"keyValue": HIDDEN, "value": HIDDEN}),
        ({"value": [{"name": "x"}]}, "", {"value": [{"name": "x"}]}),
        ({"accessToken": "s"}, "", {"accessToken": HIDDEN}),
        ({"credentials": {"pat": "s", "clientSecret": "s"}}, "", {"credentials": {"pat": HIDDEN, "clientSecret": HIDDEN}}),
        ({"keyVault": "/v", "keyIdentifier": "https://v/k"}, "", {"keyVault": "/v", "keyIdentifier": "https://v/k"}),
        ({"uri": "https://a/c?sv=1&sig=s"}, "", {"uri": "https://a/c?sv=1&sig=REDACTED"}),
        ({"sasUri": {"token": "s"}}, "", {"sasUri": {"token": HIDDEN}}),
    ],
)  # fmt: skip
def test_what_is_a_secret(body: Any, path: str, kept: Any) -> None:
    assert document(json.dumps(body).encode(), path) == kept


def test_what_is_no_json_is_only_counted() -> None:
    assert document(b"AccountKey=s", "") == "12 bytes" and document(b"", "") is None
