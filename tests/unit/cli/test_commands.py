"""The table of commands says what their modules say, and a shell completes them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amlmigrate import cli
from amlmigrate.cli.commands import COMMANDS, Entry
from amlmigrate.cli.main import app

NAMES = [one.name for one in COMMANDS]
each = pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)


def _help(*arguments: str, columns: int = 100) -> str:
    done = CliRunner().invoke(
        app, [*arguments, "--help"], env={"COLUMNS": str(columns), "TERMINAL_WIDTH": str(columns)}
    )
    assert done.exit_code == 0, done.output
    return done.stdout


@each
def test_its_line_is_the_first_sentence_of_its_module(entry: Entry) -> None:
    paragraph = " ".join(str(entry.module().__doc__).split("\n\n")[0].split())
    assert entry.help == re.split(r"(?<=\.) ", paragraph)[0]


@each
def test_its_help_has_an_example(entry: Entry) -> None:
    names = [info.name for info in entry.app().registered_commands]
    texts = [_help(entry.name, *([str(name)] if str(name) != entry.name else [])) for name in names]
    for text in texts:
        assert f"Example: migrate {entry.name} " in text


def test_each_module_with_a_command_is_in_the_table() -> None:
    there = {
        path.stem
        for path in Path(cli.__file__).parent.glob("*.py")
        if re.search(r"^@options\.for_", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert there == set(NAMES)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_overview_has_each_command_once_below_its_panel(columns: int) -> None:
    text = _help(columns=columns)
    panels = list(dict.fromkeys(one.panel for one in COMMANDS))
    assert [line[:-1] for line in text.splitlines() if line[:-1] in panels] == panels
    for panel in panels:
        at = text.index(f"\n{panel}:\n")
        section = text[at:].split("\n\n")[0]
        assert re.findall(r"^  (\w+) ", section, re.MULTILINE) == [
            one.name for one in COMMANDS if one.panel == panel
        ]


def test_a_command_that_is_nearly_one_is_told() -> None:
    done = CliRunner().invoke(app, ["decomission"])
    assert done.exit_code == 2 and "'decommission'" in done.stderr


def test_who_reads_files_alone_is_not_asked_how_to_sign_in() -> None:
    for arguments in (("show",), ("evidence", "check")):
        assert "--json" in (text := _help(*arguments)) and "--tenant" not in text and "--client-id" not in text
    for arguments in (("scan",), ("provision",)):
        assert "--tenant" in (text := _help(*arguments)) and "-tenant ID" not in text.replace(" --tenant ID", "")
    assert "--source-tenant" not in (text := _help("approve")) and "--target-tenant" in text
    assert "--source-tenant" in (text := _help("run")) and "--target-tenant" in text


def _completed(words: str, shell: str = "bash") -> list[str]:
    environment = {
        "_MIGRATE_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    environment["_TYPER_COMPLETE_ARGS"] = words
    done = CliRunner().invoke(app, [], env=environment, prog_name="migrate")
    assert done.exit_code == 0, done.output
    return done.stdout.split()


def test_a_shell_completes_commands_and_options() -> None:
    assert _completed("migrate de") == ["decommission"]
    assert set(NAMES) <= set(_completed("migrate "))
    assert _completed("migrate run --res") == ["--resume"]
    assert _completed("migrate evidence ch") == ["check"]
    assert set(_completed("migrate verify --depth ")) == {"metadata", "checksum", "sdk"}


@pytest.mark.parametrize("command", ["run", "show", "waive", "decommission"])
def test_a_shell_completes_the_folders_of_plans(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("plans/old", "plans/older", "moves/other", "plans/none"):
        (tmp_path / folder).mkdir(parents=True)
        if folder != "plans/none":
            (tmp_path / folder / "plan.jsonl").touch()
    assert _completed(f"migrate {command} ") == ["plans/old", "plans/older"]
    assert _completed(f"migrate {command} plans/olde") == ["plans/older"]
    assert _completed(f"migrate {command} moves/") == ["moves/other"]
    assert _completed(f"migrate {command} nowhere/x") == []


# Has typer take the shell that is named.
_NAMED = "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_printed(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Else typer asks which shell started the tests; none did where they run in the background.
    monkeypatch.setenv(_NAMED, "1")
    done = CliRunner().invoke(app, ["--show-completion", shell], prog_name="migrate")
    assert done.exit_code == 0 and "_MIGRATE_COMPLETE" in done.stdout


def test_bash_takes_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_NAMED, "1")
    script = CliRunner().invoke(app, ["--show-completion", "bash"], prog_name="migrate").stdout
    (tmp_path / "completion.bash").write_text(script)
    asked = f"source {tmp_path}/completion.bash; complete -p migrate"
    done = subprocess.run(["bash", "--norc", "-c", asked], capture_output=True, text=True, check=True)
    assert "migrate" in done.stdout


@pytest.mark.parametrize("name", ["guard", "key", "evidence"])
def test_the_commands_of_a_command_are_told_in_whole_sentences(name: str) -> None:
    _, commands = _help(name, columns=80).split("Commands:\n")
    assert commands.count(".\n") == len([line for line in commands.splitlines() if line[2:3].strip()])
    assert "..." not in commands
