"""The ledger against a model: whatever is moved, and wherever it is cut off, it says what was told it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.builders.world import plan, step

from amlmigrate.core.address import Address
from amlmigrate.core.state import FOLLOWS, State
from amlmigrate.ledger import Ledger

PLAN = plan(
    step("models/m/1"), step("models/m/2", "models/m/1"), step("blobs/azureml/a b"), step("models/m/2#archive")
)
STEPS = [one.address for one in PLAN.steps]


class LedgerMachine(RuleBasedStateMachine):
    """Moves steps, reopens, copies the files of an open ledger as a crash would leave them."""

    def __init__(self) -> None:
        super().__init__()
        self.folders: list[Path] = []
        self.states = dict.fromkeys(STEPS, State.PENDING)
        self.told: dict[Address, list[tuple[str, str]]] = {address: [] for address in STEPS}
        self.ids = dict.fromkeys(STEPS, "")
        self.attempts = dict.fromkeys(STEPS, 0)

    @initialize()
    def start(self) -> None:
        self.ledger = Ledger(self.folder())
        assert self.ledger.bind(PLAN)

    def folder(self) -> Path:
        self.folders.append(Path(tempfile.mkdtemp(prefix="ledger-")))
        return self.folders[-1]

    @rule(
        address=st.sampled_from(STEPS),
        state=st.sampled_from(State),
        detail=st.text(max_size=5),
        new_id=st.sampled_from(["", "/a", "/b"]),
    )
    def move(self, address: Address, state: State, detail: str, new_id: str) -> None:
        before = self.states[address]
        if state is not before and state not in FOLLOWS[before]:
            with pytest.raises(ValueError, match="cannot follow"):
                self.ledger.move(address, state, detail=detail, target_id=new_id)
            return
        self.ledger.move(address, state, detail=detail, target_id=new_id)
        self.states[address] = state
        self.told[address].append((state.value, detail))
        self.ids[address] = new_id or self.ids[address]
        self.attempts[address] += state is State.DOING

    @rule()
    def take_up_again(self) -> None:
        self.ledger.reopen()
        for address, state in self.states.items():
            if state in (State.FAILED, State.BLOCKED):
                before = self.told[address][-2:-1]
                under_way = state is State.FAILED and before and before[0][0] in ("doing", "created")
                self.states[address] = State.DOING if under_way else State.PENDING
                self.told[address].append((self.states[address].value, "taken up again"))
                self.attempts[address] += self.states[address] is State.DOING

    @rule()
    def close_and_open(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(self.ledger.path.parent, fresh=False)
        assert not self.ledger.bind(PLAN)

    @rule()
    def crash(self) -> None:
        before = self.ledger
        folder = self.folder()
        for file in (before.path, before.path.with_name("ledger.db-wal")):
            shutil.copy(file, folder)
        before.close()
        self.ledger = Ledger(folder, fresh=False)
        assert not self.ledger.bind(PLAN)

    @invariant()
    def says_what_was_told(self) -> None:
        rows = self.ledger.steps()
        assert {address: row.state for address, row in rows.items()} == self.states
        for address, row in rows.items():
            assert self.ledger.step(address) == row
            assert row.attempts == self.attempts[address]
            assert row.target_id == self.ids[address]
            assert row.detail == (self.told[address][-1][1] if self.told[address] else "")
            assert [line[:2] for line in self.ledger.history(address)] == self.told[address]
        created = {str(address) for address, lines in self.told.items() if any(s == "created" for s, _ in lines)}
        assert self.ledger.owned() == created

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
        for folder in self.folders:
            shutil.rmtree(folder)


TestLedgerMoves = LedgerMachine.TestCase
TestLedgerMoves.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)


def test_where_an_accepted_change_is_polled_is_known_until_it_has_come_about(ledger: Ledger) -> None:
    address = PLAN.steps[0].address
    assert ledger.operation(address) is None
    ledger.move(address, State.DOING)
    ledger.move(address, State.DOING, operation={"url": "https://poll"})
    assert ledger.operation(address) == {"url": "https://poll"}
    ledger.move(address, State.CREATED)
    assert ledger.operation(address) is None


def test_what_the_last_write_left_of_a_document_is_known_once_it_was_made(ledger: Ledger) -> None:
    address = PLAN.steps[0].address
    assert ledger.left_of(address) is None
    ledger.move(address, State.DOING)
    assert ledger.left_of(address) is None
    ledger.move(address, State.CREATED, target_sha256="ab")
    assert ledger.left_of(address) == "ab"
