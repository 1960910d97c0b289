"""When a role assignment ends by itself, by what Privileged Identity Management shows to be in force. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, properties_of

# What Privileged Identity Management answers (400, Azure-MG-Sub-Governance-Reporting#114) in a tenant without the
# licence for it, in which no role ends by itself (AZ-RIGHT-3).
NO_LICENCE = "AadPremiumLicenseRequired"


def until(timed: Iterable[Document], assignment: Document) -> str | None:
    """When an assignment ends, as Azure writes it; None where it has no end. `timed` are those in force.

    Inferred (AZ-RIGHT-2): one that no instance shows has no end.
    """
    told = [properties_of(one) for one in timed if shows(one, assignment)]
    ends = [str(one["endDateTime"]) for one in told if one.get("endDateTime")]
    return max(ends, key=time_of) if ends and len(ends) == len(told) else None


def shows(instance: Document, assignment: Document) -> bool:
    """Whether an instance shows an assignment: by its id, else by who has which role where."""
    told = properties_of(instance).get("originRoleAssignmentId")
    return (bool(told) and key_of(told) == key_of(assignment.get("id"))) or _given(instance) == _given(assignment)


def time_of(text: str) -> datetime:
    """What cannot be read as a time counts as ended: it is not known to last."""
    return moment(text) or datetime.min.replace(tzinfo=UTC)


def _given(document: Document) -> tuple[str, str, str]:
    """To whom, which role (its definition is answered below any subscription, or below none), and where."""
    told = properties_of(document)
    scope = told.get("scope") or ArmId.of(document.get("id")).scope
    role = name_of(told.get("roleDefinitionId")).lower()
    return str(told.get("principalId") or "").lower(), role, key_of(scope)
