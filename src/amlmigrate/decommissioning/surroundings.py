"""What is named before a source goes and in its tombstone: what dies, what stays, who still holds rights."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass

from amlmigrate.bytes.listings import Listing, listing_digest
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Session, Side
from amlmigrate.core.asset import Inventory
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import exemptions, held_rights, losses, remaining_resources
from amlmigrate.decommissioning.held_rights import HeldRights
from amlmigrate.decommissioning.losses import Dying, Secrets
from amlmigrate.decommissioning.recovery import Recovery, told
from amlmigrate.decommissioning.remaining_resources import Remaining
from amlmigrate.decommissioning.residuals import residuals
from amlmigrate.evidence.decommission import RemainingRecord, Residual
from amlmigrate.policies.exemptions import Exemption


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that can be asked only while the workspace is there, and what it leaves.

    `role_assignments` at it and below go with it, None where they could not be read. `deletable` are those of its
    containers that may go with it, `account/container` to the digest of the listing.
    """

    dying: Dying
    secrets: Secrets
    remains: tuple[Remaining, ...]
    held: HeldRights
    recovery: Recovery
    role_assignments: list[Document] | None
    frozen: list[Document]
    deletable: dict[str, str]
    not_known: tuple[str, ...] = ()
    # Until when the target's key holds, in words.
    ends: tuple[str, ...] = ()
    # The workspace's own exemptions from policies.
    exempt: tuple[Exemption, ...] = ()

    def as_dict(self) -> Document:
        """Its form in events and in a tombstone, but for what becomes of the containers."""
        return {
            "recovery": self.recovery.as_dict(),
            "dying": self.dying.as_dict(),
            "secrets": self.secrets.as_dict(),
            "rights": self.held.as_dict(),
            "role_assignments": self.role_assignments,
            "frozen": self.frozen,
            "not_known": list(self.not_known),
            "exemptions": [asdict(one) for one in exemptions.listed(self.exempt)],
        }

    def event(self) -> Document:
        """The same with what stays, and in lines for people."""
        return {
            **self.as_dict(),
            "remains": [asdict(one) for one in self.remains],
            "residuals": [asdict(one) for one in residuals(self.remains)],
            "lines": self.lines(),
        }

    def lines(self) -> list[str]:
        """For people."""
        going = self.role_assignments
        roles = "not known: the role assignments at it, which are deleted with it" if going is None else ""
        return [
            *self.ends,
            told(self.recovery),
            *self.recovery.refused,
            *(f"not known: {one}" for one in self.recovery.unknown),
            *exemptions.planned(self.exempt),
            *self.dying.lines(),
            roles or f"deleted with it: {len(going or ())} role assignments at it and below",
            *self.secrets.lines(),
            *remains_lines(self.remains, residuals(self.remains), self.deletable),
            *self.held.lines(),
            *(f"not known: {one}" for one in self.not_known),
        ]


def remains_lines(
    remains: Iterable[RemainingRecord],
    found: Iterable[Residual],
    deletable: Container[str] = (),
) -> list[str]:
    """What stays, for people, with the addresses of residuals; then those that were deleted and may come back.

    `deletable` are the containers that go with `--storage delete`.
    """
    open_ = {(one.what, one.id): one for one in found}
    lines = []
    for one in remains:
        residual = open_.pop((one.kind, one.id), None)
        address = f" ({residual.address})" if residual else ""
        if one.there is not False:
            unless = ", unless with --storage delete" if one.kind == "container" and one.id in deletable else ""
            lines.append(f"remains{unless}: {one.what}: {one.id}: {one.why}{address}")
    return [*lines, *(f"{one.what}: {one.id}: {one.why} ({one.address})" for one in open_.values())]


async def read(
    clouds: Session,
    source: Inventory,
    parts: list[Remaining],
    listed: Mapping[tuple[str, str], Listing],
    own: list[Location],
    *,
    recovery: Recovery,
    frozen: list[Document],
) -> Surroundings:
    """Reads what was not read for the gate. `parts` are what the workspace names, `own` its own containers.

    What may not be read is told as such. Raises ServiceError and OutOfReachError where ARM is out of order.
    """
    side, workspace = clouds.source, source.workspace
    account = next((one for one in parts if one.kind == "account"), None)
    there = await remaining_resources.containers(side, account, listed.values())
    gone, not_known = await remaining_resources.deleted(side, account, workspace)
    return Surroundings(
        dying=Dying.of((*source.assets.values(), *source.by_hand)),
        secrets=await losses.secrets(side, workspace),
        remains=(*parts, *remaining_resources.shares(account, listed.values()), *there, *gone),
        held=await held_rights.held((clouds.source, clouds.target), source),
        recovery=recovery,
        role_assignments=await going(side, workspace.id),
        frozen=frozen,
        deletable={"/".join(place.key): listing_digest(listed[place.key].blobs.values()) for place in own},
        not_known=(not_known,) if not_known else (),
    )


async def going(side: Side, workspace_id: str) -> list[Document] | None:
    """The role assignments at the workspace and below, which go with it; None where they could not be read."""
    try:
        found = await side.roles.assignments(workspace_id)
    except ServiceError as error:
        if error.transient:
            raise
        return None
    names = ("principalId", "principalType", "roleDefinitionId", "scope")
    documents = [(one["id"], properties_of(one)) for one in found]
    return [
        {"id": str(id_), **{name: _text(properties.get(name)) for name in names}}
        for id_, properties in sorted(documents, key=lambda one: str(one[0]))
        if f"{properties.get('scope', '')}/".lower().startswith(f"{workspace_id}/".lower())
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
