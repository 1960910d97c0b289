"""Lists a page at a time: `{"value": [...], "nextLink": ...}` with the service's kind of `$skipToken`."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import gateway
from azsandbox.arm.render import answer
from azsandbox.arm.rights import readable
from azsandbox.arm.store import Record
from azsandbox.messages import Response


class NewestFirst(Sequence[Record]):
    """A list of records read backwards, without a copy."""

    def __init__(self, oldest_first: Sequence[Record]) -> None:
        self._records = oldest_first

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        return self._records[-1 - index]


def page(
    call: Call,
    records: Sequence[Record],
    size: int,
    view: Callable[[Call, Record], Any],
    wanted: Callable[[Record], bool] | None = None,
) -> Response:
    """One page of `records` that are `wanted`.

    The token remembers the sequence of the last resource shown beside the count the service puts in it, so
    that a page costs no more than what it holds and nothing is shown twice when something is added meanwhile.
    """
    start, shown = _start(call, records)
    found: list[Record] = []
    index = start
    while index < len(records) and len(found) <= size:
        record = records[index]
        if not record.gone and (wanted is None or wanted(record)) and _is_seen(call, record):
            found.append(record)
        index += 1
    document: dict[str, Any] = {"value": [view(call, record) for record in found[:size]]}
    if len(found) > size:
        document["nextLink"] = next_link(call, shown + size, found[size - 1].sequence)
    return answer(200, document)


def _is_seen(call: Call, record: Record) -> bool:
    return not call.filtered or readable(call, record)


def next_link(call: Call, shown: int, last: int) -> str:
    """The absolute link to the next page: the same query and a `$skipToken` (AZ-LIST-1)."""
    query = [
        f"{name}={quote(value, safe='')}"
        for name, value in call.request.query.items()
        if name.lower() not in ("$skiptoken", "$skip")
    ]
    query.append(f"$skipToken={_token(shown, last)}")
    path = quote(call.request.path, safe="/$:@!&'()*+,;=-._~")
    return f"https://{call.request.host}{path}?{'&'.join(query)}"


def _token(shown: int, last: int) -> str:
    # The service's token has a TotalCount instead of LastSequence, a name of our own.
    state = {"NextSkip": shown, "IsShardDone": False, "DidShardFail": False, "LastSequence": last}
    text = json.dumps({"ShardToShardContinuationToken": {"Multitenant": state}}, separators=(",", ":"))
    packed = gzip.compress(text.encode(), compresslevel=1, mtime=0)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def _start(call: Call, records: Sequence[Record]) -> tuple[int, int]:
    """Where in `records` the page starts, and how many were shown before."""
    skip = call.query.get("$skip")
    token = call.query.get("$skiptoken") or skip
    if not token:
        return 0, 0
    if token.isdecimal():
        return int(token), int(token)
    try:
        packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        state = json.loads(gzip.decompress(packed))["ShardToShardContinuationToken"]["Multitenant"]
        shown, last = int(state["NextSkip"]), int(state["LastSequence"])
    except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
        raise gateway(400, "InvalidSkipToken", "The continuation token of the request is not valid.") from error
    return _after(records, last), shown


def _after(records: Sequence[Record], last: int) -> int:
    """The index after the record of sequence `last`, in a list ordered by sequence either way."""
    if not records:
        return 0
    descending = records[0].sequence > records[-1].sequence
    low, high = 0, len(records)
    while low < high:
        middle = (low + high) // 2
        passed = records[middle].sequence >= last if descending else records[middle].sequence <= last
        if passed:
            low = middle + 1
        else:
            high = middle
    return low
