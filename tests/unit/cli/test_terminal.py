"""The one way out: whatever writes while a command runs, nothing of it acts on a terminal, and nothing goes around."""

from __future__ import annotations

import ast
import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from rich.console import Console
from rich.table import Table

import amlmigrate
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.main import main
from amlmigrate.cli.views import consoles, terminal
from amlmigrate.cli.views.base import View
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.escapes import visible

HOSTILE = "x\x1b[31m\x1b]8;;http://evil\x07\x9b1m\x7f\u202e\u2066\u200b\u2028\ud800[red]y[/] :smile:\r\x08"
SOURCE = Path(amlmigrate.__file__).parent


def _print(text: str) -> None:
    print(text)


def _errors(text: str) -> None:
    print(text, file=sys.stderr)


def _lines(text: str) -> None:
    sys.stdout.writelines([text, "\n"])


def _echo(text: str) -> None:
    typer.echo(text)
    typer.secho(text, err=True, fg="red")


def _console(text: str) -> None:
    Console(force_terminal=True).print(text, style="bold")


def _own_console(text: str) -> None:
    console = consoles.console()
    console.print(text)
    console.print(consoles.text("a ", (text, "red")))
    table = Table(title=text)
    table.add_column(text)
    table.add_row(text)
    console.print(table)
    console.out(text)


def _log(text: str) -> None:
    logging.getLogger("azure.core").error("%s\nforged", text)


def _traceback(text: str) -> None:
    try:
        raise ValueError(text)  # noqa: TRY301
    except ValueError:
        traceback.print_exc()


WAYS: list[Callable[[str], None]] = [
    _print, _errors, _lines, _echo, _console, _own_console, _log, _traceback
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__[1:])
@pytest.mark.parametrize("verbose", [True, False])
@pytest.mark.parametrize("json", [True, False])
def test_whatever_writes_does_not_act(
    way: Callable[[str], None], verbose: bool, json: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    async def work(view: View) -> ExitCode:
        way(HOSTILE)
        return ExitCode.DONE

    before = sys.stdout, sys.stderr, logging.root.handlers[:]
    logging.root.handlers[:] = []
    try:
        with pytest.raises(typer.Exit):
            execute(CommonOptions(json=json, verbose=verbose), work)
    finally:
        logging.root.handlers[:] = before[2]
    assert (sys.stdout, sys.stderr) == before[:2]
    said = "".join(capfd.readouterr())
    assert "x" in said and all(visible(line) for line in said.split("\n")), ascii(said)
    assert way is _console or "[red]y[/] :smile:" in said
    assert "\nforged" not in said.replace("\n    forged", "")


def test_a_failure_that_nobody_foresaw_shows_no_secret_and_does_not_act(capfd: pytest.CaptureFixture[str]) -> None:
    async def work(view: View) -> ExitCode:
        try:
            raise OSError(f"{HOSTILE} https://a.blob.core.windows.net/c?sig=S1GNED")  # noqa: TRY301
        except OSError as error:
            raise ValueError(f"two\n{HOSTILE}") from error

    before = logging.root.handlers[:]
    try:
        with pytest.raises(typer.Exit) as ended:
            execute(CommonOptions(verbose=True), work)
    finally:
        logging.root.handlers[:] = before
    said = "".join(capfd.readouterr())
    assert ended.value.exit_code == 1 and "Traceback" in said and "S1GNED" not in said
    assert all(visible(line) for line in said.split("\n")), ascii(said)


@pytest.mark.parametrize(
    "arguments",
    [
        [HOSTILE],
        ["show", f"--{HOSTILE}"],
        ["verify", "--depth", HOSTILE],
        ["run", "--jobs", HOSTILE],
        ["show", HOSTILE, HOSTILE + "2"],
        ["waive", HOSTILE],
        ["approve", HOSTILE],
        ["plan", "--source", HOSTILE, "--target", HOSTILE],
        ["plan", "--source", f"g/{HOSTILE}", "--target", "a/b"],
        ["evidence", HOSTILE],
    ],
    ids=range(10),
)
def test_bad_usage_repeats_nothing_that_acts(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As the console script runs it: what refuses bad usage writes before any command has begun."""
    monkeypatch.setattr(sys, "argv", ["migrate", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = "".join(capfd.readouterr())
    assert ended.value.code == 2 and said
    assert all(visible(line) for line in said.split("\n")), ascii(said)


def test_colours_are_those_of_the_tool_alone(capsys: pytest.CaptureFixture[str]) -> None:
    console = consoles.console()
    console._force_terminal, console.no_color = True, False
    console._color_system = console._color_system or 1  # type: ignore[assignment]  # any of its systems
    console.print(consoles.text((HOSTILE, "red")))
    said = capsys.readouterr().out
    assert said.count("\x1b") == 2 and said.startswith("\x1b[31mx\\u001b[31m")


def test_what_an_encoding_lacks_is_an_escape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with terminal.guarded():
            print("ä")
            consoles.console().print(consoles.text("ö"))
    assert (tmp_path / "out").read_text() == "\\xe4\n\\xf6\n"


# What goes around the guard, wherever it stands: the linter forbids the others by name.
AROUND = {"__stdout__", "__stderr__", "buffer", "print_exc", "StreamHandler", "basicConfig", "lastResort"}
ALLOWED = {
    "cli/views/terminal.py": {"stdout", "stderr", "buffer", "lastResort"},
    "cli/views/consoles.py": {"Console"},
    # A process of its own: a line for who started it, and a file.
    "cli/drillwatch.py": {"stdout", "stderr"},
}


def _used(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            whole = ast.unparse(node)
            if node.attr in AROUND or whole in ("os.write", "os.writev", "sys.stdout", "sys.stderr"):
                found.add(node.attr)
        elif isinstance(node, ast.Name) and node.id == "print":
            found.add("print")
        elif isinstance(node, ast.ImportFrom):
            names = {one.name for one in node.names}
            found |= names & {"Console", "stdout", "stderr", "echo", "secho"}
            found |= {"rich"} if node.module == "rich" else set()
        elif isinstance(node, ast.Import):
            found |= {one.name for one in node.names} & {"rich", "click", "faulthandler"}
        elif isinstance(node, ast.Constant) and node.value in ("/dev/tty", "/dev/stdout", "/dev/stderr"):
            found.add(str(node.value))
    return found


def test_no_module_writes_by_itself() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if used := _used(ast.parse(path.read_text(encoding="utf-8"))) - ALLOWED.get(name, set()):
            pytest.fail(f"{name} uses {sorted(used)}: give it to a view")
    code = "import sys\nfrom rich.console import Console\nprint(1)\nsys.stdout.write('')\nsys.__stderr__.write('')\nsys.stdout.buffer.write(b'')"
    assert _used(ast.parse(code)) == {"Console", "print", "stdout", "__stderr__", "buffer"}
