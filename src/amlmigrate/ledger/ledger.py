"""One plan's ledger: states and history of its steps, ids, blobs, decisions, approvals."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.errors import BadInputError, MigrateError
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.state import FOLLOWS, State
from amlmigrate.ledger import schema
from amlmigrate.ledger.decision_rows import DecisionRows
from amlmigrate.ledger.exclusive import alone
from amlmigrate.ledger.missing import FILE, refuse_lost
from amlmigrate.ledger.ownership import CALLED, OPERATION, RUN, Made
from amlmigrate.ledger.ownership import now as _now

_RUNS = "runs_started"
SEQUENCE = "sequence"
_BEHIND = "behind_at_run:"
_STEP = "state, target_id, detail, attempts, at, target_sha256"
# How a transaction begins, ends and is undone; alone, and within one that is open.
_OUTER = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_INNER = ("SAVEPOINT one", "RELEASE one", ("ROLLBACK TO one", "RELEASE one"))


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as the ledger knows it."""

    address: Address
    state: State
    target_id: str
    detail: str
    attempts: int
    at: str
    # The digest of the target's document as the tool last saw it in line with the plan; '' before it did.
    target_sha256: str = ""


class NewerLedgerError(BadInputError):
    """A later version of the tool wrote the ledger."""


class Ledger(Made, DecisionRows):
    """An open ledger; each change is a transaction of its own, on disk before the call returns.

    Raises BadInputError when the file belongs to another plan, is of a newer version, or is no ledger.
    """

    def __init__(self, folder: Path, *, fresh: bool = True, home: Path | None = None) -> None:
        self.path = folder / FILE
        # The plan's folder, where this is a copy.
        self.home = home or folder
        # Azure's clock, once a command has it: by it decisions come to their end. None before it is known.
        self.clock: Callable[[], datetime | None] = lambda: None
        if not self.path.exists():
            refuse_lost(self.home)
        if not fresh and not self.path.exists():
            raise BadInputError(
                "The plan has no ledger: nothing was run yet.", remedy="Start it with `migrate run`."
            )
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        try:
            self._db.execute("PRAGMA busy_timeout = 10000")
            # A file that is new takes WAL from one process only, and lets another one fail instead of wait.
            # Two that upgrade at once would write one copy.
            with alone(self.path.parent) if schema.version(self._db) < schema.VERSION else nullcontext():
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                self._ready()
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error

    def _rows(self, query: str, *values: str | float) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error

    def _each(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The same one after the other, for what may be more than memory should hold."""
        try:
            yield from self._db.execute(query)
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error

    def _ready(self) -> None:
        found = schema.version(self._db)
        if found == 0:
            schema.create(self._db)
        elif found > schema.VERSION:
            raise NewerLedgerError(
                f"The ledger has version {found}; this migrate reads up to {schema.VERSION}.",
                address=str(self.path),
                remedy="Use the version of migrate that wrote it.",
            )
        elif found < schema.VERSION:
            schema.upgrade(self._db, self.path)

    def moment(self) -> datetime:
        """Now, by Azure's clock where that is known: this machine's may be days off."""
        return self.clock() or datetime.now(UTC)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is done inside, or nothing; inside `together` it is on disk when that returns."""
        with self._scope(*(_INNER if self._db.in_transaction else _OUTER)) as db:
            yield db

    @contextmanager
    def _scope(self, begin: str, commit: str, undo: tuple[str, ...]) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute(begin)
            try:
                yield self._db
                self._db.execute(commit)
            except BaseException:
                # A full disk ends the transaction by itself, or leaves it open after COMMIT.
                if self._db.in_transaction:
                    for statement in undo:
                        self._db.execute(statement)
                raise
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[tuple[Any, Exception | None]]:
        """Does several calls with one write to the disk: what each returned, or the exception that it raised.

        Each changes all it does or nothing, whatever becomes of the others. When this returns they are on disk;
        where that fails, each has failed.
        """
        if len(calls) == 1:
            return [_outcome(calls[0])]
        found: list[tuple[Any, Exception | None]] = []
        try:
            with self._scope(*_OUTER) as db:
                for call in calls:
                    found.append(_outcome(call))
                    if not db.in_transaction:
                        raise found[-1][1] or sqlite3.OperationalError("the transaction was ended")  # noqa: TRY301
        except Exception as error:  # noqa: BLE001 - each caller gets it
            return [(None, error)] * len(calls)
        return found

    # What the plan is.

    def bind(self, plan: Plan) -> bool:
        """Ties a fresh ledger to a plan; True when it was fresh.

        Raises BadInputError for another plan's, LostLedgerError for a fresh one beside what another one knew.
        """
        fresh = not self.meta() and self._fill(plan)
        if self.plan_sha256 != plan.sha256:
            raise BadInputError(
                "The ledger belongs to another plan.",
                address=str(self.path),
                remedy="Put the plan's own ledger back, or make a new plan in another folder.",
            )
        return fresh

    @property
    def plan_sha256(self) -> str:
        """The plan that the ledger is tied to; '' while it is fresh."""
        return self.meta().get("plan_sha256", "")

    def _fill(self, plan: Plan) -> bool:
        """Writes the plan's steps; False where another process was faster."""
        refuse_lost(self.home)
        now = _now()
        with self.transaction() as db:
            if self.meta():
                return False
            db.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                [
                    ("plan_sha256", plan.sha256),
                    ("source_workspace_id", plan.header.source["workspaceId"]),
                    ("target_workspace_id", plan.header.target["workspaceId"]),
                    ("created", now),
                    *((f"{CALLED}{one}", str(other)) for one, other in plan.names().items()),
                ],
            )
            db.executemany(
                "INSERT INTO steps (address, state, at) VALUES (?, ?, ?)",
                [(str(step.address), _first_state(step), now) for step in plan.steps],
            )
        return True

    def meta(self) -> dict[str, str]:
        """What the ledger is tied to; empty while it is fresh."""
        return dict(self._rows("SELECT key, value FROM meta"))

    def note(self, key: str, value: str) -> None:
        """Records a fact about the run."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def begun(self) -> bool:
        """Whether a run was ever started on the plan."""
        return "begun" in self.meta()

    @property
    def untold_runs(self) -> list[str]:
        """When those runs started that no report tells of yet, the earliest first; a killed one leaves its own."""
        found: list[str] = json.loads(self.meta().get(_RUNS) or "[]")
        return found

    def run_begins(self) -> None:
        """Records that a run starts."""
        self.note(_RUNS, json.dumps([*self.untold_runs, _now()]))

    @property
    def sequence(self) -> int:
        """The number of its newest run among all of the pair; 0 before one was numbered."""
        return int(self.meta().get(SEQUENCE, 0))

    def number_run(self, sequence: int, behind: timedelta | None) -> None:
        """Records the number of the run that begins, and how far the clock here is behind Azure's, if known."""
        self.note(SEQUENCE, str(sequence))
        if behind is not None:
            self.note(f"{_BEHIND}{sequence}", str(behind.total_seconds()))

    def runs_told(self) -> None:
        """Records that a report tells of all runs so far."""
        self.note(_RUNS, "[]")

    # Steps.

    def steps(self) -> dict[Address, StepRow]:
        """Every step."""
        rows = self._each(f"SELECT address, {_STEP} FROM steps")  # noqa: S608 - no input of anybody's
        return {
            (address := Address.parse(text)): StepRow(address, State(state), *rest) for text, state, *rest in rows
        }

    def stands(self) -> dict[str, tuple[State, str]]:
        """By its address, the state of every step and its detail: of many steps all else takes room."""
        rows = self._each("SELECT address, state, detail FROM steps")
        return {address: (State(state), detail) for address, state, detail in rows}

    def step(self, address: Address) -> StepRow:
        """One step."""
        [row] = self._rows(f"SELECT {_STEP} FROM steps WHERE address = ?", str(address))  # noqa: S608 - as above
        return StepRow(address, State(row[0]), *row[1:])

    def done_at(self) -> dict[str, str]:
        """When each step that is done became so (ISO 8601), by address; by Azure's clock where that was known."""
        rows = self._rows("SELECT address, at, sequence FROM steps WHERE state = ?", State.DONE.value)
        behind = {key.removeprefix(_BEHIND): text for key, text in self.meta().items() if key.startswith(_BEHIND)}
        return {str(address): _moved(at, behind.get(str(sequence), "0")) for address, at, sequence in rows}

    def move(
        self,
        address: Address,
        state: State,
        *,
        detail: str = "",
        target_id: str = "",
        target_sha256: str = "",
        source_id: str = "",
        operation: dict[str, Any] | None = None,
    ) -> None:
        """Moves a step on. Raises ValueError for a state that cannot follow.

        With `source_id` it also records, in the same transaction, that this old id has become `target_id`; with
        `operation` where the change that was accepted is polled, which is kept until the step is done, or made
        anew: that of an earlier attempt says nothing of a later one.
        """
        before = self.step(address).state
        if state is not before and state not in FOLLOWS[before]:
            raise ValueError(f"{address}: {state} cannot follow {before}")
        now = _now()
        with self.transaction() as db:
            db.execute(
                "UPDATE steps SET state = ?, detail = ?, at = ?, attempts = attempts + ?,"  # noqa: S608 - no input of anybody's
                " target_id = coalesce(nullif(?, ''), target_id),"
                f" target_sha256 = coalesce(nullif(?, ''), target_sha256), sequence = {RUN} WHERE address = ?",
                (state, detail, now, int(state is State.DOING), target_id, target_sha256, str(address)),
            )
            db.execute(
                "INSERT INTO history (address, state, detail, at) VALUES (?, ?, ?, ?)",
                (str(address), state, detail, now),
            )
            if state in (State.CREATED, State.DONE):
                db.execute("DELETE FROM meta WHERE key = ?", (f"{OPERATION}{address}",))
            if operation:
                db.execute("INSERT INTO meta VALUES (?, ?)", (f"{OPERATION}{address}", json.dumps(operation)))
            if source_id:
                db.execute("INSERT OR REPLACE INTO ids VALUES (?, ?, ?)", (source_id, target_id, str(address)))

    def wait_again(self, address: Address) -> None:
        """Has a step wait for the cutover again, which was taken back."""
        with self.transaction() as db:
            told = (State.PENDING.value, "the cutover was taken back", _now(), str(address))
            db.execute("UPDATE steps SET state = ?, detail = ?, at = ? WHERE address = ?", told)
            db.execute("INSERT INTO history (state, detail, at, address) VALUES (?, ?, ?, ?)", told)

    def reopen(self) -> None:
        """Takes up again what failed or was blocked, for a run that goes on.

        What failed while it was under way is under way again, and the target is asked what became of it: a call
        that nobody answered may have been served, and what was made may have been taken away since.
        """
        with self.transaction():
            for text, (state, _) in self.stands().items():
                if state in (State.FAILED, State.BLOCKED):
                    address = Address.parse(text)
                    again = self._failed_from(address) if state is State.FAILED else State.PENDING
                    self.move(address, again, detail="taken up again")

    def _failed_from(self, address: Address) -> State:
        """Doing where a step failed on its way; pending where it had not begun."""
        before = [state for state, _, _ in self.history(address)][-2:-1]
        return State.DOING if before and before[0] in (State.DOING, State.CREATED) else State.PENDING

    def history(self, address: Address) -> list[tuple[str, str, str]]:
        """A step's states in order: state, detail, time."""
        return self._rows("SELECT state, detail, at FROM history WHERE address = ? ORDER BY number", str(address))

    def rate(self, seconds: float) -> float | None:
        """Steps done a second over the last so many seconds of work; None when too few were."""
        [row] = self._rows(
            "SELECT count(*), julianday(max(at)) - julianday(min(at)) FROM history WHERE state = 'done'"
            " AND julianday(at) > (SELECT julianday(max(at)) FROM history) - ? / 86400.0",
            seconds,
        )
        return row[0] / (row[1] * 86400) if row[0] > 1 and row[1] else None

    # Ids.

    def ids(self) -> Iterator[tuple[str, str]]:
        """Old id and new id of all that was migrated, one after the other."""
        return self._each("SELECT old_id, new_id FROM ids ORDER BY address")


def _outcome(call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return call(), None
    except Exception as error:  # noqa: BLE001 - raised again where it was asked for
        return None, error


def _moved(at: str, seconds: str) -> str:
    return (datetime.fromisoformat(at) + timedelta(seconds=float(seconds))).isoformat(timespec="milliseconds")


def _first_state(step: Step) -> State:
    return State.SKIPPED if step.action is Action.SKIP else State.PENDING


def _unusable(path: Path, error: sqlite3.Error) -> MigrateError:
    if any(sign in str(error) for sign in ("not a database", "malformed")):
        return BadInputError(
            f"The ledger is damaged: {error}.",
            address=str(path),
            remedy="Put a copy of the file back; without one, make a new plan: what exists is adopted.",
        )
    return MigrateError(
        f"The ledger cannot be written: {error}.",
        address=str(path),
        remedy="Check free space and permissions of the folder, then continue with `migrate run --resume`.",
    )
