"""When a scan is whole, and what it ends with when nothing could be read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.unit.scanning.workspaces import scanned

from amlmigrate.core.errors import DeniedError, ExitCode, MigrateError
from amlmigrate.posture import tagging
from amlmigrate.scanning import scan as scanning
from amlmigrate.scanning import scanfile
from amlmigrate.scanning.counting import COUNTED
from amlmigrate.scanning.scan import Scan, ScanRequest, ScanScope, _in_turn, _nothing
from amlmigrate.scanning.values import Cause, NotKnown, Scanned

COUNTS: dict[str, int | None] = dict.fromkeys(COUNTED, 0)


def gap(cause: Cause, fact: str = "locks") -> NotKnown:
    return NotKnown(fact, "A/read", "So it is.", cause)


def scan(*workspaces: Scanned, **unreadable: NotKnown) -> Scan:
    return Scan(datetime.now(UTC), (), workspaces, unreadable)


def test_what_a_scan_lacks_and_is_whole_all_the_same() -> None:
    whole = scanned(counts=COUNTS)
    assert scan(whole, whole.unknown(gap(Cause.DENIED)), whole.unknown(gap(Cause.MISSING))).complete
    assert not scan(whole.unknown(gap(Cause.FAILED))).complete
    assert not scan(whole, sub=gap(Cause.DENIED)).complete
    assert not scan(scanned(counts=dict.fromkeys(COUNTED))).complete, "nothing of what it holds could be read"
    assert scan(scanned(counts={**dict.fromkeys(COUNTED), "models": 1})).complete


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (refusal(403, "AuthorizationFailed", "No."), Cause.DENIED),
        (refusal(401, "InvalidToken", "No."), Cause.DENIED),
        (DeniedError("Azure gave no token."), Cause.DENIED),
        # It may be there for all that: no knowledge.
        (refusal(404, "SubscriptionNotFound", "No."), Cause.FAILED),
        (refusal(500, "InternalServerError", "No."), Cause.FAILED),
        (silence("reset"), Cause.FAILED),
    ],
)
def test_why_something_is_not_known(error: MigrateError, cause: Cause) -> None:
    assert NotKnown.of("x", "A/read", error).cause is cause


def test_an_answer_names_the_action_that_it_refused() -> None:
    text = "does not have authorization to perform action 'B/c/read' over scope '/s'"
    error = refusal(403, "AuthorizationFailed", text)
    assert NotKnown.of("x", "A/read", error).action == "B/c/read"


@pytest.mark.parametrize(
    ("causes", "code"),
    [
        ((Cause.MISSING, Cause.DENIED, Cause.FAILED), ExitCode.DENIED),
        ((Cause.MISSING, Cause.FAILED), ExitCode.UNEXPECTED),
        ((Cause.MISSING,), ExitCode.BAD_INPUT),
    ],
)
def test_nothing_read_ends_with_the_reason_that_matters_most(causes: tuple[Cause, ...], code: ExitCode) -> None:
    error = _nothing({f"/{n}": gap(cause) for n, cause in enumerate(causes)})
    assert (error.exit_code, bool(error.remedy)) == (code, True)


def test_workspaces_are_read_in_turn_of_their_subscriptions() -> None:
    lists = [[{"id": "a1"}, {"id": "a2"}, {"id": "a3"}], [], [{"id": "b1"}]]
    assert [document["id"] for document in _in_turn(lists)] == ["a1", "b1", "a2", "a3"]


SUBS = ["11111111-aaaa-4bbb-8ccc-00000000000" + digit for digit in "123"]


class _Arm:
    """Three subscriptions, of which one answers oddly when it is listed."""

    async def get(self, path: str) -> dict[str, Any]:
        return {"registrationState": "Registered"}

    async def pages(self, path: str) -> Any:
        subscription = path.split("/")[2]
        if subscription == SUBS[1]:
            raise TypeError("odd")
        for name in ("a", "b"):
            yield {"id": f"/subscriptions/{subscription}/resourceGroups/g/providers/x/workspaces/{name}"}


async def _odd(self: Any, document: dict[str, Any]) -> Scanned:
    """A bug in reading, or an answer that nobody foresaw, of one workspace."""
    if document["id"].endswith("/a") and SUBS[0] in document["id"]:
        raise AttributeError("a secret")
    return scanned(counts=COUNTS)


def test_whatever_goes_wrong_with_one_workspace_or_subscription_stops_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scanning.Details, "read", _odd)
    side: Any = SimpleNamespace(arm=_Arm())
    found = asyncio.run(scanning.scan(side, ScanRequest(ScanScope(tuple(SUBS)), tagging.read())))
    assert len(found.workspaces) == 3 and not found.complete
    one, other = sorted(found.unreadable)
    assert (other, one.rpartition("/")[2]) == (f"/subscriptions/{SUBS[1]}", "a")
    assert "AttributeError" in found.unreadable[one].reason and "secret" not in found.unreadable[one].reason
    assert "TypeError" in found.unreadable[other].reason


def test_one_odd_item_of_a_list_keeps_nothing_else_of_it_away() -> None:
    from amlmigrate.scanning.resources import STORAGE, SurroundingResources

    class Arm:
        async def pages(self, path: str) -> Any:
            for one in ({"name": "odd"}, {"id": "/subscriptions/s/x", "name": "good"}):
                yield one

    found = asyncio.run(SurroundingResources(Arm()).find("/subscriptions/S/x", STORAGE, near="s"))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert found and found["name"] == "good"


def test_of_two_scans_within_a_second_the_later_is_known() -> None:
    first = datetime(2026, 11, 30, 18, 59, 33, 120_000, UTC)
    made = [
        scanfile.header(Scan(at, (), (), {}), tagging.read(), sizes=False)["created"]
        for at in (first, first + timedelta(milliseconds=300))
    ]
    assert datetime.fromisoformat(made[0]) < datetime.fromisoformat(made[1])
