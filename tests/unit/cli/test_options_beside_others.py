"""Options that mean something only beside another one, or not beside it, are refused: none is ignored without a word."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from tests.builders.world import header, step
from typer.testing import CliRunner

from amlmigrate.cli.commands import COMMANDS, Entry
from amlmigrate.cli.keyoptions import KeyAsked, scope_of
from amlmigrate.cli.main import app
from amlmigrate.core.errors import BadInputError
from amlmigrate.planning import planfile

KEY = "https://kv.vault.azure.net/keys/cmk"
ONE, TWO = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000"
PLAN = "plans/old"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)
    planfile.write(Path(PLAN), header(), [step("models/m/1")])
    return tmp_path


def refused(*arguments: str) -> str:
    """The sentence with which a command refuses its options."""
    done = CliRunner().invoke(app, [*arguments, "--json"])
    events = [json.loads(line) for line in done.output.splitlines()]
    error: dict[str, Any] = next(one for one in events if one["event"] == "error")
    assert done.exit_code == 2, done.output
    return str(error["summary"])


# By command and option: how it is given without what it belongs to.
ALONE = {
    ("key rotate", "--max"): ("--key", KEY, "--max", "3"),
    ("key rotate", "--out"): ("--key", KEY, "--out", "x.json"),
    ("decommission", "--accept-unseen"): (PLAN, "--confirm", "g/old", "--accept-unseen", ONE),
    ("freeze", "--give"): (PLAN, "--give", "frozen/x"),
    ("doctor", "--for"): ("--target", f"{ONE}/g/ws", "--for", "key"),
    ("scan", "--overwrite"): ("--overwrite",),
    ("scan", "--guesses"): ("--guesses",),
    ("scan", "--dry-run"): ("--dry-run",),
    ("plan", "--targets"): ("--source", "g/a", "--target", "g/b", "--targets", "t.csv"),
    ("plan", "--waves"): ("--source", "g/a", "--target", "g/b", "--waves", "w.csv"),
    ("plan", "--wave-size"): ("--source", "g/a", "--target", "g/b", "--wave-size", "2"),
}


@pytest.mark.parametrize(("command", "option"), ALONE)
def test_an_option_without_the_one_that_it_belongs_to_is_refused(command: str, option: str) -> None:
    assert option in refused(*command.split(), *ALONE[command, option])


def test_every_option_whose_help_names_another_one_first_is_among_them() -> None:
    found = {
        (name, one.opts[0])
        for entry in COMMANDS
        for name, command in _commands(entry)
        for one in command.params
        if (getattr(one, "help", None) or "").startswith("With --")
    }
    assert found == set(ALONE)


def _commands(entry: Entry) -> list[tuple[str, Any]]:
    command: Any = typer.main.get_command(entry.app())
    own = getattr(command, "commands", None) or {"": command}
    return [(f"{entry.name} {name}".strip(), one) for name, one in own.items()]


@pytest.mark.parametrize(
    "arguments",
    [
        ("cutover", PLAN, "--back", "--unfrozen", "a reason"),
        ("cutover", PLAN, "--back", "--only", "models/m"),
        ("cutover", PLAN, "--back", "--stop"),
        ("cutover", PLAN, "--stop", "--unfrozen", "a reason"),
        ("cutover", PLAN, "--stop", "--only", "models/m"),
        ("show", PLAN, "models/m/1", "--all"),
        ("show", PLAN, "models/m/1", "--open"),
        ("show", PLAN, "models/m/1", "--kind", "models"),
        ("show", PLAN, "models/m/1", "--format", "csv"),
        ("evidence", "check", PLAN, "--keys", "keys"),
        ("key", "rotate", "--key", KEY, "--overdue"),
        ("key", "rotate", "p.json", "--max", "2"),
    ],
)
def test_an_option_beside_one_that_leaves_it_no_meaning_is_refused(arguments: tuple[str, ...]) -> None:
    assert refused(*arguments)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (KeyAsked(("g/w",), (ONE,), (), ""), "--workspace names"),
        (KeyAsked(("g/w",), (), ("g",), ""), "--workspace names"),
        (KeyAsked((), (ONE, TWO), ("g",), ""), "may lie in each of 2 subscriptions"),
        (KeyAsked((), (TWO,), (f"/subscriptions/{ONE}/resourceGroups/g",), ""), "by itself"),
        (KeyAsked((), (ONE,), (), KEY), "names one key"),
    ],
)
async def test_of_two_places_none_is_left_out_without_a_word(asked: KeyAsked, told: str) -> None:
    side: Any = SimpleNamespace(login=SimpleNamespace(endpoints=SimpleNamespace(vault_suffix="vault.azure.net")))
    with pytest.raises(BadInputError, match=told):
        await scope_of(side, asked)
