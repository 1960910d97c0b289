"""A drill is ended by the tag alone, from any machine; and what the watcher does at the limit."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from drilled import NOW, ORDER, VAULT_ID, VERSION, Time, Vault, tagged, version
from tests.builders.errors import refusal, silence

from amlmigrate.cli import drillwatch
from amlmigrate.cloud.credentials import Login
from amlmigrate.core import drilltag
from amlmigrate.core.drilltag import UNDER_WAY, DrillTag
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.keys import KeyVersion
from amlmigrate.drilling import restoring, watcher, watching
from amlmigrate.drilling.model import VersionEnd
from amlmigrate.drilling.watching import WatcherTask
from amlmigrate.keys import drills
from amlmigrate.keys.model import DRILLED

LATER = NOW + timedelta(minutes=30)


def vault(now: KeyVersion) -> Vault:
    return Vault(Time(), now)


async def test_by_the_tag_alone_the_version_is_enabled_and_untagged_and_the_end_is_noted() -> None:
    one = vault(version(enabled=False, drill=tagged(), owner="me"))
    ended = await restoring.end(one, one.time.clock)
    assert (ended.end, one.done) == (VersionEnd.ENABLED, ["enable"])
    assert one.now.enabled and set(one.now.tags) == {"owner", DRILLED}


LEFT = {
    "disabled by somebody else before": version(enabled=False, drill=tagged(disabled=False)),
    "changed after the drill had disabled it": version(enabled=False, updated=LATER, drill=tagged()),
    "no time of its last change": version(enabled=False, updated=None, drill=tagged()),
    "a tag that no drill wrote": version(enabled=False, drill="hello"),
}


@pytest.mark.parametrize("found", LEFT.values(), ids=LEFT)
async def test_what_the_drill_did_not_disable_is_left_and_told_with_the_command(found: KeyVersion) -> None:
    one = vault(found)
    ended = await restoring.end(one, one.time.clock)
    assert (ended.end, one.done) == (VersionEnd.LEFT, [])
    assert f"az keyvault key set-attributes --id {VERSION} --enabled true" in ended.note


@pytest.mark.parametrize(("disabled", "end"), [(False, VersionEnd.NOT_DISABLED), (True, VersionEnd.BY_ANOTHER)])
async def test_of_a_version_that_is_enabled_only_the_tag_goes(disabled: bool, end: VersionEnd) -> None:
    one = vault(version(drill=tagged(disabled=disabled)))
    assert (await restoring.end(one, one.time.clock)).end is end
    assert one.done == ["tag"] and UNDER_WAY not in one.now.tags
    assert (DRILLED in one.now.tags) is disabled, "what was never disabled was not drilled"


async def test_a_read_that_is_behind_takes_no_tag_from_a_version_that_is_disabled() -> None:
    one = vault(version(enabled=False, drill=tagged()))
    one.stale = [version(drill=tagged(disabled=False))]
    ended = await restoring.end(one, one.time.clock, "d1")
    assert ended.end is VersionEnd.NOT_SHOWN and not one.now.enabled
    assert UNDER_WAY in one.now.tags, "the next one finds the drill by it"


async def test_a_drill_that_is_about_to_disable_is_not_untagged_before_it_does() -> None:
    one = vault(version(drill=tagged(disabled=False)))
    one.time.then.append((4, lambda: one.somebody(enabled=False, tags={UNDER_WAY: tagged(at=one.time.today())})))
    assert (await restoring.end(one, one.time.clock)).end is VersionEnd.ENABLED
    assert one.done == ["enable"] and one.now.enabled


async def test_when_a_version_was_enabled_is_told_only_where_that_is_known() -> None:
    by_another = vault(version(drill=tagged(), updated=LATER))
    by_another.time.seconds = 7200
    assert (await restoring.end(by_another, by_another.time.clock)).at == LATER
    never = vault(version(drill=tagged(disabled=False)))
    ended = await restoring.end(never, never.time.clock)
    assert (ended.end, ended.at) == (VersionEnd.NOT_DISABLED, None)


async def test_a_tag_of_another_drill_is_left() -> None:
    one = vault(version(enabled=False, drill=tagged("d2")))
    assert (await restoring.end(one, one.time.clock, "d1")).end is VersionEnd.LEFT
    assert one.done == []


@pytest.mark.parametrize("error", [refusal(403), refusal(404, "KeyNotFound"), refusal(500), silence()])
async def test_what_cannot_be_read_is_not_said_to_be_enabled(error: Exception) -> None:
    one = vault(version(enabled=False, drill=tagged()))
    one.unread = [error]
    ended = await restoring.end(one, one.time.clock)
    assert (ended.end, one.done) == (VersionEnd.NOT_SHOWN, [])
    assert "set-attributes" in ended.note


def test_the_tag_says_which_drill_until_when_by_whom_and_whether_it_disabled() -> None:
    tag = DrillTag("d1", ORDER.until, "someone", LATER, disabled=True)
    assert DrillTag.of(tag.text) == tag and tag.disabled and tag.at == LATER
    assert len(tag.text) <= 256
    for text in (
        "",
        "drill=d1",
        tag.text.replace("state=disabled", "state=maybe"),
        tag.text.replace("at=", "to="),
    ):
        assert DrillTag.of(text) is None


@pytest.mark.parametrize(
    ("found", "now", "told"),
    [
        (version(enabled=False, drill=tagged()), NOW, "is under way until 2026-06-01 14:00:00 UTC"),
        (
            version(enabled=False, drill=tagged()),
            ORDER.until,
            "was to end at 2026-06-01 14:00:00 UTC; it is disabled still",
        ),
        (version(drill="hello"), NOW, "cannot be read; it is enabled"),
    ],
)
def test_whoever_only_looks_is_told(found: KeyVersion, now: object, told: str) -> None:
    assert told in drilltag.told(found, now)  # type: ignore[arg-type]  # a time


# The watcher.


async def test_the_watcher_tags_the_version_and_ends_the_drill_at_the_limit_and_not_before() -> None:
    one = vault(version())
    await watching.tag(one, one.time.clock, ORDER)
    assert one.done == ["tag"] and one.now.enabled
    one.somebody(enabled=False, tags={UNDER_WAY: tagged(at=one.time.today())})
    lines = list[str]()
    assert await watching.watch(one, one.time.clock, ORDER, lines.append) is VersionEnd.ENABLED
    assert ORDER.until <= one.time.today() <= ORDER.until + timedelta(seconds=30)
    assert one.now.enabled and UNDER_WAY not in one.now.tags
    assert lines[-1] == "enabled by this watcher."


async def test_the_watcher_tries_again_until_it_is_shown() -> None:
    one = vault(version(enabled=False, drill=tagged()))
    one.unread = [silence(), refusal(503), refusal(401)]
    one.answers[1] = (refusal(429), False)
    assert await watching.watch(one, one.time.clock, ORDER, lambda _: None) is VersionEnd.ENABLED
    assert one.done == ["enable", "enable"]


async def test_the_watcher_gives_up_after_a_day() -> None:
    one = vault(version(enabled=False, drill=tagged()))

    async def read() -> KeyVersion:
        raise refusal(403)

    one.read = read  # it is refused every time
    assert await watching.watch(one, one.time.clock, ORDER, lambda _: None) is VersionEnd.NOT_SHOWN
    assert one.time.today() > ORDER.until + timedelta(days=1)


async def test_the_watcher_does_nothing_where_the_command_ended_the_drill() -> None:
    one = vault(version())
    lines = list[str]()
    assert await watching.watch(one, one.time.clock, ORDER, lines.append) is VersionEnd.BY_ANOTHER
    assert one.done == []
    assert lines[-1] == "enabled by the command or somebody else. the drill had been ended already"


@pytest.mark.parametrize("found", [version(enabled=False), version(drill=tagged("d2"))])
async def test_the_watcher_is_not_ready_for_what_it_may_not_tag(found: KeyVersion) -> None:
    one = vault(found)
    with pytest.raises(RefusedError):
        await watching.tag(one, one.time.clock, ORDER)
    assert one.done == []


async def test_a_change_soon_after_the_drills_own_is_somebodys_for_the_watcher_too() -> None:
    one = vault(version(drill=tagged(disabled=False)))
    one.time.then.append((5, lambda: one.somebody(enabled=False, tags={UNDER_WAY: tagged(at=one.time.today())})))
    # Somebody revokes the key in the middle: it is disabled already, and stays so.
    one.time.then.append((40, lambda: one.somebody(enabled=False)))
    assert await watching.watch(one, one.time.clock, ORDER, lambda _: None) is VersionEnd.LEFT
    assert not one.now.enabled and one.done == []


async def test_a_disabling_that_was_sent_twice_is_the_drills_for_the_watcher() -> None:
    one = vault(version(drill=tagged(disabled=False)))
    for at in (5, 60):
        one.time.then.append(
            (at, lambda: one.somebody(enabled=False, tags={UNDER_WAY: tagged(at=one.time.today())}))
        )
    assert await watching.watch(one, one.time.clock, ORDER, lambda _: None) is VersionEnd.ENABLED


async def test_no_bug_ends_the_watcher_while_the_version_is_disabled() -> None:
    one = vault(version(enabled=False, drill=tagged()))
    read, lines = one.read, list[str]()

    async def broken() -> KeyVersion:
        if len(lines) < 3:
            raise KeyError("attributes")
        return await read()

    one.read = broken  # no answer can be read until the third try
    assert await watching.watch(one, one.time.clock, ORDER, lines.append) is VersionEnd.ENABLED
    assert one.now.enabled and not any("attributes" in line for line in lines)


async def test_a_machine_that_sleeps_after_the_limit_uses_up_no_tries() -> None:
    one = vault(version(enabled=False, drill=tagged()))
    one.unread = [silence(), silence(), silence()]
    asleep = one.time.then
    asleep.append(((ORDER.until - NOW).total_seconds(), lambda: setattr(one.time, "seconds", 3 * 86400.0)))
    asleep.append((3 * 86400.0 + 10, lambda: setattr(one.time, "seconds", 6 * 86400.0)))
    assert await watching.watch(one, one.time.clock, ORDER, lambda _: None) is VersionEnd.ENABLED


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
def test_a_full_disk_ends_no_watcher(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w", buffering=1) as full:  # noqa: PTH123 - buffered by lines, as standard error is
        monkeypatch.setattr(sys, "stderr", full)
        drillwatch._told("the limit is reached")
        with suppress(OSError):
            full.close()


def test_of_a_bug_the_watcher_tells_the_type_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(task: Any) -> int:
        raise RuntimeError("a token")

    told = list[dict[str, str]]()
    monkeypatch.setattr(drillwatch, "_watched", work)
    monkeypatch.setattr(drillwatch, "_answer", lambda state, **more: told.append({"state": state, **more}))
    monkeypatch.setattr(sys, "stdin", io.StringIO(TASK.text))
    try:
        assert drillwatch.main() == 1
    finally:
        logging.disable(logging.NOTSET)
    assert told == [{"state": watcher.FAILED, "why": "it met RuntimeError"}]
    assert "RuntimeError" in (log := capsys.readouterr().err) and "token" not in log


def test_no_word_of_a_library_reaches_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = list[bool]()

    async def work(task: Any) -> int:
        heard.append(logging.getLogger("azure.identity").isEnabledFor(logging.CRITICAL))
        return 0

    monkeypatch.setattr(drillwatch, "_watched", work)
    monkeypatch.setattr(sys, "stdin", io.StringIO(TASK.text))
    try:
        assert drillwatch.main() == 0
    finally:
        logging.disable(logging.NOTSET)
    assert heard == [False]


async def test_what_somebody_revokes_between_two_attempts_to_enable_is_left() -> None:
    one = vault(version(enabled=False, drill=tagged()))
    change = one.change

    async def tried_twice(tags: Any, *, enabled: bool | None, first: Any = None) -> KeyVersion:
        await first()
        one.time.seconds += 1500
        one.somebody(enabled=False)
        return await change(tags, enabled=enabled, first=first)

    one.change = tried_twice  # the network was away for the first attempt
    ended = await restoring.end(one, one.time.clock)
    assert ended.end is VersionEnd.NOT_SHOWN and not one.now.enabled and one.done == []


# Who enabled the version, where an attempt of one's own was not answered.


def _enabled_meanwhile(one: Vault, error: Exception, **tags: str) -> None:
    """The first attempt ends so, and half a minute later somebody has enabled the version, with these tags."""
    change = one.change

    async def tried(tags_of: Any, *, enabled: bool | None, first: Any = None) -> KeyVersion:
        one.answers[1] = (error, False)
        try:
            return await change(tags_of, enabled=enabled, first=first)
        finally:
            one.time.seconds += 30
            one.somebody(enabled=True, tags=tags)
            one.time.seconds += 60

    one.change = tried  # it is made once


OPEN = [silence(), refusal(503), refusal(403, doubtful=True)]


@pytest.mark.parametrize("error", [*OPEN, refusal(403), refusal(429)])
async def test_what_the_watcher_enabled_is_not_said_to_be_by_this_command(error: Exception) -> None:
    one = vault(version(enabled=False, drill=tagged()))
    _enabled_meanwhile(one, error, **drills.ended({}, NOW + timedelta(seconds=30)))
    ended = await restoring.end(one, one.time.clock, "d1", NOW)
    assert (ended.end, ended.at) == (VersionEnd.BY_ANOTHER, NOW + timedelta(seconds=30))


@pytest.mark.parametrize("error", [*OPEN, refusal(403), refusal(429)])
async def test_without_a_word_of_who_enabled_it_only_refusals_show_who_did_not(error: Exception) -> None:
    before = {DRILLED: "2026-05-01T00:00:00.000+00:00 other"}
    one = vault(replace(version(enabled=False, drill=tagged()), tags={UNDER_WAY: tagged(), **before}))
    _enabled_meanwhile(one, error, **before)
    ended = await restoring.end(one, one.time.clock, "d1", NOW)
    if error in OPEN:
        assert (ended.end, ended.at) == (VersionEnd.BY_UNKNOWN, None) and "not answered" in ended.note
    else:
        assert (ended.end, ended.at) == (VersionEnd.BY_ANOTHER, NOW + timedelta(seconds=30))


async def test_what_an_unanswered_attempt_wrote_shows_that_it_was_this_command() -> None:
    one = vault(version(enabled=False, drill=tagged()))
    one.answers[1] = (silence(), True)
    assert (await restoring.end(one, one.time.clock, "d1", NOW)).end is VersionEnd.ENABLED


# What the watcher is told.


def test_what_the_watcher_is_told_holds_no_secret_and_is_read_back() -> None:
    task = WatcherTask.made(VERSION, VAULT_ID, ORDER, Login("tenant", "client"))
    assert WatcherTask.of(task.text) == task and task.order == ORDER and task.login == Login("tenant", "client")
    assert set(json.loads(task.text)) == {
        *("version", "vault_id", "drill", "until", "operator", "tenant", "client_id", "cloud")
    }


TASK = WatcherTask.made(VERSION, VAULT_ID, ORDER, Login())


@pytest.mark.parametrize("module", ["amlmigrate.none_such", "json.tool"])
async def test_a_process_that_is_not_ready_is_refused_and_ended(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "_MODULE", module)
    with pytest.raises(RefusedError) as met:
        await watcher.start(TASK, tmp_path / "keys" / "drill.log")
    assert "Nothing was disabled" in met.value.summary
    assert oct((tmp_path / "keys" / "drill.log").stat().st_mode & 0o777) == "0o600"


async def test_a_process_that_says_nothing_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "silent.py").write_text(f"import time\ntime.sleep(20)\nopen({str(tmp_path / 'over')!r}, 'w')\n")
    monkeypatch.setattr(watcher, "_MODULE", "silent")
    monkeypatch.setattr(watcher, "_READY_SECONDS", 0.1)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RefusedError, match="in time"):
        await watcher.start(TASK, tmp_path / "drill.log")
    assert not (tmp_path / "over").exists(), "it was waited for, and not ended"


async def test_a_process_is_told_by_its_input_alone_and_goes_on_in_a_session_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "standin.py").write_text(
        "import sys, time\nassert 'd1' in sys.stdin.readline()\nprint('{\"state\": \"ready\"}', flush=True)\ntime.sleep(60)\n"
    )
    monkeypatch.setattr(watcher, "_MODULE", "standin")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    before = set(os.environ)
    started = await watcher.start(TASK, tmp_path / "drill.log")
    pid = started.process.pid
    try:
        assert started.alive() and os.getsid(pid) == pid
        words, environ = _of_process(pid)
        assert b"standin" in words and ORDER.drill.encode() not in words and VERSION.encode() not in words
        given = environ.split(b"\0")
        # The two are readline's, where it is loaded here.
        assert {one.partition(b"=")[0].decode() for one in given if one} - before <= {"COLUMNS", "LINES"}
    finally:
        await started.stop()
    assert not started.alive()


def _of_process(pid: int) -> tuple[bytes, bytes]:
    """Its command line and its environment, as everybody on the machine may see the first."""
    here = Path(f"/proc/{pid}")
    return (here / "cmdline").read_bytes(), (here / "environ").read_bytes()


async def test_no_file_of_the_folder_that_it_begins_in_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asyncio.py").write_text("open('loaded', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedError):
        await watcher.start(replace(TASK, cloud="none"), tmp_path / "drill.log")
    assert not (tmp_path / "loaded").exists()
