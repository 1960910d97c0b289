"""The engine knows no file: parts of any kind are read, decided, learned from and acted on, and a re-run does the rest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from amlmigrate.core.errors import IncompleteError, RefusedError
from amlmigrate.desired import applying
from amlmigrate.desired.applying import apply
from amlmigrate.desired.deciding import Looker, PlannedPart, check
from amlmigrate.desired.known import Known
from amlmigrate.desired.ownership import Word
from amlmigrate.desired.parts import DesiredPart
from amlmigrate.desired.steps import DesiredStep, DesiredVerb

SCOPE = "/subscriptions/s/providers/Microsoft.Authorization"
WORDS = "This cannot be guarded as it stands"


@dataclass(frozen=True, slots=True)
class Definitions(Known):
    """What assignments learn of the definitions before them."""

    versions: tuple[str, ...] = ()


class Guard(DesiredPart[Definitions]):
    """A definition or an assignment in a world of its own."""

    settles = False

    def __init__(self, name: str, world: dict[str, Any], *, refused: str = "") -> None:
        self.what, self.id = "the policy", f"{SCOPE}/policyDefinitions/{name}"
        self._world, self._refused = world, refused
        self.body = {"name": name}

    async def read(self, port: Any, known: Definitions) -> Any:
        self._world["log"].append(f"read {self.body['name']} after {len(known.versions)}")
        return self._world.get(self.id)

    def decide(self, found: Any, known: Definitions) -> DesiredStep:
        if self._refused:
            return self.refuse(self._refused)
        return self.exists() if found == self.body else self.create(self.body)

    def learn(self, found: Any, known: Definitions) -> Definitions:
        return replace(known, versions=(*known.versions, self.id)) if found else known

    async def act(self, port: Any, step: DesiredStep) -> None:
        assert step.change
        self._world["log"].append(f"{step.change.method} {self.body['name']}")
        if "lost" not in self._world:
            self._world[step.change.path] = step.change.body


@dataclass
class Told:
    """Notes what it is told."""

    refused: str = WORDS
    said: list[str] = field(default_factory=list)

    def waiting(self, what: str, id: str, why: str) -> None:
        self.said.append(f"waiting for {what}: {why}")

    def doing(self, step: DesiredStep) -> None:
        self.said.append(f"{step.verb.value} {step.id}")

    def done(self, step: DesiredStep) -> None:
        self.said.append(f"done {step.id}")


@pytest.fixture
def world() -> dict[str, Any]:
    return {"log": []}


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def looker(told: Told) -> Looker[Definitions]:
    port: Any = SimpleNamespace(resources=SimpleNamespace(arm=None), vaults=None, side=None, estate=None)
    found: Looker[Definitions] = Looker(port, Word("rg/ws"), told, Definitions())
    return found


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "replace", lambda port, **_: port)
    monkeypatch.setattr(applying, "_LONGEST_PAUSE", 0.3)


async def _planned(looker: Looker[Definitions], *parts: Guard) -> list[PlannedPart[Definitions]]:
    return await looker.plan(parts, wait=True)


async def test_what_is_missing_is_made_in_order_and_what_was_learned_goes_on(
    world: dict[str, Any], told: Told, looker: Looker[Definitions]
) -> None:
    parts = [Guard("deny", world), Guard("audit", world)]
    world[parts[0].id] = parts[0].body
    planned = await _planned(looker, *parts)
    assert [one.step.verb for one in planned] == [DesiredVerb.EXISTS, DesiredVerb.CREATE]
    assert world["log"] == ["read deny after 0", "read audit after 1"]
    applied = await apply(planned, looker, patience=0)
    assert applied.changed == 1 and "PUT audit" in world["log"] and "PUT deny" not in world["log"]
    assert told.said == [f"create {parts[1].id}", f"done {parts[1].id}"]
    # Once it is there a re-run changes nothing.
    world["log"].clear()
    again = await apply(await _planned(looker, *parts), looker, patience=0)
    assert again.changed == 0 and not [line for line in world["log"] if line.startswith("PUT")]


async def test_a_refusal_is_told_in_the_words_of_who_asked(
    world: dict[str, Any], looker: Looker[Definitions]
) -> None:
    planned = await _planned(looker, Guard("deny", world), Guard("audit", world, refused="It is another team's."))
    with pytest.raises(RefusedError) as refused:
        check((one.step for one in planned), "guards.yaml", looker.telling.refused)
    assert refused.value.summary == f"{WORDS}; nothing was changed."
    assert [reason.rpartition(": ")[2] for reason in refused.value.reasons] == ["It is another team's."]


async def test_who_approves_steps_is_asked_right_before_each_that_writes(
    world: dict[str, Any], looker: Looker[Definitions]
) -> None:
    parts = [Guard("there", world), Guard("deny", world), Guard("audit", world)]
    world[parts[0].id] = parts[0].body

    def allowed(one: PlannedPart[Definitions]) -> None:
        world["log"].append(f"asked of {one.part.id.rpartition('/')[2]}")
        if one.part is parts[2]:
            raise RefusedError("Nobody approved it.")

    asking = Looker(looker.port, looker.word, looker.telling, looker.nothing, allowed)
    with pytest.raises(RefusedError) as refused:
        await apply(await _planned(looker, *parts), asking, patience=0)
    assert refused.value.summary == "Nobody approved it. 1 of 2 steps were done: the policy."
    assert refused.value.done == ("the policy",)
    assert [line for line in world["log"] if not line.startswith("read")] == [
        "asked of deny",
        "PUT deny",
        "asked of audit",
    ]


async def test_what_is_refused_by_the_time_it_is_due_is_not_done(
    world: dict[str, Any], looker: Looker[Definitions]
) -> None:
    first, second = Guard("deny", world), Guard("audit", world)
    planned = await _planned(looker, first, second)
    second._refused = "Somebody froze it."
    with pytest.raises(RefusedError) as refused:
        await apply(planned, looker, patience=0)
    assert refused.value.summary == f"{WORDS}. 1 of 2 steps were done: the policy."
    assert "PUT deny" in world["log"] and "PUT audit" not in world["log"]


async def test_what_is_not_there_after_all_is_told(world: dict[str, Any], looker: Looker[Definitions]) -> None:
    world["lost"] = True
    with pytest.raises(IncompleteError, match="is not what was asked for after all"):
        await apply(await _planned(looker, Guard("deny", world)), looker, patience=0)
