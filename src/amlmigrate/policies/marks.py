"""By what it is known that `migrate guard` made a resource, and for which guardrail. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document, properties_of

# In the metadata of all that a guardrail makes of Azure Policy, and a tag of what it makes of Azure Monitor: what
# has it not was made by somebody else.
MARK = "aml-cmk-migrate-guard"
_ASSIGNMENTS = "providers/Microsoft.Authorization/policyAssignments"


def marked_scope(document: Document) -> str:
    """The scope of the guardrail that a resource's metadata name; empty for none."""
    metadata = properties_of(document).get("metadata")
    return str(metadata.get(MARK) or "") if isinstance(metadata, Mapping) else ""


def made_here(document: Document, scope: str) -> bool:
    """Whether this tool made a resource of Azure Policy for the guardrail of a scope, as its metadata says.

    Definitions lie at the subscription also for guardrails of its groups: one must not change another's.
    """
    marked = marked_scope(document)
    return bool(marked) and key_of(marked) == key_of(scope)


def tagged_here(document: Document, scope: str) -> bool:
    """Whether this tool made a resource of Azure Monitor for the guardrail of a scope, as its tag says."""
    tags = document.get("tags")
    named = tags if isinstance(tags, Mapping) else {}
    # The names of tags have no letter case of their own.
    marked = next((value for name, value in named.items() if str(name).lower() == MARK), "")
    return bool(marked) and key_of(marked) == key_of(scope)


def exempted_by_guard(exemption: Document) -> bool:
    """Whether a guardrail makes such an exemption: by its mark, its assignment, and how it is named.

    Metadata are copied with an exemption: by them alone somebody's own one would count as ours. A guardrail gives
    its exemptions the name of its assignment, which lies at its scope.
    """
    scope = marked_scope(exemption)
    assignment = f"{scope.rstrip('/')}/{_ASSIGNMENTS}/{ArmId.of(exemption.get('id')).name}"
    return bool(scope) and key_of(properties_of(exemption).get("policyAssignmentId")) == key_of(assignment)
