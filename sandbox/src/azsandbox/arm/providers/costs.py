"""Microsoft.CostManagement/query: what resources were billed, by day or in all, for whoever may read costs."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from azsandbox.arm.bills import Billed, billed, currency
from azsandbox.arm.calls import Call
from azsandbox.arm.context import Context
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import Kind
from azsandbox.arm.policy.exemptions import moment
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.messages import Response

_PAGE = 1000
_HEADER = "x-ms-ratelimit-microsoft.costmanagement-qpu"
# Units in so many seconds (AZ-COST-22): as answers name them.
_QUOTAS = {"QueriesPerHour": (600, 3_600), "QueriesPerMin": (60, 60), "QueriesPer10Sec": (12, 10)}
_SUMS = ("PreTaxCost", "Cost")
_DIMENSIONS: Mapping[str, Callable[[Billed], str]] = {
    "ResourceId": lambda one: one.id,
    "ResourceGroup": lambda one: one.id.split("/")[4],
    "ResourceGroupName": lambda one: one.id.split("/")[4],
    "ResourceType": lambda one: one.type,
    "ServiceName": lambda one: one.service,
}
_TYPES = ("ActualCost", "AmortizedCost", "Usage")


def _bad(message: str) -> ArmError:
    """400; words ours (AZ-LOCAL-2)."""
    return ArmError(400, {"error": {"code": "BadRequest", "message": message}})


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked: days, both included, whether by day, by what, and of which resources."""

    first: date
    last: date
    daily: bool
    sum: str
    by: tuple[str, ...]
    wanted: Callable[[Billed], bool]


@register
class CostQueries(Kind):
    """`query` of a subscription or a group. Amounts are examples (AZ-COST-21).

    Inferred (AZ-COST-23): the right is to read, which Reader has too.
    """

    type = "Microsoft.CostManagement/query"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._used: list[tuple[float, int]] = []

    def right(self, call: Call) -> str:
        """A query reads."""
        return f"{self.type}/read"

    async def get(self, call: Call) -> Response:
        """There is nothing to read by itself."""
        raise self.unsupported(call)

    async def list(self, call: Call) -> Response:
        """There is nothing to list."""
        raise self.unsupported(call)

    async def post(self, call: Call) -> Response:
        """POST of the collection: columns and rows, a thousand a page (`nextLink`, to be asked by POST too)."""
        if not call.subscription or call.route.parent.count("/") not in (2, 4):
            raise self.unsupported(call)
        asked = _asked(call.body(), call.context.clock.now())
        headers = self._counted(asked)
        rows = list(_rows(self.context, call, asked))
        columns = [(asked.sum, "Number"), *([("UsageDate", "Number")] if asked.daily else [])]
        columns += [*((name, "String") for name in asked.by), ("Currency", "String")]
        start = _start(call)
        more = start + _PAGE < len(rows)
        link = f"{call.url.partition('&$skiptoken')[0]}&$skiptoken={start + _PAGE}" if more else None
        name = str(uuid.uuid4())
        scope = call.request.path[: call.request.path.lower().rindex("/providers/")].lstrip("/")
        document = {
            "id": f"{scope}/providers/{self.type}/{name}",
            "name": name,
            "type": self.type,
            "location": None,
            "sku": None,
            "eTag": None,
            "properties": {
                "nextLink": link,
                "columns": [{"name": each, "type": type_} for each, type_ in columns],
                "rows": rows[start : start + _PAGE],
            },
        }
        return answer(200, document, headers)

    def _counted(self, asked: _Asked) -> dict[str, str]:
        """Takes a unit for each month that is asked for, of the tenant's. Raises ArmError 429 (AZ-COST-22)."""
        now, units = self.context.clock.now(), max(1, math.ceil(((asked.last - asked.first).days + 1) / 31))
        self._used = [(at, used) for at, used in self._used if at > now - 3_600]
        left, waits = {}, []
        for name, (most, seconds) in _QUOTAS.items():
            recent = [(at, used) for at, used in self._used if at > now - seconds]
            left[name] = most - sum(used for _, used in recent) - units
            if left[name] < 0:
                waits.append(math.ceil(recent[0][0] + seconds - now) if recent else seconds)
        shown = ",".join(f"{name}:{max(0, each)}" for name, each in left.items())
        headers = {f"{_HEADER}-consumed": str(units), f"{_HEADER}-remaining": shown}
        if waits:
            error = {"code": "429", "message": "Too many requests. Please retry."}
            raise ArmError(429, {"error": error}, {**headers, f"{_HEADER}-retry-after": str(max(1, *waits))})
        self._used.append((now, units))
        return headers


def _start(call: Call) -> int:
    token = call.query.get("$skiptoken", "0")
    if not token.isdecimal():
        raise _bad(f"The continuation token '{token}' is invalid.")
    return int(token)


def _rows(context: Context, call: Call, asked: _Asked) -> Iterator[list[Any]]:
    sums: dict[tuple[Any, ...], float] = {}
    for one in billed(context, call.subscription, call.route.parent):
        if not asked.wanted(one):
            continue
        names = tuple(_DIMENSIONS[name](one) for name in asked.by)
        last = min(asked.last, one.last or asked.last)
        for number in range((last - asked.first).days + 1):
            day = asked.first + timedelta(days=number)
            key = ((int(f"{day:%Y%m%d}"),) if asked.daily else ()) + names
            sums[key] = sums.get(key, 0.0) + one.a_day
    for key, amount in sorted(sums.items()):
        yield [round(amount, 6), *key, currency()]


def _object(value: Any, name: str) -> Mapping[str, Any]:
    """An object, empty where there is none. Raises ArmError 400."""
    if value is not None and not isinstance(value, dict):
        raise _bad(f"{name}: an object is expected.")
    return value or {}


def _objects(value: Any, name: str) -> list[Mapping[str, Any]]:
    """A list of objects. Raises ArmError 400."""
    if value is not None and not isinstance(value, list):
        raise _bad(f"{name}: a list is expected.")
    return [_object(one, name) for one in value or ()]


def _asked(body: Mapping[str, Any], now: float) -> _Asked:
    """Raises ArmError 400."""
    if body.get("type") not in _TYPES:
        raise _bad(f"type: '{body.get('type')}' is not one of {', '.join(_TYPES)}.")
    dataset = _object(body.get("dataset"), "dataset")
    first, last = _days(body, datetime.fromtimestamp(now, UTC).date())
    granularity = str(dataset.get("granularity") or "None").lower()
    if granularity not in ("none", "daily"):
        raise _bad(f"granularity: '{dataset['granularity']}' is not one that the local Azure has.")
    sums = [_object(one, "aggregation") for one in _object(dataset.get("aggregation"), "aggregation").values()]
    if len(sums) != 1 or sums[0].get("name") not in _SUMS or str(sums[0].get("function")).lower() != "sum":
        raise _bad(f"aggregation: one sum of {' or '.join(_SUMS)} is expected.")
    grouping = _objects(dataset.get("grouping"), "grouping")
    by = tuple(str(one.get("name")) for one in grouping)
    if any(one.get("type") != "Dimension" for one in grouping) or not set(by) <= set(_DIMENSIONS):
        raise _bad(f"grouping: {grouping} is not valid.")
    return _Asked(first, last, granularity == "daily", sums[0]["name"], by, _filter(dataset.get("filter")))


def _days(body: Mapping[str, Any], today: date) -> tuple[date, date]:
    """The days that are asked for, none of them to come."""
    frame = str(body.get("timeframe"))
    month = today.replace(day=1)
    if frame == "MonthToDate":
        return month, today
    if frame == "TheLastMonth":
        last = month - timedelta(days=1)
        return last.replace(day=1), last
    if frame != "Custom":
        raise _bad(f"timeframe: '{frame}' is not one that the local Azure has.")
    period = _object(body.get("timePeriod"), "timePeriod")
    try:
        first, last = (datetime.fromtimestamp(moment(str(period[name])), UTC).date() for name in ("from", "to"))
    except (KeyError, ValueError) as error:
        raise _bad(f"timePeriod: {period} is not valid.") from error
    if first > last:
        raise _bad("timePeriod: it ends before it begins.")
    if (last - first).days > 366:
        raise _bad("timePeriod: at most a year can be asked for.")
    return first, min(last, today)


def _filter(given: Any) -> Callable[[Billed], bool]:
    """`dimensions` with `In`, and `and` and `or` of such."""
    if given is None:
        return lambda _: True
    if not isinstance(given, dict) or len(given) != 1:
        raise _bad(f"filter: {given} is not valid.")
    [(name, parts)] = given.items()
    if name in ("and", "or") and isinstance(parts, list) and len(parts) > 1:
        tests = [_filter(part) for part in parts]
        return lambda one: (all if name == "and" else any)(test(one) for test in tests)
    if name == "dimensions" and isinstance(parts, dict) and parts.get("operator") == "In":
        read = _DIMENSIONS.get(str(parts.get("name")))
        given_values = parts.get("values")
        values = {str(value).lower() for value in given_values} if isinstance(given_values, list) else set()
        if read is not None and values:
            return lambda one: read(one).lower() in values
    raise _bad(f"filter: {given} is not valid.")
