"""The service for `api.loganalytics.azure.com`: a query over the logs of one workspace (AZ-LOG-1)."""

from __future__ import annotations

import re
import uuid
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.logs import notices, rows
from azsandbox.arm.logs.evaluating import Evaluation, Table, written
from azsandbox.arm.logs.parsing import BadQuery, parsed
from azsandbox.arm.monitor.durations import SECONDS
from azsandbox.arm.store import Record
from azsandbox.messages import Principal, Request, Response

HOST = "api.loganalytics.azure.com"
_PATH = re.compile(r"/v1/workspaces/([0-9a-f-]{36})/query", re.IGNORECASE)
_SPAN = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_AUDIENCES = (f"https://{HOST}", "https://api.loganalytics.io")
_BODY = frozenset({"query", "timespan", "workspaces"})


class QueryError(Exception):
    """An answer other than success: status, code and words, and the chain of inner errors."""

    def __init__(self, status: int, code: str, message: str, inner: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        error: dict[str, Any] = {"message": message, "code": code, "correlationId": str(uuid.uuid4())}
        self.status, self.body = status, {"error": {**error, **({"innererror": inner} if inner else {})}}


class LogQueries:
    """Answers for every workspace."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def handle(self, request: Request) -> Response:
        """The answer to one request."""
        try:
            found, left_out = self._answer(request)
            partial = {"error": _partial(left_out)} if left_out else {}
            return Response.of_json(200, {"tables": [_shown(found)], **partial})
        except QueryError as error:
            return Response.of_json(error.status, error.body)

    def _answer(self, request: Request) -> tuple[Table, list[str]]:
        principal = _authenticated(request)
        match = _PATH.fullmatch(request.path)
        if match is None or request.method != "POST":
            # GET is documented too; nothing here asks so.
            raise QueryError(404, "PathNotFoundError", "The requested path does not exist")
        workspace = self._workspace(match[1], principal)
        text, span = _asked(request)
        notices.catch_up(self._context)
        now = self._context.clock.now()
        since = written(now - span) if span is not None else ""
        known = rows.tables(self._context, workspace, since, written(now + 60))
        try:
            evaluation = Evaluation(known, now)
            return evaluation.run(parsed(text)), evaluation.left_out
        except BadQuery as problem:
            raise refused_query(problem) from problem

    def _workspace(self, customer_id: str, principal: Principal) -> Record:
        """The workspace, where the caller may query it. Who may not is not told whether it is there.

        Inferred (AZ-LOG-8): the right is asked for at the workspace, for any table.
        """
        access, found = self._context.access, rows.workspace_of(self._context, customer_id)
        access.welcome(principal.object_id)
        action = "Microsoft.OperationalInsights/workspaces/query/read"
        if found is None or not access.granted(principal.object_id, action, found.key):
            told = "The provided credentials have insufficient access to perform the requested operation"
            raise QueryError(403, "InsufficientAccessError", told)
        return found


def refused_query(problem: BadQuery) -> QueryError:
    """What is answered to a query that does not read well, or names what is not there."""
    told = "The request had some invalid properties"
    return QueryError(400, "BadArgumentError", told, _inner(problem))


def _inner(problem: BadQuery) -> dict[str, Any]:
    """What is wrong with a query, in the two levels that the service has for one that reads well (AZ-LOG-6)."""
    if problem.code != "SemanticError":
        return {"code": problem.code, "message": problem.message}
    innermost = {"code": "SEM0100", "message": problem.message}
    return {"code": problem.code, "message": "A semantic error occurred.", "innererror": innermost}


def _partial(left_out: list[str]) -> dict[str, Any]:
    """That legs of a union were left out (AZ-LOG-6); its words are ours (AZ-LOCAL-2)."""
    details = [{"code": "EngineError", "message": message} for message in left_out]
    return {
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": details,
    }


def _authenticated(request: Request) -> Principal:
    if request.principal is None or request.principal.audience.rstrip("/") not in _AUDIENCES:
        told = "Valid authentication was not provided"
        raise QueryError(401, "AuthorizationRequiredError", told)
    return request.principal


def _asked(request: Request) -> tuple[str, float | None]:
    """The query, and over how many seconds. Raises QueryError 400."""
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("query"), str) or not _BODY.issuperset(body):
        raise QueryError(400, "BadArgumentError", "The request had some invalid properties")
    if body.get("workspaces"):
        raise QueryError(400, "BadArgumentError", "The sandbox queries one workspace at a time")
    text = body.get("timespan")
    if text is None:
        return body["query"], None
    match = _SPAN.fullmatch(str(text))
    if match is None or not any(match.groups()):
        raise QueryError(400, "BadArgumentError", "The timespan is not valid, or is none that the sandbox reads")
    return body["query"], float(sum(int(n or 0) * s for n, s in zip(match.groups(), SECONDS, strict=True)))


def _shown(table: Table) -> dict[str, Any]:
    columns = [{"name": name, "type": type_} for name, type_ in table.columns.items()]
    return {
        "name": "PrimaryResult",
        "columns": columns,
        "rows": [[row.get(name) for name in table.columns] for row in table.rows],
    }
