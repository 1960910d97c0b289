"""The commands of `migrate` by name: the module of each is loaded when it is called, and not before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

PREPARE = "Find and prepare"
MOVE = "Move, in this order"
DECIDE = "Decide"
PROVE = "Prove"
GOVERN = "Govern"
# What every command shares: help has two names, and is text as it is written.
_SENTENCE = re.compile(r"(?<=\.)\s")
_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


@dataclass(frozen=True, slots=True)
class Entry:
    """A command. `help` is the first sentence of its module's docstring, so that the overview loads none."""

    name: str
    panel: str
    help: str

    def module(self) -> ModuleType:
        """The module of the command's name, with `command`, or with `app` where it has commands of its own."""
        return import_module(f"amlmigrate.cli.{self.name}")

    def app(self) -> typer.Typer:
        """The command by itself."""
        module = self.module()
        if own := getattr(module, "app", None):
            assert isinstance(own, typer.Typer)
            return own
        made = command_line()
        made.command(self.name, help=module.__doc__)(module.command)
        return made


COMMANDS = (
    Entry("scan", PREPARE, "Find workspaces and rank them by risk."),
    Entry("provision", PREPARE, "Create a workspace under a customer's key."),
    Entry("doctor", PREPARE, "Say what would stop a move before it starts."),
    Entry("plan", MOVE, "Read both workspaces and write a plan to review."),
    Entry("show", MOVE, "Show a plan as a person reads it."),
    Entry("run", MOVE, "Carry out a plan, with retries and checkpoints."),
    Entry("status", MOVE, "Show where a plan stands, what comes next, and how long it will take."),
    Entry("freeze", MOVE, "Remove, or restore, the rights to write to the source."),
    Entry("cutover", MOVE, "Stop what the source does by itself, start it in the target, and record when."),
    Entry(
        "decommission",
        MOVE,
        "Remove the source workspace, and only on evidence that is green, complete and still true.",
    ),
    Entry("approve", DECIDE, "Approve a plan, decisions about one, or a proposal, that somebody else has made."),
    Entry("done", DECIDE, "Record that items were moved by hand, or findings fixed."),
    Entry(
        "waive",
        DECIDE,
        "Record that items, findings or what was left behind may stay as they are, by whom and why.",
    ),
    Entry("reopen", DECIDE, "Take decisions back: what was waived or done by hand is open again."),
    Entry("verify", PROVE, "Compare both workspaces afresh, and keep evidence."),
    Entry("evidence", PROVE, "Look at the evidence of a plan, or of the rotations of keys."),
    Entry(
        "guard",
        GOVERN,
        "Keep new workspaces under the company's key by Azure Policy, and raise alarms.",
    ),
    Entry(
        "key", GOVERN, "Show whether keys are rotated in time, and whether all that is under them uses the newest."
    ),
    Entry(
        "figures",
        GOVERN,
        "Print the key figures: what is under customers' keys, how soon it was, rotations, and alerts.",
    ),
)


def command_line(**more: Any) -> typer.Typer:
    """A command line of this project's kind: `-h` helps, and no text is markup."""
    return typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_SETTINGS,
        **{"add_completion": False, "cls": WholeSentences, **more},
    )


class WholeSentences(TyperGroup):
    """Commands of a command, each with its whole first sentence: as it is made elsewhere it is cut short."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """A line or more for each."""
        found = [one for name in self.list_commands(ctx) if (one := self.get_command(ctx, name))]
        with formatter.section("Commands"):
            formatter.write_dl([(str(one.name), _SENTENCE.split(str(one.help), 1)[0]) for one in found])


class LazyCommand(TyperCommand):
    """Stands for a command in the overview and in completion; who calls it gets the command itself."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.name, help=entry.help, rich_help_panel=entry.panel)
        self._entry = entry

    def make_context(self, info_name: str | None, args: list[str], *given: Any, **more: Any) -> Any:
        """The context of the command itself, so that its options, its help and its work are its own."""
        return typer.main.get_command(self._entry.app()).make_context(info_name, args, *given, **more)


class Commands(TyperGroup):
    """All commands, told in panels."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "commands": {one.name: LazyCommand(one) for one in COMMANDS}})

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """A section for each panel, in the order of the table."""
        # The formatter sees to the width of a section, so all get the first column of the longest name.
        wide = max(len(one.name) for one in COMMANDS)
        for panel in dict.fromkeys(one.panel for one in COMMANDS):
            with formatter.section(panel):
                formatter.write_dl([(one.name.ljust(wide), one.help) for one in COMMANDS if one.panel == panel])
