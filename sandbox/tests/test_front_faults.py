"""Faults on order, as clients meet them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from live import bearer

from azsandbox import Sandbox
from azsandbox.cli import main

GROUPS = "https://management.azure.com/subscriptions/{0}/resourceGroups"
VERSION = {"api-version": "2022-09-01"}


class Faults:
    """Sets the rules of the running sandbox, and asks it."""

    def __init__(self, state: Path, folder: Path) -> None:
        self.state, self._file = state, folder / "faults.json"
        self.url = GROUPS.format(os.environ["AZURE_SUBSCRIPTION_ID"])
        self.session = requests.Session()
        self.session.headers["Authorization"] = bearer(os.environ)

    def set(self, *rules: dict[str, Any]) -> None:
        self._file.write_text(json.dumps({"rules": rules}))
        assert main(["faults", "--state", str(self.state), "set", str(self._file)]) == 0

    def get(self, name: str = "", timeout: float = 10, **more: str) -> requests.Response:
        return self.session.get(f"{self.url}{name}", params={**VERSION, **more}, timeout=timeout)

    def put(self, name: str, **tags: str) -> requests.Response:
        body = {"location": "eastus2", "tags": tags}
        return self.session.put(f"{self.url}/{name}", params=VERSION, json=body, timeout=10)


@pytest.fixture
def faults(azure_env: Sandbox, tmp_path: Path) -> Iterator[Faults]:
    made = Faults(azure_env.state, tmp_path)
    with made.session:
        yield made
    assert main(["faults", "--state", str(azure_env.state), "clear"]) == 0


def test_a_status_with_body_and_retry_after_at_the_second_call_only(faults: Faults) -> None:
    body = {"error": {"code": "Busy", "message": "later"}}
    match = {"method": "^GET$", "host": "management", "path": "/resourceGroups$", "nth": 2}
    faults.set({"match": match, "action": "status", "status": 429, "body": body, "retry_after": 7})
    answers = [faults.get() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert answers[1].json() == body
    assert answers[1].headers["Retry-After"] == "7"


def test_a_connection_dropped_before_the_work_and_one_after_it(faults: Faults) -> None:
    for when, status in (("before", 404), ("after", 200)):
        name = f"drop-{when}"
        faults.set({"match": {"method": "PUT", "path": name}, "action": "drop", "when": when})
        with pytest.raises(requests.ConnectionError):
            faults.put(name)
        assert faults.get(f"/{name}").status_code == status


def test_slow_and_stuck_answers(faults: Faults) -> None:
    faults.set(
        {"match": {"path": "/slow"}, "action": "delay", "seconds": 0.5},
        {"match": {"path": "/stuck"}, "action": "hang"},
    )
    started = time.monotonic()
    assert faults.get("/slow").status_code == 404
    assert time.monotonic() - started >= 0.5
    with pytest.raises(requests.ReadTimeout):
        faults.get("/stuck", timeout=0.5)


def test_the_first_read_after_a_change_is_stale_in_the_item_and_in_its_list(faults: Faults) -> None:
    faults.set({"match": {"method": "PUT", "path": "/fresh$", "times": 2}, "action": "stale", "reads": 1})
    faults.put("fresh", colour="red")
    assert [faults.get("/fresh").status_code for _ in range(2)] == [404, 200]
    listed = [[group["name"] for group in faults.get().json()["value"]] for _ in range(2)]
    assert ["fresh" in names for names in listed] == [False, True]
    faults.put("fresh", colour="blue")
    assert [faults.get("/fresh").json()["tags"]["colour"] for _ in range(2)] == ["red", "blue"]


def test_an_expired_token_in_the_words_of_the_service(faults: Faults) -> None:
    faults.set({"action": "expired_token", "match": {"path": "/resourceGroups"}})
    answer = faults.get()
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="finds callers by /proc, which is Linux's")
@pytest.mark.parametrize(("when", "status"), [("before", 404), ("after", 200), ("answered", 200)])
def test_the_calling_process_is_killed(faults: Faults, when: str, status: int) -> None:
    name = f"killed-{when}"
    faults.set({"match": {"method": "PUT", "path": name}, "action": "kill", "when": when})
    program = "import sys,time,requests; requests.put(sys.argv[1], json={'location':'eastus2'}, headers=" + (
        "{'Authorization': sys.argv[2]}, timeout=10); time.sleep(10)"
    )
    url = f"{faults.url}/{name}?api-version=2022-09-01"
    command = [sys.executable, "-c", program, url, str(faults.session.headers["Authorization"])]
    assert subprocess.run(command, timeout=30, check=False).returncode == -9
    assert faults.get(f"/{name}").status_code == status


def test_rules_that_say_nothing_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rules.json"
    for text, word in (
        ("nonsense", "JSON"),
        ('[{"action": "melt"}]', "action"),
        ('[{"action":"drop","match":{"p":"x"}}]', "p"),
    ):
        file.write_text(text)
        assert main(["faults", "--state", str(tmp_path), "set", str(file)]) == 2
        assert word in capsys.readouterr().err
