"""Microsoft Graph at graph.microsoft.com: the service principals of the tenant, to be found by application id."""

from __future__ import annotations

import re
from typing import Any

from azsandbox.messages import COSMOS_APP_ID, COSMOS_OBJECT_ID, TENANT_ID, Request, Response
from azsandbox.principals import Directory

HOST = "graph.microsoft.com"
_PATH = re.compile(r"/(?:v1\.0|beta)/servicePrincipals(?:\(appId='([^']+)'\)|/([^/]+))?/?$", re.IGNORECASE)
_FILTER = re.compile(r"appId\s+eq\s+'([^']+)'", re.IGNORECASE)


class Graph:
    """Reads service principals: all, one by its object id, those of an application."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def _all(self) -> list[dict[str, Any]]:
        rows = [(one.object_id, one.client_id, one.name) for one in self._directory.all()]
        rows.append((COSMOS_OBJECT_ID, COSMOS_APP_ID, "Azure Cosmos DB"))
        return [
            {
                "id": object_id,
                "appId": app_id,
                "displayName": name,
                "appOwnerOrganizationId": TENANT_ID,
                "servicePrincipalType": "Application",
                "accountEnabled": True,
            }
            for object_id, app_id, name in rows
        ]

    async def handle(self, request: Request) -> Response:
        """GET `/v1.0/servicePrincipals`, with `$filter=appId eq '…'`, `(appId='…')` or `/{object id}`."""
        if request.principal is None or request.principal.audience.rstrip("/") != f"https://{HOST}":
            return _error(401, "InvalidAuthenticationToken", "Access token is empty or of another audience.")
        match = _PATH.match(request.path)
        if match is None or request.method != "GET":
            return _error(404, "ResourceNotFound", f"The sandbox's Graph has nothing at {request.path}.")
        if match[1] or match[2]:
            return self._one(match[1], match[2])
        wanted = _FILTER.search(request.query.get("$filter", ""))
        found = [each for each in self._all() if not wanted or each["appId"] == wanted[1].lower()]
        context = f"https://{HOST}/v1.0/$metadata#servicePrincipals"
        return Response.of_json(200, {"@odata.context": context, "value": found})

    def _one(self, app_id: str | None, object_id: str | None) -> Response:
        for each in self._all():
            if each["appId"] == (app_id or "").lower() or each["id"] == (object_id or "").lower():
                context = f"https://{HOST}/v1.0/$metadata#servicePrincipals/$entity"
                return Response.of_json(200, {"@odata.context": context, **each})
        named = app_id or object_id
        return _error(404, "Request_ResourceNotFound", f"Resource '{named}' does not exist.")


def _error(status: int, code: str, message: str) -> Response:
    return Response.of_json(status, {"error": {"code": code, "message": message}})
