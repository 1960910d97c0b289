"""What the plans beside a plan's folder did between the same two workspaces, by their ledgers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from amlmigrate.core.address import Address
from amlmigrate.core.allowed import NOTHING, Allowed
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.finding import Finding
from amlmigrate.core.namescope import Taken, as_taken, of_header
from amlmigrate.core.ondisk import FullDiskError
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.unexpected_errors import said
from amlmigrate.core.workspace import Workspace
from amlmigrate.ledger import Ledger, corroboration
from amlmigrate.ledger.known_copies import KnownCopies
from amlmigrate.ledger.missing import FILE as LEDGER
from amlmigrate.ledger.ownership import When
from amlmigrate.ledger.read_only_copy import copied
from amlmigrate.planning import planfile

# Whether it was made, the number of the run, when it was planned if it was not run, and what the target calls it.
_Called = tuple[bool, int, str, str]


def ownership(
    beside: Path, source_workspace_id: str, target_workspace_id: str, *, own: Path | None = None
) -> OwnershipRecord:
    """What the ledgers beside a plan's folder show as done between the same two workspaces, the latest of it.

    A ledger that cannot be read, or that its plan and its evidence do not bear out, stops nobody: what it knows is
    not known to be the tool's own, so that it is left alone; the folder is among `unread`, unless its plan is of
    other workspaces. `own` is the folder of the plan that is run: its ledger was held to its evidence before.
    """
    pair = (source_workspace_id, target_workspace_id)
    documents, asked_for = set[str](), set[str]()
    left: dict[str, tuple[When, str]] = {}
    called: dict[str, _Called] = {}
    blobs = KnownCopies()
    unread: list[tuple[str, str]] = []
    run = 0
    for folder in folders(beside):
        if not (folder / LEDGER).exists():
            for address, planned in _only_planned(folder, pair).items():
                called[address] = max(planned, called.get(address, planned))
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
        asked_for |= known.asked_for
        for address, seen in known.left.items():
            left[address] = max(seen, left.get(address, seen), key=itemgetter(0))
        for address, name in known.called.items():
            # What was made counts before what was only planned, then the latest.
            seen_so = (name in known.owned, known.run, "", name)
            called[address] = max(seen_so, called.get(address, seen_so))
    return OwnershipRecord(
        frozenset(documents),
        blobs.blobs,
        {address: sha256 for address, (_, sha256) in left.items()},
        tuple(unread),
        run,
        blobs.others,
        {address: name for address, (*_, name) in called.items()},
        frozenset(asked_for),
    )


def _only_planned(folder: Path, pair: tuple[str, str]) -> dict[str, _Called]:
    """What a plan of the pair calls what has another name: people may have made some of it before any run."""
    if pair_of(folder) != pair:
        return {}
    header, found = planfile.read_header(folder), {}
    for text, (_, name) in of_header(header).items():
        # One that nobody can read names nothing.
        with suppress(BadInputError):
            address = Address.parse(text)
            if address.name != name:
                found[text] = (False, -1, header.created, str(Address.of(address.kind, name)))
    return found


@dataclass(frozen=True, slots=True)
class _Done:
    """What one ledger shows of documents, and whether it is taken at its word."""

    owned: set[str]
    left: dict[str, tuple[When, str]]
    run: int
    called: dict[str, str]
    # Why it is not taken at its word; '' where it is.
    doubt: str = ""
    asked_for: set[str] = field(default_factory=set)


def _done(folder: Path, pair: tuple[str, str], blobs: KnownCopies, *, own: bool) -> _Done | None:
    """What a folder's ledger shows; None where it is of other workspaces. Raises whatever reading it raises.

    What it says of blobs is added to `blobs`, once all of it could be read.
    """
    if not (folder / LEDGER).stat().st_size:
        # SQLite would make a new one of it.
        raise BadInputError("It is empty.", remedy="Put the original file back.")
    with Ledger(folder) as ledger:
        meta = ledger.meta()
        if (meta.get("source_workspace_id"), meta.get("target_workspace_id")) != pair:
            return None
        if not own and (why := _doubt(folder, ledger, pair)):
            return _Done(set(), {}, ledger.sequence, {}, why)
        found = _Done(*ledger.in_target(), ledger.sequence, ledger.called(), asked_for=ledger.asked_for())
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


def allowed(beside: Path, source_workspace_id: str, target_workspace_id: str) -> Allowed:
    """What the plans beside let move between these two. One that cannot be read tells nothing."""
    found = NOTHING
    for folder in folders(beside):
        if pair_of(folder) == (source_workspace_id, target_workspace_id):
            with suppress(BadInputError):
                found = found | planfile.read_header(folder).allowed
    return found


def unread(source: Workspace, known: OwnershipRecord) -> list[Finding]:
    """A finding about the source for each ledger that may be of the same two workspaces and cannot be read."""
    return [
        Finding(
            "warning",
            source.id,
            f"The ledger in '{folder}' does not count: {why.rstrip('.')}. What that plan made counts as somebody"
            " else's: it is a conflict where it differs, and is never changed.",
            "Put that ledger back and plan again, or decide each conflict.",
            code="ledger-beside-unread",
        )
        for folder, why in known.unread
    ]


def names_of_others(beside: Path, pair: tuple[str, str]) -> set[Taken]:
    """The names that plans of other pairs give in their regions; a plan that cannot be read gives none."""
    found: set[Taken] = set()
    for folder in folders(beside):
        if pair_of(folder) not in (pair, None):
            found |= as_taken(of_header(planfile.read_header(folder)).values())
    return found


def begun_between(beside: Path, source_workspace_id: str, target_workspace_id: str) -> Path | None:
    """A plan's folder whose run between these two was begun. One that cannot be read tells nothing."""
    for folder in folders(beside):
        if (folder / LEDGER).exists() and pair_of(folder) == (source_workspace_id, target_workspace_id):
            with suppress(Exception), copied(folder) as ledger:
                if ledger.begun:
                    return folder
    return None


def folders(root: Path) -> Iterator[Path]:
    """The folders with a plan right below one, by name."""
    return (path.parent for path in sorted(root.glob(f"*/{planfile.FILE}")))
