"""The lock: one run at a time, taken over from the dead only."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tests.builders.world import plan, step

from amlmigrate.core.errors import ExitCode, PlanLockedError
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.lock import HEARTBEAT_SECONDS, Lock

PLAN = plan(step("models/m/1"))
BEAT = "2026-01-01T00:00:00+00:00"


def _held(ledger: Ledger, host: str, pid: int, started: str = "") -> None:
    with ledger.transaction() as db:
        db.execute("INSERT OR REPLACE INTO lock VALUES (1, ?, ?, ?, ?)", (host, pid, BEAT, started))


def _holder(ledger: Ledger) -> tuple[str, int, str] | None:
    with ledger.transaction() as db:
        found: tuple[str, int, str] | None = db.execute("SELECT host, pid, heartbeat FROM lock").fetchone()
    return found


def _dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_lock_names_host_and_process_and_goes_with_its_holder(ledger: Ledger) -> None:
    with Lock(ledger):
        held = _holder(ledger)
        assert held is not None
        assert held[:2] == (socket.gethostname(), os.getpid())
    assert _holder(ledger) is None


def test_a_lock_goes_when_its_holder_fails(ledger: Ledger) -> None:
    with pytest.raises(KeyError), Lock(ledger):
        raise KeyError
    assert _holder(ledger) is None


def test_a_live_process_keeps_its_lock(ledger: Ledger) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        _held(ledger, socket.gethostname(), process.pid)
        with pytest.raises(PlanLockedError, match=f"process {process.pid} on") as caught, Lock(ledger):
            pass
    finally:
        process.communicate(b"\n")
    assert caught.value.exit_code is ExitCode.LOCKED
    assert _holder(ledger) is not None


def test_a_process_of_somebody_else_keeps_its_lock(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: psutil.Process) -> float:
        raise psutil.AccessDenied

    _held(ledger, socket.gethostname(), 1, started="1.0")
    lock = Lock(ledger)
    monkeypatch.setattr(psutil.Process, "create_time", refused)
    with pytest.raises(PlanLockedError), lock:
        pass


def test_the_lock_of_a_dead_process_is_taken_over(ledger: Ledger) -> None:
    _held(ledger, socket.gethostname(), _dead())
    with Lock(ledger):
        held = _holder(ledger)
        assert held is not None
        assert held[1] == os.getpid()


def test_an_id_that_was_given_out_again_is_no_holder(ledger: Ledger) -> None:
    parent = psutil.Process(os.getppid())
    _held(ledger, socket.gethostname(), parent.pid, started=f"{parent.create_time():.2f}")
    with pytest.raises(PlanLockedError), Lock(ledger):
        pass
    _held(ledger, socket.gethostname(), parent.pid, started=f"{parent.create_time() - 3600:.2f}")
    with Lock(ledger):
        held = _holder(ledger)
    assert held is not None and held[1] == os.getpid()


@pytest.mark.parametrize(("apart", "lives"), [(0.0, True), (4.5, True), (-4.5, True), (5.0, False), (-5.5, False)])
def test_a_start_that_is_reckoned_a_little_differently_is_the_same(
    apart: float, lives: bool, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is reckoned from the time of boot, which moves when the clock is set."""
    lock = Lock(ledger)
    _held(ledger, socket.gethostname(), os.getppid(), started=f"{1000 + apart:.2f}")
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: 1000.0)
    assert lock.holder_lives() is lives


def test_a_run_says_that_it_is_alive_as_often_as_is_documented(ledger: Ledger) -> None:
    told = (Path(__file__).parents[3] / "docs/reference/ledger.md").read_text()
    assert f"renew it every {HEARTBEAT_SECONDS:g} seconds" in told
    assert Lock(ledger).holder_lives() is False


def test_a_killed_process_that_nobody_waited_for_is_dead(ledger: Ledger) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    _held(ledger, socket.gethostname(), process.pid, f"{psutil.Process(process.pid).create_time():.2f}")
    process.kill()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    with Lock(ledger):
        pass
    process.communicate()


def test_a_run_whose_plan_was_taken_over_hears_of_it(ledger: Ledger) -> None:
    with Lock(ledger) as lock:
        _held(ledger, "another-host", 1)
        with pytest.raises(PlanLockedError, match="taken the plan over"):
            lock.beat()
    assert _holder(ledger) == ("another-host", 1, BEAT)


def test_a_process_of_another_host_keeps_its_lock_dead_or_not(ledger: Ledger) -> None:
    for pid in (_dead(), os.getpid()):
        _held(ledger, "another-host", pid)
        with pytest.raises(PlanLockedError, match="on another-host, last seen 2026-01-01"), Lock(ledger):
            pass
        assert _holder(ledger) == ("another-host", pid, "2026-01-01T00:00:00+00:00")


def test_another_hosts_lock_is_taken_over_by_word_but_not_that_of_a_live_process_here(ledger: Ledger) -> None:
    _held(ledger, "another-host", 1)
    with Lock(ledger, force=True):
        held = _holder(ledger)
        assert held is not None
        assert held[:2] == (socket.gethostname(), os.getpid())
    _held(ledger, socket.gethostname(), os.getppid())
    with pytest.raises(PlanLockedError), Lock(ledger, force=True):
        pass


def test_a_run_that_was_refused_leaves_the_lock_to_its_holder(ledger: Ledger) -> None:
    _held(ledger, "another-host", 1)
    lock = Lock(ledger)
    with pytest.raises(PlanLockedError):
        lock.__enter__()
    lock.__exit__(None, None, None)
    assert _holder(ledger) is not None


def test_a_heartbeat_says_that_the_run_is_alive(ledger: Ledger) -> None:
    with Lock(ledger) as lock:
        with ledger.transaction() as db:
            db.execute("UPDATE lock SET heartbeat = ?", (BEAT,))
        lock.beat()
        held = _holder(ledger)
    assert held is not None
    assert held[2] > "2026-01-01T00:00:00+00:00"


def test_two_ledgers_of_one_file_have_one_lock(ledger: Ledger, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from amlmigrate.ledger import Ledger\n"
        "from amlmigrate.ledger.lock import Lock\n"
        f"Lock(Ledger(Path({str(tmp_path)!r}))).__enter__()\n"
    )
    with Lock(ledger):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "PlanLockedError" in done.stderr


def _held_here(ledger: Ledger, place: str, heartbeat: str, pid: int) -> None:
    """By a process of this host's name, in another container or before the machine started again."""
    with ledger.transaction() as db:
        row = (socket.gethostname(), pid, heartbeat, f"1.00 {place}")
        db.execute("INSERT OR REPLACE INTO lock VALUES (1, ?, ?, ?, ?)", row)


@pytest.mark.parametrize("mine", [True, False])
def test_a_process_of_another_container_with_this_hosts_name_keeps_its_lock(ledger: Ledger, mine: bool) -> None:
    """Each container counts its processes from 1, so the same number says nothing, nor that there is none of it."""
    pid = os.getpid() if mine else _dead()
    _held_here(ledger, "another-place", "2999-01-01T00:00:00+00:00", pid)
    with pytest.raises(PlanLockedError, match=f"process {pid} on"), Lock(ledger):
        pass
    with Lock(ledger, force=True) as lock:
        lock.beat()
        _held_here(ledger, "another-place", "2999-01-01T00:00:00+00:00", os.getpid())
        with pytest.raises(PlanLockedError, match="taken the plan over"):
            lock.beat()
    assert _holder(ledger) is not None


def test_what_ran_before_the_machine_started_is_dead(ledger: Ledger) -> None:
    _held_here(ledger, "another-place", "2001-01-01T00:00:00+00:00", os.getpid())
    with Lock(ledger):
        pass


def test_a_lock_of_this_process_number_from_before_is_no_holder(ledger: Ledger) -> None:
    for started in ("", "1.00"):
        _held(ledger, socket.gethostname(), os.getpid(), started)
        with Lock(ledger):
            pass
