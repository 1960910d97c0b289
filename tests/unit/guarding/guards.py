"""What tests of guardrails are made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document
from amlmigrate.desired.steps import DesiredStep
from amlmigrate.guarding.estate import OldWorkspace
from amlmigrate.guarding.members import MEMBERS
from amlmigrate.guarding.wanted import Alarms, ExemptionTerms, Guardrail, KeyLimits, Stage
from amlmigrate.posture import tagging

S = "11111111-2222-4333-8444-555555555555"
SCOPE = f"/subscriptions/{S}"
GROUP = "/providers/Microsoft.Management/managementGroups/corp"


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


VAULT = f"{SCOPE}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"
LOGS = f"{SCOPE}/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/law"
CALLER = "aaaaaaaa-0000-4000-8000-000000000001"


def alarms(**given: Any) -> Alarms:
    return Alarms(
        **{
            "group": f"{SCOPE}/resourceGroups/g",
            "name": "aml-cmk",
            "vaults": (VAULT,),
            "logs": LOGS,
            "location": "eastus2",
            "emails": ("keys@contoso.com",),
            "callers": {CALLER: "workspace"},
            **given,
        }
    )


def workspace_id(name: str, group: str = "old-rg", subscription: str = S) -> str:
    provider = "Microsoft.MachineLearningServices/workspaces"
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider}/{name}"


def old(name: str = "ws", *, level: str = "restricted", wave: int | None = None, **given: Any) -> OldWorkspace:
    tags = {"Data-Classification": level} if level else {}
    return OldWorkspace(workspace_id(name), tags, wave, given.pop("tags_due", {}))


class GuardedArm:
    """ARM that keeps what a guardrail is made of; `listed` are workspaces, by subscription `exempt` what lists show."""

    def __init__(self, *listed: Document, group: str = GROUP, subscriptions: tuple[str, ...] = (S,)) -> None:
        self.kept: dict[str, Document] = {}
        self.listed, self.subscriptions, self.writes = list(listed), subscriptions, 0
        self.after: Callable[[GuardedArm], None] = lambda arm: None
        for id_ in (group, SCOPE, f"{SCOPE}/resourceGroups/g"):
            self.kept[key_of(id_)] = {"id": id_, "properties": {"tenantId": "tenant-1"}}

    async def get(self, path: str, *_: Any) -> Any:
        return deepcopy(self.kept.get(key_of(path)))

    async def post(self, path: str, *_: Any) -> Any:
        return {"value": []}

    async def pages(self, path: str, *_: Any, **__: Any) -> AsyncIterator[Document]:
        for one in self._page(path):
            yield deepcopy(one)

    def _page(self, path: str) -> list[Document]:
        if path.endswith("/descendants"):
            # As Azure spells types there.
            return [{"type": "/subscriptions", "name": one} for one in self.subscriptions]
        within = path.partition("/providers/Microsoft.")[0].lower() + "/"
        every = self.listed if path.endswith("/workspaces") else self.kept.values()
        wanted = path.rpartition("/")[2].lower()
        return [
            one for one in every if f"/{wanted}/" in key_of(one["id"]) and key_of(one["id"]).startswith(within)
        ]

    def write(self, step: DesiredStep) -> None:
        """Does a step, as Azure would."""
        assert step.change
        self._put(step.change.method, step.change.path, step.change.body)

    async def call(self, method: str, path: str, body: Any, **_: Any) -> None:
        self._put(method, path, body)
        self.after(self)

    async def finish(self, answer: Any, path: str) -> None:
        """Nothing takes its time here."""

    @property
    def poller(self) -> Any:
        return SimpleNamespace(at_rest=lambda path, **_: self.get(path))

    def _put(self, method: str, path: str, sent: Any) -> None:
        id_ = key_of(path)
        self.writes += 1
        if method == "DELETE":
            del self.kept[id_]
            return
        before, time = self.kept.get(id_, {}), f"2026-12-01T00:00:{self.writes:02}Z"
        data = {"createdAt": time, **before.get("systemData", {}), "lastModifiedAt": time}
        own = {"instanceId": "i"} if "/policyassignments/" in id_ else {}
        body = deepcopy(sent)
        if "metadata" in body["properties"]:
            body["properties"]["metadata"] |= {"createdBy": "x", "updatedOn": time}
        self.kept[id_] = {**body, "id": path, "systemData": data, "properties": {**body["properties"], **own}}


def guarded_side(arm: GuardedArm) -> Side:
    """A side with that ARM, and nothing else."""
    return cast(Side, SimpleNamespace(arm=arm, vaults=None))
