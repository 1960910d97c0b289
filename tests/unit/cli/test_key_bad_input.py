"""`migrate key` and `provision`, run in this process: what no workspace can have is one sentence, and nothing is asked."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.rotating.rotations import KEY, NOW, SUBSCRIPTION, VAULT, VAULT_ID, key, version, workspace
from typer.testing import CliRunner

from amlmigrate.cli import key as keycommands
from amlmigrate.cli import keyrotate, provision
from amlmigrate.cli.main import app
from amlmigrate.keys.model import KeyInUse, KeySurvey

EXAMPLE = Path(__file__).parents[3] / "docs" / "how-to" / "provision-example.yaml"
OTHER = "66666666-7777-8888-9999-000000000000"
ELSEWHERE = key(version(days=200), under=(workspace(subscription=OTHER),))


class _Nothing:
    """A client of which every call is a mistake."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AssertionError(f"asked for {name}")


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Callable[[KeyInUse], None]:
    """Has both commands find a key; whatever else they ask for fails the test."""

    async def tenant() -> str:
        return "t"

    clock = SimpleNamespace(now=lambda: NOW)
    side = SimpleNamespace(
        credential=SimpleNamespace(tenant=tenant),
        login=SimpleNamespace(endpoints=SimpleNamespace(vault_suffix="vault.azure.net")),
        arm=SimpleNamespace(service_clock=clock),
        vaults=_Nothing(),
    )

    @asynccontextmanager
    async def session(_: Any) -> AsyncIterator[Any]:
        yield SimpleNamespace(source=side)

    def found(one: KeyInUse) -> None:
        async def read(*_: Any) -> KeySurvey:
            return KeySurvey((one,), (SUBSCRIPTION, OTHER), (), NOW)

        for module in (keycommands, keyrotate):
            monkeypatch.setattr(module, "session", session)
            monkeypatch.setattr(module.reading, "read", read)

    return found


def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(app, ["key", *arguments, "--json"])
    return done.exit_code, [json.loads(line) for line in done.output.splitlines()]


@pytest.mark.parametrize(
    "half", [(), ("--make",), ("--adopt",), ("--dry-run",), ("--rotation", "CHG-1")], ids=" ".join
)
@pytest.mark.parametrize("written", [KEY, KEY.replace(VAULT, f"{VAULT}:443"), f"{KEY.upper()}/"])
def test_a_vault_in_another_subscription_than_its_workspace_is_one_sentence(
    azure: Callable[[KeyInUse], None], half: tuple[str, ...], written: str
) -> None:
    azure(ELSEWHERE)
    code, events = run("rotate", "--key", written, *half)
    [error] = [one for one in events if one["event"] == "error"]
    assert code == 2
    assert (
        error["summary"].count(".") == 1
        and "in another subscription than a workspace under it" in error["summary"]
    )
    assert OTHER in error["address"] and "create a new one" in error["remedy"]
    assert not [one for one in events if one["event"].startswith("key.")]


def test_status_tells_it_as_an_issue_with_what_to_do(azure: Callable[[KeyInUse], None]) -> None:
    azure(ELSEWHERE)
    code, events = run("status", "--key", KEY)
    [one] = [one for one in events if one["event"] == "key.status"]
    issues = {issue["code"]: issue for issue in one["issues"]}
    assert code == 3 and "lies in a vault of another subscription" in issues["elsewhere"]["text"]
    assert issues["elsewhere"]["about"] == ELSEWHERE.dependants[0].id and issues["elsewhere"]["remedy"]


def test_beside_its_vault_a_workspace_is_not_refused(azure: Callable[[KeyInUse], None]) -> None:
    azure(key(version(days=200), under=(workspace(subscription=SUBSCRIPTION.upper()),)))
    code, events = run("status", "--key", KEY)
    [one] = [one for one in events if one["event"] == "key.status"]
    assert code == 3 and [issue["code"] for issue in one["issues"]] == ["overdue"]


def test_a_file_that_names_a_vault_of_another_subscription_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    [own] = re.findall(r"^keyVault:\n(?:  .*\n)+", text, re.MULTILINE)
    vault = VAULT_ID.replace(SUBSCRIPTION, OTHER)
    file = tmp_path / "workspace.yaml"
    file.write_text(text.replace(own, f"keyVault:\n  id: {vault}\n"), encoding="utf-8")
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION)
    monkeypatch.setattr(provision, "session", _Nothing())
    done = CliRunner().invoke(app, ["provision", str(file), "--json"])
    [error] = [json.loads(line) for line in done.output.splitlines()]
    assert (done.exit_code, error["event"]) == (2, "error")
    assert error["summary"] == "keyVault.id: the vault has to be in the subscription of the workspace."


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("https://h.managedhsm.azure.net/keys/k", "managed HSM"),
        ("https://H.ManagedHSM.azure.net:443/keys/k/", "managed HSM"),
        ("https://kv.vault.usgovcloudapi.net/keys/k", "no key of a vault of this cloud"),
        ("https://kv.vault.azure.net.evil.example/keys/k", "no key of a vault of this cloud"),
        ("https://kv.vault.azure.net:8443/keys/k", "is not a key"),
        ("https://kv.vault.azure.net/secrets/k", "is not a key"),
        ("kv/k", "is not a key"),
    ],
)
@pytest.mark.parametrize("command", ["status", "rotate"])
def test_what_is_no_key_of_a_vault_is_one_sentence(
    azure: Callable[[KeyInUse], None], command: str, named: str, told: str
) -> None:
    azure(ELSEWHERE)
    code, events = run(command, "--key", named)
    [error] = [one for one in events if one["event"] == "error"]
    assert code == 2 and told in error["summary"] and error["remedy"]
