"""The least custom role with which every command does its work, made from the table of needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.doctor.need import STAGES
from amlmigrate.doctor.needs import NEEDS


def least_role(refs: Iterable[WorkspaceRef]) -> dict[str, Any]:
    """A role as `az role definition create --role-definition` takes it.

    Its assignable scopes are the subscriptions of the workspaces, since accounts and vault may lie in other
    groups; what counts is where it is assigned.
    """
    scopes = sorted({f"/subscriptions/{ref.subscription}" for ref in refs})
    return {
        "Name": "Azure ML key migration",
        "IsCustom": True,
        "Description": f"What migrate {', '.join(STAGES)} and doctor need, and nothing more.",
        "Actions": sorted({need.action for need in NEEDS if not need.data}),
        "NotActions": [],
        "DataActions": sorted({need.action for need in NEEDS if need.data}),
        "NotDataActions": [],
        "AssignableScopes": scopes,
    }
