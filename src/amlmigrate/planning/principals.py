"""Who has which object id in the target's tenant: by the file of `plan --principals`, and by the directory."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amlmigrate.cloud.directory import Directory
from amlmigrate.cloud.session import Session, Side
from amlmigrate.cloud.tenants import of_target
from amlmigrate.core import unread
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.few import few, many
from amlmigrate.core.names import is_guid
from amlmigrate.core.principals import Principals
from amlmigrate.kinds import moving_kinds

_HEAD = ("old object id", "new object id")
_TOLD = 20
_REMEDY = "Each line has the object id in the source's tenant, a comma, and the one in the target's."


@dataclass(frozen=True, slots=True)
class PrincipalsFile:
    """A file that was read: the SHA-256 of its bytes, and new ids by old ones, all in lower case."""

    sha256: str = ""
    called: dict[str, str] = field(default_factory=dict)

    def as_extra(self) -> dict[str, Any]:
        """What the header of a plan says of it; nothing where no file was named."""
        return {"principals": {"sha256": self.sha256, "called": self.called}} if self.sha256 else {}


def read(path: Path | None) -> PrincipalsFile:
    """Reads it. Raises BadInputError with the line of each row that does not say who is who."""
    if path is None:
        return PrincipalsFile()
    try:
        data = path.read_bytes()
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except OSError as error:
        raise BadInputError(
            f"The file of --principals cannot be read: {unread.why(error)}.",
            address=str(path),
            remedy=f"Check the path. {_REMEDY}",
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"The file is no CSV in UTF-8: {error}.", address=str(path), remedy=_REMEDY) from error
    called: dict[str, str] = {}
    wrong: list[str] = []
    for line, row in enumerate(rows, 1):
        cells = tuple(cell.strip().lower() for cell in row)
        if not any(cells) or (line == 1 and tuple(cell.replace("_", " ") for cell in cells) == _HEAD):
            continue
        if why := _wrong(cells, called):
            wrong.append(f"line {line}: {why}")
        else:
            called[cells[0]] = cells[1]
    if wrong:
        raise BadInputError(
            f"The file does not say who is who: {few(wrong, most=_TOLD)}.", address=str(path), remedy=_REMEDY
        )
    return PrincipalsFile(hashlib.sha256(data).hexdigest(), called)


def _wrong(cells: tuple[str, ...], called: dict[str, str]) -> str:
    if len(cells) != len(_HEAD):
        return f"it has {many(len(cells), 'cell')}, and not two"
    for cell in cells:
        if not is_guid(cell):
            return f"'{cell}' is no object id"
    old, new = cells
    if old in called:
        return f"'{old}' is there before"
    if new in called.values():
        return f"'{new}' is somebody else before: two assignments cannot become one"
    return ""


async def told(clouds: Session, source: Inventory, target: str, given: PrincipalsFile) -> Principals:
    """Who of the source is who; `target` is the target's subscription."""
    ids = {one for asset in source.assets.values() for one in moving_kinds()[asset.address.kind].principals(asset)}
    # Of what a person makes it matters too who has it in the target by now.
    if not ids and not any(_people(asset) for asset in source.by_hand):
        return Principals(called=given.called)
    tenants = (
        await of_target(clouds.source, source.workspace.ref.subscription),
        await of_target(clouds.target, target),
    )
    # Where a tenant is not known, nobody may be taken for who has that id there.
    elsewhere = not all(tenants) or tenants[0].lower() != tenants[1].lower()
    found = Principals(elsewhere, given.called)
    wanted = {called.lower() for one in ids if (called := found.of(one))}
    return Principals(elsewhere, given.called, await _gone(clouds.target, wanted))


def _people(left: Asset) -> bool:
    """Whether it is a right of somebody."""
    kind = moving_kinds().get(left.address.kind)
    return bool(kind and kind.held and any(kind.principals(left)))


async def _gone(side: Side, ids: set[str]) -> frozenset[str]:
    return frozenset(await Directory(side.login, side.credential).gone(ids)) if ids else frozenset()
