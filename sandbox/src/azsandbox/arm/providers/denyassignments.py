"""Microsoft.Authorization/denyAssignments: read by whoever may; a preview lets people write them, not here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from azsandbox.arm.access.denials import TYPE, Denial
from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.kinds import Kind
from azsandbox.arm.paging import page
from azsandbox.arm.providers import filters
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_PRINCIPAL = re.compile(r"principalId\s+eq\s+'([^']+)'", re.IGNORECASE)
_NAME = re.compile(r"denyAssignmentName\s+eq\s+'([^']+)'", re.IGNORECASE)


@register
class DenyAssignments(Kind):
    """Those of the sandbox's file; the filters are those of the REST reference, "List For Scope".

    Azure has `assignedTo('…')` too, which follows groups (learn.microsoft.com, list-deny-assignments): not here.
    """

    type = TYPE

    def listed(self, call: Call) -> Sequence[Record]:
        """At the scope, above it, and below it unless `$filter` has `atScope()` (list-deny-assignments, REST)."""
        filters.check(call, filters.AT_SCOPE, filters.PRINCIPAL, filters.DENIAL)
        places, asked = self.context.access.chain(call.route.parent), call.query.get("$filter", "")
        principal, name = _PRINCIPAL.search(asked), _NAME.search(asked)
        found = [
            one
            for one in self.context.access.denials_around(call.route.parent)
            if ("atscope()" not in asked.lower() or one.scope in places)
            and (not principal or principal[1].lower() in one.principals)
            and (not name or one.name == name[1])
        ]
        return [self._record(one, number) for number, one in enumerate(found, 1)]

    def _record(self, one: Denial, number: int) -> Record:
        document = dict(one.document)
        id_ = str(document["id"])
        return Record(id_.lower(), self.key_type, one.scope, id_, str(document["name"]), document, sequence=number)

    async def get(self, call: Call) -> Response:
        """One, at the scope at which it was made."""
        for one in self.context.access.denials_around(call.route.parent):
            if str(one.document["name"]).lower() == call.name.lower():
                return answer(200, dict(one.document))
        raise self.missing(call)

    def missing(self, call: Call) -> ArmError:
        """404; code and text are ours after those of role assignments (AZ-LOCAL-2)."""
        return gateway(404, "DenyAssignmentNotFound", f"The deny assignment '{call.name}' is not found.")

    async def list(self, call: Call) -> Response:
        """GET with `$filter`: `atScope()`, `principalId eq '…'`, `denyAssignmentName eq '…'`."""
        return page(call, self.listed(call), self.page_size, self.view)
