"""Which plan a command is about, and what earlier plans for the same workspaces did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path

from amlmigrate.core.errors import BadInputError, MigrateError
from amlmigrate.core.plan import Plan
from amlmigrate.core.prior import Copied, Prior
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.lost import FILE as LEDGER
from amlmigrate.planning import planfile

ROOT = Path("plans")


def find(text: str | None) -> Path:
    """The folder of the plan that is meant. Raises BadInputError when none or several could be."""
    if text:
        for folder in (Path(text), ROOT / text):
            if (folder / planfile.FILE).exists():
                return folder
        raise BadInputError(f"There is no plan in '{text}'.", remedy="Name the folder that `migrate plan` wrote.")
    found = [folder for folder in _folders(ROOT) if _open(folder)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise BadInputError(
            "There is no plan below plans/ that is still to be done.", remedy="Make one with `migrate plan`."
        )
    raise BadInputError(
        f"There are several plans: {', '.join(map(str, found))}.", remedy="Say which one: name its folder."
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
    """The plan that is meant, read whole."""
    folder = find(text)
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


def prior(beside: Path, source_workspace_id: str, target_workspace_id: str) -> Prior:
    """What the ledgers beside a plan's folder show as done between the same two workspaces, the latest of it."""
    documents: set[str] = set()
    left: dict[str, tuple[str, str]] = {}
    blobs: dict[tuple[str, str, str], tuple[str, Copied]] = {}
    for folder in _folders(beside):
        if not (folder / LEDGER).exists():
            continue
        with Ledger(folder) as ledger:
            meta = ledger.meta()
            pair = (meta.get("source_workspace_id"), meta.get("target_workspace_id"))
            if pair != (source_workspace_id, target_workspace_id):
                continue
            documents |= ledger.owned()
            for address, seen in ledger.left().items():
                left[address] = max(seen, left.get(address, seen))
            for place, at, copied in ledger.blobs():
                blobs[place] = max((at, copied), blobs.get(place, (at, copied)), key=itemgetter(0))
    return Prior(
        frozenset(documents),
        {place: copied for place, (_, copied) in blobs.items()},
        {address: sha256 for address, (_, sha256) in left.items()},
    )


def _folders(root: Path) -> Iterator[Path]:
    return (path.parent for path in sorted(root.glob(f"*/{planfile.FILE}")))


def _open(folder: Path) -> bool:
    if list((folder / "evidence").glob("*-decommission.json")):
        return False
    try:
        return not planfile.read_header(folder).example
    except MigrateError:
        # Named all the same: the command that reads it whole says what is wrong with it.
        return True
