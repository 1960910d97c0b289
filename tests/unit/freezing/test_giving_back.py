"""What a freeze takes it gives back, exactly that, by a record that nobody else wrote."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.world import OLD_ID, plan

from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.errors import BadInputError, MigrateError, RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.freezing import freeze, record
from amlmigrate.freezing.record import Assignment, Record, State
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.evidence import Evidence

PLAN = plan()


def _error(status: int, code: str) -> ServiceError:
    return ServiceError(status, code, "no", method="PUT", url="https://management.azure.com/x")


class Roles:
    """The assignments that there are, and what happens to calls about some of them."""

    def __init__(self, *there: str, put: dict[str, MigrateError] | None = None) -> None:
        self.there = {id_: _document(id_) for id_ in there}
        self.put, self.remove_error = put or {}, dict[str, MigrateError]()
        self.asked: list[str] = []

    async def get(self, id_: str) -> dict[str, Any] | None:
        """One, or None."""
        return self.there.get(id_)

    async def remove(self, id_: str) -> None:
        """Takes one away."""
        self.asked.append(id_)
        if error := self.remove_error.get(id_):
            raise error
        self.there.pop(id_, None)

    async def assign(self, id_: str, properties: dict[str, Any]) -> bool:
        """Makes one."""
        self.asked.append(id_)
        if error := self.put.get(id_):
            raise error
        self.there[id_] = {"id": id_, "properties": properties}
        return True


def _document(id_: str) -> dict[str, Any]:
    return {"id": id_, "properties": {"principalId": f"p{id_}", "roleDefinitionId": "role", "scope": "/ws"}}


def _one(id_: str, state: State = State.TAKEN) -> Assignment:
    return replace(Assignment.of(_document(id_), "writer"), state=state)


def _record(*assignments: Assignment, sha256: str = PLAN.sha256, source: str = OLD_ID) -> Record:
    return Record({"name": "ws1", "sha256": sha256}, {"id": "/ws", "workspaceId": source}, assignments, {}, "now")


def _back(roles: Roles, known: Record) -> tuple[freeze.Back, list[Record]]:
    kept: list[Record] = []
    return asyncio.run(freeze.give_back(roles, known, kept.append, ignore)), kept  # type: ignore[arg-type]


def test_only_what_was_taken_and_not_given_is_given() -> None:
    roles = Roles()
    came, kept = _back(roles, _record(_one("a"), _one("b", State.LISTED), _one("c", State.GIVEN), _one("d")))
    assert roles.asked == ["a", "d"] and set(roles.there) == {"a", "d"}
    assert [one.id for one in came.made] == ["a", "d"] and came.record.state == "back"
    # Each is on disk as given before the next is asked for.
    assert [[one.id for one in known.taken] for known in kept] == [["d"], []]


def test_what_was_given_back_and_taken_by_somebody_else_since_is_not_given_again() -> None:
    roles = Roles(put={"b": _error(400, "PrincipalNotFound")})
    came, _ = _back(roles, _record(_one("a"), _one("b")))
    del roles.there["a"]
    again, _ = _back(roles, came.record)
    assert "a" not in roles.there and [one.id for one, _ in again.failed] == ["b"]


@pytest.mark.parametrize("error", [_error(400, "PrincipalNotFound"), _error(403, "AuthorizationFailed"),
                                   _error(404, "ResourceGroupNotFound"), _error(500, "InternalServerError")])  # fmt: skip
def test_one_that_cannot_be_given_does_not_keep_the_rest(error: ServiceError) -> None:
    roles = Roles(put={"a": error})
    came, _ = _back(roles, _record(_one("a"), _one("b")))
    assert set(roles.there) == {"b"} and [one.id for one in came.record.taken] == ["a"]
    [(one, why)] = came.failed
    assert one.id == "a" and error.code in why and came.denied is (error.status == 403)


def test_where_nothing_answers_the_rest_is_named() -> None:
    roles = Roles(put={"b": OutOfReachError("timed out", method="PUT", url="x")})
    came, _ = _back(roles, _record(_one("a"), _one("b"), _one("c")))
    assert set(roles.there) == {"a"} and [one.id for one, _ in came.failed] == ["b", "c"]
    assert [one.id for one in came.record.taken] == ["b", "c"] and "c" not in roles.asked


def test_another_assignment_under_the_name_stays_and_is_told() -> None:
    roles = Roles()
    roles.there["a"] = {"id": "a", "properties": _document("a")["properties"] | {"principalId": "somebody else"}}
    came, _ = _back(roles, _record(_one("a")))
    [(_, why)] = came.failed
    assert "another one of this name: principalId differ" in why and roles.asked == []


def test_a_deletion_that_is_refused_took_nothing() -> None:
    roles, kept = Roles("a", "b"), list[Record]()
    roles.remove_error["b"] = _error(403, "AuthorizationFailed")
    both = [_one("a", State.LISTED), _one("b", State.LISTED)]
    with pytest.raises(ServiceError):
        asyncio.run(freeze.take_away(roles, _record(*both), both, kept.append, ignore))  # type: ignore[arg-type]
    assert [one.id for one in kept[-1].taken] == ["a"]
    assert [one.id for one in kept[-2].taken] == ["a", "b"], "before the call it counts as taken"


@pytest.mark.parametrize("doubtful", [True, False])
def test_a_deletion_of_which_nothing_is_known_counts_as_taken(doubtful: bool) -> None:
    roles, kept = Roles("a"), list[Record]()
    error: Any = _error(409, "Conflict") if doubtful else OutOfReachError("broke", method="DELETE", url="x")
    error.doubtful = doubtful
    roles.remove_error["a"] = error
    with pytest.raises(MigrateError):
        asyncio.run(freeze.take_away(roles, _record(_one("a", State.LISTED)), [_one("a")], kept.append, ignore))  # type: ignore[arg-type]
    assert [one.id for one in kept[-1].taken] == ["a"]


# The record on disk.


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path) as opened:
        opened.bind(PLAN)
        yield opened


def _trusted(ledger: Ledger) -> Record | None:
    folder = ledger.path.parent
    return record.trusted(folder, ledger, PLAN, Evidence(folder, ledger).reports())


def test_the_record_that_was_written_is_trusted(ledger: Ledger) -> None:
    assert _trusted(ledger) is None
    known = _record(_one("a"), _one("b", State.GIVEN))
    record.write(ledger.path.parent, ledger, known)
    assert _trusted(ledger) == known


def test_a_record_that_somebody_else_wrote_gives_nobody_rights(ledger: Ledger) -> None:
    path = ledger.path.parent / record.FILE
    path.write_bytes(_record(_one("owner for me")).data())
    with pytest.raises(RefusedError, match="not the one that was written"):
        _trusted(ledger)
    record.write(ledger.path.parent, ledger, _record(_one("a")))
    path.write_bytes(path.read_bytes().replace(b'"pa"', b'"me"'))
    with pytest.raises(RefusedError, match="not the one that was written"):
        _trusted(ledger)


@pytest.mark.parametrize("other", [{"sha256": "00" * 32}, {"source": "another"}])
def test_a_record_of_another_plan_or_source_is_refused(ledger: Ledger, other: dict[str, str]) -> None:
    record.write(ledger.path.parent, ledger, _record(_one("a"), **other))
    with pytest.raises(RefusedError, match="another plan or another source"):
        _trusted(ledger)


@pytest.mark.parametrize("written", [False, True])
def test_one_that_was_cut_off_while_it_was_written_is_trusted(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    folder = ledger.path.parent
    record.write(folder, ledger, _record(_one("a", State.LISTED)))
    write = record.files.write

    def dies(path: Path, data: bytes) -> None:
        if written:
            write(path, data)
        raise KeyboardInterrupt

    monkeypatch.setattr(record.files, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        record.write(folder, ledger, _record(_one("a")))
    known = _trusted(ledger)
    assert known is not None and bool(known.taken) is written


@pytest.mark.parametrize(("state", "kind"), [("frozen", "freeze"), ("thawed", "thaw")])
def test_a_record_and_a_chain_of_an_earlier_version_are_read(ledger: Ledger, state: str, kind: str) -> None:
    """It told how far all assignments together were, and called giving back a thaw."""
    folder = ledger.path.parent
    older = json.loads(_record(_one("a")).data()) | {"state": state}
    del older["assignments"][0]["state"]
    (folder / record.FILE).write_text(json.dumps(older))
    file = {"name": record.FILE, "sha256": decisions.of_file(folder / record.FILE)}
    reports = [Evidence(folder, ledger).add(kind, {"format": 1, "file": file})]
    known = _trusted(ledger)
    assert known is not None and [one.id for one in known.taken] == (["a"] if state == "frozen" else [])
    assert decisions.freeze_state(reports) == reports[0] and decisions.problems(ledger, reports) == []


def test_a_record_that_has_no_report_yet_is_told_apart_from_a_changed_one(ledger: Ledger) -> None:
    folder = ledger.path.parent
    record.write(folder, ledger, _record(_one("a")))
    file = {"name": record.FILE, "sha256": decisions.of_file(folder / record.FILE)}
    reports = [Evidence(folder, ledger).add("freeze", {"file": file})]
    record.write(folder, ledger, _record(_one("a", State.GIVEN)))
    [problem] = decisions.problems(ledger, reports)
    assert "has no report yet" in problem and "again" in problem
    (folder / record.FILE).write_text("{}")
    assert decisions.problems(ledger, reports) == ["freeze.json is not the one that was recorded."]
    with pytest.raises(BadInputError):
        _trusted(ledger)
