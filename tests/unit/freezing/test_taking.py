"""What is taken is recorded as it was just then, before and after; what nobody can prove is not called taken."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import OLD
from tests.unit.freezing.assigned import ACCOUNT, Azure, Folder, Killed, attempt, document, guid, id_of, one

from amlmigrate.core.freeze_record import Assignment, FreezeState
from amlmigrate.freezing import atomic_deeds, freeze
from amlmigrate.freezing.assignment_ends import ending
from amlmigrate.ledger import files
from amlmigrate.ledger.files import FileError


def test_each_is_recorded_before_and_after(folder: Folder) -> None:
    azure = Azure(document("a"), document("b", ACCOUNT))
    came = folder.freeze(azure, one("a"), one("b", scope=ACCOUNT))
    a, b = id_of("a"), id_of("b", ACCOUNT)
    assert folder.deeds() == [(a, "taking"), (a, "taken"), (b, "taking"), (b, "taken")]
    assert azure.names() == set() and [each.id for each in came.taken] == [a, b]


def test_a_deed_is_on_disk_before_the_call(folder: Folder) -> None:
    azure = Azure(document("a"))
    azure.before["remove", id_of("a")] = Killed()
    assert isinstance(attempt(folder, azure, one("a")), Killed)
    assert folder.deeds() == [(id_of("a"), "taking")] and azure.names() == {id_of("a")}


def test_what_was_narrowed_since_it_was_listed_is_recorded_so(folder: Folder) -> None:
    narrow = {"condition": "c", "conditionVersion": "2.0", "description": "d"}
    folder.freeze(Azure(document("a", **narrow)), one("a"))
    found = folder.reports()[-2].content.assignment
    assert found.properties.items() >= narrow.items()
    assert found.note == "changed since it was listed: condition, conditionVersion, description"


def test_what_was_narrowed_while_it_was_taken_is_recorded_as_the_service_showed_it(folder: Folder) -> None:
    azure = Azure(document("a"))
    azure.changes["remove", id_of("a")] = document("a", condition="narrower", conditionVersion="2.0")
    folder.freeze(azure, one("a"))
    taken = folder.reports()[-2].content.assignment
    assert taken.properties["condition"] == "narrower" and "while it was taken" in taken.note
    folder.back(azure)
    assert azure.there[id_of("a")]["properties"]["condition"] == "narrower"


@pytest.mark.parametrize("answered", [{}, {"condition": None, "conditionVersion": None, "description": None}])
def test_what_the_answer_to_a_deletion_does_not_name_is_given_back_as_it_was(
    folder: Folder, answered: dict[str, Any]
) -> None:
    narrow = {"condition": "c", "conditionVersion": "2.0", "description": "d"}
    azure = Azure(document("a", **narrow))
    azure.changes["remove", id_of("a")] = document("a", **answered)
    folder.freeze(azure, one("a", **narrow))
    folder.back(azure)
    assert azure.there[id_of("a")]["properties"].items() >= narrow.items()


@pytest.mark.parametrize("changed", [{"principalId": guid("other")}, {"roleDefinitionId": "/other"}])
def test_another_one_than_was_listed_is_not_taken(folder: Folder, changed: dict[str, str]) -> None:
    azure = Azure(document("a", **changed))
    came = folder.freeze(azure, one("a"))
    [(_, why)] = came.stayed
    assert "another one than was listed" in why and azure.names() == {id_of("a")} and folder.deeds() == []


def test_one_that_has_come_to_end_since_is_not_taken(folder: Folder) -> None:
    async def ends(listed: Assignment, there: dict[str, Any]) -> str:
        return "2027-01-01T00:00:00Z"

    azure = Azure(document("a"))
    came = folder.freeze(azure, one("a"), end=ends)
    assert "ends at 2027" in came.stayed[0][1] and azure.names() == {id_of("a")}


def _ends(*told: Any) -> freeze.End:
    """As PIM tells it: with instances, or with an error."""

    class Pim:
        async def schedules(self, scope: str) -> list[Any]:
            assert scope == OLD.id
            if isinstance(told[0], Exception):
                raise told[0]
            return list(told)

    pim: Any = Pim()
    return ending(pim)


def test_whether_it_ends_is_read_right_before_it_is_taken(folder: Folder) -> None:
    azure = Azure(document("a"), document("b"))
    instance = {"id": "/i", "properties": {**document("a")["properties"], "originRoleAssignmentId": id_of("a"),
                                           "endDateTime": "2027-01-01T00:00:00Z"}}  # fmt: skip
    came = folder.freeze(azure, one("a"), one("b"), end=_ends(instance))
    assert [each.id for each, _ in came.stayed] == [id_of("a")] and azure.names() == {id_of("a")}


@pytest.mark.parametrize(
    ("status", "code", "taken"),
    [
        (400, "AadPremiumLicenseRequired", True),
        (400, "InsufficientPermissions", False),
        (400, "InvalidFilter", False),
        (403, "AuthorizationFailed", False),
        (403, "Forbidden", False),
        (404, "InvalidResourceType", False),
        (409, "Conflict", False),
    ],
)
def test_what_may_end_and_may_not_be_looked_at_is_not_taken(
    folder: Folder, status: int, code: str, taken: bool
) -> None:
    azure = Azure(document("a"))
    came = folder.freeze(azure, one("a"), end=_ends(refusal(status, code)))
    assert bool(came.taken) is taken and bool(azure.names()) is not taken
    assert taken or "roleAssignmentScheduleInstances" in came.stayed[0][1]


def test_what_could_not_be_given_back_is_not_taken(folder: Folder) -> None:
    azure = Azure(document("a", principalId="nobody"))
    came = folder.freeze(azure, one("a", principalId="nobody"))
    assert came.stayed[0][1] == "its principal is none" and azure.names() == {id_of("a")}


def test_what_somebody_else_takes_in_the_same_moment_is_not_ours(folder: Folder) -> None:
    azure = Azure(document("a"))
    azure.changes["remove", id_of("a")] = None
    folder.freeze(azure, one("a"))
    assert folder.states() == {id_of("a"): FreezeState.GONE}
    folder.back(azure)
    assert azure.names() == set()


def test_what_was_gone_before_is_not_recorded_as_taken(folder: Folder) -> None:
    came = folder.freeze(Azure(), one("a"))
    assert came.gone == [one("a")] and came.stayed == [] and folder.deeds() == []


def test_a_refused_deletion_took_nothing_and_those_before_count(folder: Folder) -> None:
    azure = Azure(document("a"), document("b"))
    azure.before["remove", id_of("b")] = refusal(403, "AuthorizationFailed")
    assert attempt(folder, azure, one("a"), one("b")) is not None
    assert folder.states() == {id_of("a"): FreezeState.TAKEN, id_of("b"): FreezeState.LISTED}


@pytest.mark.parametrize(
    "fault", [silence(), refusal(500, "InternalServerError"), refusal(409, "Conflict", doubtful=True)]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_deletion_of_which_nothing_is_known_is_settled_by_reading(folder: Folder, fault: Any, when: str) -> None:
    azure = Azure(document("a"))
    faults = getattr(azure, when)
    faults["remove", id_of("a")] = fault
    assert attempt(folder, azure, one("a")) is fault
    assert folder.states() == {id_of("a"): FreezeState.TAKING}
    faults.clear()
    came = folder.freeze(azure, one("a"))
    expected = FreezeState.TAKEN if when == "before" else FreezeState.UNKNOWN
    assert folder.states() == {id_of("a"): expected} and azure.names() == set()
    assert len(came.unknown) == (when == "after")


def test_an_answer_after_a_doubtful_attempt_proves_nothing(folder: Folder) -> None:
    azure = Azure(document("a"))
    azure.changes["remove", id_of("a")] = None
    azure.doubtful.add(id_of("a"))
    folder.freeze(azure, one("a"))
    assert folder.states() == {id_of("a"): FreezeState.UNKNOWN}


def test_cut_off_and_no_longer_listed_it_is_not_forgotten(folder: Folder) -> None:
    azure = Azure(document("a"))
    azure.after["remove", id_of("a")] = Killed()
    attempt(folder, azure, one("a"))
    came = folder.freeze(azure)
    assert [each.id for each in came.unknown] == [id_of("a")] and folder.states() == {
        id_of("a"): FreezeState.UNKNOWN
    }


def test_cut_off_and_read_as_before_it_is_not_called_somebody_elses(folder: Folder) -> None:
    """The deletion was served; a region that has not heard of it still shows the assignment."""
    azure = Azure(document("a"))
    azure.after["remove", id_of("a")] = Killed()
    attempt(folder, azure, one("a"))
    azure.stale[id_of("a")] = [document("a")]
    folder.freeze(azure, one("a"))
    assert folder.states() == {id_of("a"): FreezeState.UNKNOWN}


def test_what_reads_as_before_for_a_while_is_waited_for(folder: Folder) -> None:
    azure = Azure(document("a"))
    azure.stale[id_of("a")] = [document("a")] * 3
    assert attempt(folder, azure, one("a")) is None


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("written", [False, True])
def test_killed_at_any_write_nothing_is_lost_and_the_same_command_goes_on(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, at: int, written: bool
) -> None:
    """Six writes: a report and the file for each deed of one assignment, and those of the sum."""
    azure, write, count = Azure(document("a")), files.write, iter(range(100))

    def dies(path: Path, data: bytes) -> Path:
        number = next(count)
        if number == at and not written:
            raise Killed
        write(path, data)
        if number == at:
            raise Killed
        return path

    monkeypatch.setattr(files, "write", dies)
    assert isinstance(attempt(folder, azure, one("a")), Killed)
    monkeypatch.setattr(files, "write", write)
    known = folder.states().get(id_of("a"))
    assert known in (FreezeState.TAKING, FreezeState.TAKEN) or azure.names() == {id_of("a")}, (
        "what is gone is in the evidence"
    )
    folder.freeze(azure, one("a"))
    assert azure.names() == set() and folder.problems() == []
    came = folder.back(azure, None, "a")
    assert azure.names() == {id_of("a")} and came.left == []


@pytest.mark.parametrize("at", range(4))
def test_a_full_disk_stops_before_the_call_that_could_not_be_recorded(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    azure, write, count = Azure(document("a"), document("b")), files.write, iter(range(100))

    def full(path: Path, data: bytes) -> Path:
        if next(count) >= at:
            raise FileError(OSError(errno.ENOSPC, "No space left on device"), path)
        return write(path, data)

    monkeypatch.setattr(files, "write", full)
    assert isinstance(attempt(folder, azure, one("a"), one("b")), FileError)
    monkeypatch.setattr(files, "write", write)
    assert len(azure.log) == (at > 1), "nothing is asked for that is not recorded"
    folder.freeze(azure, one("a"), one("b"))
    folder.back(azure, None, "a")
    assert azure.names() == {id_of("a"), id_of("b")}


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("answered", [False, True])
def test_a_signal_waits_for_the_call_that_is_under_way(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, back: bool, answered: bool
) -> None:
    azure = Azure(document("a"), document("b"))
    if back:
        folder.freeze(azure, one("a"), one("b"))
    monkeypatch.setattr(atomic_deeds, "_SECONDS", 5.0 if answered else 0.01)
    _slow(azure, "assign" if back else "remove", 0.05 if answered else 60.0)
    with pytest.raises(asyncio.CancelledError):
        folder.back(azure) if back else folder.freeze(azure, one("a"), one("b"))
    done = (
        (FreezeState.GIVEN if back else FreezeState.TAKEN)
        if answered
        else (FreezeState.TAKEN if back else FreezeState.TAKING)
    )
    assert folder.states()[id_of("a")] is done
    assert folder.states().get(id_of("b")) is (FreezeState.TAKEN if back else None), "the next is not begun"


def _slow(azure: Azure, method: str, seconds: float) -> None:
    """The first such call takes so long, and the command is told to end meanwhile."""
    call = getattr(azure, method)

    async def slow(*arguments: Any) -> Any:
        main = min(asyncio.all_tasks(), key=lambda task: int(task.get_name().rpartition("-")[2]))
        asyncio.get_running_loop().call_soon(main.cancel)
        await asyncio.sleep(seconds)
        return await call(*arguments)

    setattr(azure, method, slow)


def test_a_second_freeze_takes_anew_what_was_given_back(folder: Folder) -> None:
    azure = Azure(document("a"))
    folder.freeze(azure, one("a"))
    folder.back(azure)
    azure.there[id_of("a")]["properties"]["description"] = "changed since"
    folder.freeze(azure, replace(one("a"), properties={**one("a").properties, "description": "changed since"}))
    folder.back(azure)
    assert azure.there[id_of("a")]["properties"]["description"] == "changed since"
