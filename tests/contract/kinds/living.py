"""A service in memory that behaves towards the kinds to come as Azure does (`to_come`, AZ-LIVE-1).

It answers a PUT before it is done, hides keys, gives a name once in a region, and takes traffic for nothing that is
not there. What waits for it is the product's own poller.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.builders.errors import refusal
from tests.builders.world import NEW
from tests.contract.kinds.to_come import online_endpoints, online_endpoints_deployments
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.cloud.operations import Operation
from amlmigrate.cloud.polling import Poller
from amlmigrate.core.clock import Clock, Pace
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.core.writes import Accepted

KEYS = {"primaryKey": "TOP-SECRET-1", "secondaryKey": "TOP-SECRET-2"}
ENDPOINTS, DEPLOYMENTS = online_endpoints.KIND, online_endpoints_deployments.KIND


class KilledError(BaseException):
    """The process ended here: nothing catches it."""


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Time:
    """Time that a pause moves on at once."""

    seconds: float = 0.0

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    @property
    def pace(self) -> Pace:
        return Pace(Clock(lambda: self.seconds, self.sleep))


@dataclass
class Service(InMemory):
    """One workspace whose writes take `slow` looks; `fails` are the words that a path fails with, once it has."""

    taken: frozenset[str] = frozenset()
    fails: dict[str, str] = field(default_factory=dict)
    slow: int = 3
    # Where a write of another kind takes as long, as those of no kind of today do.
    slow_at: str = ""
    dying: int = -1
    looks: dict[str, int] = field(default_factory=dict)
    time: Time = field(default_factory=Time)
    id: str = NEW.id
    ref: WorkspaceRef = NEW

    async def put(self, path: str, body: Document, query: Mapping[str, str] | None = None) -> Accepted:
        if not path.startswith("onlineEndpoints/"):
            # A name comes with its first version.
            name = path.partition("/versions/")[0]
            self.documents.setdefault(name, {"name": name.rpartition("/")[2], "properties": {"isArchived": False}})
            accepted = await super().put(path, body, query)
            if path == self.slow_at:
                self.looks[path] = self.slow
                self.documents[path]["properties"]["provisioningState"] = "Creating"
                operation = {"url": f"/operations/{path}", "tells": True}
                return Accepted(copy.deepcopy(self.documents[path]), accepted.existed, operation)
            return accepted
        self.calls.append(("PUT", path))
        self.bodies.append(copy.deepcopy(body))
        self._refuse(path, body)
        self.looks[path] = self.slow
        properties = {key: value for key, value in body["properties"].items() if key != "keys"}
        properties |= {"provisioningState": "Creating"}
        around = {**copy.deepcopy(body), "id": f"{self.id}/{path}", "name": path.rpartition("/")[2]}
        if "identity" in around:
            around["identity"] = {**around["identity"], "principalId": "2-2", "tenantId": "1-1"}
        existed = path in self.documents
        self.documents[path] = around | {"properties": copy.deepcopy(properties)}
        return Accepted(
            copy.deepcopy(self.documents[path]), existed, {"url": f"/operations/{path}", "tells": True}
        )

    def _refuse(self, path: str, body: Document) -> None:
        endpoint = path.partition("/deployments/")[0]
        told = ""
        if endpoint.rpartition("/")[2] in self.taken:
            told = "There is already an endpoint with this name: it needs to be unique within a region."
        elif endpoint != path and endpoint not in self.documents:
            told = "The endpoint is not there."
        elif missing := [
            name
            for name in body["properties"].get("traffic") or ()
            if properties_of(self.documents.get(f"{path}/deployments/{name}")).get("provisioningState")
            != "Succeeded"
        ]:
            told = f"No deployment {missing}."
        if told:
            raise refusal(400, "UserError", told, method="PUT", url=path)

    async def call(self, method: str, path: str) -> Reply:
        """One look at an operation."""
        word = self._look(path.removeprefix("/operations/"))
        error = {"error": {"code": "ImageBuildFailure", "message": self.fails.get(path[12:], "")}}
        return Reply(200, {}, {"status": word} | (error if word == "Failed" else {}))

    async def get(self, path: str, query: Any = None) -> Document | None:
        if path in self.looks:
            self._look(path)
        return await super().get(path)

    def _look(self, path: str) -> str:
        """Time goes by with each look; one that is killed looks no more."""
        if self.dying == 0:
            self.dying = -1
            raise KilledError
        self.dying -= 1
        self.looks[path] -= 1
        properties = self.documents[path]["properties"]
        if self.looks[path] == 0:
            properties["provisioningState"] = "Failed" if path in self.fails else "Succeeded"
            if path in self.fails:
                properties["error"] = {"code": "ImageBuildFailure", "message": self.fails[path]}
            if path == "onlineEndpoints/" + path.rpartition("/")[2]:
                properties["scoringUri"] = (
                    f"https://{path.rpartition('/')[2]}.northeurope.inference.ml.azure.com/score"
                )
        return str(properties["provisioningState"])

    async def settled(self, path: str, operation: Document | None = None) -> Document | None:
        waited = Operation.of_dict(operation) if operation else None
        return await Poller(self, self.time.pace).settled(path, waited)

    async def post(self, path: str, body: Document | None = None) -> Document:
        self.calls.append(("POST", path))
        return self.secrets[path] if path in self.secrets else dict(KEYS)
