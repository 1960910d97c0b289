"""What Azure's clients raise is translated in one place, and comes to one of the tool's own shapes."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core import exceptions as core
from azure.identity import CredentialUnavailableError
from azure.storage.blob import StorageErrorCode
from tests.builders.errors import refusal

import amlmigrate
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.translating import RAISED, by_itself, signed_in, translated
from amlmigrate.core.errors import DeniedError, ExitCode, MigrateError

PACKAGE = Path(amlmigrate.__file__).parent
URL = "https://a.blob.core.windows.net/c/b?sig=SECRET"
FORBIDDEN = {
    "error": {"code": "Forbidden", "message": "Not allowed.\nCaller: x", "innererror": {"code": "ForbiddenByRbac"}}
}


def _answer(status: int, body: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimpleNamespace(status_code=status, reason="Reason", headers=named, text=lambda: body, request=None)


def _of(kind: type[core.HttpResponseError], status: int, body: str = "", **headers: str) -> core.HttpResponseError:
    return kind("The words.\nRequestId:1\nTime:2", response=_answer(status, body, **headers))


def _of_storage(status: int, code: str, **headers: str) -> core.HttpResponseError:
    error = _of(core.ResourceExistsError, status, **headers)
    error.error_code = StorageErrorCode(code)  # type: ignore[attr-defined]  # a member that the service sets
    return error


async def _told(error: BaseException) -> MigrateError:
    async def call() -> None:
        raise error

    with pytest.raises(MigrateError) as caught:
        await translated("GET", URL, call)
    assert caught.value.__cause__ is error
    assert "SECRET" not in f"{caught.value} {caught.value.address}"
    return caught.value


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (_of_storage(409, "BlobAlreadyExists"), 409, "BlobAlreadyExists", "The words."),
        (_of(core.HttpResponseError, 403, x_ms_error_code="AuthorizationFailure"), 403, "AuthorizationFailure", "The words."),
        (_of(core.ClientAuthenticationError, 401), 401, "401", "The words."),
        (_of(core.DecodeError, 403, "<no XML", x_ms_error_code="AuthorizationFailure"), 403, "AuthorizationFailure", "The words."),
        (_of(core.DecodeError, 404, "<no XML"), 404, "404", "The words."),
        (_of(core.HttpResponseError, 403, json.dumps(FORBIDDEN)), 403, "ForbiddenByRbac", "Not allowed."),
        (_of(core.ResourceNotFoundError, 404, '{"error":{"code":"KeyNotFound","message":"no"}}'), 404, "KeyNotFound", "no"),
        (_of(core.ResourceModifiedError, 412), 412, "412", "The words."),
        (_of(core.HttpResponseError, 503, "<html>busy</html>"), 503, "503", "The words."),
    ],
)  # fmt: skip
async def test_an_answer_has_the_services_own_code(error: Exception, status: int, code: str, message: str) -> None:
    told = await _told(error)
    assert isinstance(told, ServiceError)
    assert (told.status, told.code, told.message) == (status, code, message)
    assert (told.exit_code is ExitCode.DENIED) is (status in (401, 403))


async def test_a_busy_service_whose_words_nobody_can_read_is_waited_for_as_it_asks() -> None:
    busy = await _told(_of(core.DecodeError, 503, "<no XML", x_ms_error_code="ServerBusy", Retry_After="7"))
    assert isinstance(busy, ServiceError) and busy.transient
    assert (busy.code, busy.retry_after) == ("ServerBusy", 7.0)


async def test_an_answer_keeps_the_time_to_wait_and_what_the_source_of_a_copy_said() -> None:
    told = await _told(
        _of_storage(409, "CannotVerifyCopySource", Retry_After="7", x_ms_copy_source_error_code="BlobArchived")
    )
    assert isinstance(told, ServiceError)
    assert told.retry_after == 7.0 and told.codes == ("CannotVerifyCopySource", "BlobArchived") and told.shut


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (core.ServiceRequestError("no route"), "no route"),
        (core.ServiceRequestTimeoutError("too slow"), "too slow"),
        (core.ServiceResponseError("reset by peer"), "reset by peer"),
        (core.ServiceResponseTimeoutError("too slow"), "too slow"),
        (TimeoutError(), "TimeoutError"),
        # It began as a success.
        (core.IncompleteReadError("10 of 20 bytes", response=_answer(200)), "10 of 20 bytes"),
        (core.HttpResponseError("broke off", response=_answer(206)), "broke off"),
        (core.HttpResponseError("nothing"), "nothing"),
        (core.DecodeError("no XML", response=_answer(200)), "unreadable answer: no XML"),
        (core.DeserializationError("no date"), "unreadable answer: no date"),
        (core.AzureError("anything else"), "anything else"),
    ],
)
async def test_no_answer_is_one_whatever_the_client_calls_it(error: Exception, reason: str) -> None:
    told = await _told(error)
    assert isinstance(told, OutOfReachError) and told.summary == f"GET got no answer: {reason}."


def _kinds() -> Iterator[type[BaseException]]:
    for found in vars(core).values():
        if isinstance(found, type) and issubclass(found, core.AzureError):
            yield found


def test_every_exception_of_azure_core_is_in_the_table() -> None:
    """Of those that a client raises over its call, none comes through as it is."""
    assert len(list(_kinds())) > 15
    assert all(issubclass(kind, RAISED) for kind in _kinds())
    assert issubclass(CredentialUnavailableError, RAISED)


@pytest.mark.parametrize("error", [KeyError("bug"), refusal(404, "X", "y")])
async def test_what_is_no_clients_is_raised_as_it_is(error: Exception) -> None:
    async def call() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await translated("GET", URL, call)
    assert caught.value is error


CHAIN = "DefaultAzureCredential failed.\nAttempted credentials:\n\tEnvironmentCredential: {}\nTo mitigate, see"

NOBODY = CHAIN.format(
    "variables are not set\n\tAzureCliCredential: Please run 'az login'\n\tAzureDeveloperCliCredential: not found"
)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        # Of all that failed, the way by which people sign in.
        (CredentialUnavailableError(NOBODY), DeniedError, "AzureCliCredential: Please run 'az login'"),
        (
            core.ClientAuthenticationError(CHAIN.format("AADSTS700016: no such application")),
            DeniedError,
            "AADSTS700016",
        ),
        (CredentialUnavailableError(CHAIN.format("variables are not set")), DeniedError, "variables are not set"),
        (
            core.ClientAuthenticationError(CHAIN.format("Cannot connect to host x")),
            OutOfReachError,
            "Cannot connect",
        ),
        (core.ServiceRequestError("no route"), OutOfReachError, "Signing in got no answer: no route"),
    ],
)
async def test_no_token_is_a_refusal_or_out_of_reach(
    error: Exception, kind: type[MigrateError], says: str
) -> None:
    async def call() -> None:
        raise error

    with pytest.raises(kind, match=says):
        await signed_in("scope", call)


@pytest.mark.parametrize(
    ("error", "asked", "said"),
    [
        (core.DecodeError("odd\nmore"), True, "unreadable answer: odd"),
        (core.ServiceResponseError("cut"), True, "unreadable answer: cut"),
        (core.ClientAuthenticationError("nobody"), True, "no token: nobody"),
        (core.HttpResponseError("nothing"), False, "no token: nothing"),
        (core.HttpResponseError("nothing"), True, None),
        (ValueError("its own"), False, None),
    ],
)
def test_what_failed_by_itself_is_told_from_what_the_client_has_no_use_for(
    error: Exception, asked: bool, said: str | None
) -> None:
    found = by_itself(error, asked=asked)
    assert (found is None) is (said is None)
    assert found is None or said in found.summary  # type: ignore[operator]  # `said` is a text where something is found


def _names(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Where a module takes names from, and which."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((one.name, "") for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", one.name) for one in node.names)


def _known(path: Path) -> list[str]:
    """The exceptions of Azure's clients, and of what they are built on, that a module names."""
    return [
        f"{module} {name}"
        for module, name in _names(ast.parse(path.read_text()))
        if module.split(".")[0] in ("azure", "msal", "aiohttp", "requests", "msrest")
        and (module.endswith("exceptions") or name.endswith(("Error", "Exception")) or name == "exceptions")
    ]


def test_no_other_module_knows_the_clients_exceptions() -> None:
    known = {str(path.relative_to(PACKAGE)): found for path in PACKAGE.rglob("*.py") if (found := _known(path))}
    assert set(known) == {"cloud/translating.py"}
