"""What was taken and not given is given back, exactly that; the rest is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.builders.errors import refusal, silence
from tests.builders.world import OLD
from tests.unit.freezing.assigned import ACCOUNT, Azure, Folder, Killed, document, frozen, guid, id_of, no_end, one

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.freeze_record import Assignment, FreezeState
from amlmigrate.freezing import freeze
from amlmigrate.freezing.give_back import Source


def test_all_of_it_comes_back_as_it_was(folder: Folder) -> None:
    told = {"condition": "c", "conditionVersion": "2.0", "description": "d \u202e", "delegatedManagedIdentityResourceId": "/x"}  # fmt: skip
    azure = Azure(document("a", **told), document("b", ACCOUNT))
    before = dict(azure.there)
    folder.freeze(azure, one("a", **told), one("b", scope=ACCOUNT))
    came = folder.back(azure)
    assert azure.there == before and len(came.made) == 2 and came.left == []
    assert set(folder.states().values()) == {FreezeState.GIVEN}


def test_each_is_recorded_before_and_after(folder: Folder) -> None:
    azure = frozen(folder, "a")
    folder.back(azure)
    assert folder.deeds()[2:] == [(id_of("a"), "giving back"), (id_of("a"), "given back")]


def test_what_was_given_back_and_revoked_since_is_not_given_again(folder: Folder) -> None:
    azure = frozen(folder, "a", "b")
    azure.before["assign", id_of("b")] = refusal(400, "PrincipalNotFound")
    folder.back(azure)
    del azure.there[id_of("a")]
    folder.back(azure)
    assert azure.names() == set()


@pytest.mark.parametrize("fault", [
    refusal(400, "PrincipalNotFound"), refusal(403, "AuthorizationFailed"), refusal(403, "RequestDisallowedByPolicy"),
    refusal(404, "ResourceGroupNotFound"), refusal(409, "Conflict"), refusal(429, "TooManyRequests"),
    refusal(500, "InternalServerError"), silence()])  # fmt: skip
def test_one_that_cannot_be_given_keeps_nobody_else_out(folder: Folder, fault: ServiceError) -> None:
    azure = frozen(folder, "a", "b", "c")
    azure.before["assign", id_of("a")] = fault
    came = folder.back(azure)
    assert azure.names() == {id_of("b"), id_of("c")}
    [(failed, why)] = came.failed
    assert failed.id == id_of("a") and why == fault.summary
    assert came.denied is (getattr(fault, "status", 0) == 403)
    # Once the reason is gone the same command gives it.
    azure.before.clear()
    assert folder.back(azure).left == [] and id_of("a") in azure.names()


@pytest.mark.parametrize("fault", [refusal(500, "InternalServerError"), silence()])
def test_an_answer_that_was_lost_after_the_work_is_settled_by_reading(folder: Folder, fault: MigrateError) -> None:
    azure = frozen(folder, "a")
    azure.after["assign", id_of("a")] = fault
    assert [each.id for each in folder.back(azure).made] == [id_of("a")]
    assert folder.states() == {id_of("a"): FreezeState.GIVEN}


def test_where_nothing_answers_the_rest_is_named_and_not_waited_for(folder: Folder) -> None:
    azure = frozen(folder, "a", "b", "c", "d")
    azure.before |= {("get", id_of(name)): silence() for name in "bcd"}
    came = folder.back(azure)
    assert [each.id for each, _ in came.failed] == [id_of(name) for name in "bcd"]
    assert came.failed[2][1].startswith("not tried") and azure.names() == {id_of("a")}


def test_a_refusal_is_an_answer_and_the_rest_is_tried(folder: Folder) -> None:
    """Two that nobody answered for end it only one after the other."""
    azure = frozen(folder, "a", "b", "c", "d")
    for name, fault in (("a", silence()), ("b", refusal(403, "AuthorizationFailed")), ("c", silence())):
        azure.before["assign", id_of(name)] = fault
    came = folder.back(azure)
    assert azure.names() == {id_of("d")} and [each.id for each, _ in came.failed] == [
        id_of(name) for name in "abc"
    ]


class Dropping(Azure):
    """It takes a condition, and does not keep it."""

    async def assign(self, id_: str, properties: dict[str, Any]) -> bool:
        made = await super().assign(id_, properties)
        self.there[id_]["properties"].pop("condition")
        return made


def test_what_azure_shows_otherwise_than_it_was_given_is_not_called_given_back(folder: Folder) -> None:
    azure = Dropping(document("a", condition="c"))
    folder.freeze(azure, one("a", condition="c"))
    came = folder.back(azure)
    assert came.made == []
    [(_, why)] = came.failed
    assert "does not show it yet" in why and "condition differ" in why


def test_another_assignment_under_the_name_stays_and_is_told(folder: Folder) -> None:
    azure = frozen(folder, "a")
    azure.there[id_of("a")] = document("a", condition="narrower")
    came = folder.back(azure)
    assert "condition differ" in came.failed[0][1] and azure.log == []


def _under_another_name(**more: str) -> dict[str, Any]:
    """The role of `a`, given anew by somebody."""
    return {**document("a", **more), "id": id_of("anew")}


async def _until_tomorrow(listed: Assignment, there: dict[str, Any]) -> str:
    return "2027-01-01T00:00:00Z" if listed.id == id_of("anew") else ""


async def _may_end(listed: Assignment, there: dict[str, Any]) -> None:
    return None


def test_who_has_the_role_under_another_name_has_it(folder: Folder) -> None:
    azure = frozen(folder, "a", "b")
    azure.there[id_of("anew")] = _under_another_name(description="given by hand")
    came = folder.back(azure)
    assert [each.id for each in came.renamed] == [id_of("a")] and came.left == []
    assert set(folder.states().values()) == {FreezeState.GIVEN}


@pytest.mark.parametrize(("more", "end", "why"), [
    ({"condition": "narrower"}, no_end, "condition differ"),
    ({"delegatedManagedIdentityResourceId": "/x"}, no_end, "delegatedManagedIdentityResourceId differ"),
    ({}, _until_tomorrow, "only until 2027-01-01"),
    ({}, _may_end, "may not be read"),
])  # fmt: skip
def test_a_role_under_another_name_that_is_less_or_ends_is_not_called_given_back(
    folder: Folder, more: dict[str, str], end: freeze.End, why: str
) -> None:
    azure = frozen(folder, "a", "b")
    azure.there[id_of("anew")] = _under_another_name(**more)
    came = folder.back(azure, end=end)
    [(left, told)] = came.left
    assert left.id == id_of("a") and why in told and id_of("anew") in told and came.renamed == []
    assert folder.states()[id_of("a")] is FreezeState.TAKEN and folder.states()[id_of("b")] is FreezeState.GIVEN
    del azure.there[id_of("anew")]
    assert [each.id for each in folder.back(azure).made] == [id_of("a")], "it is owed as before"


def test_what_an_attempt_has_given_that_nobody_heard_of_is_under_its_own_name(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = frozen(folder, "a")

    async def twice(id_: str, properties: dict[str, Any]) -> bool:
        azure.there[id_] = document("a")
        return False

    monkeypatch.setattr(azure, "assign", twice)
    came = folder.back(azure)
    assert [each.id for each in came.made] == [id_of("a")] and came.renamed == []


def test_a_role_that_is_there_and_is_not_shown_is_still_owed(folder: Folder) -> None:
    azure = frozen(folder, "a")
    azure.there[id_of("anew")] = _under_another_name()
    azure.before["directly", OLD.id] = refusal(403, "AuthorizationFailed")
    came = folder.back(azure)
    assert len(came.left) == 1 and came.denied and folder.states() == {id_of("a"): FreezeState.TAKEN}


def test_what_is_there_again_by_somebody_else_is_left(folder: Folder) -> None:
    azure = frozen(folder, "a")
    azure.there[id_of("a")] = document("a")
    came = folder.back(azure)
    assert azure.log == [] and [each.id for each in came.there] == [id_of("a")]
    del azure.there[id_of("a")]
    folder.back(azure)
    assert azure.names() == set(), "whoever takes it then has taken it"


@pytest.mark.parametrize("created", ["", "2026-01-01T00:00:00Z"])
@pytest.mark.parametrize("looks", [1, 2, 3])
def test_what_reads_as_before_it_was_taken_is_given_all_the_same(folder: Folder, created: str, looks: int) -> None:
    """Given back right after it was taken: a region that has not heard of the deletion yet answers first."""
    more = {"createdOn": created} if created else {}
    azure = Azure(document("a", **more))
    folder.freeze(azure, one("a"))
    azure.stale[id_of("a")] = [document("a", **more)] * looks
    assert [each.id for each in folder.back(azure).made] == [id_of("a")] and id_of("a") in azure.names()


def test_what_goes_on_reading_as_before_it_was_taken_is_still_owed(folder: Folder) -> None:
    created = {"createdOn": "2026-01-01T00:00:00Z"}
    azure = Azure(document("a", **created))
    folder.freeze(azure, one("a"))
    azure.stale[id_of("a")] = [document("a", **created)] * 10
    [(_, why)] = folder.back(azure).failed
    assert "before it was taken" in why
    azure.stale.clear()
    assert folder.back(azure).left == [] and id_of("a") in azure.names()


def test_what_somebody_made_anew_is_given_back_already(folder: Folder) -> None:
    azure = Azure(document("a", createdOn="2026-01-01T00:00:00Z"))
    folder.freeze(azure, one("a"))
    azure.there[id_of("a")] = document("a", createdOn="2026-02-01T00:00:00Z")
    azure.log.clear()
    came = folder.back(azure)
    assert azure.log == [] and [each.id for each in came.there] == [id_of("a")]


def test_it_reads_as_gone_for_a_while(folder: Folder) -> None:
    azure = frozen(folder, "a")
    azure.stale[id_of("a")] = [None, None, None]
    assert folder.back(azure).left == []


# Cut off.


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_it_was_given_it_is_given_or_asked_about(folder: Folder, when: str) -> None:
    azure = frozen(folder, "a", "b")
    getattr(azure, when)["assign", id_of("a")] = Killed()
    with pytest.raises(Killed):
        folder.back(azure)
    came = folder.back(azure)
    assert (id_of("a") in azure.names()) is (when == "after") and id_of("b") in azure.names()
    assert len(came.unknown) == (when == "before")
    folder.back(azure, None, "a")
    assert azure.names() == {id_of("a"), id_of("b")}


def test_killed_after_it_was_given_and_revoked_since_it_is_not_given_again(folder: Folder) -> None:
    azure = frozen(folder, "a")
    azure.after["assign", id_of("a")] = Killed()
    with pytest.raises(Killed):
        folder.back(azure)
    del azure.there[id_of("a")]
    came = folder.back(azure)
    assert azure.names() == set() and [each.address for each in came.unknown] == [f"frozen/{guid('a')}"]


def cut_off(folder: Folder, when: str) -> Azure:
    """A freeze that was killed at its deletion."""
    azure = Azure(document("a"))
    getattr(azure, when)["remove", id_of("a")] = Killed()
    with pytest.raises(Killed):
        folder.freeze(azure, one("a"))
    return azure


def test_what_was_not_taken_after_all_is_there(folder: Folder) -> None:
    azure = cut_off(folder, "before")
    came = folder.back(azure)
    assert came.left == [] and folder.states() == {id_of("a"): FreezeState.LISTED}


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_what_is_gone_by_nobody_knows_whom_is_given_only_by_a_decision(folder: Folder, looks: int) -> None:
    azure = cut_off(folder, "after")
    azure.stale[id_of("a")] = [document("a")] * looks
    came = folder.back(azure)
    assert azure.names() == set() and [each.id for each in came.unknown] == [id_of("a")]
    assert "not known who took it" in came.left[0][1]
    assert folder.back(azure, None, "a").left == [] and azure.names() == {id_of("a")}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_decision_about_what_was_cut_off_looks_first_and_is_in_the_evidence(folder: Folder, when: str) -> None:
    azure = cut_off(folder, when)
    azure.log.clear()
    assert folder.back(azure, None, "a").left == [] and azure.names() == {id_of("a")}
    assert len(azure.log) == (when == "after"), "what is there is not given"
    notes = [one.content.assignment.note for one in folder.reports() if one.content.record == "deed"]
    assert ("decided by ann" in notes) is (when == "after")


def test_what_was_let_go_is_not_tried_and_does_not_count(folder: Folder) -> None:
    azure = frozen(folder, "a", "b")
    came = folder.back(azure, None, a="she has left")
    assert azure.names() == {id_of("b")} and came.left == [] and [each.id for each in came.let_go] == [id_of("a")]


# A place or an end.


def test_at_a_workspace_that_this_plan_removed_nothing_is_tried(folder: Folder) -> None:
    azure = Azure(document("a"), document("b", ACCOUNT))
    folder.freeze(azure, one("a"), one("b", scope=ACCOUNT))
    azure.log.clear()
    came = folder.back(azure, Source(OLD.id, gone=True, removed="2026-01-01"))
    assert azure.log == [("assign", id_of("b", ACCOUNT))]
    assert [each.id for each in came.placeless] == [id_of("a")] and came.left == []
    # Recovered, it has its rights again.
    folder.back(azure)
    assert id_of("a") in azure.names()


def test_at_a_workspace_that_somebody_else_removed_they_are_named(folder: Folder) -> None:
    azure = frozen(folder, "a")
    azure.before["assign", id_of("a")] = refusal(404, "ResourceNotFound")
    came = folder.back(azure, Source(OLD.id, gone=True))
    assert "no removal by this plan" in came.failed[0][1]


def test_another_workspace_of_the_name_gets_no_rights(folder: Folder) -> None:
    azure = frozen(folder, "a")
    came = folder.back(azure, Source(OLD.id, other="it was created again"))
    assert azure.log == [] and came.failed[0][1] == "it was created again"


@pytest.mark.parametrize(("end", "ended"), [("2026-01-01T00:00:00Z", True), ("nonsense", True), ("2999-01-01T00:00:00Z", False)])  # fmt: skip
def test_what_was_given_for_a_time_is_never_given_for_good(folder: Folder, end: str, ended: bool) -> None:
    azure = Azure(document("a"))
    folder.freeze(azure, replace(one("a"), end=end))
    azure.log.clear()
    came = folder.back(azure)
    assert azure.log == [] and bool(came.ended) is ended and bool(came.failed) is not ended
    assert ended or end in came.failed[0][1]
    assert datetime.now(UTC).year < 2999
