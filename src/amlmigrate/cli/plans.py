"""Which plan a command is about, and what earlier plans for the same workspaces did."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from amlmigrate.core.errors import BadInputError
from amlmigrate.core.ondisk import FullDiskError
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Plan
from amlmigrate.core.unexpected_errors import said
from amlmigrate.ledger import Ledger, corroboration
from amlmigrate.ledger.known_copies import KnownCopies
from amlmigrate.ledger.missing import FILE as LEDGER
from amlmigrate.ledger.ownership import When
from amlmigrate.planning import planfile

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


def prior(
    beside: Path, source_workspace_id: str, target_workspace_id: str, *, own: Path | None = None
) -> OwnershipRecord:
    """What the ledgers beside a plan's folder show as done between the same two workspaces, the latest of it.

    A ledger that cannot be read, or that its plan and its evidence do not bear out, stops nobody: what it knows is
    not known to be the tool's own, so that it is left alone; the folder is among `unread`, unless its plan is of
    other workspaces. `own` is the folder of the plan that is run: its ledger was held to its evidence before.
    """
    pair = (source_workspace_id, target_workspace_id)
    documents: set[str] = set()
    left: dict[str, tuple[When, str]] = {}
    blobs = KnownCopies()
    unread: list[tuple[str, str]] = []
    run = 0
    for folder in _folders(beside):
        if not (folder / LEDGER).exists():
            continue
        try:
            known = _done(folder, pair, blobs, own=folder == own)
        except FullDiskError:
            # No matter of one folder: what is known of all, of this plan's own too, would be less than there is.
            raise
        except Exception as error:  # noqa: BLE001 - somebody else's file; it is told, and the others are read
            if pair_of(folder) in (pair, None):
                unread.append((str(folder), said(str(folder), error)))
            continue
        if known is None:
            continue
        # Whatever it says, a later run comes after it.
        run = max(run, known.run)
        if known.doubt:
            unread.append((str(folder), known.doubt))
            continue
        documents |= known.owned
        for address, seen in known.left.items():
            left[address] = max(seen, left.get(address, seen), key=itemgetter(0))
    return OwnershipRecord(
        frozenset(documents),
        blobs.blobs,
        {address: sha256 for address, (_, sha256) in left.items()},
        tuple(unread),
        run,
        blobs.others,
    )


@dataclass(frozen=True, slots=True)
class _Done:
    """What one ledger shows of documents, and whether it is taken at its word."""

    owned: set[str]
    left: dict[str, tuple[When, str]]
    run: int
    # Why it is not taken at its word; '' where it is.
    doubt: str = ""


def _done(folder: Path, pair: tuple[str, str], blobs: KnownCopies, *, own: bool) -> _Done | None:
    """What a folder's ledger shows; None where it is of other workspaces. Raises whatever reading it raises.

    What it says of blobs is added to `blobs`, once all of it could be read.
    """
    if not (folder / LEDGER).stat().st_size:
        # SQLite would make a new one of it.
        raise BadInputError("It is empty.")
    with Ledger(folder) as ledger:
        meta = ledger.meta()
        if (meta.get("source_workspace_id"), meta.get("target_workspace_id")) != pair:
            return None
        if not own and (why := _doubt(folder, ledger, pair)):
            return _Done(set(), {}, ledger.sequence, why)
        found = _Done(*ledger.in_target(), ledger.sequence)
        blobs.add(ledger)
        return found


def _doubt(folder: Path, ledger: Ledger, pair: tuple[str, str]) -> str:
    """Why a ledger beside is not taken at its word; '' where it is. Raises BadInputError for no plan."""
    if why := corroboration.doubt(folder, ledger):
        return why
    with planfile.opened(folder) as (sha256, steps):
        if sha256 != ledger.plan_sha256 or pair_of(folder) != pair:
            return "it is of another plan than the one that lies there"
        strange = corroboration.outside(steps, ledger)
    return f"it says that the tool made '{strange}', which its plan does not make" if strange else ""


def pair_of(folder: Path) -> tuple[str, str] | None:
    """The workspaceIds of a plan that lies beside; None where its header cannot be read."""
    try:
        header = planfile.read_header(folder)
        return str(header.source["workspaceId"]), str(header.target["workspaceId"])
    except Exception:  # noqa: BLE001 - somebody else's file, whatever is wrong with it
        return None


def _folders(root: Path) -> Iterator[Path]:
    return (path.parent for path in sorted(root.glob(f"*/{planfile.FILE}")))


def _named(root: Path) -> list[Path]:
    """The plans that are still to be done; those that cannot be read only where there is no other.

    The command that reads one whole says what is wrong with it.
    """
    states = {folder: _open(folder) for folder in _folders(root)}
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
