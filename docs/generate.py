"""Regenerates the generated parts of the documentation from the code; `--check` only says what differs.

A block stands between `<!-- generated: NAME -->` and `<!-- end of generated -->`; all else is written by hand.
"""

from __future__ import annotations

import argparse
import enum
import inspect
import json
import re
import sqlite3
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import alarmtables
import beliefs
import controltables
import support
from typer.models import ArgumentInfo, CommandInfo, OptionInfo

from amlmigrate.cli.commands import COMMANDS
from amlmigrate.cloud import retrying
from amlmigrate.cloud.ranges import RANGE
from amlmigrate.core import errors, findingcodes
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.clock import Pace
from amlmigrate.core.file_rewrite import AnewFile
from amlmigrate.core.findingcodes import Code
from amlmigrate.core.plan import CUTOVER, Action, Bytes, Gone, Header, Step
from amlmigrate.core.state import FOLLOWS, Outcome, State
from amlmigrate.core.workspace import Location
from amlmigrate.desired import applying
from amlmigrate.doctor.need import DOCTOR, FILE, VAULT, WS, Need
from amlmigrate.doctor.needs import NEEDS, needs
from amlmigrate.evidence import RECORDS
from amlmigrate.freezing import freeze
from amlmigrate.guarding import reading as guard_file
from amlmigrate.guarding.members import MEMBERS
from amlmigrate.kinds import Elsewhere, Kind, _versioned, all_kinds, holding, holdings, moving_kinds
from amlmigrate.kinds._holding import Holding
from amlmigrate.kinds._listed import Listed
from amlmigrate.kinds._provenance import stamped
from amlmigrate.kinds._workspace_settings import SETTINGS
from amlmigrate.ledger import schema
from amlmigrate.posture import profiles
from amlmigrate.posture import reading as proofs
from amlmigrate.posture.catalogue import CATALOGUE
from amlmigrate.provisioning import reading as provision_file
from azsandbox import cli as sandbox
from azsandbox.faultrules import ACTIONS

DOCS = Path(__file__).parent
_BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w:/-]+) -->\n).*?(<!-- end of generated -->)", re.DOTALL)
_SHARED = ("json", "verbose", "log_file", "tenant", "client_id", "cloud", "source_tenant", "target_tenant")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = [_row(names), _row(["---"] * len(names)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _code(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values) or "none"


# Commands.


def parameters(callback: Callable[..., Any]) -> list[tuple[str, OptionInfo | ArgumentInfo, Any, Any]]:
    """Name, typer's information, type and default of each parameter of a command."""
    hints = typing.get_type_hints(callback, include_extras=True)
    found = []
    for name, parameter in inspect.signature(callback).parameters.items():
        kind, info = typing.get_args(hints[name])[:2]
        found.append((name, info, kind, parameter.default))
    return found


def _spelled(name: str, info: OptionInfo | ArgumentInfo) -> str:
    if isinstance(info, ArgumentInfo):
        return info.metavar or name.upper()
    # In an annotation typer takes the first name for the default.
    flags = [str(flag) for flag in (info.default, *(info.param_decls or ())) if str(flag).startswith("-")]
    return flags[0] if flags else f"--{name.replace('_', '-')}"


def options(callback: Callable[..., Any]) -> set[str]:
    """The options of a command, as they are typed."""
    return {_spelled(name, info) for name, info, _, _ in parameters(callback) if isinstance(info, OptionInfo)}


def needed(callback: Callable[..., Any]) -> set[str]:
    """Those without which a command does nothing."""
    found = parameters(callback)
    return {
        _spelled(name, info)
        for name, info, _, default in found
        if isinstance(info, OptionInfo) and _needed(default)
    }


def commands() -> dict[str, Callable[..., Any]]:
    """The commands of `migrate` by name."""
    return {name: info.callback for name, info in registered() if info.callback}


def registered() -> Iterable[tuple[str, CommandInfo]]:
    """Each command with its name as it is typed, those below another one behind it."""
    for entry in COMMANDS:
        app = entry.app()
        below = f"{entry.name} " if app.registered_callback else ""
        for info in app.registered_commands:
            yield f"{below}{info.name}", info


def _needed(default: Any) -> bool:
    return default is ... or default is inspect.Parameter.empty


def _default(default: Any) -> str:
    if _needed(default):
        return "needed"
    if default in (None, False, ""):
        return ""
    return f"`{default.value if isinstance(default, enum.Enum) else default}`"


def _value(info: OptionInfo | ArgumentInfo, kind: Any) -> str:
    if isinstance(kind, enum.EnumMeta):
        return " `" + "|".join(str(one.value) for one in kind) + "`"  # type: ignore[var-annotated]  # any of the enumerations
    if isinstance(info, ArgumentInfo) or kind is bool:
        return ""
    return f" `{info.metavar}`" if info.metavar else " `TEXT`"


def _usage(name: str, callback: Callable[..., Any]) -> str:
    parts = []
    for key, info, _kind, default in parameters(callback):
        spelled = _spelled(key, info)
        if isinstance(info, ArgumentInfo):
            parts.append(spelled if _needed(default) else f"[{spelled}]")
        elif _needed(default):
            parts.append(f"{spelled} {info.metavar or 'WS'}")
    return " ".join(["migrate", name, *parts, "[OPTIONS]"])


def _parameter_rows(callback: Callable[..., Any], *, shared: bool) -> Iterable[list[str]]:
    for key, info, kind, default in parameters(callback):
        if (key in _SHARED) is shared:
            limits = [f"{word} {value}" for word, value in (("at least", info.min), ("at most", info.max))
                      if value is not None]  # fmt: skip
            bounds = f" {', '.join(limits).capitalize()}." if limits else ""
            yield [
                f"`{_spelled(key, info)}`{_value(info, kind)}",
                f"{info.help}{bounds}",
                _default(default),
            ]


def command_pages() -> str:
    """Every command with its arguments and options."""
    found = []
    for name, info in registered():
        callback = info.callback
        assert callback
        text, *examples = (part.strip() for part in str(info.help).split("\n\nExample: "))
        shared = [key for key, *_ in parameters(callback) if key in _SHARED]
        found.append(f"## migrate {name}\n\n{text}\n\n```\n{_usage(name, callback)}\n```\n")
        found += [f"Example: `{example}`\n" for example in examples]
        if rows := list(_parameter_rows(callback, shared=False)):
            found.append(table(("argument or option", "what it does", "default"), rows))
        names = ", ".join(f"`{_spelled(k, i)}`" for k, i, _, _ in parameters(callback) if k in shared)
        found.append(f"[Common options](#common-options): {names}.\n")
    callback = commands()["plan"]
    found.append("## Common options\n")
    found.append(table(("option", "what it does", "default"), _parameter_rows(callback, shared=True)))
    return "\n".join(found)


def sandbox_pages() -> str:
    """Every command of azsandbox with its arguments and options."""
    parser = sandbox._parser()
    [choices] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    told = {action.dest: str(action.help) for action in choices._choices_actions}
    found = []
    for name, one in choices.choices.items():
        found.append(f"### azsandbox {name}\n\n{_sentence(told[name])}\n")
        rows = []
        for action in one._actions:
            if isinstance(action, argparse._HelpAction):
                continue
            value = action.metavar or (_choices(action) if action.nargs != 0 else "")
            if action.option_strings:
                spelled = f"`{action.option_strings[0]}`" + (f" `{value}`" if value else "")
            else:
                spelled = f"`{value or action.dest.upper()}`"
            default = "" if action.default in (None, False, "") else f"`{action.default}`"
            rows.append([spelled, str(action.help or ""), default])
        found.append(table(("argument or option", "what it does", "default"), rows))
    return "\n".join(found)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _choices(action: argparse.Action) -> str:
    return "|".join(action.choices) if action.choices else action.dest.upper()


def sandbox_options() -> dict[str, set[str]]:
    """The options of each command of azsandbox."""
    [choices] = [a for a in sandbox._parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return {name: {o for a in one._actions for o in a.option_strings} for name, one in choices.choices.items()}


# Retries. Each row has a test: tests/acceptance/test_faults.py.


def _minutes(seconds: float) -> str:
    whole = {1800: "half an hour", 3600: "an hour"}
    return whole.get(int(seconds)) or (f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:g} minutes")


def _pauses(seconds: Iterable[float]) -> str:
    return ", ".join(f"{one:g}" for one in seconds) + " s"


_LIKE_503, _DONE = "like 503", "like 503; the second call finds the work done"
_IN_ITS_WORDS = "the service's words: a step of `run` fails (exit 3), another command ends (exit 1)"
_STEP_FAILS, _COMPARED = (
    "the step fails (exit 3)",
    "it is read and compared: equal is done, anything else a conflict (exit 3)",
)
_THROTTLED = f"for {_minutes(retrying.THROTTLED_SECONDS)}"
_AT_RANDOM = f"0.2 to {retrying.LONGEST_PAUSE:g} s, longer each time, randomized"
_PATIENCE = next(default for name, *_, default in parameters(commands()["provision"]) if name == "wait")
RETRIES = {
    "401, the token expired": ("once, with a new token", "at once", "exit 6"),
    "403": (
        "never",
        "",
        "exit 6, naming action and scope; the step fails and all others continue, unless the target itself can no"
        " longer be read: then the run stops",
    ),
    "404 that says that the very thing is not there": (
        "never",
        "",
        "it is absent; if nobody has recorded the words for this type, only if its parent's list lacks it too",
    ),
    "any other 404, as of a proxy or a region that has not heard of it": (
        "never",
        "",
        "it shows nothing: the step fails with the answer (exit 3)",
    ),
    "400 or 409, something is there already": ("never", "", _COMPARED),
    "400, any other": ("never", "", "the step fails with the service's words (exit 3)"),
    "409 or 429, another operation is under way": (_LIKE_503, "", _LIKE_503),
    "412, the source's blob changed": ("never", "", "drift: the step fails and asks for a new plan (exit 3)"),
    "412, the target's blob is taken": ("never", "", _COMPARED),
    "429 with `Retry-After`": (
        _THROTTLED,
        "exactly as long as it says, and all calls of that kind wait too; not at all if it says longer than that",
        _STEP_FAILS,
    ),
    "429 without": (_THROTTLED, _AT_RANDOM, _STEP_FAILS),
    "408, 500, 502, 503, 504": (
        f"{retrying.ATTEMPTS - 1} times, within {_minutes(retrying.SECONDS)} of the first failure",
        f"{_AT_RANDOM}; `Retry-After` if there is one",
        _STEP_FAILS,
    ),
    "503 `ServerBusy` or 500 `OperationTimedOut` of storage": (
        _LIKE_503,
        "and half as many copies at once; ARM is not affected",
        _STEP_FAILS,
    ),
    "a connection that is not made": (_LIKE_503, f"after {retrying.CONNECT_SECONDS:g} s", _LIKE_503),
    "a connection dropped before the work": (_LIKE_503, "", _LIKE_503),
    "a connection dropped after the work": (_DONE, "", _LIKE_503),
    "an answer that hangs": (_LIKE_503, f"after {retrying.READ_SECONDS:g} s without a byte", _LIKE_503),
    "a read of bytes that is answered with others, or that breaks off": (
        _LIKE_503,
        f"a blob above {RANGE // 2**20} MiB from the range that failed",
        _LIKE_503,
    ),
    "a copy inside Azure that hangs": (
        _DONE,
        f"after {retrying.READ_SECONDS:g} s and a second for every {retrying.COPIED_BYTES_A_SECOND // 2**20} MiB",
        _LIKE_503,
    ),
    "a stale first read": (
        "for a minute",
        "from half a second on, longer each time",
        "the step fails and says what the service answered (exit 3); `--resume` reads again",
    ),
    "a list of versions without the one that its name calls the latest, which is there": (
        f"{len(_versioned._BEHIND_SECONDS)} times",
        _pauses(_versioned._BEHIND_SECONDS),
        "exit 1, naming it",
    ),
    "a role assignment that `freeze` removed or restored, and that still reads as before": (
        f"{len(freeze._READ_BACK_SECONDS)} times",
        _pauses(freeze._READ_BACK_SECONDS),
        "exit 1, naming it",
    ),
    "what `provision` wrote, and that still reads as before": (
        "with pauses that double",
        f"from 0.25 s on, for {applying._LONGEST_PAUSE:g} s in all",
        "exit 3, naming it",
    ),
    "a role that `provision` assigned and that has not taken effect": (
        f"for {_PATIENCE} minutes (`--wait`)",
        "0.5 to 20 s, longer each time, randomized",
        "exit 3, naming `--wait`",
    ),
    "a vault that does not answer when its key is read": (
        "never",
        f"given up after {proofs._VAULT_SECONDS:g} s",
        "the key is read through ARM; what that cannot show is not known",
    ),
    "the operation of the source's deletion, after a kill": (
        "polled at the address that the ledger has",
        "as the first time",
        "the gate is checked again; 404 and 410 of the address confirm nothing",
    ),
    "a long-running operation that fails": ("never", "", _IN_ITS_WORDS),
    "a long-running operation that is cancelled": ("never", "", _IN_ITS_WORDS),
    "a long-running operation that outlives the client": (
        f"polled for {_minutes(Pace().longest)}",
        "as the service says, otherwise 0.5 to 15 s",
        "the same command continues to wait",
    ),
}


def retries() -> str:
    """What is done with each answer that is not the one that was asked for; the numbers are those of the code."""
    rows = ((what, *told) for what, told in RETRIES.items())
    return table(("what happens", "retried", "how long", "and if it persists"), rows)


# Values.

EXIT_CODES = {
    errors.ExitCode.DONE: "Everything that was asked for is done. For `plan`: a plan was written, also if it has"
    " manual items and findings.",
    errors.ExitCode.UNEXPECTED: "Unexpected failure: a bug, the machine, or Azure out of reach in spite of all"
    " retries. After a run: a step met something unexpected, and all others were carried out.",
    errors.ExitCode.BAD_INPUT: "Bad usage or input: unknown workspace, wrong `--confirm`, unreadable or truncated"
    " plan, plan of a newer format.",
    errors.ExitCode.INCOMPLETE: "Incomplete: a step failed, is blocked or in conflict; an item is left to do by"
    " hand and not waived; `verify` found a difference; a scan, a fleet, a `freeze --back` or a provisioning"
    " could not do everything; `guard` has something to do or found a gap; a key is overdue, left behind, waited"
    " for or not known, or a drill did not see all of it; figures are not known.",
    errors.ExitCode.REFUSED: "Refused by a safety rule: the source drifted, a conflict is planned and not"
    " resolved, the plan has errors, was already begun or is not approved, `doctor` found an error,"
    " `provision` cannot create what the file asks for, the target or its storage is not shown to be under a"
    " customer's key,"
    " evidence is missing, stale or"
    " not green, the soak is not over, a guardrail would refuse what is still to be done, a change is not the one"
    " that was approved, a key must not be rotated or drilled.",
    errors.ExitCode.LOCKED: "The plan is locked by another run, freeze, cutover or decommission, or its target is"
    " being changed with another plan; or the lease on the target was lost during the command.",
    errors.ExitCode.DENIED: "Azure refused the identity or a permission, and the message names action and scope;"
    " or Azure refused the use of a key, and the message names the key.",
    errors.ExitCode.INTERRUPTED: "Interrupted (SIGINT, SIGTERM); the same command continues, `run` with"
    " `--resume`.",
}


def exit_codes() -> str:
    """The table of exit codes, and the errors that end with each."""
    kinds = [
        one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.MigrateError)
    ]
    return table(
        ("code", "name", "meaning", "errors"),
        (
            [
                f"`{int(code)}`",
                code.name,
                EXIT_CODES[code],
                _code(one.__name__ for one in kinds if one.exit_code is code),
            ]
            for code in errors.ExitCode
        ),
    )


def states() -> str:
    """Which state of a step may follow which."""
    return table(("state", "may be followed by"), ([f"`{one}`", _code(sorted(FOLLOWS[one]))] for one in State))


OUTCOMES = {
    Outcome.MIGRATED: "created or copied, and read back",
    Outcome.UPDATED: "was created in the target by this tool, and was changed there",
    Outcome.ADOPTED: "was in the target already, and is equal",
    Outcome.DELETED: "its blobs in the target were this tool's own, had no source, and were deleted",
    Outcome.UNSELECTED: "left out by `--select` or `--exclude`; `decommission` requires a waiver",
    Outcome.NOT_NEEDED: "the service creates it in every workspace, or nothing refers to it",
    Outcome.BY_HAND: "a person did it; reports say who, and whether the tool saw it in the target",
    Outcome.WAIVED: "a person decided that it may stay as it is; reports say who and why",
    Outcome.MANUAL: "the tool cannot move it, and nobody has done or waived it",
    Outcome.CONFLICT: "the target has a different one, and nobody has waived it",
    Outcome.FAILED: "its step failed",
    Outcome.BLOCKED: "a step that it depends on failed",
    Outcome.REMAINING: "its step was not carried out yet",
    Outcome.TO_CUT_OVER: "takes effect only when the old workspace stops: `run` does not create it, `verify` does"
    " not expect it, and `decommission` requires it",
    Outcome.CUT_OVER: "took effect at the cutover, once the source's had stopped",
}


def outcomes() -> str:
    """How an item can end."""
    rows = ([one.value, OUTCOMES[one], "yes" if one.settled else "no"] for one in Outcome)
    return table(("outcome", "meaning", "settled"), rows)


ACTIONS_MEAN = {
    Action.CREATE: "The target has none: its `body` is PUT.",
    Action.UPDATE: "The target's item was created by this tool and may be changed: its `body` is PUT. Archiving is"
    " an update too. For blobs: their tier or index tags are set, and nothing else.",
    Action.ADOPT: "The target has an equal one: it is compared again, and nothing is written.",
    Action.COPY: "Blobs are copied inside Azure; a blob that is there already and equal is not copied again.",
    Action.DELETE: "Copies that this tool made and whose source is gone are deleted in the target: those under"
    " `gone`, each only if it is as the tool left it. Only planned with `--delete`.",
    Action.MANUAL: "The tool cannot move it; `reason` says what to do.",
    Action.SKIP: "Nothing is done: the service creates it, or it was not selected; `reason` says which.",
    Action.CONFLICT: "The target has a different one that must not be touched. `run` refuses until it is"
    " resolved.",
}


def actions() -> str:
    """What a step can do."""
    rows = (
        [f"`{a}`", ACTIONS_MEAN[a], "yes" if a.writes else "no", "yes" if a.carried_out else "no"] for a in Action
    )
    return table(("action", "meaning", "changes the target", "carried out by `run`"), rows)


HEADER = {
    "record": "always `header`",
    "format": "integer; a newer one than the reader knows is refused",
    "tool": "name and version of what wrote it",
    "name": "the name of the plan's folder",
    "created": "when, UTC, ISO 8601",
    "source": "the source workspace: `id`, `workspaceId`, `location`, `encryption`",
    "target": "the target workspace, likewise",
    "inventory_sha256": "SHA-256 over the digests of every document and every container listing of the source",
    "counts": "kind to action to number of steps",
    "blobs": "how many blobs the `copy` steps cover",
    "bytes": "how many bytes those have",
    "estimate": "`arm_reads`, `arm_writes`, and `floor_seconds`: the least time that ARM's request limits allow;"
    " `arm_reads_source`: how many of the reads are in the source's subscription, where the target is in another;"
    " `blob_deletes`: how many blobs of the target are deleted",
    "findings": "what a reviewer must know; see below",
}
STEP = {
    "record": "always `step`",
    "address": "the item, as all commands name it",
    "action": "what is done; see below",
    "reason": "why, for a reader",
    "source_id": "ARM id in the source; empty for bytes",
    "target_id": "ARM id in the target; empty where there is none",
    "source_sha256": "digest of the source document or of the listing of its blobs, by which drift is found;"
    " empty for what may come and go, as locks and role assignments",
    "stage": "`cutover` if only the cutover carries it out, or a person at it, and no run; otherwise absent",
    "changes": "steps of the cutover only: the JSON pointers of what it sets; all else stays as it is by then",
    "target": "what the target calls the item, where it has another name there",
    "target_sha256": "updates and conflicts: digest of the target's document in canonical form, or of the blob"
    " that it has there, as the planner saw it",
    "after": "addresses of the steps that must be done before",
    "body": "the exact document to PUT; `null` if there is none",
    "rewrites": "each string that names another place than in the source: `where`, `from`, `to`",
    "files": "steps of bytes only: each file that is rewritten as a whole: `path`, `sha256`, `to_sha256`,"
    " `to_md5`, `to_bytes`, `count` of the strings that change, and the first five `lines`, each with `where`,"
    " `from`, `to`",
    "blobs": "steps of bytes only: number of blobs",
    "bytes": "steps of bytes only: number of bytes",
    "from": "steps of bytes only: account, container and prefix in the source",
    "to": "steps of bytes only: account, container and prefix in the target",
    "blob": "steps of bytes only: `true` if it is the one blob with exactly that name, and not all below it",
    "gone": "steps of bytes only: `path`, `etag` and `bytes` of each copy of this tool in the target whose source"
    " is gone; a `delete` step deletes them, with a `copy` step they stay",
}


def header_fields() -> str:
    """The members of a plan's first line."""
    empty = Header("", "", "", {}, {}, "", {}, 0, 0, {})
    return table(("member", "meaning"), ([f"`{key}`", HEADER[key]] for key in empty.as_dict()))


def step_fields() -> str:
    """The members of a plan's steps."""
    place = Location("", "")
    file = AnewFile("", "", "", "", 0, 0)
    amount, gone = Bytes(place, place, 0, 0), (Gone("", "", 0),)
    of_bytes = Step(Address.of("blobs", "c"), Action.COPY, bytes=amount, blob=True, files=(file,), gone=gone)
    item = Address.of("models", "m", "1")
    document = Step(item, Action.UPDATE, target_sha256="0", stage=CUTOVER, target=item, changes=("",))
    names = [*document.as_dict(), *of_bytes.as_dict()]
    return table(("member", "meaning"), ([f"`{key}`", STEP[key]] for key in dict.fromkeys(names)))


COLUMNS = {
    "meta": "What the ledger is tied to, and facts about the run: `plan_sha256`, `source_workspace_id`,"
    " `target_workspace_id`, `created`, `begun`, `sequence` (the number of its newest run among all of the pair),"
    " `evidence_head`, `evidence_next`, `operation_of:ADDRESS` (where a change that Azure accepted is polled,"
    " until its step is done), `called:ADDRESS` (what the target calls an item that has another name there), and"
    " `decommission`: what a removal is going to do, how far it came, and where its deletion is polled (an"
    " address that Azure signs, and that is stored nowhere else).",
    "steps": "The current state of each step. `attempts` counts how often it was begun. `target_sha256` is the"
    " digest of the target's document as it was last seen to be right: only a document that still has it may be"
    " updated. `sequence` is the number of the run that wrote the row: if there are several ledgers, the highest"
    " number counts, whatever the times say.",
    "history": "Every state that a step was in, in order.",
    "ids": "Old ARM id to new ARM id of what was migrated; `idmap.csv` is made from it.",
    "blobs": "Every blob that was copied, when, with the ETags of its source and of the copy. Only a blob that"
    " still has the latter may be overwritten or deleted. The ETag of the copy is empty while the copy was"
    " requested and not yet seen. `labels` are the tier and the index tags that the copy got, as JSON."
    " `sequence` as in `steps`.",
    "deletions": "Every blob of the target that a step was going to delete: `asked` is when the deletion was"
    " requested, `deleted` when the blob was gone.",
    "left_alone": "The blobs of the target that a step left alone when it was last tried, because they were not as"
    " planned, with their ETags; without an ETag, blobs that the step had not been seen to copy before it failed."
    " `decided` is 1 for blobs that were there when somebody decided about the step.",
    "decisions": "What was decided about which address: `verb` is `done`, `waive` or, for an option, `want`;"
    " `sha256` is the digest of what the address was then. Why, by whom and"
    " when; `until` is when it ends, `seen` whether the tool saw in the target what was done, `report` the number"
    " of the report in the evidence.",
    "approvals": "Who approved what, when, with what comment, and the number of the report in the evidence: a plan"
    " by its SHA-256, or decisions by the digest of the whole open set, with the digest of each. `tenant_id` is"
    " the Entra tenant of the approver, as with decisions; empty if the token named none.",
    "lock": "At most one row: the run that holds the plan, with its heartbeat; `started` is when its process"
    " started, with what makes its process number unique: the start of the machine, and the container.",
    "lease": "At most one row: the id of the lease that this folder requested on the target, where, and from which"
    " host and folder; it is written before the lease is taken, and deleted when the lease is released.",
}


def ledger_tables() -> str:
    """The tables of the ledger and their columns."""
    with sqlite3.connect(":memory:") as db:
        schema.create(db)
        names = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
        ]
        rows = []
        for name in names:
            if name.startswith("sqlite_"):
                continue
            columns = db.execute(f"PRAGMA table_info({name})").fetchall()
            told = ", ".join(
                f"`{column}` {kind.lower()}" + (" (key)" if key else "") for _, column, kind, _, _, key in columns
            )
            rows.append([f"`{name}`", told, COLUMNS[name]])
    db.close()
    return f"Version of the tables: {schema.VERSION}.\n\n" + table(("table", "columns", "what it holds"), rows)


# Kinds.


def kind_facts(kind: Kind) -> str:
    """What the code says of a kind."""
    if kind.inherent:
        return f"{_told(kind)}\n"
    versioned = "yes" if kind.versioned else "no"
    example = kind.example()
    fields = kind.fields
    archives = "yes" if "isArchived" in fields.mutable else "no"
    rows = [
        ["collection", f"`{kind.collection}`"],
        ["address of the example", f"`{example.address}`"],
        ["ARM path of the example", f"`{kind.path(example.address)}`"],
        ["versioned", versioned],
        ["can be archived", archives],
        ["may refer to (`after`)", _code(kind.after)],
        ["members that name its bytes (`uris`)", _code(f"/properties{pointer}" for pointer in fields.uris)],
        ["neither sent nor compared (`computed`)", _because(fields.computed)],
        ["no drift when they change (`volatile`)", _code(path.replace("|", "/") for path in kind.volatile)],
        ["a later PUT may change (`mutable`)", _because(fields.mutable)],
    ]
    canonical = json.dumps(kind.canonical(example.document), indent=2, ensure_ascii=False, sort_keys=True)
    return (
        f"{_told(kind)}\n\n{table(('what', 'value'), rows)}\n"
        "The example, in the form in which two documents of this kind are compared:\n\n"
        f"```json\n{canonical}\n```\n"
    )


def holding_facts(kind: Holding) -> str:
    """What the code says of a kind whose items hold bytes."""
    data, example = kind.permissions.data, kind.example()
    rows = [
        ["collection", f"`{kind.collection}`"],
        ["address of the example", f"`{example.address}`"],
        ["types of ARM", _code(kind.arm_types())],
        ["what moves", "all that the workspace's own hold" if kind.moves_whole else "what something refers to"],
        ["to read them (data actions)", _code(data.read)],
        ["to write them", _code(data.write)],
        ["to delete what the tool copied", _code(data.delete)],
    ]
    return f"{_told(kind)}\n\n{table(('what', 'value'), rows)}"


def listed_facts(kind: Listed) -> str:
    """What the code says of a kind of which no run makes anything."""
    rows = [
        ["what it is", summary(kind)],
        ["collection", f"`{kind.collection}`"],
        ["address of the example", f"`{kind.example().address}`"],
        ["types of ARM", _code(kind.arm_types())],
        ["actions that list it", _code(kind.permissions.read)],
        ["may refer to (`after`)", _code(kind.after)],
        ["what a person does", kind.manual],
    ]
    if isinstance(kind, Elsewhere):
        rows.append(["given by the cutover with", f"`{kind.option}`"])
    if kind.regional:
        rows.append(["its name", "is unique in a region"])
    if kind.blocks_deletion:
        rows.append(["when the source is removed", "deleted before the workspace is"])
    return f"{_told(kind)}\n\n{table(('what', 'value'), rows)}"


def summary(kind: Listed) -> str:
    """What a kind is, in one sentence."""
    return str(sys.modules[type(kind).__module__].__doc__).strip().splitlines()[0]


def by_hand_kinds() -> dict[str, Listed]:
    """The kinds of which no command makes anything: they share a page."""
    return {
        name: kind
        for name, kind in sorted(all_kinds().items())
        if kind.manual and not isinstance(kind, Holding | Elsewhere)
    }


def elsewhere_kinds() -> dict[str, Listed]:
    """The kinds of which the cutover may write something outside of both workspaces."""
    return {name: kind for name, kind in all_kinds().items() if isinstance(kind, Elsewhere)}


def kind_page(name: str) -> str:
    """Where a kind is told of, seen from the folder of those pages."""
    return f"by-hand.md#{re.sub(r'[^a-z]', '', name.lower())}" if name in by_hand_kinds() else f"{name}.md"


def _because(named: Mapping[str, str]) -> str:
    """Members, each with its reason."""
    return "; ".join(f"`{name}`: {named[name]}" for name in sorted(named))


def _told(kind: Listed) -> str:
    """The docstring of a kind; the beliefs that it cites are links."""
    text = " ".join((type(kind).__doc__ or "").split())
    known = beliefs.read()
    return re.sub(r"AZ-[A-Z]+-\d+", lambda id_: known[id_[0]].link_from("../../azure/"), text)


def settings() -> str:
    """The members of a workspace's own document, and how each is held against the source's."""
    rows = (
        [f"`{one.name.replace('|', '.')}`", "compared" if one.judge else "its own", one.why] for one in SETTINGS
    )
    return table(("member", "how", "why, and who says so"), rows)


def kind_index() -> str:
    """All kinds, those that others refer to first."""
    rows = []
    for name, kind in moving_kinds().items():
        rows.append([f"[{name}]({kind_page(name)})", summary(kind)])
    return table(("kind", "what it is"), rows)


def listed_index() -> str:
    """The kinds that are listed and never moved, with what a person does."""
    rows = [
        [f"[{name}]({kind_page(name)})", summary(kind), kind.manual]
        for name, kind in sorted(all_kinds().items())
        if kind.manual
    ]
    return table(("kind", "what it is", "what a person does"), rows)


PROVENANCE = {
    "id": "the ARM id in the source",
    "createdAt": "`systemData.createdAt`: when it was created there",
    "createdBy": "`systemData.createdBy`: by whom",
    "lastModifiedAt": "`systemData.lastModifiedAt`; for information, never compared, since every later write"
    " changes it",
    "jobName": "the job that created it, if there was one; `jobName` itself is not sent",
}


def provenance() -> str:
    """The properties that say where an asset came from."""
    facts = ("createdAt", "createdBy", "lastModifiedAt")
    document = {"id": "x", "systemData": dict.fromkeys(facts, "x"), "properties": {"jobName": "x"}}
    names = stamped(Asset(Address.of("models", "m", "1"), document), {})
    return table(("property", "value"), ([f"`{name}`", PROVENANCE[name.partition(".")[2]]] for name in names))


FAULTS = {
    "status": "answers `status` (503) with `code` and `message` in the host's format, or with `body` as it is;"
    " `headers` and `retry_after` as given",
    "drop": "drops the connection; `when`: `before` (default) or `after` the work was done",
    "cut": "drops the connection in the middle of the answer, after `bytes` of its body",
    "delay": "waits `seconds` (1), then continues with the next rule",
    "hang": "never answers; `when` as above",
    "stale": "carries out the change, and answers the next `reads` (1) reads of that path as before the change",
    "expired_token": "answers 401 as for an expired token",
    "kill": "kills the calling process with SIGKILL; `when`: `before` (default), `after` the work, or `answered`",
}


def fault_actions() -> str:
    """What a rule of a faults file can do."""
    return table(("action", "what it does"), ([f"`{name}`", told] for name, told in FAULTS.items()))


def posture() -> str:
    """What is claimed of a workspace, and what it takes to know it."""
    rows = (
        [f"`{one.name}`", one.says, one.refuted, one.unread, "yes" if one.demanded else "", one.read]
        for one in CATALOGUE
    )
    head = (
        "claim",
        "what it says",
        "refuted",
        "unread",
        "`decommission` requires it",
        "permission to read it",
    )
    return table(head, rows)


def finding_codes(codes: Iterable[Code]) -> str:
    """The codes of one sort of findings, and what each comes to."""
    rows = ([f"`{one.name}`", _code(one.severities), one.says] for one in codes)
    return table(("code", "severity", "what it says"), rows)


SHORT = ((WS, "WS"), (holding().arm_types()[0], "BLOB"), (FILE, "FILE"), (VAULT, "VAULT"))


def _short(action: str) -> str:
    for long, short in SHORT:
        if action.startswith(f"{long}/"):
            return f"{short}{action.removeprefix(long)}"
    return action


def _why(need: Need) -> str:
    by = f"; of the {need.signed_in}'s sign-in" if need.by else ""
    return f"{need.why}{by}; only if {need.only}" if need.only else f"{need.why}{by}"


def rights(stage: str, before: str = "") -> str:
    """What a stage needs, without what another needs already; rows of one place and reason are one."""
    known = set(needs(before)) if before else set()
    rows: dict[tuple[str, bool, str], list[str]] = {}
    for need in needs(stage):
        if need not in known:
            rows.setdefault((need.where, need.data, _why(need)), []).append(_short(need.action))
    found = ([where, "" if data else _code(names), _code(names) if data else "", why]
             for (where, data, why), names in rows.items())  # fmt: skip
    return table(("where", "action", "data action", "why"), found)


def permissions() -> str:
    """The whole table of needs."""
    rows = (
        [need.where, f"`{need.action}`", "data" if need.data else "", ", ".join(need.stages), _why(need)]
        for need in NEEDS
    )
    return table(("where", "permission", "", "needed by", "why"), rows)


# The files of `migrate provision` and `migrate guard`.


def _members(schema: Any, root: Any, path: str) -> Iterable[list[str]]:
    """Path, values and meaning of every member below one of the schema."""
    needed = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        target = _target(member, root)
        here = f"{path}{name}"
        yield [f"`{here}`{' *' if name in needed else ''}", _values(target), {**target, **member}["description"]]
        yield from _members(target, root, f"{here}.")
        for choice in target.get("anyOf", ()):
            yield from _members(_target(choice, root), root, f"{here}.")


def _target(member: Any, root: Any) -> Any:
    return root["$defs"][member["$ref"].rpartition("/")[2]] if "$ref" in member else member


def _values(member: Any) -> str:
    if "enum" in member or "const" in member:
        return _code(str(value) for value in member.get("enum", [member.get("const")]))
    if "minimum" in member:
        return f"{member['minimum']} to {member['maximum']}"
    word = {"array": "list", "object": "object", "boolean": "`true`, `false`", "string": "text"}
    one = ", an entry" if member.get("type") == "array" else ","
    example = "".join(f"{one} such as `{example}`" for example in _examples(member))
    return f"{word.get(member.get('type', ''), '')}{example}"


def _examples(member: Any) -> list[str]:
    """Of a text that has to look like something, or of the entries of a list of such."""
    found: list[str] = member.get("examples") or member.get("items", {}).get("examples", [])
    return found


def file_members(schema: Any) -> str:
    """Every member of a file, from its schema."""
    return table(("member", "values", "what it is"), _members(schema, schema, ""))


def guard_members() -> str:
    """The built-in definitions of the initiative."""
    rows = [
        [f"`{name}`", f"`{one.guid}`", f"`{one.effect}`", f"`{one.claim}`" if one.claim else ""]
        for name, one in MEMBERS.items()
    ]
    return table(("name", "definition", "effect", "claim"), rows)


def profile_table() -> str:
    """The shipped profiles, value by value."""
    names = ("type", "size", "expires", "rotate", "notify")
    rows = [
        [f"`{name}`", f"`{key}`", f"`{profile[key]}`", profile["reasons"][key]]
        for name, profile in profiles.shipped().items()
        for key in names
    ]
    return table(("profile", "member", "value", "reason and source"), rows)


def blocks() -> dict[str, str]:
    """Every generated block by name."""
    assert set(FAULTS) == ACTIONS, "an action of faults is not told"
    found = {
        "commands": command_pages(),
        "exit-codes": exit_codes(),
        "retries": retries(),
        "states": states(),
        "outcomes": outcomes(),
        "actions": actions(),
        "header": header_fields(),
        "step": step_fields(),
        "ledger": ledger_tables(),
        "kinds": kind_index(),
        "listed-kinds": listed_index(),
        "settings": settings(),
        "provenance": provenance(),
        "azsandbox": sandbox_pages(),
        "faults": fault_actions(),
        "support": table(support.HEAD, support.rows(beliefs.read())),
        "support-statuses": table(("word", "meaning"), support.KNOWN.items()),
        "posture": posture(),
        **controltables.blocks(table),
        **alarmtables.blocks(table),
        "findings:items": finding_codes(findingcodes.ITEMS),
        "findings:surroundings": finding_codes(findingcodes.SURROUNDINGS),
        "findings:protection": finding_codes(findingcodes.PROTECTION),
        "findings:writers": finding_codes(findingcodes.WRITERS),
        "findings:cutover": finding_codes(findingcodes.SINCE_CUTOVER),
        "findings:letgo": finding_codes(findingcodes.LET_GO),
        "permissions": permissions(),
        "rights:plan": rights("plan"),
        "rights:run": rights("run", "plan"),
        "rights:verify": rights("verify"),
        "rights:cutover": rights("cutover", "verify"),
        "rights:decommission": rights("decommission", "verify"),
        "rights:doctor": rights(DOCTOR),
        "belief-statuses": table(("status", "meaning"), beliefs.KNOWN.items()),
        "belief-harms": table(("harm", "where the belief is wrong"), beliefs.MEANING.items()),
        "unverified": beliefs.unverified(beliefs.read(), beliefs.packages(DOCS.parent)),
        "provision-file": file_members(provision_file.schema()),
        "guard-file": file_members(guard_file.schema()),
        "guard-members": guard_members(),
        "profiles": profile_table(),
    }
    found |= {f"holding:{kind.name}": holding_facts(kind) for kind in holdings().values()}
    found |= {f"listed:{name}": listed_facts(kind) for name, kind in (by_hand_kinds() | elsewhere_kinds()).items()}
    return found | {f"kind:{name}": kind_facts(kind) for name, kind in moving_kinds().items()}


def pages() -> list[Path]:
    """Every page of the documentation."""
    return sorted(DOCS.rglob("*.md"))


def generated(text: str, made: dict[str, str]) -> str:
    """A page with its generated blocks as the code gives them now."""
    return _BLOCK.sub(lambda match: f"{match[1]}\n{made[match['name']].strip()}\n\n{match[3]}", text)


def stale() -> dict[Path, str]:
    """The pages and the schema that are not what the code gives now, with what they should be."""
    made = blocks()
    found = {}
    for path in pages():
        text = path.read_text(encoding="utf-8")
        if (now := generated(text, made)) != text:
            found[path] = now
    for schema_file, content in _schemas():
        now = json.dumps(content, indent=2) + "\n"
        if not schema_file.exists() or schema_file.read_text(encoding="utf-8") != now:
            found[schema_file] = now
    return found


def _schemas() -> Iterable[tuple[Path, dict[str, Any]]]:
    """The schemas that are shipped."""
    code = DOCS.parent / "src" / "amlmigrate"
    yield code / "provisioning" / "file.schema.json", provision_file.schema()
    yield code / "guarding" / "file.schema.json", guard_file.schema()
    for record, content in RECORDS.items():
        yield code / "evidence" / "schemas" / f"{record}.schema.json", content.schema()


def main() -> int:
    """Writes the stale pages, or with `--check` names them and ends with 1."""
    check = "--check" in sys.argv[1:]
    found = stale()
    for path, text in found.items():
        sys.stdout.write(f"{'stale' if check else 'written'}: {path.relative_to(DOCS.parent)}\n")
        if not check:
            path.write_text(text, encoding="utf-8")
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
