"""What Azure billed for some resources, by Cost Management: an answer counts for a day, kept beside the scans.

Cost Management has new data a few times a day and refuses whoever asks often (AZ-COST-6), so that what was
answered, or why it was refused and until when, is kept in `costs.json` and used again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import THROTTLED, ServiceError
from amlmigrate.cloud.twice import HARMLESS
from amlmigrate.core.armid import key_of, subscription_of
from amlmigrate.core.clock import SKEW, moment, stamp
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import MigrateError, PlanLockedError
from amlmigrate.core.few import many
from amlmigrate.figures.costlines import money, number
from amlmigrate.ledger import exclusive, files

FILE = "costs.json"
_LOCK = ".costs.lock"
_FORMAT = 1
_DAYS = 30
_OFTEN = timedelta(hours=24)
# After 429 without a time: by then all that counts queries has begun anew (AZ-COST-22).
_AFTER_429 = timedelta(hours=1)
# After any other failure. No source says how long: who repairs it need not wait long, and what runs `figures`
# all the time does not ask all the time.
_FAILED = timedelta(minutes=10)
# So many ids fit into one question; for more, everything in the subscription is asked for (AZ-COST-7).
_NAMED = 100
_MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class BilledRow:
    """What was billed for a resource in some days."""

    id: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class SubscriptionBill:
    """What one subscription was billed for: `asked` when, for which days, about which ids in lower case.

    `why` is the reason where it could not be read; it is not asked again before `not_before`.
    """

    subscription: str
    asked: str
    since: str
    until: str
    ids: tuple[str, ...]
    rows: tuple[BilledRow, ...] = ()
    why: str = ""
    not_before: str = ""

    def counts(self, now: datetime) -> bool:
        """Whether it is not to be asked again yet; an answer from the future is none."""
        asked, later = moment(self.asked), moment(self.not_before)
        if asked is None or asked > now + SKEW:
            return False
        return now < (later or asked + _OFTEN)


@dataclass(frozen=True, slots=True)
class ActualCosts:
    """What was billed, by subscription; `unasked` are ids about which the last answer says nothing."""

    bills: tuple[SubscriptionBill, ...]
    unasked: frozenset[str] = frozenset()

    @property
    def _rows(self) -> Iterator[BilledRow]:
        return (row for bill in self.bills for row in bill.rows)

    @property
    def unread(self) -> dict[str, str]:
        """Subscriptions that could not be read, and why."""
        return {bill.subscription: bill.why for bill in self.bills if bill.why}

    @property
    def sums(self) -> dict[str, Decimal]:
        """By currency."""
        return _sums(self._rows)

    def of(self, ids: Iterable[str]) -> dict[str, Decimal]:
        """What was billed for some resources, by currency; empty where Cost Management shows nothing for them."""
        wanted = set(map(key_of, ids))
        return _sums(row for row in self._rows if row.id in wanted)

    def as_dict(self) -> dict[str, Any]:
        """The member `actual` of the costs."""
        return {
            "sums": {currency: number(amount) for currency, amount in sorted(self.sums.items())},
            "subscriptions": [_bill(bill) for bill in self.bills],
            "not_asked_about": sorted(self.unasked),
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        for bill in self.bills:
            if bill.why:
                later = moment(bill.not_before)
                again = f" It is asked again from {later:%Y-%m-%d %H:%M:%S} UTC on." if later else ""
                yield f"billed in {bill.subscription}: not known: {bill.why}{again}"
                continue
            billed = sorted(_sums(bill.rows).items())
            sums = ", ".join(f"{money(amount)} {currency}" for currency, amount in billed)
            told = sums or "nothing is shown"
            shown = many(len({row.id for row in bill.rows}), "resource")
            yield (
                f"billed in {bill.subscription} from {bill.since} to {bill.until}: {told} for {shown} of"
                f" {len(bill.ids)}, as Cost Management showed on {bill.asked[:10]}"
            )
        if self.unasked:
            more = many(len(self.unasked), "more resource")
            yield f"billed for {more}: not known, since Cost Management's last answer counts for a day"


def _sums(rows: Iterable[BilledRow]) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row.currency] += row.amount
    return dict(found)


async def actual(arm: Arm, folder: Path, ids: Iterable[str], now: datetime) -> ActualCosts:
    """What the resources were billed for in the last 30 days that are over; kept in the folder of the scans.

    Where that cannot be written it is asked for again by the next run.
    """
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for id_ in ids:
        wanted[subscription_of(id_)].add(key_of(id_))
    found = _counting(folder, wanted, now)
    if len(found) < len(wanted):
        try:
            with _alone(folder):
                # Another run may have asked since.
                found = _counting(folder, wanted, now)
                for subscription in sorted(wanted.keys() - found.keys()):
                    found[subscription] = await _ask(arm, subscription, sorted(wanted[subscription]), now)
                    # After each: whoever is killed does not ask again. The record tells who may not write there.
                    with suppress(files.FileError):
                        _write(folder / FILE, _read(folder / FILE) | found)
        except PlanLockedError as error:
            missing = wanted.keys() - found.keys()
            found |= {one: replace(_unasked(one, sorted(wanted[one]), now), why=error.summary) for one in missing}
    bills = tuple(found[one] for one in sorted(found))
    unasked = [wanted[bill.subscription] - set(bill.ids) for bill in bills if not bill.why]
    return ActualCosts(bills, frozenset().union(*unasked))


def _counting(folder: Path, wanted: Iterable[str], now: datetime) -> dict[str, SubscriptionBill]:
    """What is kept of these subscriptions, and not to be asked again yet."""
    kept = _read(folder / FILE)
    return {one: kept[one] for one in wanted if one in kept and kept[one].counts(now)}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One run asks at a time. Raises PlanLockedError; where no lock can be had nothing can be kept either."""
    with ExitStack() as stack:
        with suppress(OSError):
            lock = exclusive.at_once(folder / _LOCK, "Another command is asking Cost Management now.", of=folder)
            stack.enter_context(lock)
        yield


def _unasked(subscription: str, ids: list[str], now: datetime) -> SubscriptionBill:
    last = now.astimezone(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=_DAYS - 1)
    return SubscriptionBill(subscription, stamp(now), first.isoformat(), last.isoformat(), tuple(ids))


async def _ask(arm: Arm, subscription: str, ids: list[str], now: datetime) -> SubscriptionBill:
    bill = _unasked(subscription, ids, now)
    first, last = date.fromisoformat(bill.since), date.fromisoformat(bill.until)
    try:
        rows = [row async for row in _rows(arm, subscription, ids, first, last)]
    except MigrateError as error:
        return replace(bill, why=error.summary, not_before=stamp(now + _pause(error)))
    known = set(ids)
    return replace(bill, rows=tuple(row for row in rows if row.id in known))


def _pause(error: MigrateError) -> timedelta:
    """How long it is not asked again after a refusal: as long as Azure says, if it does."""
    if isinstance(error, ServiceError) and error.retry_after:
        return timedelta(seconds=error.retry_after)
    return _AFTER_429 if isinstance(error, ServiceError) and error.status == THROTTLED else _FAILED


async def _rows(arm: Arm, subscription: str, ids: list[str], first: date, last: date) -> AsyncIterator[BilledRow]:
    """All rows of the answer. Raises MigrateError, also for an answer that is none."""
    path: str = f"/subscriptions/{subscription}/providers/Microsoft.CostManagement/query"
    body = question(ids, first, last)
    seen: set[str] = set()
    while path and path not in seen and len(seen) < _MOST_PAGES:
        seen.add(path)
        answer = (await arm.call("POST", path, body, twice=HARMLESS)).body
        for row in rows_of(answer):
            yield row
        path = str(properties_of(answer).get("nextLink") or "")
    if path:
        raise MigrateError(
            "The answer of Cost Management goes in circles.",
            address=subscription,
            remedy="Run the same command again later, or without --actual.",
        )


def question(ids: list[str], first: date, last: date) -> Document:
    """The body that asks what each resource was billed for, both days included (AZ-COST-7)."""
    dataset: Document = {
        "aggregation": {"totalCost": {"name": "PreTaxCost", "function": "Sum"}},
        "grouping": [{"type": "Dimension", "name": "ResourceId"}],
    }
    if len(ids) <= _NAMED:
        dataset["filter"] = {"dimensions": {"name": "ResourceId", "operator": "In", "values": ids}}
    period = {"from": f"{first}T00:00:00+00:00", "to": f"{last}T23:59:59+00:00"}
    return {"type": "ActualCost", "timeframe": "Custom", "timePeriod": period, "dataset": dataset}


def rows_of(answer: Any) -> Iterator[BilledRow]:
    """The rows of one page. Raises MigrateError for what is no such answer."""
    found = properties_of(answer) if isinstance(answer, dict) else {}
    try:
        names = [str(column["name"]).lower() for column in found["columns"]]
        cost, id_, currency = (names.index(name) for name in ("pretaxcost", "resourceid", "currency"))
        for row in found["rows"]:
            yield BilledRow(key_of(str(row[id_])), Decimal(str(row[cost])), str(row[currency]))
    except (KeyError, ValueError, TypeError, IndexError, ArithmeticError) as error:
        raise MigrateError(
            "The answer of Cost Management cannot be read.",
            address="--actual",
            remedy="Run the same command again later, or without --actual.",
        ) from error


def _read(path: Path) -> dict[str, SubscriptionBill]:
    """What is kept, by subscription; a file that cannot be read keeps nothing, and all is asked for again."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != _FORMAT:
            return {}
        return {bill.subscription: bill for bill in map(_kept, found["subscriptions"])}
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return {}


def _kept(found: Mapping[str, Any]) -> SubscriptionBill:
    rows = tuple(BilledRow(row["id"], Decimal(row["amount"]), row["currency"]) for row in found["rows"])
    return SubscriptionBill(**{**found, "ids": tuple(found["ids"]), "rows": rows})


def _write(path: Path, kept: Mapping[str, SubscriptionBill]) -> None:
    content = {"format": _FORMAT, "subscriptions": [_bill(bill) for _, bill in sorted(kept.items())]}
    files.write(path, (json.dumps(content, indent=1) + "\n").encode())


def _bill(bill: SubscriptionBill) -> dict[str, Any]:
    rows = [{"id": row.id, "amount": str(row.amount), "currency": row.currency} for row in bill.rows]
    return {**asdict(bill), "ids": list(bill.ids), "rows": rows}
