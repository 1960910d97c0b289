"""What Azure answers when it does not do what it was asked: each row of docs/reference/retries.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.world import World

from amlmigrate.cloud.retrying import ATTEMPTS
from amlmigrate.core.clock import READ_BACK_SECONDS

ROWS = Path(__file__).parents[2] / "docs" / "reference" / "retries.md"
ARM, BLOB = r"management\.azure\.com", r"\.blob\."
ENVIRONMENT = {"method": "PUT", "host": ARM, "path": "/environments/py"}
COMPONENT, DATA = (
    {"method": "PUT", "host": ARM, "path": f"/{path}/versions"} for path in ("components/c", "data/d")
)
COPY = {"method": "PUT", "host": BLOB, "path": "/[dm]/"}


def _rule(match: dict[str, Any], action: str = "status", **values: Any) -> dict[str, Any]:
    return {"match": match, "action": action, **values}


def _status(
    match: dict[str, Any], status: int, code: str = "", message: str = "no", **values: Any
) -> dict[str, Any]:
    body = {"body": {"error": {"code": code, "message": message}}} if code else {}
    return _rule(match, status=status, **body, **values)


def _always(match: dict[str, Any]) -> dict[str, Any]:
    return match | {"times": 0}


def _nth(match: dict[str, Any], number: int, times: int = 1) -> dict[str, Any]:
    return match | {"nth": number, "times": times}


@dataclass(frozen=True)
class Row:
    """One row: the faults of a run, how it ends, what it says; `--resume` without them ends well."""

    rules: list[dict[str, Any]]
    code: int = 0
    says: str = ""


FORBIDDEN = (
    "The client 'c' with object id 'o' does not have authorization to perform action"
    " 'Microsoft.MachineLearningServices/workspaces/environments/versions/write' over scope '/subscriptions/s'"
    " or the scope is invalid."
)
# AZ-ABSENT-3.
UNKNOWN_ENVIRONMENT = {
    "error": {
        "code": "UserError",
        "message": "No environment exists for name: py, version: , label: ",
        "details": [],
        "additionalInfo": [
            {"type": "InnerError", "info": {"value": {"code": "NotFoundError", "innerError": None}}}
        ],
    }
}
REGISTERED = "Component c with version 1 is already registered and cannot be changed."
# All in one run, each at a call of its own: what each client makes of each alone is a table of
# tests/contract/test_clients_in_trouble.py.
PASSES = {
    "401, the token expired": [
        _rule(_nth(ENVIRONMENT, 1), "expired_token"),
        _rule(_nth(COPY, 1), "expired_token"),
    ],
    "409 or 429, another operation is under way": [
        _status(_nth(ENVIRONMENT, 2), 409, "AnotherOperationInProgress"),
        _status({"method": "PUT", "path": "/models/m/versions/2"}, 429, "RetryableErrorDueToAnotherOperation"),
    ],
    "429 with `Retry-After`": [_status(_nth(ENVIRONMENT, 3), 429, retry_after=1)],
    "429 without": [
        _status(_nth(ENVIRONMENT, 4), 429),
        _status({"method": "GET", "path": "/models/m/versions"}, 429),
    ],
    "408, 500, 502, 503, 504": [
        *(_status(_nth(ENVIRONMENT, n), status) for n, status in enumerate((408, 500, 502, 503), 5)),
        *(_status(_nth(COPY, n), status) for n, status in enumerate((500, 503, 504), 2)),
        _status({"method": "GET", "path": "/components/"}, 504),
        _status({"method": "PUT", "path": "/models/m/versions/1", "times": ATTEMPTS - 1}, 502, retry_after=0),
    ],
    "a connection dropped before the work": [_rule(_nth(DATA, 1), "drop"), _rule(_nth(COPY, 5), "drop")],
    "a connection dropped after the work": [
        _rule(_nth(DATA, 2), "drop", when="after"),
        _rule(_nth(COPY, 6), "drop", when="after"),
    ],
    "503 `ServerBusy` or 500 `OperationTimedOut` of storage": [
        _status(_nth(COPY, 7, times=4), 503),
        _status(_nth(COPY, 11), 500, headers={"x-ms-error-code": "OperationTimedOut"}),
    ],
    # Equal where an answer was lost and the service refuses the same again.
    "400 or 409, something is there already": [
        _rule(_nth(COMPONENT, 1), "drop", when="after"),
        _status(_nth(COMPONENT, 2), 400, "UserError", REGISTERED),
    ],
    # What was written may not be seen for a minute.
    "a stale first read": [_rule(_nth(ENVIRONMENT, 9), "stale", reads=len(READ_BACK_SECONDS) + 1)],
}
FAILS = {
    "401, the token expired": Row(
        [_rule(_always(ENVIRONMENT), "expired_token")], 6, "answered 401 ExpiredAuthenticationToken"
    ),
    "408, 500, 502, 503, 504": Row(
        [_status(ENVIRONMENT | {"times": ATTEMPTS}, 503, retry_after=0)], 3, "was answered 503 ServiceUnavailable"
    ),
    "403": Row(
        [_status(_always(ENVIRONMENT), 403, "AuthorizationFailed", FORBIDDEN)], 6, "environments/versions/write"
    ),
    "400, any other": Row(
        [_status(_always(ENVIRONMENT), 400, "UserError", "Not to its liking.")], 3, "Not to its liking"
    ),
    "404 that says that the very thing is not there": Row(
        [
            _status(
                _always({"method": "GET", "path": r"/old\d+/environments/py/versions/1"}),
                404,
                body=UNKNOWN_ENVIRONMENT,
            )
        ],
        3,
        "is not what it was when the plan was made",
    ),
    "any other 404, as of a proxy or a region that has not heard of it": Row(
        [_status(_always({"method": "GET", "path": r"/old\d+/environments/py/versions/1"}), 404)],
        3,
        "GET was answered 404 NotFound: A fault on order.",
    ),
}


def _fired(world: World, since: str) -> set[str]:
    """The rules that fired; `stale` alone is told of the reads after the one that a rule fired at."""
    return {row["fault"] for row in world.log(since) if row.get("fault")} - {"stale"}


def test_what_passes(small_world: World) -> None:
    world, rules = small_world, [rule for some in PASSES.values() for rule in some]
    world.ok("plan", *world.names)
    since = world.now()
    result = world.with_faults(rules, "run", "--json")
    assert result.code == 0, result.out[-2000:]
    assert len(_fired(world, since)) == len(rules)
    # What is stale stays so for the first listing too; one that is looked at later is not.
    assert world.items("environments/py/versions") is not None
    assert world.ok("verify", "--json").event("verify.end")["green"] is True


def test_what_fails_and_goes_on_when_it_is_over(small_world: World) -> None:
    world = small_world
    more: list[str] = []
    world.ok("plan", *world.names)
    for what, row in FAILS.items():
        result = world.with_faults(row.rules, "run", *more)
        assert result.code == row.code, (what, result.out + result.err)
        assert row.says in result.out + result.err, what
        more = ["--resume"]
    world.ok("run", "--resume")
    world.ok("verify")


ELSEWHERE = {
    # tests/acceptance/test_drift.py and test_changed_target.py.
    "412, the source's blob changed": "drift",
    "412, the target's blob is taken": "theirs",
    # tests/acceptance/test_decommissioning_ends.py and tests/unit/decommissioning/test_removal_calls.py.
    "a long-running operation that fails": "failed",
    "a long-running operation that is cancelled": "cancelled",
    # Killed while the source goes: tests/acceptance/test_decommissioning.py.
    "a long-running operation that outlives the client": "tombstone",
    # tests/acceptance/test_decommissioning_gone.py.
    "the operation of the source's deletion, after a kill": "gone",
    # With a time of its own: tests/contract/test_hanging.py and test_calls_in_trouble.py.
    "an answer that hangs": "hang",
    "a copy inside Azure that hangs": "hang",
    # tests/unit/cloud/test_hashing.py and tests/contract/test_long_blobs.py.
    "a read of bytes that is answered with others, or that breaks off": "ranges",
    # tests/unit/cloud/test_transport.py and tests/unit/posture/test_reading.py.
    "a connection that is not made": "connect",
    "a vault that does not answer when its key is read": "vault",
    # tests/contract/kinds/test_calls.py.
    "a list of versions without the one that its name calls the latest, which is there": "behind",
    # Later than they are read: tests/acceptance/test_freezing.py and test_provisioning.py.
    "a role assignment that `freeze` removed or restored, and that still reads as before": "stale",
    "what `provision` wrote, and that still reads as before": "stale",
    "a role that `provision` assigned and that has not taken effect": "late",
}


def test_every_row_has_its_test() -> None:
    told = {row.strip() for row in re.findall(r"^\| ([^|]+) \|", ROWS.read_text(), re.MULTILINE)}
    assert told - {"what happens", "---"} == set(PASSES) | set(FAILS) | set(ELSEWHERE)
