"""Who runs commands, decides and approves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from amlmigrate.core.authorship import By
from amlmigrate.core.identity import Identity
from amlmigrate.core.plan import Plan
from tests.builders.world import header

# Two who signed in, and one of whom only the name is known.
ANN, BEN = (By(name, "host", "1", Identity(f"{name}-ID")) for name in ("ann", "ben"))
NOBODY = By("ann", "host", "1")


def asking(made: Plan, **head: Any) -> Plan:
    """The plan as one that a third person made, and that asks for approvals."""
    extra = {"require_approval": True, "planned_by": {"identity": Identity("planner").as_dict()}}
    return replace(made, header=header(extra=extra, **head))
