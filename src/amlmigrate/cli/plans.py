"""Which plan a command is about, and what earlier plans for the same workspaces did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from amlmigrate.core.errors import BadInputError, MigrateError
from amlmigrate.core.plan import Plan
from amlmigrate.core.prior import Prior
from amlmigrate.core.state import State
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.ledger import FILE as LEDGER
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
    """What the ledgers beside a plan's folder show as done between the same two workspaces."""
    documents: set[str] = set()
    blobs: dict[tuple[str, str, str], str] = {}
    sources: dict[str, tuple[str, str]] = {}
    for folder in _folders(beside):
        if not (folder / LEDGER).exists():
            continue
        with Ledger(folder) as ledger:
            meta = ledger.meta()
            pair = (meta.get("source_workspace_id"), meta.get("target_workspace_id"))
            if pair == (source_workspace_id, target_workspace_id):
                documents |= ledger.owned()
                blobs |= ledger.all_blobs()
                for address, moved in _moved(folder, ledger):
                    sources[address] = max(moved, sources.get(address, moved))
    return Prior(frozenset(documents), blobs, {address: sha256 for address, (_, sha256) in sources.items()})


def _moved(folder: Path, ledger: Ledger) -> Iterator[tuple[str, tuple[str, str]]]:
    """The documents that a plan brought to the target whole: when, and the source's digest then."""
    rows = ledger.steps()
    open_items = {address.item for address, row in rows.items() if row.state is not State.DONE}
    try:
        for step in planfile.steps(folder):
            if not step.is_bytes and not step.address.archive and step.address not in open_items:
                yield str(step.address), (rows[step.address].at, step.source_sha256)
    except MigrateError:
        # What it did is known by its ledger; what it was made from is not any more.
        return


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
