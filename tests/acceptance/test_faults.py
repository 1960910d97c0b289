"""What Azure answers when it does not do what it was asked: each row of docs/reference/retries.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import Result, World

from amlmigrate.cloud.retrying import ATTEMPTS
from amlmigrate.running.document_executor import _READ_BACK_SECONDS

ROWS = Path(__file__).parents[2] / "docs" / "reference" / "retries.md"
ARM, BLOB = r"management\.azure\.com", r"\.blob\."
ENVIRONMENT = {"method": "PUT", "host": ARM, "path": "/environments/py"}
COPY = {"method": "PUT", "host": BLOB}


def _rule(match: dict[str, Any], action: str = "status", **values: Any) -> dict[str, Any]:
    return {"match": match, "action": action, **values}


def _status(
    match: dict[str, Any], status: int, code: str = "", message: str = "no", **values: Any
) -> dict[str, Any]:
    body = {"body": {"error": {"code": code, "message": message}}} if code else {}
    return _rule(match, status=status, **body, **values)


def _always(match: dict[str, Any]) -> dict[str, Any]:
    return match | {"times": 0}


@dataclass(frozen=True)
class Row:
    """One row: the faults of a run, how it ends, what it says; afterwards `--resume` without them ends well."""

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
PASSES = {
    "401, the token expired": [_rule(ENVIRONMENT, "expired_token"), _rule(COPY, "expired_token")],
    "409 or 429, another operation is under way": [
        _status(ENVIRONMENT, 409, "AnotherOperationInProgress"),
        _status({"method": "PUT", "path": "/models/m/"}, 429, "RetryableErrorDueToAnotherOperation"),
    ],
    "429 with `Retry-After`": [_status(ENVIRONMENT, 429, retry_after=1)],
    "429 without": [_status(ENVIRONMENT, 429), _status({"method": "GET", "path": "/models/m/versions"}, 429)],
    "408, 500, 502, 503, 504": [
        *(_status(ENVIRONMENT | {"nth": n}, status) for n, status in enumerate((408, 500, 502, 503), 1)),
        *(_status(COPY | {"nth": n}, status) for n, status in enumerate((500, 503, 504), 1)),
        _status({"method": "GET", "path": "/components/"}, 504),
        _status({"method": "PUT", "path": "/models/m/versions/1", "times": ATTEMPTS - 1}, 502, retry_after=0),
    ],
    "a connection dropped before the work": [_rule(ENVIRONMENT, "drop"), _rule(COPY, "drop")],
    "a connection dropped after the work": [
        _rule(ENVIRONMENT, "drop", when="after"),
        _rule(COPY | {"nth": 2}, "drop", when="after"),
    ],
    "503 `ServerBusy` or 500 `OperationTimedOut` of storage": [
        _status(COPY | {"times": 5}, 503),
        _status(COPY | {"nth": 6}, 500, headers={"x-ms-error-code": "OperationTimedOut"}),
    ],
    # What was written may not be seen for a minute.
    "a stale first read": [_rule(ENVIRONMENT, "stale", reads=len(_READ_BACK_SECONDS) + 1)],
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


@pytest.mark.parametrize("what", PASSES)
def test_what_passes(small_world: World, what: str) -> None:
    world, rules = small_world, PASSES[what]
    world.ok("plan", *world.names)
    since = world.now()
    result = world.with_faults(rules, "run", "--json")
    assert result.code == 0, result.out[-2000:]
    assert len(_fired(world, since)) == len(rules)
    # What is stale stays so for the first listing too; one that is looked at later is not.
    assert world.items("environments/py/versions") is not None
    assert world.ok("verify", "--json").event("verify.end")["green"] is True


@pytest.mark.parametrize("what", FAILS)
def test_what_fails_and_goes_on_when_it_is_over(small_world: World, what: str) -> None:
    world, row = small_world, FAILS[what]
    world.ok("plan", *world.names)
    result = world.with_faults(row.rules, "run")
    assert result.code == row.code, result.out + result.err
    assert row.says in result.out + result.err
    for rule in row.rules:
        # What is stale stays so for as many listings too.
        for _ in range(rule.get("reads", 0)):
            assert world.items("environments/py/versions") is not None
    world.ok("run", "--resume")
    world.ok("verify")


def _left(result: Result) -> dict[str, tuple[str, str]]:
    return {item["address"]: (item["outcome"], item["detail"]) for item in result.event("run.end")["left"]}


def test_something_is_there_already(small_world: World) -> None:
    """Equal where an answer was lost and the service refuses the same again; else a conflict."""
    world = small_world
    world.ok("plan", *world.names)
    registered = "Environment py with version 1 is already registered and cannot be changed."
    lost = [
        _rule(ENVIRONMENT, "drop", when="after"),
        _status(ENVIRONMENT | {"nth": 2}, 400, "UserError", registered),
    ]
    since = world.now()
    assert world.with_faults(lost, "run").code == 0
    assert len(_fired(world, since)) == 2
    world.ok("verify")


def test_something_else_is_there_already(small_world: World) -> None:
    world = small_world
    world.ok("plan", *world.names)
    other = {"properties": {"image": "mcr.microsoft.com/other:1"}}
    result = world.meanwhile(
        _rule(ENVIRONMENT, "delay", seconds=4),
        "environments/py",
        lambda: world.put("environments/py/versions/1", other, into="target"),
    )
    assert result.code == 3, result.out[-2000:]
    outcome, why = _left(result)["environments/py/1"]
    assert outcome == "failed" and "/properties/image differs" in why
    assert world.get("environments/py/versions/1")["properties"]["image"] == "mcr.microsoft.com/other:1"


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_blob_changes_under_its_copy(small_world: World, side: str) -> None:
    world = small_world
    world.ok("plan", *world.names)

    def write() -> None:
        with world.container_client(side) as client:
            client.upload_blob("m/1/a", b"somebody else's", overwrite=True)

    rule = _rule({"method": "PUT", "host": BLOB, "path": "/m/1/a$"}, "delay", seconds=4)
    result = world.meanwhile(rule, "blobs/", write)
    assert result.code == 3, result.out[-2000:]
    left = _left(result)
    [(outcome, why)] = [left[address] for address in left if address.startswith("blobs/")]
    assert outcome == "failed"
    assert ("changed while it was copied" if side == "source" else "another one than the source's") in why
    assert left["models/m/1"][0] == "blocked"


OPERATION = {"method": "GET", "path": "operation"}
ENDS = {
    "fails": {"status": "Failed", "error": {"code": "InternalServerError", "message": "It broke on the way."}},
    "is cancelled": {"status": "Canceled", "error": {"code": "Canceled", "message": "Somebody stopped it."}},
}


@pytest.mark.parametrize("how", ENDS)
def test_a_long_running_operation(small_world: World, how: str) -> None:
    world = small_world
    for command in (("plan", *world.names), ("run",), ("verify",)):
        world.ok(*command)
    confirm = ("--confirm", f"{world.group}/{world.source}", "--soak", "0")
    rule = _rule(OPERATION, status=200, body=ENDS[how])
    result = world.with_faults([rule], "decommission", f"plans/{world.source}", *confirm)
    assert result.code == 1 and ENDS[how]["error"]["message"] in result.err  # type: ignore[index]
    # What it did is seen from the workspace itself, not from what the operation said.
    world.ok("decommission", f"plans/{world.source}", *confirm)
    assert world.status("source") == 404


ELSEWHERE = {
    "400 or 409, something is there already": test_something_else_is_there_already,
    "412, the source's blob changed": test_a_blob_changes_under_its_copy,
    "412, the target's blob is taken": test_a_blob_changes_under_its_copy,
    "a long-running operation that fails": test_a_long_running_operation,
    "a long-running operation that is cancelled": test_a_long_running_operation,
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
