"""What the folders of a fleet show: a plan is there when its file is, whole, of that pair and asked for alike.

`fleet.jsonl` tells which folder belongs to which workspace; what became of it is read from the folder itself,
which somebody may have deleted, emptied or damaged since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from amlmigrate.core import unexpected_errors
from amlmigrate.core.armid import key_of
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.few import few
from amlmigrate.core.plan import Header, Plan
from amlmigrate.fleet.fleetfile import FleetEntry
from amlmigrate.ledger import exclusive, missing
from amlmigrate.ledger.files import FileError, probe
from amlmigrate.planning import planfile

_LOCK = ".fleet.lock"
_BUSY = "Another command is planning a fleet in this folder."
_ELSEWHERE = "Wait for it to end, or name another folder with --out."
_UNFORESEEN = (
    "Run the same command again: it tries this one again. --verbose shows where it happened, for a report."
)
# Options of `plan` that change no plan: where it goes, how it is told, who signs in. Every other one counts.
_ONES_PLACE = {"source", "target", "fleet", "targets", "waves", "wave_size", "out"}
_OF_NO_PLAN = _ONES_PLACE | {
    *("json", "verbose", "log_file"),
    *("tenant", "source_tenant", "target_tenant", "client_id"),
}


def counting(options: Mapping[str, Any]) -> dict[str, Any]:
    """Of the options that were given those that a plan depends on; one that asks for nothing is left out."""
    return {
        name: value
        for name, value in options.items()
        if name not in _OF_NO_PLAN and value not in (None, False, [])
    }


def found(out: Path, entry: FleetEntry) -> Plan | None:
    """The plan of a member, or None where there is none yet. Raises BadInputError for one that cannot be used."""
    folder = out / entry.folder
    if not (folder / planfile.FILE).exists():
        left = [name for name in (missing.FILE, missing.EVIDENCE, missing.IDMAP) if (folder / name).exists()]
        if left:
            raise BadInputError(
                f"The plan is missing beside what was written with it ({', '.join(left)}).",
                address=str(folder),
                remedy=f"Put {planfile.FILE} back; or move the folder away, and run the same command again.",
            )
        return None
    plan = planfile.read(folder)
    header = plan.header
    pair = (key_of(header.source_ref.id), key_of(header.target_ref.id))
    if pair != (entry.source.lower(), entry.target.lower()):
        raise BadInputError(
            "There is a plan of other workspaces in this folder.",
            address=str(folder),
            remedy="Move it away, or name another folder with --out; then run the same command again.",
        )
    if not isinstance(header.extra.get("options", {}), dict):
        raise BadInputError(
            "The plan cannot be used: its header does not say with which options it was made.",
            address=str(folder),
            remedy="Put the original file back; or move the folder away, and run the same command again.",
        )
    return plan


def refuse_other_options(out: Path, plans: Mapping[str, Header], asked: Mapping[str, Any]) -> None:
    """Raises BadInputError where a plan that is there, by folder, was made with other options than these."""
    wanted = counting(asked)
    differing: dict[str, list[str]] = {}
    for folder, header in plans.items():
        made = counting(header.extra.get("options") or {})
        for name in sorted({*made, *wanted}):
            if made.get(name) != wanted.get(name):
                text = f"--{name.replace('_', '-')} {_said(made.get(name))}, now {_said(wanted.get(name))}"
                differing.setdefault(text, []).append(str(out / folder))
    if differing:
        told = "; ".join(f"{text} ({few(folders)})" for text, folders in differing.items())
        raise BadInputError(
            f"Plans of this fleet were made with other options: {told}.",
            address=str(out),
            remedy="Give the same options, or name another folder with --out; or delete the folders of those"
            " plans that nobody has run, and run the same command again: they are planned again.",
        )


def _said(value: Any) -> str:
    if value is None:
        return "was not given"
    return ", ".join(map(str, value)) if isinstance(value, list) else "yes" if value is True else str(value)


def check(out: Path) -> None:
    """Raises BadInputError where there can be no folder; what it makes to find that out it takes away again."""
    try:
        probe(out)
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> BadInputError:
    return BadInputError(
        f"The folder of the fleet cannot be written to: {error.strerror}.",
        address=str(out),
        remedy="Name a folder on a disk with free space that you may write to, with --out.",
    )


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Keeps a second fleet out of this folder until the first has ended, however it does.

    Raises PlanLockedError; BadInputError where there can be no folder.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        held = ExitStack()
        held.enter_context(exclusive.at_once(out / _LOCK, _BUSY, _ELSEWHERE, of=out))
    except OSError as error:
        raise _unwritable(out, error) from error
    with held:
        yield


def told_of(error: Exception, folder: Path) -> dict[str, Any]:
    """What is kept and told of a member that has no plan, whatever went wrong."""
    if isinstance(error, OSError):
        error = FileError(error, error.filename or folder)
    known = unexpected_errors.known(str(folder), error, _UNFORESEEN)
    return {"reason": known.summary, "remedy": known.remedy or _UNFORESEEN}
