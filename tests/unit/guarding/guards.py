"""What tests of guardrails are made of."""

from __future__ import annotations

from datetime import date
from typing import Any

from amlmigrate.guarding.estate import OldWorkspace
from amlmigrate.guarding.members import MEMBERS
from amlmigrate.guarding.wanted import ExemptionTerms, Guardrail, KeyLimits, Stage
from amlmigrate.posture import tagging

S = "11111111-2222-4333-8444-555555555555"
SCOPE = f"/subscriptions/{S}"


def guardrail(stage: Stage = Stage.AUDIT, **given: Any) -> Guardrail:
    return Guardrail(
        **{
            "scope": SCOPE,
            "stage": stage,
            "name": "aml-cmk",
            "standard": tagging.read(),
            "harmless": ("public", "internal"),
            "untagged_needs_key": True,
            "members": tuple(MEMBERS),
            "keys": KeyLimits(),
            "exemptions": ExemptionTerms(until=date(2027, 3, 31), waves={2: date(2027, 6, 30)}),
            "message": "",
            **given,
        }
    )


def workspace_id(name: str, group: str = "old-rg", subscription: str = S) -> str:
    provider = "Microsoft.MachineLearningServices/workspaces"
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider}/{name}"


def old(name: str = "ws", *, level: str = "restricted", wave: int | None = None, **given: Any) -> OldWorkspace:
    tags = {"Data-Classification": level} if level else {}
    return OldWorkspace(workspace_id(name), tags, wave, given.pop("tags_due", {}))
