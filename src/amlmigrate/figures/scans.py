"""Reads the scans of a folder as looks: which workspaces each saw, and what it could not read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from amlmigrate.core.armid import key_of
from amlmigrate.core.clock import SKEW, moment
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.keys import key_id
from amlmigrate.core.unexpected_errors import said
from amlmigrate.figures import nameless
from amlmigrate.figures.history import UNTOLD, Look, Sighting, WhoseKey
from amlmigrate.figures.nameless import by_workspace
from amlmigrate.figures.resources import EstateResources
from amlmigrate.posture.tagging import ENVIRONMENT
from amlmigrate.scanning import scanfile
from amlmigrate.scanning.scanfile import ScanFile
from amlmigrate.scanning.values import CUSTOMER, MICROSOFT

KEPT = scanfile.FIGURES
_PROJECT = "project"


@dataclass(frozen=True, slots=True)
class ScansRead:
    """The scans of a folder, what they tell of resources besides workspaces, and why a file of it is no scan.

    `nameless`: of which workspaces scans, by their names, do not show which they are.
    """

    looks: list[Look]
    unread: dict[str, str]
    resources: EstateResources
    nameless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read(folder: Path, now: datetime) -> ScansRead:
    """All scans of a folder. Raises BadInputError where there is none.

    One of a day that is still to come was made by a wrong clock: it would go before all that come after it.
    """
    looks: list[Look] = []
    unread: dict[str, str] = {}
    resources = EstateResources()
    # Most workspaces look in one scan as in the one before: what is alike is kept once.
    alike: dict[Sighting, Sighting] = {}
    for path in scanfile.kept(folder):
        try:
            scan = scanfile.read(path)
            look = look_of(path.name, scan)
            if look.at > now + SKEW:
                unread[path.name] = f"By its clock it is of {look.at:%Y-%m-%d %H:%M} UTC, which is still to come."
                continue
            seen = {name: alike.setdefault(one, one) for name, one in look.sightings.items()}
            looks.append(replace(look, sightings=seen))
            resources.note(scan)
        except Exception as error:  # noqa: BLE001 - of one file, which is told; the others are read
            unread[path.name] = said(str(path), error)
    if not looks:
        why = f" ({next(iter(unread.values()))})" if unread else ""
        raise BadInputError(
            f"There is no scan in '{folder}'{why}.",
            address="--scans",
            remedy="Make one with `migrate scan`, or name the folder that has them with --scans.",
        )
    looks, in_doubt = nameless.joined(looks)
    return ScansRead(looks, unread, resources, in_doubt)


def look_of(name: str, scan: ScanFile) -> Look:
    """A scan as a look. Raises BadInputError where it does not tell when it was made."""
    head = scan.header
    at = scanfile.made(head, name)
    levels = [str(one) for one in (head.get("levels") or {}).get(ENVIRONMENT) or ()]
    gravest = levels[-1:]
    seen = [_sighting(one, gravest) for one in scan.workspaces if _counts(one)]
    return Look(
        at,
        name,
        scan.sha256,
        frozenset(str(one).lower() for one in head.get("subscriptions") or ()),
        by_workspace(seen),
        {key_of(str(one["address"])): str(one["reason"]) for one in head.get("unreadable") or ()},
        sum(1 for one in scan.workspaces if not _counts(one)),
        {
            key_of(str(one["workspace"])): (str(one["owner"]), str(one["date"]))
            for one in (head.get("decisions") or {}).get("unused") or ()
            if one.get("gone") and one["level"] in levels and [one["level"]] != gravest
        },
    )


def _counts(line: Document) -> bool:
    """A project is under the key of its hub, and its own document says nothing of it (AZ-KEY-43)."""
    return str(line.get("kind") or "").lower() != _PROJECT


def _sighting(line: Document, gravest: list[str]) -> Sighting:
    id_, environment, vault = str(line["id"]), line.get("environment"), line.get("vault") or {}
    return Sighting(
        workspace=str(line.get("workspace_id") or "").lower() or key_of(id_),
        id=id_,
        customer=line["encryption"]["kind"] != MICROSOFT,
        storage=_held(line.get("storage")),
        registry=_held(line.get("registry")),
        other_data=_data(line.get("other_accounts")),
        production=None if environment is None else environment in gravest,
        by=str(((line.get("told_by") or {}).get(ENVIRONMENT) or {}).get("by") or UNTOLD),
        sensitivity=line.get("sensitivity"),
        created=moment(line.get("created")),
        vault=key_of(vault["id"]) if vault.get("holds") == "key" else "",
        key=named.key if (named := key_id(line["encryption"].get("key_id"))) else "",
    )


def _held(part: Document | None) -> WhoseKey:
    if part is None:
        return WhoseKey.NOTHING
    return {CUSTOMER: WhoseKey.CUSTOMER, MICROSOFT: WhoseKey.MICROSOFT}.get(
        str(part.get("encryption")), WhoseKey.NOT_KNOWN
    )


def _data(stores: list[Document] | None) -> WhoseKey:
    """Of all accounts that datastores lead to: the worst of them; of a scan that did not look it is not known."""
    if stores is None:
        return WhoseKey.NOT_KNOWN
    found = {_held(one) for one in stores}
    return next(
        (one for one in (WhoseKey.MICROSOFT, WhoseKey.NOT_KNOWN, WhoseKey.CUSTOMER) if one in found),
        WhoseKey.NOTHING,
    )
