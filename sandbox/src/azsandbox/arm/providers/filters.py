"""What `$filter` of the lists of ARM's own may say here: all else is refused, and not taken for no filter."""

from __future__ import annotations

import re

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway

AT_SCOPE = r"atScope\(\)"
PRINCIPAL = r"principalId\s+eq\s+'[^']+'"
ASSIGNED = r"assignedTo\s*\(\s*'[^']+'\s*\)"
DENIAL = r"denyAssignmentName\s+eq\s+'[^']+'"


def check(call: Call, *known: str) -> None:
    """Refuses a filter with anything but these, joined by `and`.

    Raises ArmError 400; code and text are ours (AZ-LOCAL-2).
    """
    one = f"(?:{'|'.join(known)})"
    asked = call.query.get("$filter", "").strip()
    if asked and not re.fullmatch(rf"{one}(?:\s+and\s+{one})*", asked, re.IGNORECASE):
        raise gateway(400, "UnsupportedQuery", f"The filter '{asked}' is not supported.")
