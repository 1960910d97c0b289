"""What online and batch endpoints share: a name for the region, addresses, keys."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.providers.ml import longrunning
from azsandbox.arm.providers.ml.inference import InferenceKind
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response


class EndpointKind(InferenceKind):
    """An endpoint: its name is unique in its region, its keys can be given and asked for."""

    path_of_score: ClassVar[str] = ""

    def terms(self, call: Call) -> tuple[str, ...]:
        """Found by region and name."""
        return (self._name_term(call),)

    def _name_term(self, call: Call) -> str:
        return f"endpoint-name {self.region(call)} {call.name.lower()}"

    def check_name(self, call: Call) -> None:
        """Raises ArmError when the name is taken in the region, by an endpoint of either kind (AZ-WS-7)."""
        if any(other.key != call.route.key for other in self.context.store.find(self._name_term(call))):
            raise self.name_taken(call)

    def name_taken(self, call: Call) -> ArmError:
        """The refusal of a name."""
        raise NotImplementedError

    def write_only(self, sent: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """The keys: those sent, else those there, else new ones."""
        given = object_of(sent, "keys")
        before = old.hidden["keys"] if old else {}
        names = ("primaryKey", "secondaryKey")
        return {"keys": {each: given.get(each) or before.get(each) or secrets.token_urlsafe(24) for each in names}}

    def _inner(self, record: Record, headers: dict[str, str]) -> dict[str, str]:
        return {"azureml.onlineendpointid": record.id.lower(), **super()._inner(record, headers)}

    def finished(self, record: Record) -> dict[str, Any]:
        """With the addresses."""
        host = f"https://{record.name}.{record.document['location']}.inference.ml.azure.com"
        addresses = {"scoringUri": f"{host}/{self.path_of_score}", "swaggerUri": f"{host}/swagger.json"}
        return {**super().finished(record), **addresses}

    @action("POST", "listKeys")
    async def list_keys(self, call: Call) -> Response:
        """Both keys; null where tokens are used (AZ-LIVE-16)."""
        record = self.require(call)
        by_key = record.properties.get("authMode") == "Key"
        return answer(200, record.hidden["keys"] if by_key else {"primaryKey": None, "secondaryKey": None})

    @action("POST", "regenerateKeys")
    async def regenerate_keys(self, call: Call) -> Response:
        """`{"keyType": "Primary" | "Secondary", "keyValue"?}`: 202 with an operation."""
        record, body = self.require(call), call.body()
        name = "secondaryKey" if body.get("keyType") == "Secondary" else "primaryKey"
        record.hidden["keys"] = {**record.hidden["keys"], name: body.get("keyValue") or secrets.token_urlsafe(24)}
        self.context.store.put(record)
        name = self._operation(call)
        return Response(202, b"", longrunning.begin(call, record, "write", form="mfeOperationsStatus", name=name))
