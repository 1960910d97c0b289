"""What was billed: asked once a day, kept, and never more than Cost Management showed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.errors import refusal, silence

from amlmigrate.cloud.errors import of_answer, retry_after
from amlmigrate.core.errors import MigrateError
from amlmigrate.figures import actual
from amlmigrate.figures.actual import ActualCosts
from amlmigrate.ledger import exclusive, files

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SUBS = ["11111111-2222-3333-4444-55555555555" + digit for digit in "56"]
ONE, TWO, ELSEWHERE = (
    f"/subscriptions/{sub}/resourceGroups/RG/providers/Microsoft.Storage/storageAccounts/{name}"
    for sub, name in ((SUBS[0], "one"), (SUBS[0], "two"), (SUBS[1], "three"))
)


def answer(*rows: tuple[float, str, str], following: str | None = None) -> dict[str, Any]:
    columns = [{"name": name, "type": "x"} for name in ("PreTaxCost", "ResourceId", "Currency")]
    return {"properties": {"nextLink": following, "columns": columns, "rows": [list(row) for row in rows]}}


class CostArm:
    """Cost Management as far as it is asked: an answer, or what it is refused with, for each page."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def call(self, method: str, path: str, body: dict[str, Any], **more: Any) -> Any:
        assert method == "POST" and more["twice"].harmless
        self.asked.append((path, body))
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return SimpleNamespace(body=found)


def ask(arm: CostArm, folder: Path, *ids: str, now: datetime = NOW) -> ActualCosts:
    return asyncio.run(actual.actual(arm, folder, ids, now))  # type: ignore[arg-type] - as far as it is asked


def test_each_subscription_is_asked_for_its_resources_over_thirty_days_that_are_over(tmp_path: Path) -> None:
    arm = CostArm(
        answer((1.5, ONE.lower(), "EUR"), (9, "/subscriptions/x/else", "EUR"), following="https://next"),
        answer((0.25, ONE, "EUR")),
        answer(),
    )
    found = ask(arm, tmp_path, ONE, TWO, ELSEWHERE)
    [path, body], second, _ = arm.asked
    assert path == f"/subscriptions/{SUBS[0]}/providers/Microsoft.CostManagement/query"
    assert body["timePeriod"] == {"from": "2026-10-31T00:00:00+00:00", "to": "2026-11-29T23:59:59+00:00"}
    assert body["dataset"]["filter"]["dimensions"]["values"] == [ONE.lower(), TWO.lower()]
    assert second == ("https://next", body)
    assert found.sums == {"EUR": Decimal("1.75")}
    assert (found.of([TWO]), found.unread, found.unasked) == ({}, {}, frozenset())
    first, other = found.lines()
    assert "1.75 EUR for 1 resource of 2, as Cost Management showed on 2026-11-30" in first
    assert "nothing is shown for 0 resources of 1" in other


def test_it_is_asked_once_in_a_day_and_then_again(tmp_path: Path) -> None:
    arm = CostArm(answer((2, ONE, "USD")), answer((3, ONE, "USD")))
    for hours, amount in ((0, 2), (1, 2), (23.9, 2), (24, 3)):
        assert ask(arm, tmp_path, ONE, now=NOW + hours * HOUR).sums == {"USD": Decimal(amount)}
    assert len(arm.asked) == 2
    later = ask(arm, tmp_path, ONE, TWO, now=NOW + 25 * HOUR)
    assert later.unasked == {TWO.lower()} and "not known" in [*later.lines()][-1]
    assert ask(CostArm(answer()), tmp_path, ONE, now=NOW - 48 * HOUR).sums == {}, "an answer of the future is none"


def throttled(**headers: str) -> MigrateError:
    body = {"error": {"code": "429", "message": "Too many requests. Please retry."}}
    return of_answer(429, headers, body, method="POST", url="u")


def test_who_is_refused_for_a_time_waits_it_out_over_runs_and_other_subscriptions_are_read(tmp_path: Path) -> None:
    name = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"
    arm = CostArm(throttled(**{name: "7200"}), answer((1, ELSEWHERE, "USD")))
    found = ask(arm, tmp_path, ONE, ELSEWHERE)
    assert list(found.unread) == [SUBS[0]] and found.sums == {"USD": Decimal(1)}
    assert ask(CostArm(), tmp_path, ONE, now=NOW + HOUR).unread == found.unread
    assert ask(CostArm(answer((4, ONE, "USD"))), tmp_path, ONE, now=NOW + 2 * HOUR).sums == {"USD": Decimal(4)}


@pytest.mark.parametrize(
    "wrong",
    [
        refusal(401, "InvalidAuthenticationToken", "no", method="POST"),
        refusal(403, "AuthorizationFailed", "no", method="POST"),
        refusal(404, "SubscriptionNotFound", "no", method="POST"),
        refusal(500, "x", "no", method="POST"),
        silence(),
        None,
        [],
        {"properties": {"columns": [], "rows": []}},
        answer(("much", ONE, "USD")),  # type: ignore[arg-type] - what no answer has
    ],
)
def test_what_cannot_be_read_is_told_and_asked_for_again_after_a_pause(tmp_path: Path, wrong: Any) -> None:
    found = ask(CostArm(wrong), tmp_path, ONE)
    assert (found.sums, list(found.unread)) == ({}, [SUBS[0]])
    assert "not known" in next(found.lines())
    assert next(found.lines()).endswith(" It is asked again from 2026-11-30 12:10:00 UTC on.")
    soon = ask(CostArm(), tmp_path, ONE, now=NOW + timedelta(seconds=599))
    assert (soon.unread, [*soon.lines()]) == (found.unread, [*found.lines()])
    again = ask(CostArm(answer((4, ONE, "USD"))), tmp_path, ONE, now=NOW + timedelta(seconds=600))
    assert again.sums == {"USD": Decimal(4)}


def test_who_is_refused_for_a_time_that_is_not_told_waits_for_an_hour(tmp_path: Path) -> None:
    found = ask(CostArm(throttled()), tmp_path, ONE)
    assert ask(CostArm(), tmp_path, ONE, now=NOW + timedelta(seconds=3599)).unread == found.unread
    assert ask(CostArm(answer((4, ONE, "USD"))), tmp_path, ONE, now=NOW + HOUR).sums == {"USD": Decimal(4)}


def test_pages_that_go_in_circles_are_no_answer(tmp_path: Path) -> None:
    found = ask(CostArm(*[answer((1, ONE, "USD"), following="https://next")] * 3), tmp_path, ONE)
    assert found.sums == {} and "circles" in found.unread[SUBS[0]]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "subscriptions": [{}]}'])
def test_a_file_that_is_none_keeps_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / actual.FILE).write_text(text)
    assert ask(CostArm(answer((4, ONE, "USD"))), tmp_path, ONE).sums == {"USD": Decimal(4)}
    assert json.loads((tmp_path / actual.FILE).read_text())["subscriptions"][0]["rows"][0]["amount"] == "4"


def test_two_runs_at_once_ask_once_and_lose_no_answer(tmp_path: Path) -> None:
    """The second comes while the first asks about two subscriptions, and has had an answer about one."""
    second: list[ActualCosts] = []

    class Slow(CostArm):
        async def call(self, method: str, path: str, body: dict[str, Any], **more: Any) -> Any:
            if SUBS[1] in path:
                second.append(await actual.actual(CostArm(), tmp_path, (ONE, ELSEWHERE), NOW))  # type: ignore[arg-type] - as far as it is asked
            return await super().call(method, path, body, **more)

    first = ask(Slow(answer((1, ONE, "USD")), answer((2, ELSEWHERE, "USD"))), tmp_path, ONE, ELSEWHERE)
    assert first.sums == {"USD": Decimal(3)} and not first.unread
    [found] = second
    assert found.sums == {"USD": Decimal(1)} and "Another command" in found.unread[SUBS[1]]
    assert ask(CostArm(), tmp_path, ONE, ELSEWHERE).sums == first.sums


def test_what_another_run_was_answered_before_this_one_could_ask_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: object, **__: object) -> AbstractContextManager[None]:
        (tmp_path / actual.FILE).write_bytes((tmp_path / "other" / actual.FILE).read_bytes())
        return nullcontext()

    (tmp_path / "other").mkdir()
    ask(CostArm(answer((1, ONE, "USD"))), tmp_path / "other", ONE)
    monkeypatch.setattr(exclusive, "at_once", late)
    assert ask(CostArm(), tmp_path, ONE).sums == {"USD": Decimal(1)}


def test_where_no_lock_can_be_had_it_is_asked_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(exclusive, "at_once", refused)
    assert ask(CostArm(answer((1, ONE, "USD"))), tmp_path, ONE).sums == {"USD": Decimal(1)}


def test_many_resources_are_asked_for_without_naming_them(tmp_path: Path) -> None:
    many = [f"{ONE}{number}" for number in range(101)]
    arm = CostArm(answer((1, many[7], "USD"), (5, f"{ONE}-of-others", "USD")))
    assert ask(arm, tmp_path, *many).sums == {"USD": Decimal(1)}
    assert "filter" not in arm.asked[0][1]["dataset"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"qpu": "9", "entity": "31", "tenant": "x"}, 31),
        ({"client": "5"}, 5),
        ({}, None),
    ],
)
def test_the_longest_of_its_own_headers_counts(headers: Mapping[str, str], seconds: float | None) -> None:
    named = {f"x-ms-ratelimit-microsoft.costmanagement-{one}-retry-after": text for one, text in headers.items()}
    assert retry_after(named) == seconds
    assert retry_after(named | {"Retry-After": "7"}) == max(seconds or 0, 7)


def test_a_small_amount_is_not_told_as_none(tmp_path: Path) -> None:
    found = ask(CostArm(answer((0.003, ONE, "USD"))), tmp_path, ONE)
    assert "0.0030 USD" in next(found.lines()) and found.as_dict()["sums"] == {"USD": 0.003}


def test_who_may_not_write_beside_the_scans_is_told_what_was_billed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, _: bytes) -> Path:
        raise files.FileError(PermissionError(13, "no"), path)

    monkeypatch.setattr(files, "write", refused)
    assert ask(CostArm(answer((4, ONE, "USD"))), tmp_path, ONE).sums == {"USD": Decimal(4)}
