"""Microsoft Graph at graph.microsoft.com: the service principals of the tenant, managed identities among them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any
from urllib.parse import quote, urlencode

from azsandbox.graphfilters import BadFilter, no_property, parsed
from azsandbox.messages import COSMOS_APP_ID, COSMOS_OBJECT_ID, TENANT_ID, IdentityShown, Request, Response
from azsandbox.principals import Directory

HOST = "graph.microsoft.com"
_PATH = re.compile(r"/(?:v1\.0|beta)/([a-z]+)(?:\(appId='([^']+)'\)|/([^/]+))?/?$", re.IGNORECASE)
_TYPE = "#microsoft.graph.servicePrincipal"
_PAGE, _LARGEST = 100, 999
_OPTIONS = {"$filter", "$select", "$top", "$skiptoken", "$count"}
# What a tenant without people has none of.
_EMPTY = {"users", "groups", "applications"}
_MOST_IDS = 1000
Row = dict[str, Any]


def _nobody() -> Iterable[IdentityShown]:
    return ()


class Graph:
    """Reads service principals: by filters, by an object id or an application id, by a list of object ids."""

    def __init__(self, directory: Directory, identities: Callable[[], Iterable[IdentityShown]] = _nobody) -> None:
        self._directory, self._identities = directory, identities

    def _all(self) -> list[Row]:
        rows = [_row(one.object_id, one.client_id, one.name, "Application") for one in self._directory.all()]
        rows.append(_row(COSMOS_OBJECT_ID, COSMOS_APP_ID, "Azure Cosmos DB", "Application"))
        return rows + [_of_identity(one) for one in self._identities() if one.type == "servicePrincipal"]

    async def handle(self, request: Request) -> Response:
        """Answers one request, in Graph's words where it does not have what is asked for."""
        if request.principal is None or request.principal.audience.rstrip("/") != f"https://{HOST}":
            return _error(401, "InvalidAuthenticationToken", "Access token is empty or of another audience.")
        try:
            return self._answer(request)
        except BadFilter as problem:
            return _error(400, problem.code, problem.message)

    def _answer(self, request: Request) -> Response:
        match = _PATH.match(request.path)
        kind = match[1].lower() if match else ""
        if match and request.method == "POST" and f"{kind}/{match[3]}".lower() == "directoryobjects/getbyids":
            return self._by_ids(request)
        if match is None or request.method != "GET":
            return _nothing(request.path)
        if kind in ("serviceprincipals", "directoryobjects"):
            named = match[2] or match[3]
            return self._one(request, match[2], match[3]) if named else self._list(request, self._all())
        if kind in _EMPTY and not match[2] and not match[3]:
            return Response.of_json(200, {"@odata.context": _context(match[1]), "value": []})
        return _nothing(request.path)

    def _list(self, request: Request, rows: list[Row]) -> Response:
        query = request.query
        _check_options(query, _OPTIONS)
        if "$filter" in query:
            test = parsed(query["$filter"])
            rows = [row for row in rows if test(row)]
        size, start = _size(query.get("$top", "")), _start(query.get("$skiptoken", ""))
        page: Row = {"@odata.context": _context("servicePrincipals")}
        if _is_true(query.get("$count", "")):
            page["@odata.count"] = len(rows)
        if start + size < len(rows):
            kept = {name: value for name, value in query.items() if name != "$skiptoken"}
            others = urlencode(kept, safe="$", quote_via=quote)
            page["@odata.nextLink"] = f"https://{HOST}{request.path}?{others}&$skiptoken={start + size}"
        page["value"] = [_selected(query, row) for row in rows[start : start + size]]
        return Response.of_json(200, page)

    def _one(self, request: Request, app_id: str | None, object_id: str | None) -> Response:
        _check_options(request.query, {"$select"})
        for row in self._all():
            if row["appId"] == (app_id or "").lower() or row["id"] == (object_id or "").lower():
                head = {"@odata.context": _context("servicePrincipals/$entity")}
                return Response.of_json(200, head | _selected(request.query, row))
        return _missing(app_id or object_id or "")

    def _by_ids(self, request: Request) -> Response:
        """Ids that nothing has are left out (learn.microsoft.com/graph/api/directoryobject-getbyids)."""
        try:
            body = request.json()
        except ValueError:
            body = None
        ids = body.get("ids") if isinstance(body, dict) else None
        if not isinstance(ids, list) or not ids or len(ids) > _MOST_IDS:
            return _error(
                400, "Request_BadRequest", "Invalid value specified for property 'ids'."
            )  # text ours (AZ-LOCAL-4)
        wanted, types = {str(each).lower() for each in ids}, body.get("types") or ["directoryObject"]
        kinds = {str(each).lower() for each in types}
        found = self._all() if kinds & {"serviceprincipal", "directoryobject"} else []
        value = [{"@odata.type": _TYPE, **row} for row in found if row["id"] in wanted]
        for one in self._identities():
            who = one.object_id.lower()
            if one.type != "servicePrincipal" and kinds & {one.type, "directoryobject"} and who in wanted:
                # Each of their roles tells of them: nobody is there twice.
                wanted.remove(who)
                value.append({"@odata.type": f"#microsoft.graph.{one.type}", "id": who})
        return Response.of_json(200, {"@odata.context": _context("directoryObjects"), "value": value})


def _row(object_id: str, app_id: str, name: str, kind: str, *more: str) -> Row:
    return {
        "id": object_id,
        "accountEnabled": True,
        "alternativeNames": list(more),
        "appDisplayName": name,
        "appId": app_id,
        "appOwnerOrganizationId": TENANT_ID,
        "displayName": name,
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": kind,
        "tags": [],
    }


def _of_identity(one: IdentityShown) -> Row:
    """Alternative names are as `az ad sp show` shows them; a system-assigned one's application id is made here."""
    app_id = one.app_id or str(uuid.uuid5(uuid.NAMESPACE_URL, one.object_id))
    explicit = f"isExplicit={'True' if one.app_id else 'False'}"
    row = _row(one.object_id, app_id, one.name, "ManagedIdentity", explicit, one.resource)
    row["servicePrincipalNames"].append(f"https://identity.azure.net/{app_id}")
    return row | {"appOwnerOrganizationId": None, "appDisplayName": None}


def _check_options(query: Mapping[str, str], known: Set[str]) -> None:
    for name in query:
        if name == "$orderby":
            # microsoftgraph/microsoft-graph-docs#9711
            raise BadFilter("Request_UnsupportedQuery", "Sorting not supported for current query.")
        if name not in known:
            raise BadFilter("Request_UnsupportedQuery", f"The sandbox's Graph does not know the option '{name}'.")


def _size(text: str) -> int:
    if not text:
        return _PAGE
    if not text.isdecimal() or not 0 < int(text) <= _LARGEST:
        # 999 is documented (learn.microsoft.com/graph/api/serviceprincipal-list). Inferred (AZ-LOCAL-4): more is
        # refused, and in these words.
        raise BadFilter(
            "BadRequest", f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive."
        )
    return int(text)


def _start(text: str) -> int:
    if text and not text.isdecimal():
        raise BadFilter("BadRequest", "The skip token of the request is not valid.")  # AZ-LOCAL-4
    return int(text or 0)


def _is_true(text: str) -> bool:
    if text.lower() not in ("", "true", "false"):
        raise BadFilter("BadRequest", f"Invalid value '{text}' for $count.")  # code and text are ours (AZ-LOCAL-4)
    return text.lower() == "true"


def _selected(query: Any, row: Row) -> Row:
    names = [name.strip() for name in query.get("$select", "").split(",") if name.strip()]
    for name in names:
        if name not in row:
            raise no_property(name)
    return {name: row[name] for name in names} if names else row


def _context(what: str) -> str:
    return f"https://{HOST}/v1.0/$metadata#{what}"


def _missing(named: str) -> Response:
    text = f"Resource '{named}' does not exist or one of its queried reference-property objects are not present."
    return _error(404, "Request_ResourceNotFound", text)


def _nothing(path: str) -> Response:
    return _error(404, "ResourceNotFound", f"The sandbox's Graph has nothing at {path}.")


def _error(status: int, code: str, message: str) -> Response:
    return Response.of_json(status, {"error": {"code": code, "message": message}})
