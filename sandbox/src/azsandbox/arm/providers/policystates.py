"""Microsoft.PolicyInsights/policyStates: how what is there stands with the policies, and its evaluation."""

from __future__ import annotations

import uuid
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.context import Context
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.policy.assignments import ASSIGNMENTS
from azsandbox.arm.policy.definitions import DEFINITIONS, SETS
from azsandbox.arm.policy.refusals import unbuilt
from azsandbox.arm.policy.scanning import standings
from azsandbox.arm.policy.states import Row, filtered, row, summary
from azsandbox.arm.queries import positive
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_PROVIDER = "Microsoft.PolicyInsights"
_PAGE = 1000
_RETRY = {"Retry-After": "30"}
_OF = {ASSIGNMENTS: "policyAssignmentId", DEFINITIONS: "policyDefinitionId", SETS: "policySetDefinitionId"}


@register
class PolicyStates(Kind):
    """`policyStates/latest`, of any scope: `queryResults`, `summarize`, `triggerEvaluation`.

    States are those of the moment in which they are asked for: Azure's are older, by minutes to a day, and a new
    assignment has none at first (AZ-POLICY-19).
    """

    type = f"{_PROVIDER}/policyStates"
    obeys = frozenset(("$filter", "$top"))

    def right(self, call: Call) -> str:
        """Queries are reading, as roles call them."""
        names = {"queryresults": "queryResults/read", "summarize": "summarize/read"}
        return f"{self.type}/{names.get(call.route.action or '', 'triggerEvaluation/action')}"

    async def get(self, call: Call) -> Response:
        """There is nothing to read by itself."""
        raise self.unsupported(call)

    async def list(self, call: Call) -> Response:
        """There is nothing to list."""
        raise self.unsupported(call)

    @action("POST", "queryResults")
    async def query_results(self, call: Call) -> Response:
        """A row for each resource and rule, a thousand a page; `$filter` and `$top`."""
        rows = _rows(self.context, call)
        most = min(positive(call.query, "$top", len(rows) or 1), len(rows))
        start = _start(call)
        end = min(start + _PAGE, most)
        context = f"{_address(call)}/$metadata#latest"
        shown = [{"@odata.context": f"{context}/$entity", "@odata.id": None, **each} for each in rows[start:end]]
        next_ = f"{call.url.partition('&$skiptoken')[0]}&$skiptoken={end}" if end < most else None
        head = {"@odata.context": context, "@odata.count": len(shown), "@odata.nextLink": next_}
        return answer(200, {**head, "value": shown})

    @action("POST", "summarize")
    async def summarize(self, call: Call) -> Response:
        """Counts by state, of all and of each assignment; `$filter`, and `$top` of assignments."""
        rows = _rows(self.context, call)
        context = f"{_address(call)}/$metadata#summary"
        most = positive(call.query, "$top", len(rows) or 1)
        found = summary(rows, _address(call).rpartition("/")[0], call.api_version, most)
        one = {"@odata.id": None, "@odata.context": f"{context}/$entity", **found}
        return answer(200, {"@odata.context": context, "@odata.count": 1, "value": [one]})

    @action("POST", "triggerEvaluation")
    async def trigger(self, call: Call) -> Response:
        """202 with a `Location` that is polled, of a subscription or a group."""
        _check_latest(call)
        if not call.subscription or call.route.parent.count("/") not in (2, 4):
            raise self.unsupported(call)
        name = str(uuid.uuid4())
        id_ = f"/subscriptions/{call.subscription}/providers/{_PROVIDER}/asyncOperationResults/{name}"
        parent, type_ = call.route.levels[0].key, f"{_PROVIDER}/asyncOperationResults".lower()
        record = Record(id_.lower(), type_, parent, id_, name, {}, {"kind": self.key_type})
        self.context.operations.start(record, call.route.parent, "evaluate")
        link = f"https://{call.request.host}{id_}?api-version={call.api_version}"
        return Response(202, b"", {"Location": link, **_RETRY})


def _rows(context: Context, call: Call) -> list[Row]:
    _check_latest(call)
    scope, now = call.route.parent, tracked_time(call.tick())
    above = call.route.levels[-2] if len(call.route.levels) > 1 else None
    wanted = _OF.get(above.kind.key_type) if above else None
    if above and wanted:
        # Of an assignment or a definition: what it is assigned to, at its scope and below.
        scope = call.route.levels[-3].key if len(call.route.levels) > 2 else ""
    rows = [row(context, each, now) for each in standings(context, scope)]
    if above and wanted:
        rows = [each for each in rows if str(each[wanted] or "").lower() == above.key]
    return filtered(rows, call.query.get("$filter", ""))


def _check_latest(call: Call) -> None:
    if call.name.lower() != "latest":
        raise unbuilt(f"'policyStates/{call.name}'")


def _address(call: Call) -> str:
    path = call.request.path[: call.request.path.lower().rindex("/policystates/")]
    return f"https://{call.request.host}{path}/policyStates"


def _start(call: Call) -> int:
    token = call.query.get("$skiptoken", "0")
    if not token.isdecimal():
        raise gateway(400, "InvalidSkipToken", "The continuation token of the request is not valid.")
    return int(token)


@register
class AsyncOperationResults(Kind):
    """What an evaluation is polled at."""

    type = f"{_PROVIDER}/asyncOperationResults"
    open_to_all = True  # its address is secret enough

    def missing(self, call: Call) -> ArmError:
        """404."""
        return gateway(404, "NotFound", f"The operation '{call.name}' was not found.")  # AZ-LOCAL-2

    async def get(self, call: Call) -> Response:
        """202 until it has ended, then 200."""
        hidden: dict[str, Any] = self.require(call).hidden
        if not hidden["ended"]:
            return Response(202, b"", {"Location": call.url, **_RETRY})
        return answer(200, {"status": "Succeeded"})

    async def list(self, call: Call) -> Response:
        """None are listed."""
        raise self.unsupported(call)

    async def delete(self, call: Call) -> Response:
        """None are deleted."""
        raise self.unsupported(call)
