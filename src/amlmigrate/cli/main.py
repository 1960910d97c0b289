"""The console script `migrate`: the commands, found by name, and the exit code of each."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from amlmigrate.cli import (
    approve,
    cutover,
    decommission,
    doctor,
    done,
    evidence,
    freeze,
    plan,
    provision,
    reopen,
    run,
    scan,
    show,
    status,
    verify,
    waive,
)
from amlmigrate.cli.views import terminal

app = typer.Typer(
    name="migrate",
    help="Moves an Azure Machine Learning workspace to customer-managed keys, and accounts for every item that"
    " Azure lists.",
    epilog="The way: scan, provision, doctor, plan, show, approve, run, done, waive, verify, evidence, cutover,"
    " decommission. Each has --help.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from amlmigrate.core.tool import tool

        terminal.write(f"{tool()}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """What stands before a command."""


for module in (
    scan,
    provision,
    doctor,
    plan,
    show,
    approve,
    run,
    status,
    freeze,
    done,
    waive,
    reopen,
    verify,
    cutover,
    decommission,
):
    app.command(module.__name__.rpartition(".")[2], help=module.__doc__)(module.command)

app.add_typer(evidence.app, name="evidence", help=evidence.__doc__)


def main() -> None:
    """Runs a command. Usage errors end with 2, all others as the command says."""
    with terminal.guarded():
        app(args=sys.argv[1:])


if __name__ == "__main__":
    main()
