"""`plan --vault-secrets FILE`: which secrets of the workspace's vault move, and how."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core import unread
from amlmigrate.core.address import Address
from amlmigrate.core.armid import ArmId
from amlmigrate.core.asked import NOTHING, RESTORE, VALUE, Asked
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.redaction import path_text
from amlmigrate.core.spelling import plain_region
from amlmigrate.core.workspace import Workspace
from amlmigrate.inventory.shared_vault import one_vault
from amlmigrate.kinds import Kind, moving_kinds

_VAULT = "keyVault"
_LARGEST = 2**20
_SHAPE = re.compile(r"[^*?\[\]]+")
# No line is repeated in a message: who takes a file of values for one of names would have them in every log.
_FORM = "Write one name on each line: letters, digits and hyphens, as `az keyvault secret list` shows it."


@dataclass(frozen=True, slots=True)
class NamedSecrets:
    """The names of a file, each with the number of its line."""

    file: str = ""
    lines: tuple[tuple[int, str], ...] = ()

    @property
    def addresses(self) -> list[tuple[int, Address]]:
        """Their addresses."""
        kind = _kind()
        return [(number, Address.of(kind.name, name)) for number, name in self.lines]


NONE = NamedSecrets()


def read(path: Path | None) -> NamedSecrets:
    """The names in a file. Raises BadInputError for a line that is none, and for a file without any."""
    if path is None:
        return NONE
    if str(path) == "-":
        raise BadInputError(
            "--vault-secrets takes a file, so that it can be looked at later what was asked for.", remedy=_FORM
        )
    told = path_text(path)
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"'{told}' cannot be read: {unread.why(error)}.", remedy=_FORM) from None
    if len(text) > _LARGEST:
        raise BadInputError(f"'{told}' is no list of names: it is larger than 1 MiB.", remedy=_FORM)
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    named = [(number, line) for number, line in lines if line and not line.startswith("#")]
    kind = _kind()
    for number, line in named:
        if not _SHAPE.fullmatch(line):
            raise BadInputError(
                f"Line {number} of '{told}' is a pattern: which secrets move is written out, name by name.",
                remedy=_FORM,
            )
        if not kind.names.fullmatch(line):
            raise BadInputError(f"Line {number} of '{told}' is no name of a secret.", remedy=_FORM)
    if not named:
        raise BadInputError(f"'{told}' names no secret.", remedy=_FORM)
    return NamedSecrets(told, tuple(named))


def _kind() -> Kind:
    """The kind whose items lie in the workspace's vault."""
    [found] = [kind for kind in moving_kinds().values() if kind.in_vault]
    return found


async def asked(arms: tuple[Arm, Arm], named: NamedSecrets, pair: tuple[Workspace, Workspace]) -> Asked:
    """How each of them moves: `arms` and `pair` are the source's and the target's."""
    if not named.lines:
        return NOTHING
    way = RESTORE if await _restores(arms, pair) else VALUE
    return Asked({address: way for _, address in named.addresses})


def refuse_absent(named: NamedSecrets, source: Inventory) -> None:
    """Raises BadInputError for names of which the source's vault has no secret."""
    known = {*source.assets, *(one.address for one in source.by_hand)}
    absent = [number for number, address in named.addresses if address not in known]
    if absent:
        lines = ", ".join(map(str, absent))
        raise BadInputError(
            f"The source's vault has no secret of the name on line {lines} of '{named.file}'.",
            address=str(source.workspace.properties.get(_VAULT) or source.workspace.id),
            remedy="Write it as `az keyvault secret list` shows it; a deleted secret has to be recovered first.",
        )


async def _restores(arms: tuple[Arm, Arm], pair: Sequence[Workspace]) -> bool:
    """Whether what one vault backs up the other restores (AZ-SECRET-2); no where that is not known."""
    ids = [ArmId.of(str(one.properties.get(_VAULT) or "")) for one in pair]
    if one_vault(*pair):
        return True
    if ids[0].subscription.lower() != ids[1].subscription.lower():
        return False
    regions = [await _region(arm, str(id_)) for arm, id_ in zip(arms, ids, strict=True)]
    if not all(regions):
        return False
    if regions[0] == regions[1]:
        return True
    names = await _geographies(arms[0], ids[0].subscription)
    first, second = (names.get(region, "") for region in regions)
    return bool(first) and first == second


async def _region(arm: Arm, vault: str) -> str:
    try:
        found = await arm.get(vault)
    except ServiceError as error:
        if error.status != 403:
            raise
        return ""
    return plain_region((found or {}).get("location") or "")


async def _geographies(arm: Arm, subscription: str) -> dict[str, str]:
    """Region to geography, as the subscription's list of locations has them (AZ-SECRET-6)."""
    try:
        found = [one async for one in arm.pages(f"/subscriptions/{subscription}/locations")]
    except ServiceError as error:
        if error.status != 403:
            raise
        return {}
    return {str(one.get("name")).lower(): _geography(one) for one in found}


def _geography(location: Document) -> str:
    return str((location.get("metadata") or {}).get("geography") or "")
