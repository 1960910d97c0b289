"""Names of the directory: whoever is refused there gets none, and asks no more."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from amlmigrate.cloud import directory
from amlmigrate.cloud.credentials import CLOUDS, Login
from amlmigrate.cloud.directory import Directory

IDS = {"1", "2"}


class _Answer:
    def __init__(self, status: int, body: Any) -> None:
        self.status_code, self._body = status, body
        self.headers = {"request-id": f"request-{status}"}

    def json(self) -> Any:
        return self._body


def _directory(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], cloud: str = "AzureCloud") -> list[str]:
    """Puts answers by the end of the path in the place of Graph's; the URLs that are asked."""
    asked: list[str] = []

    class _Client:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        async def __aenter__(self) -> _Client:
            return self

        async def __aexit__(self, *_: object) -> None: ...

        async def send_request(self, request: Any) -> _Answer:
            asked.append(request.url)
            found = next((one for end, one in answers.items() if request.url.endswith(end)), (404, {}))
            if isinstance(found, Exception):
                raise found
            return _Answer(*found)

    monkeypatch.setattr(directory, "AsyncPipelineClient", _Client)
    return asked


async def _names(cloud: str = "AzureCloud") -> dict[str, str]:
    return await Directory(Login(cloud=cloud), None).names(IDS)  # type: ignore[arg-type] # no token is asked for


async def test_a_principal_and_a_person_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"servicePrincipals/1": (200, {"displayName": "ci"}), "users/2": (200, {"displayName": "Ada"})}
    _directory(monkeypatch, answers)
    assert await _names() == {"1": "ci", "2": "Ada"}


async def test_each_call_is_in_the_log_with_the_directorys_id_of_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = _directory(monkeypatch, {"users/1": (200, {"displayName": "Ada"}), "servicePrincipals/2": (403, {})})
    with caplog.at_level(logging.INFO, directory.__name__):
        await _names()
    told = [(each.getMessage(), getattr(each, "request_id", "")) for each in caplog.records]
    assert told == [
        (f"GET {url} was answered {status}", f"request-{status}")
        for url, status in zip(asked, (404, 404, 200, 403), strict=True)
    ]


@pytest.mark.parametrize(
    "answer", [(403, {}), (401, {}), (500, {}), (200, []), ServiceRequestError("no way"), TimeoutError()]
)
async def test_whoever_is_refused_goes_on_by_ids(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    asked = _directory(monkeypatch, {"": answer})
    assert await _names() == {}
    assert len(asked) == (2 if answer == (200, []) else 1), "asked no more once it was refused"


@pytest.mark.parametrize("cloud", CLOUDS)
async def test_each_cloud_has_its_own(monkeypatch: pytest.MonkeyPatch, cloud: str) -> None:
    asked = _directory(monkeypatch, {})
    assert await _names(cloud) == {}
    assert all(url.startswith(f"{CLOUDS[cloud].graph}/v1.0/") for url in asked) and len(asked) == 6


async def _gone() -> set[str]:
    return await Directory(Login(), None).gone(IDS)  # type: ignore[arg-type] # no token is asked for


async def test_whatever_no_object_has_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _directory(monkeypatch, {"getByIds": (200, {"value": [{"id": "2"}]})})
    assert await _gone() == {"1"} and len(asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        *((403, {}), (401, {}), (404, {}), (500, {}), (200, []), (200, {})),
        (200, {"value": [], "@odata.nextLink": "more"}),
        *(ServiceRequestError("no way"), TimeoutError()),
    ],
)
async def test_nothing_is_gone_where_the_directory_does_not_say(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    _directory(monkeypatch, {"": answer})
    assert await _gone() == set()
