"""The exemptions of a workspace from policies: which there are, until when, whose, and which of them matter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from shlex import join

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.policies.asking import answered, answered_list
from amlmigrate.policies.denials import Denial, denials_of, enforced
from amlmigrate.policies.marks import exempted_by_guard, marked_scope
from amlmigrate.posture.reading import Read

EXEMPTIONS = "Microsoft.Authorization/policyExemptions"
READ, DELETE = f"{EXEMPTIONS}/read", f"{EXEMPTIONS}/delete"


@dataclass(frozen=True, slots=True)
class Exemption:
    """One exemption, at a workspace or above it.

    `ends` is None where it has no end; `said` is the end as Azure tells it, also where it is not a time.
    `guardrail` is the scope of the guardrail that made it, empty for somebody else's. `made` is when it was made.
    `narrowed`: selectors make it one for some regions or types only.
    """

    id: str
    assignment: str
    ends: datetime | None
    said: str
    references: tuple[str, ...]
    guardrail: str
    made: str
    narrowed: bool = False

    @classmethod
    def of(cls, document: Document) -> Exemption:
        """Reads one. Raises AttributeError or TypeError for what has another form than is documented."""
        properties = properties_of(document)
        said = str(properties.get("expiresOn") or "")
        references = properties.get("policyDefinitionReferenceIds") or []
        if not (document.get("id") and properties.get("policyAssignmentId") and isinstance(references, list)):
            raise TypeError("it does not say of what it is")
        return cls(
            str(document["id"]),
            str(properties["policyAssignmentId"]),
            moment(said) if said else None,
            said,
            tuple(map(str, references)),
            marked_scope(document) if exempted_by_guard(document) else "",
            str((document.get("systemData") or {}).get("createdAt") or ""),
            bool(properties.get("resourceSelectors")),
        )

    @property
    def scope(self) -> str:
        """What it is put on: the workspace, or what that lies in."""
        return str(ArmId.of(self.id).scope)

    def lasts(self, until: datetime) -> bool:
        """Whether it is in force until then. One whose end cannot be read is not known to be."""
        return not self.said or (self.ends is not None and self.ends >= until)

    def covers(self, other: Exemption) -> bool:
        """Whether it is known to exempt from all that another exempts from."""
        if self.narrowed:
            return False
        own, others = ({name.lower() for name in one.references} for one in (self, other))
        return key_of(self.assignment) == key_of(other.assignment) and (
            not own or (bool(others) and others <= own)
        )


def prolonging(id_: str, day: str) -> str:
    """The command by which somebody makes an exemption last until the end of a day."""
    return f"az policy exemption update {_named(id_)} --expires-on {day}T23:59:59Z"


def removing(id_: str) -> str:
    """The command by which somebody removes an exemption."""
    return f"az policy exemption delete {_named(id_)}"


def _named(id_: str) -> str:
    return join(["--name", name_of(id_), "--scope", str(ArmId.of(id_).scope)])


async def exemptions_of(arm: Arm, id_: str) -> Read[list[Exemption]]:
    """The exemptions at a resource and above it, ended ones too (AZ-POLICY-62); or why they are not known."""
    read = await answered_list(arm, f"{id_}/providers/{EXEMPTIONS}")
    if read.value is None:
        return Read(refused=read.refused or "Azure shows no such list.", code=read.code)
    try:
        found = [Exemption.of(one) for one in read.value]
    except (AttributeError, TypeError):
        return Read(refused="Azure's list has exemptions that cannot be read.")
    return Read([one for one in found if _applies(one, ArmId.of(id_))])


def _applies(exemption: Exemption, here: ArmId) -> bool:
    """Whether it is at a resource or above it. Of management groups the list has those alone that are."""
    return here.governed_from(ArmId.of(exemption.scope))


def own(exemptions: Iterable[Exemption], id_: str) -> list[Exemption]:
    """Those at the resource itself, which end with it (AZ-POLICY-16)."""
    return [one for one in exemptions if key_of(one.scope) == key_of(id_)]


def exempted(assignment: str, denial: Denial, exemptions: Iterable[Exemption], now: datetime) -> bool:
    """Whether a resource with these exemptions is known to be exempt from one of an assignment's rules now."""
    return any(
        key_of(one.assignment) == key_of(assignment)
        and one.lasts(now)
        and not one.narrowed
        and (not one.references or denial.reference.lower() in {name.lower() for name in one.references})
        for one in exemptions
    )


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """An exemption that ends too early, from what assignment, and by what name people know that."""

    exemption: Exemption
    title: str


async def ending_early(arm: Arm, id_: str, until: datetime) -> Read[list[EarlyEnd]]:
    """The exemptions that end before `until` and keep a workspace from being refused until they do.

    One counts that another covers no longer, and whose assignment denies, or may: whatever of that could not be
    read counts as if it did.
    """
    read = await exemptions_of(arm, id_)
    if read.value is None:
        return Read(refused=read.refused, code=read.code)
    early = [one for one in read.value if not one.lasts(until)]
    early = [one for one in early if not any(each.lasts(until) and each.covers(one) for each in read.value)]
    found = await asyncio.gather(*(_refuses(arm, one) for one in early))
    return Read([EarlyEnd(one, title) for one, title in zip(early, found, strict=True) if title])


async def _refuses(arm: Arm, exemption: Exemption) -> str:
    """What people call the assignment, if it refuses anything that the exemption lets through; else ''."""
    read = await answered(arm.get(exemption.assignment))
    if read.value is None:
        # What is not there any more refuses nothing.
        return name_of(exemption.assignment) if read.refused else ""
    if not enforced(read.value):
        return ""
    denials = (await denials_of(arm, read.value)).among(exemption.references)
    title = str(properties_of(read.value).get("displayName") or name_of(exemption.assignment))
    return title if denials.rules or denials.unread else ""
