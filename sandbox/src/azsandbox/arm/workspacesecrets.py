"""The secrets of a workspace's vault by way of the workspace: `{region}.api.azureml.ms/credential/v2.0/…/secrets`.

Paths and members: azureml-core 1.61, its client of credentials. A list has only what was set this way
(Azure/MachineLearningNotebooks#586); any secret of the vault can be read. Inferred (AZ-SECRET-1): names in the
vault are the same, and which actions it takes. Its batches (`:getbatch` and others) are not built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from azsandbox.arm.access.evaluation import Access
from azsandbox.arm.context import Context
from azsandbox.arm.errors import ArmError, provider
from azsandbox.arm.keystore.errors import VaultError
from azsandbox.arm.keystore.secrets import Secrets
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Request, Response

_PATH = re.compile(
    r"/credential/v2\.0(?P<workspace>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.machinelearningservices/workspaces/[^/]+)/secrets(?:/(?P<name>[^/:]+))?/?$",
    re.IGNORECASE,
)
_ACTIONS = {"GET": "read", "PUT": "write", "DELETE": "delete"}
_RIGHT = "Microsoft.MachineLearningServices/workspaces/metadata/secrets"


class WorkspaceSecrets:
    """Answers for them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def handle(self, request: Request) -> Response | None:
        """The answer to a request that is about them, else nothing."""
        match = _PATH.match(request.path)
        if match is None or request.method not in _ACTIONS:
            return None
        region = request.host.split(".")[0]
        workspace = self._context.store.get(match["workspace"].lower())
        try:
            if request.principal is None:
                raise self._error(401, "Unauthorized", "No access token was sent.", region)
            if workspace is None:
                raise self._error(404, "UserError", "The workspace was not found.", region)
            self._check(self._context.access, request, workspace, region)
            return self._answer(request, workspace, match["name"] or "", region)
        except ArmError as error:
            return error.response()
        except VaultError as error:
            return self._error(error.status, error.code, error.message, region).response()

    def _error(self, status: int, code: str, text: str, region: str) -> ArmError:
        """Texts are ours (AZ-LOCAL-1)."""
        ticks = self._context.clock.tick()
        return provider(status, code, text, region=region, ticks=ticks, component="credential")

    def _check(self, access: Access, request: Request, workspace: Record, region: str) -> None:
        assert request.principal is not None
        who, action = request.principal.object_id, f"{_RIGHT}/{_ACTIONS[request.method]}"
        access.welcome(who)
        if not access.granted(who, action, workspace.key):
            text = f"The client does not have authorization to perform action '{action}'."
            raise self._error(403, "AuthorizationFailed", text, region)

    def _answer(self, request: Request, workspace: Record, name: str, region: str) -> Response:
        vault = self._context.store.get(str(workspace.properties.get("keyVault")).lower())
        if vault is None:
            raise self._error(404, "UserError", "The key vault of the workspace was not found.", region)
        of, mine = Secrets(self._context, vault), self._names(workspace)
        if request.method == "GET" and not name:
            return answer(200, {"value": list(_listed(of, mine)), "continuationToken": None})
        if request.method == "GET":
            secret = of.require(name)
            version = of.version(secret)
            return answer(200, {**_shown(of, secret), "value": version["value"]})
        if request.method == "PUT" and name:
            body = request.json()
            of.set(name, body.get("value"), content_type=body.get("contentType"), attributes=None, tags=None)
            self._keep(workspace, sorted({*mine, name}))
            return answer(200, _shown(of, of.require(name)))
        if request.method == "DELETE" and name:
            of.delete(of.require(name))
            self._keep(workspace, [each for each in mine if each != name])
            return Response(200)
        raise self._error(405, "UserError", f"{request.method} is not allowed there.", region)

    def _names(self, workspace: Record) -> list[str]:
        record = self._context.store.get(f"{workspace.key}/secretnames")
        return list(record.hidden["names"]) if record else []

    def _keep(self, workspace: Record, names: list[str]) -> None:
        key = f"{workspace.key}/secretnames"
        record = Record(key, "azsandbox/secretnames", workspace.key, key, "secretnames", {}, {"names": names})
        self._context.store.put(record)


def _listed(of: Secrets, names: list[str]) -> Iterator[dict[str, Any]]:
    for name in names:
        secret = of.find(name)
        if secret is not None:
            yield _shown(of, secret)


def _shown(of: Secrets, secret: Record) -> dict[str, Any]:
    version = of.version(secret)
    first = secret.hidden["versions"][0]
    return {
        "name": secret.name,
        "createdTime": _time(first["attributes"]["created"]),
        "modifiedTime": _time(version["attributes"]["updated"]),
        "contentType": version["contentType"],
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
