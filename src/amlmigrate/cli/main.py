"""The console script `migrate`: the commands by name, and the exit code of each."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from amlmigrate.cli import commands
from amlmigrate.cli.views import terminal
from amlmigrate.core.tool import tool

app = commands.command_line(
    name="migrate",
    cls=commands.Commands,
    help="Moves an Azure Machine Learning workspace to customer-managed keys, and accounts for every item that"
    " Azure lists.",
    epilog="The way: scan, provision, doctor, plan, show, approve, run, done, waive, verify, evidence, cutover,"
    " decommission. Each has --help.",
    add_completion=True,
)


def _version(wanted: bool) -> None:
    if wanted:
        terminal.write(f"{tool()}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """What stands before a command."""


def main() -> None:
    """Runs a command. Usage errors end with 2, all others as the command says."""
    # What is loaded stays: until all of it is (`execute`), looking for cycles finds none and takes its time.
    gc.disable()
    with terminal.guarded():
        app(args=sys.argv[1:])


if __name__ == "__main__":
    main()
