"""Lists of what lies in a storage account: a filter by the beginning of names, and pages of a size asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.queries import positive
from azsandbox.arm.render import answer
from azsandbox.messages import Response

_LARGEST = 5000


def invalid(what: str) -> ArmError:
    """400 for a member or a parameter; the code is the provider's for other members, the text is ours
    (AZ-LOCAL-2)."""
    return gateway(400, "InvalidValuesForRequestParameters", f"Values for request parameters are invalid: {what}.")


def named(call: Call, names: Sequence[str]) -> list[str]:
    """The names that `$filter` lets through.

    "Only container names starting with the filter will be listed" (storage description, 2022-09-01; the same of
    shares): it is a beginning and no expression. Raises ArmError 400 for one that no name has.
    """
    start = call.query.get("$filter", "")
    if any(letter in start for letter in " ()'"):
        raise invalid("$filter")
    return [name for name in names if name.startswith(start)]


def paged(call: Call, documents: Sequence[dict[str, Any]]) -> Response:
    """A page of at most `$maxpagesize` documents, each with a `name`, and the link to the next."""
    size, token = min(positive(call.query, "$maxpagesize", _LARGEST), _LARGEST), call.query.get("$skiptoken", "")
    left = [one for one in documents if one["name"] > token]
    page: dict[str, Any] = {"value": left[:size]}
    if len(left) > size:
        page["nextLink"] = _next(call, str(left[size - 1]["name"]))
    return answer(200, page)


def _next(call: Call, last: str) -> str:
    query = [
        f"{name}={quote(value, safe='')}"
        for name, value in call.request.query.items()
        if name.lower() != "$skiptoken"
    ]
    return (
        f"https://{call.request.host}{quote(call.request.path)}?{'&'.join((*query, f'$skipToken={quote(last)}'))}"
    )
