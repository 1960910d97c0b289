"""Errors: the three shapes in which Azure answers, each as one sentence, an exit code and a remedy."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.errors import refusal, silence

from amlmigrate.cloud.errors import ServiceError, of_answer, retry_after, without_query
from amlmigrate.core.errors import ExitCode

# AZ-ARM-1, with recorded bodies.
_INFO = [
    {"type": "ComponentName", "info": {"value": "managementfrontend"}},
    {"type": "Correlation", "info": {"value": {"operation": "6602df59", "request": "b52bd307"}}},
    {"type": "Environment", "info": {"value": "eastus2"}},
    {"type": "Location", "info": {"value": "eastus2"}},
    {"type": "Time", "info": {"value": "2026-03-27T04:05:02.5035826+00:00"}},
]
WITH_DETAILS = {
    "error": {
        "code": "UserError",
        "message": "The specified resource was not found.",
        "details": [
            {
                "code": "ModelNotFound",
                "message": "Model container with name: NAME not found.",
                "details": [],
                "additionalInfo": [],
            }
        ],
        "additionalInfo": _INFO,
    }
}
WITH_INNER_ERROR = {
    "error": {
        "code": "UserError",
        "message": 'Failed to update component c since field "code" is immutable, try specifying a new version.',
        "details": [],
        "additionalInfo": [
            *_INFO,
            {
                "type": "InnerError",
                "info": {"value": {"code": "BadArgument", "innerError": {"code": "ArgumentInvalid"}}},
            },
        ],
    }
}
OTHER_PROVIDER = {
    "error": {
        "code": "UserError",
        "severity": None,
        "message": "Connection NAME can't be found in this workspace",
        "messageFormat": None,
        "target": None,
        "details": [],
        "innerError": {"code": "NotFoundError", "innerError": None},
        "additionalInfo": None,
    },
    "correlation": {"operation": "ab", "request": "cd"},
    "environment": "eastus",
    "componentName": "account-rp",
    "statusCode": 404,
}
GATEWAY = {
    "error": {
        "code": "ResourceNotFound",
        "message": "The Resource 'Microsoft.MachineLearningServices/workspaces/NAME' under resource group 'rg' was"
        " not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    }
}
REFUSED = {
    "error": {
        "code": "AuthorizationFailed",
        "message": "The client 'a@b.com' with object id 'x' does not have authorization to perform action"
        " 'Microsoft.MachineLearningServices/workspaces/models/versions/write' over scope"
        " '/subscriptions/s/resourceGroups/rg' or the scope is invalid. If access was recently granted, please"
        " refresh your credentials.",
    }
}


def _read(status: int, body: Any, **headers: str) -> ServiceError:
    return of_answer(status, headers, body, method="PUT", url="https://management.azure.com/x?api-version=1&sig=s")


@pytest.mark.parametrize(
    ("status", "body", "code", "says"),
    [
        (404, WITH_DETAILS, "UserError", "ModelNotFound Model container with name: NAME not found"),
        (400, WITH_INNER_ERROR, "UserError", 'since field "code" is immutable'),
        (404, OTHER_PROVIDER, "UserError", "Connection NAME can't be found in this workspace"),
        (404, GATEWAY, "ResourceNotFound", "under resource group 'rg' was not found"),
    ],
)
def test_each_shape_is_read(status: int, body: dict[str, Any], code: str, says: str) -> None:
    error = _read(status, body)
    assert (error.status, error.code) == (status, code)
    assert says in error.message
    assert error.summary.startswith(f"PUT was answered {status} {code}: ")
    assert says in error.summary
    assert error.remedy


@pytest.mark.parametrize(
    "body", [None, "", "text", [], {}, {"error": None}, {"error": "text"}, {"error": {"details": None}}]
)
def test_an_answer_of_no_known_shape_still_is_an_error(body: Any) -> None:
    error = _read(502, body)
    assert (error.status, error.code) == (502, "502")
    assert error.transient


def test_an_error_may_stand_at_the_top() -> None:
    assert _read(400, {"code": "Bad", "message": "what"}).code == "Bad"


def test_a_refused_action_names_action_and_scope() -> None:
    error = _read(403, REFUSED)
    action = "'Microsoft.MachineLearningServices/workspaces/models/versions/write'"
    for text in (error.summary, error.remedy):
        assert action in text
        assert "'/subscriptions/s/resourceGroups/rg'" in text
    assert error.exit_code is ExitCode.DENIED


@pytest.mark.parametrize("status", [400, 404, 409, 412, 429, 500, 503])
def test_only_a_refused_identity_or_permission_has_exit_code_6(status: int) -> None:
    assert _read(status, GATEWAY).exit_code is ExitCode.UNEXPECTED
    assert _read(401, GATEWAY).exit_code is ExitCode.DENIED
    assert _read(403, GATEWAY).exit_code is ExitCode.DENIED


def test_the_address_of_an_error_has_no_query() -> None:
    error = _read(404, GATEWAY)
    assert error.address == error.url == "https://management.azure.com/x"
    assert without_query("https://x/y") == "https://x/y"
    assert without_query("https://x/y?sig=secret?x") == "https://x/y"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "0"}, 0.0),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "soon", "x-ms-retry-after-ms": "100"}, 0.1),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_read_in_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == (pytest.approx(seconds) if seconds is not None else None)
    assert _read(429, GATEWAY, **headers).retry_after == retry_after(headers)


def test_no_answer_at_all_is_an_unexpected_failure_that_names_no_secret() -> None:
    error = silence("connection reset", url="https://x/y")
    assert error.exit_code is ExitCode.UNEXPECTED
    assert error.summary == "GET got no answer: connection reset."
    assert "network" in error.remedy


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [
        (400, "UserError", False),
        (400, "AnotherOperationInProgress", True),
        (409, "Conflict", True),
        (503, "X", True),
    ],
)
def test_what_will_be_refused_again_is_not_said_to_be_run_again(status: int, code: str, again: bool) -> None:
    error = refusal(status, code, "no", method="PUT")
    assert ("Run the same command again" in error.remedy) is again
    assert again or "refused again as it is" in error.remedy


@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_subscription_that_takes_no_more_role_assignments_says_how_room_is_made(status: int) -> None:
    error = refusal(status, "RoleAssignmentLimitExceeded", "no", method="PUT")
    assert "az role assignment list --all" in error.remedy and "refused again" not in error.remedy


@pytest.mark.parametrize("in_details", [True, False])
def test_a_refusal_by_a_policy_names_its_assignment_and_that_an_exemption_helps(in_details: bool) -> None:
    """With a message of its own an assignment is named in the details alone."""
    info = [
        {"type": "PolicyViolation", "info": {"policyAssignmentId": "/sub/a"}},
        {"type": "x", "info": {}},
        "odd",
    ]
    text = "Resource 'ws' was disallowed by policy. Reasons: 'Ask us.'."
    more: dict[str, Any] = {"details": [{"additionalInfo": info}]} if in_details else {"additionalInfo": info}
    found = _read(403, {"error": {"code": "RequestDisallowedByPolicy", "message": text, **more}})
    assert found.policies == ("/sub/a",) and "(policy assignment /sub/a)" in found.summary
    assert "exempt" in found.remedy and "/sub/a" in found.remedy and found.exit_code is ExitCode.DENIED
    named = {"error": {"code": "RequestDisallowedByPolicy", "message": "By /SUB/A.", "additionalInfo": info}}
    assert "(policy" not in _read(403, named).summary, "once is enough"
    bare = _read(403, {"error": {"code": "RequestDisallowedByPolicy", "message": text}})
    assert bare.policies == () and "exempt" in bare.remedy and "the message names it" in bare.remedy
