"""Which plan a command is about."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from amlmigrate.core import log_context
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.plan import Plan
from amlmigrate.planning import planfile
from amlmigrate.planning.earlier_plans import folders

ROOT = Path("plans")
_log = logging.getLogger(__name__)


def find(text: str | None) -> Path:
    """The folder of the plan that is meant. Raises BadInputError when none or several could be."""
    if text:
        for folder in (Path(text), ROOT / text):
            if (folder / planfile.FILE).exists():
                return folder
        raise BadInputError(f"There is no plan in '{text}'.", remedy="Name the folder that `migrate plan` wrote.")
    found = _named(ROOT)
    if len(found) == 1:
        return found[0]
    if not found:
        raise BadInputError(
            "There is no plan below plans/ that is not yet decommissioned.", remedy="Make one with `migrate plan`."
        )
    raise BadInputError(
        f"There are several plans: {', '.join(map(str, found))}.",
        remedy="Name the folder of the one that you mean.",
    )


def divided(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Of a command's arguments the plan, which is a folder with a plan file, and all others: they are addresses.

    Raises BadInputError for two plans.
    """
    found = [text for text in arguments if (Path(text) / planfile.FILE).exists()]
    if len(found) > 1:
        raise BadInputError(f"There are two plans: {', '.join(found)}.", remedy="Name one.")
    return (found[0] if found else None), [text for text in arguments if text not in found]


def load(text: str | None) -> tuple[Path, Plan]:
    """The plan that is meant, read whole. From then on the lines of the log are about it."""
    folder = find(text)
    log_context.bind(plan=str(folder))
    return folder, planfile.read(folder)


def load_own(text: str | None) -> tuple[Path, Plan]:
    """A plan that can be carried out: one shipped as an example cannot."""
    folder, plan = load(text)
    if plan.header.example:
        raise BadInputError(
            "This plan is shipped as an example; it is never carried out.",
            address=str(folder),
            remedy="Make one of your own with `migrate plan`.",
        )
    return folder, plan


def free_folder(name: str) -> Path:
    """A folder below plans/ for a new plan of that name."""
    folder, number = ROOT / name, 1
    while folder.exists():
        number += 1
        folder = ROOT / f"{name}-{number}"
    return folder


def _named(root: Path) -> list[Path]:
    """The plans that are still to be done; those that cannot be read only where there is no other.

    The command that reads one whole says what is wrong with it.
    """
    states = {folder: _open(folder) for folder in folders(root)}
    found = [folder for folder, is_open in states.items() if is_open]
    broken = [folder for folder, is_open in states.items() if is_open is None]
    if found and broken:
        _log.warning("Not counted, since their plan cannot be read: %s.", ", ".join(map(str, broken)))
    return found or broken


def _open(folder: Path) -> bool | None:
    """Whether a plan is still to be done; None where that cannot be read."""
    try:
        if list((folder / "evidence").glob("*-decommission.json")):
            return False
        return not planfile.read_header(folder).example
    except Exception:  # noqa: BLE001 - of one folder; the others are looked at
        return None
