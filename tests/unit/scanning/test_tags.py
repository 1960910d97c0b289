"""Tags are written where they are missing, over nothing that is there unless asked, and over nobody's later word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.builders.errors import refusal

from amlmigrate.cloud.twice import HARMLESS, Twice
from amlmigrate.core.events import TypedEvent
from amlmigrate.posture import tagging
from amlmigrate.posture.tagging import ENVIRONMENT, GUESSED, SENSITIVITY, LevelTeller, TaggingSubject, ToldLevel
from amlmigrate.scanning import facts, tags
from amlmigrate.scanning.tags import TagChange
from amlmigrate.scanning.values import NotKnown, Scanned

STANDARD = tagging.read()
BY_TAG = ToldLevel("dev", LevelTeller.TAG, "environment")
SUB = "11111111-aaaa-4bbb-8ccc-000000000001"
ID = f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/"


class Arm:
    """The tags of some workspaces as ARM keeps them: names without letter case, values with it."""

    def __init__(self, **tags: dict[str, str]) -> None:
        self.tags = tags
        self.sent: list[dict[str, str]] = []
        self.meanwhile: list[Callable[[], None]] = []
        self.refused: dict[str, Exception] = {}
        # Attempts that are served, and whose answer is lost.
        self.lost = 0

    async def get(self, path: str) -> Any:
        return {"properties": {"tags": dict(self.tags[path.split("/")[8]])}}

    async def call(
        self, method: str, path: str, body: Any, *, twice: Twice[Any], first: Callable[[], Awaitable[object]]
    ) -> object:
        assert twice is HARMLESS
        assert (method, body["operation"]) == ("PATCH", "Merge")
        name = path.split("/")[8]
        while True:
            if self.meanwhile:
                self.meanwhile.pop(0)()
            await first()
            if name in self.refused:
                raise self.refused[name]
            self.sent.append(body["properties"]["tags"])
            now = self.tags[name]
            for tag, value in body["properties"]["tags"].items():
                now[next((one for one in now if one.lower() == tag.lower()), tag)] = value
            if not self.lost:
                return object()
            self.lost -= 1

    async def finish(self, answer: object, path: str) -> None:
        return None


def scanned(name: str, there: dict[str, str], environment: str | None = "prod") -> Scanned:
    document = {"id": ID + name, "tags": there, "properties": {}}
    return replace(facts.of_document(document), environment=environment)


def write(arm: Arm, *wanted: TagChange) -> tuple[dict[str, NotKnown], list[TypedEvent]]:
    told: list[TypedEvent] = []
    return asyncio.run(tags.write(arm, wanted, told.append)), told  # type: ignore[arg-type] - as far as it is asked


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("there", "added", "changed"),
    [
        ({}, {"environment": "prod"}, {}),
        ({"env": "PRD"}, {"environment": "prod"}, {}),
        ({"environment": "PRD"}, {}, {"environment": "prod"}),
        ({"ENVIRONMENT": "PRD"}, {}, {"ENVIRONMENT": "prod"}),
        ({"environment": "Prod"}, {}, {"environment": "prod"}),
        ({"environment": "prod"}, {}, {}),
        ({"Environment": "prod"}, {}, {}),
        ({"environment": "the blue one"}, {}, {}),
        ({"environment": ""}, {}, {}),
    ],
)
def test_a_value_that_is_there_changes_only_where_it_is_asked_for(
    there: dict[str, str], added: dict[str, str], changed: dict[str, str], overwrite: bool
) -> None:
    found = tags.changes([scanned("w", there)], STANDARD, overwrite=overwrite)
    wanted = {**added, **(changed if overwrite else {})}
    assert {name: value for one in found for name, value in one.tags.items()} == wanted
    kept = {name: to for one in found for name, (_, to) in one.kept.items()}
    assert kept == ({} if overwrite else changed)
    arm = Arm(w=dict(there))
    assert write(arm, *found)[0] == {}
    assert arm.tags["w"] == {**there, **wanted}
    assert arm.sent == ([wanted] if wanted else [])
    again = tags.changes([scanned("w", arm.tags["w"])], STANDARD, overwrite=overwrite)
    assert [one.tags for one in again if one.tags] == []


def test_what_only_a_rule_tells_is_written_where_it_is_asked_for_and_marked() -> None:
    guess = {"environment": ToldLevel("prod", LevelTeller.RULE)}
    one = replace(scanned("w", {"owner": "x"}), told_by=guess)
    assert tags.changes([one], STANDARD, overwrite=True) == []
    (change,) = tags.changes([one], STANDARD, guess=True)
    assert (change.tags, change.before) == ({"environment": "prod", GUESSED: "environment=prod"}, {})
    arm = Arm(w={"owner": "x"})
    assert write(arm, change)[0] == {}

    def again(told: ToldLevel, **there: str) -> dict[str, str]:
        after = replace(scanned("w", arm.tags["w"] | there), environment=told.level, told_by={"environment": told})
        found = tags.changes([after], STANDARD, overwrite=True, guess=True)
        return {name: value for each in found for name, value in each.tags.items()}

    assert again(STANDARD.told(ENVIRONMENT, TaggingSubject("w", "g", "s", arm.tags["w"])) or BY_TAG) == {}
    # Once somebody stands for it, the mark goes with the next writing.
    assert again(ToldLevel("prod", LevelTeller.DECISION, owner="ana", date="2026-11-01")) == {GUESSED: "none"}
    assert again(BY_TAG, environment="dev") == {GUESSED: "none"}
    assert again(replace(BY_TAG, level="prod"), **{GUESSED: "none"}) == {}


@pytest.mark.parametrize(
    ("told", "guess", "written"),
    [
        (ToldLevel("prod", LevelTeller.TAG, "env"), False, {"environment": "prod", GUESSED: "none"}),
        (ToldLevel("prod", LevelTeller.DECISION, owner="ana"), False, {"environment": "prod", GUESSED: "none"}),
        (ToldLevel("prod", LevelTeller.RULE), True, {"environment": "prod", GUESSED: "environment=prod"}),
        (ToldLevel("prod", LevelTeller.RULE), False, {}),
    ],
)
def test_a_guess_gives_way_to_what_is_known_better(told: ToldLevel, guess: bool, written: dict[str, str]) -> None:
    there = {"environment": "test", GUESSED: "environment=test"}
    one = replace(scanned("w", there, "prod"), told_by={"environment": told})
    found = tags.changes([one], STANDARD, guess=guess)
    assert {name: value for each in found for name, value in each.tags.items()} == written
    assert {name: value for each in found for name, value in each.before.items()} == (there if written else {})
    arm = Arm(w=dict(there))
    assert write(arm, *found)[0] == {} and arm.tags["w"] == there | written


def test_a_guess_takes_the_place_of_no_value() -> None:
    there = {"environment": "PRD"}
    one = replace(scanned("w", there, "dev"), told_by={"environment": ToldLevel("dev", LevelTeller.RULE)})
    assert tags.changes([one], STANDARD, overwrite=True, guess=True) == []
    decided = replace(
        one, told_by={"environment": ToldLevel("dev", LevelTeller.DECISION, owner="ana", otherwise="prod")}
    )
    (change,) = tags.changes([decided], STANDARD)
    assert (change.tags, change.kept) == ({}, {"environment": ("PRD", "dev")})
    (change,) = tags.changes([decided], STANDARD, overwrite=True)
    assert (change.tags, change.before) == ({"environment": "dev"}, there)


def test_what_is_lacking_is_never_said_of_what_is_there() -> None:
    one = scanned("w", {"data-classification": "Restricted"})
    levels = {SENSITIVITY: "restricted", ENVIRONMENT: "prod"}
    assert STANDARD.tags(levels, one.tags) == {"data-classification": "restricted", "environment": "prod"}
    (change,) = tags.changes([_with(one, "restricted")], STANDARD)
    assert (change.tags, change.before) == ({"environment": "prod"}, {})
    assert change.kept == {"data-classification": ("Restricted", "restricted")}
    (change,) = tags.changes([_with(one, "restricted")], STANDARD, overwrite=True)
    assert change.before == {"data-classification": "Restricted"}


def _with(one: Scanned, sensitivity: str) -> Scanned:
    return replace(one, sensitivity=sensitivity)


@pytest.mark.parametrize(
    ("change", "before", "written", "after"),
    [
        # Somebody gives the missing tag, in another letter case, another value.
        (TagChange("", {"environment": "prod"}), {}, {"Environment": "test"}, {"Environment": "test"}),
        # Somebody changes or removes what was shown as to be changed.
        (TagChange("", {"env": "prod"}, {"env": "PRD"}), {"env": "PRD"}, {"env": "dev"}, {"env": "dev"}),
        (TagChange("", {"env": "prod"}, {"env": "PRD"}), {"env": "PRD"}, None, {}),
    ],
)
def test_what_somebody_wrote_meanwhile_stays_and_is_told(
    change: TagChange, before: dict[str, str], written: dict[str, str] | None, after: dict[str, str]
) -> None:
    arm = Arm(w=dict(before))

    def meanwhile() -> None:
        arm.tags["w"] = dict(written or {})

    arm.meanwhile = [meanwhile]
    failed, told = write(arm, TagChange(ID + "w", change.tags, change.before))
    assert arm.tags["w"] == after
    assert "not every tag" in failed[ID + "w"].reason.lower()
    assert [event.name for event in told] == ["scan.tag.failed"]


def test_what_somebody_else_wrote_beside_it_is_kept_and_the_rest_is_written() -> None:
    arm = Arm(w={"owner": "x"})
    arm.meanwhile = [lambda: arm.tags["w"].update(Environment="test", other="y")]
    failed, _ = write(arm, TagChange(ID + "w", {"environment": "prod", "data-classification": "public"}))
    assert arm.tags["w"] == {"owner": "x", "Environment": "test", "other": "y", "data-classification": "public"}
    assert "environment: test" in failed[ID + "w"].reason


def test_an_answer_that_was_lost_is_no_change_of_somebody_else() -> None:
    arm = Arm(w={})
    arm.lost = 1
    assert write(arm, TagChange(ID + "w", {"environment": "prod"}))[0] == {}
    assert arm.sent == [{"environment": "prod"}]


def test_more_tags_than_azure_takes_are_refused_before_the_call() -> None:
    arm = Arm(full={f"t{n}": "x" for n in range(50)}, room={f"t{n}": "x" for n in range(49)})
    wanted = {"environment": "prod"}
    failed, _ = write(arm, TagChange(ID + "full", wanted), TagChange(ID + "room", wanted))
    assert list(failed) == [ID + "full"]
    assert "50 at most" in failed[ID + "full"].reason
    assert arm.sent == [wanted]


@pytest.mark.parametrize(
    "error",
    [
        refusal(403, "AuthorizationFailed", "no", method="PATCH"),
        refusal(403, "RequestDisallowedByPolicy", "no", method="PATCH"),
        refusal(409, "ScopeLocked", "no", method="PATCH"),
        KeyError("AccountKey=secret"),
        RecursionError(),
    ],
)
def test_whatever_goes_wrong_with_one_stops_no_other(error: Exception) -> None:
    arm = Arm(a={}, b={}, c={})
    arm.refused = {"b": error}
    failed, told = write(arm, *(TagChange(ID + name, {"environment": "prod"}) for name in "abc"))
    assert list(failed) == [ID + "b"]
    assert (arm.tags["a"], arm.tags["b"], arm.tags["c"]) == ({"environment": "prod"}, {}, {"environment": "prod"})
    assert all("secret" not in str(event.data) for event in told)
    assert [event.data["remedy"] for event in told if event.name == "scan.tag.failed"] != [""]
