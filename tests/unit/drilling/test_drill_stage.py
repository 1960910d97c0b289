"""A drill from the watcher to the version read back, with what goes wrong at each call."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from drilled import KEY, NOW, ORDER, World, key, request, tagged, version
from tests.builders.errors import refusal, silence

from amlmigrate.cli.views.drill import DrillView
from amlmigrate.core.drilltag import UNDER_WAY, tag_of
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.core.keys import KeyVersion
from amlmigrate.drilling import measuring, stage
from amlmigrate.drilling.model import BackEnd, DownEnd, DrillOutcome, VersionEnd
from amlmigrate.drilling.progress import VersionDisabled
from amlmigrate.keys import drills
from amlmigrate.keys.model import DRILLED, Dependant, DependantKind, KeyRef


def seen(outcome: DrillOutcome) -> tuple[DownEnd, BackEnd]:
    [one] = outcome.measured
    return one.down, one.back


async def test_the_tag_comes_before_the_version_is_disabled_and_goes_when_it_is_enabled() -> None:
    world = World(notices=600)
    outcome = await world.drill()
    assert world.vault.done == ["tag", "disable", "enable"]
    assert (outcome.version_end, outcome.complete) == (VersionEnd.ENABLED, True)
    assert world.vault.now.enabled and UNDER_WAY not in world.vault.now.tags and DRILLED in world.vault.now.tags
    assert world.watcher.stopped
    [one] = outcome.measured
    # Measured to a round of calls, not to the second.
    assert one.refused_after is not None and 600 <= one.refused_after <= 610
    assert one.answered_until is not None and one.refused_after - one.answered_until <= 10
    assert one.back_after is not None and 600 <= one.back_after <= 610
    assert one.silent_until is not None and 0 < one.back_after - one.silent_until <= 10


async def test_the_time_of_each_is_its_own_whatever_another_takes_to_answer() -> None:
    world, slow = World(), []

    async def late() -> None:
        await world.ask()

    async def ask() -> None:
        if not world.vault.now.enabled and not slow:
            slow.append(1)
            await world.time.sleep(20)
        await world.ask()

    outcome = await world.drill(world.probe(late), world.probe(ask))
    assert [one.refused_after for one in outcome.measured] == [0, 20]


async def test_what_still_answers_at_the_limit_is_never_called_refused() -> None:
    world = World(notices=9000)
    outcome = await world.drill()
    assert seen(outcome) == (DownEnd.ANSWERED, BackEnd.ANSWERS)
    assert not outcome.complete and outcome.restored
    [one] = outcome.measured
    assert one.refused_after is None
    assert world.time.today() >= ORDER.until


async def test_what_does_not_come_back_is_told() -> None:
    world, calls = World(), list[int]()

    async def ask() -> None:
        calls.append(1)
        if len(calls) > 1:
            raise refusal(403, "KeyVaultEncryptionKeyNotFound", url="https://acct.blob.core.windows.net/c/b")

    outcome = await world.drill(world.probe(ask))
    assert seen(outcome) == (DownEnd.REFUSED, BackEnd.NOT_SEEN)
    assert (outcome.version_end, outcome.complete) == (VersionEnd.ENABLED, False)


@pytest.mark.parametrize(
    "error",
    [refusal(500, "InternalError"), silence(), refusal(404, "BlobNotFound"), refusal(429)],
)
async def test_what_is_no_refusal_is_not_called_one(error: Exception) -> None:
    world, calls = World(), list[int]()

    async def ask() -> None:
        calls.append(1)
        if not world.vault.now.enabled:
            raise error

    outcome = await world.drill(world.probe(ask), limit=timedelta(minutes=1))
    assert seen(outcome) == (DownEnd.UNKNOWN, BackEnd.ANSWERS)
    assert not outcome.complete


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_that_does_not_name_the_key_is_measured_and_never_said_to_be_by_the_key(
    status: int,
) -> None:
    world = World()

    async def ask() -> None:
        if not world.vault.now.enabled:
            raise refusal(status, "AuthorizationFailed")

    outcome = await world.drill(world.probe(ask))
    assert seen(outcome) == (DownEnd.OTHERWISE, BackEnd.ANSWERS)
    assert outcome.measured[0].refused_after == 0 and not outcome.complete and outcome.restored


async def test_nothing_is_disabled_where_nothing_answers_before() -> None:
    world = World()

    async def ask() -> None:
        raise refusal(403, "AuthorizationFailed")

    with pytest.raises(RefusedError) as met:
        await world.drill(world.probe(ask), replace(world.probe(), missing="no blob"))
    assert len(met.value.reasons) == 2 and world.vault.done == []


async def test_what_cannot_be_measured_keeps_a_drill_from_being_complete() -> None:
    outcome = await (world := World()).drill(world.probe(), world.probe(missing="no call"))
    assert [one.down for one in outcome.measured] == [DownEnd.REFUSED, DownEnd.UNMEASURED]
    assert outcome.restored and not outcome.complete


async def test_without_a_watcher_nothing_is_disabled() -> None:
    world = World(unable=RefusedError("it cannot be started"))
    with pytest.raises(RefusedError):
        await world.drill()
    assert world.vault.done == [] and world.vault.now.enabled


async def test_a_watcher_that_dies_before_keeps_the_version_enabled_and_untagged() -> None:
    world = World()
    world.time.then.append((1, lambda: setattr(world.watcher, "there", False)))
    with pytest.raises(RefusedError) as met:
        await world.drill()
    assert "watcher" in met.value.summary
    assert world.vault.done == ["tag", "tag"] and UNDER_WAY not in world.vault.now.tags


async def test_a_watcher_that_dies_meanwhile_ends_the_drill() -> None:
    world = World(notices=3000)
    world.time.then.append((600, lambda: setattr(world.watcher, "there", False)))
    outcome = await world.drill()
    assert (outcome.version_end, outcome.interrupted) == (VersionEnd.ENABLED, True)
    assert seen(outcome)[0] is DownEnd.CUT_SHORT and "watcher" in outcome.note


async def test_a_signal_ends_the_drill_and_the_version_is_enabled() -> None:
    world = World(notices=3000)
    world.time.then.append((600, lambda: setattr(world, "stop", True)))
    outcome = await world.drill()
    assert (outcome.version_end, outcome.interrupted) == (VersionEnd.ENABLED, True)
    assert world.time.seconds < 660


async def test_a_signal_before_it_is_disabled_leaves_nothing() -> None:
    world = World()
    world.time.then.append((1, lambda: setattr(world, "stop", True)))
    with pytest.raises(RefusedError):
        await world.drill()
    assert world.vault.done == ["tag", "tag"] and world.watcher.stopped


async def test_whatever_goes_wrong_while_measuring_the_version_is_enabled_first() -> None:
    world = World()

    async def ask() -> None:
        if not world.vault.now.enabled:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await world.drill(world.probe(ask))
    assert world.vault.now.enabled and world.watcher.stopped


REFUSED = [401, 403, 404, 409, 412, 429, 500]


@pytest.mark.parametrize("status", REFUSED)
async def test_a_refusal_to_disable_leaves_nothing(status: int) -> None:
    world = World()
    world.vault.answers[2] = (refusal(status, method="PATCH"), False)
    with pytest.raises(MigrateError):
        await world.drill()
    assert world.vault.done == ["tag", "disable", "tag"]
    assert world.vault.now.enabled and UNDER_WAY not in world.vault.now.tags and world.watcher.stopped


@pytest.mark.parametrize("error", [silence(), refusal(500, doubtful=True)])
async def test_the_lost_answer_to_disabling_is_settled_by_a_read(error: Exception) -> None:
    world = World()
    world.vault.answers[2] = (error, True)
    outcome = await world.drill()
    assert (outcome.version_end, outcome.complete) == (VersionEnd.ENABLED, True)


async def test_where_it_is_not_known_whether_it_was_disabled_the_watcher_goes_on() -> None:
    world = World()
    world.vault.answers[2] = (silence(), True)
    # Read when it begins; after the pause; then nobody answers any more.
    reads = iter([version(), version(drill=tagged(disabled=False))])

    async def read() -> Any:
        one = next(reads, None)
        if one is None:
            raise silence()
        return one

    world.vault.read = read  # this one is asked for the failure alone
    with pytest.raises(MigrateError) as met:
        await world.drill()
    assert not world.watcher.stopped and world.watcher.alive()
    assert "set-attributes" in met.value.summary


@pytest.mark.parametrize("status", REFUSED)
async def test_a_version_that_cannot_be_enabled_is_left_to_the_watcher_and_told(status: int) -> None:
    world = World()
    world.vault.answers[3] = (refusal(status, method="PATCH"), False)
    outcome = await world.drill()
    assert outcome.version_end is VersionEnd.NOT_SHOWN and not outcome.restored
    assert not world.watcher.stopped
    assert "set-attributes --id" in outcome.note and "--enabled true" in outcome.note
    # What is left is what anybody else can end.
    tag = tag_of(world.vault.now)
    assert tag is not None and tag.disabled and not world.vault.now.enabled


async def test_the_lost_answer_to_enabling_is_settled_by_a_read() -> None:
    world = World()
    world.vault.answers[3] = (silence(), True)
    assert (await world.drill()).version_end is VersionEnd.ENABLED


async def test_a_read_that_is_behind_does_not_leave_it_disabled() -> None:
    world = World()
    before = version(drill=tagged(disabled=False))
    reads = 0

    async def read() -> Any:
        nonlocal reads
        reads += 1
        # The one before it is enabled shows it as it had been.
        return before if reads == 4 else world.vault.now

    world.vault.read = read  # of all reads one is behind
    outcome = await world.drill()
    assert world.vault.done[-1] == "enable" and world.vault.now.enabled
    assert outcome.version_end is VersionEnd.ENABLED


async def test_of_two_drills_at_once_one_disables_nothing() -> None:
    world = World()
    world.time.then.append((1, lambda: world.vault.somebody(tags={UNDER_WAY: tagged("d2", disabled=False)})))
    with pytest.raises(RefusedError) as met:
        await world.drill()
    assert "another drill" in met.value.summary
    assert world.vault.done == ["tag"], "the tag of the other one is left"
    assert world.watcher.stopped


async def test_a_version_that_bears_a_tag_is_not_tagged_again() -> None:
    world = World()
    world.vault.now = version(drill=tagged("d2", disabled=False))
    with pytest.raises(RefusedError) as met:
        await world.drill()
    assert "--restore" in met.value.remedy and world.vault.done == []


async def test_a_version_that_somebody_disabled_is_never_enabled() -> None:
    world = World()
    world.vault.now = version(enabled=False)
    with pytest.raises(RefusedError):
        await world.drill()
    assert world.vault.done == []
    world.vault.now = version()
    world.time.then.append((1, lambda: world.vault.somebody(enabled=False)))
    with pytest.raises(RefusedError):
        await world.drill()
    assert world.vault.done == ["tag"] and not world.vault.now.enabled


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten() -> None:
    world = World(notices=3000)
    world.time.then.append((600, lambda: world.vault.somebody(tags={**world.vault.now.tags, "hands": "off"})))
    outcome = await world.drill()
    assert outcome.version_end is VersionEnd.LEFT and "enable" not in world.vault.done
    assert "not overwritten" in outcome.note
    assert world.watcher.stopped, "what the command leaves is not the watcher's to enable"


async def test_one_that_somebody_else_ended_is_told_as_that() -> None:
    world = World(notices=3000)
    world.time.then.append((600, lambda: world.vault.somebody(enabled=True, tags={})))
    outcome = await world.drill()
    assert outcome.version_end is VersionEnd.BY_ANOTHER and outcome.interrupted and not outcome.complete
    assert world.vault.done == ["tag", "disable"]


async def test_what_somebody_disables_between_two_attempts_is_not_taken_for_the_drills() -> None:
    world = World()
    change = world.vault.change

    async def tried_twice(tags: Any, *, enabled: bool | None, first: Any = None) -> Any:
        if enabled is False:
            await first()
            world.vault.somebody(enabled=False)
        return await change(tags, enabled=enabled, first=first)

    world.vault.change = tried_twice  # the first attempt got no answer
    with pytest.raises(RefusedError) as met:
        await world.drill()
    assert "Somebody disabled the version" in met.value.summary
    assert not world.vault.now.enabled and world.watcher.stopped


async def test_a_drill_that_was_ended_between_two_attempts_still_knows_that_it_disabled() -> None:
    world = World()
    change = world.vault.change

    async def tried_twice(tags: Any, *, enabled: bool | None, first: Any = None) -> Any:
        await change(tags, enabled=enabled, first=first)
        if enabled is False:
            world.stop = True
            await first()
        return world.vault.now

    world.vault.change = tried_twice  # the answer to the first attempt was lost
    outcome = await world.drill()
    assert (outcome.version_end, outcome.interrupted) == (VersionEnd.ENABLED, True)
    assert world.vault.now.enabled


async def test_a_read_that_is_behind_after_a_lost_answer_does_not_untag_what_was_disabled() -> None:
    world = World()
    world.vault.answers[2] = (silence(), True)
    before, read = version(drill=tagged(disabled=False)), world.vault.read

    async def behind() -> Any:
        found = await read()
        late = found.updated is not None and (world.time.today() - found.updated).total_seconds() < 3
        return before if late and not found.enabled else found

    world.vault.read = behind  # a read shows a change after three seconds
    outcome = await world.drill()
    assert outcome.version_end is VersionEnd.ENABLED and world.vault.now.enabled


async def test_a_watcher_that_tagged_the_version_and_did_not_become_ready_leaves_no_tag() -> None:
    world = World()

    async def watch(order: Any) -> Any:
        world.vault.somebody(tags={"owner": "me", UNDER_WAY: tagged(disabled=False)})
        raise RefusedError("it did not become ready in time")

    world.watch = watch  # the real one is a process
    with pytest.raises(RefusedError):
        await world.drill()
    assert dict(world.vault.now.tags) == {"owner": "me"}


async def test_a_disk_or_a_pipe_that_takes_no_word_keeps_no_version_disabled() -> None:
    world = World()

    def tell(event: Any) -> None:
        if isinstance(event, VersionDisabled):
            raise OSError(28, "No space left on device")

    asked = request()
    watched = await stage.prepared([world.probe()], KEY)
    with pytest.raises(OSError, match="No space"):
        await stage.carry_out(replace(world.port, emit=tell), asked, ORDER, watched)
    assert world.vault.now.enabled and UNDER_WAY not in world.vault.now.tags


async def test_what_fails_while_measuring_says_how_the_version_stands() -> None:
    world = World()
    world.vault.answers[3] = (refusal(403, method="PATCH"), False)

    def tell(event: Any) -> None:
        if isinstance(event, VersionDisabled):
            raise RefusedError("it cannot be told.")

    watched = await stage.prepared([world.probe()], KEY)
    with pytest.raises(RefusedError) as met:
        await stage.carry_out(replace(world.port, emit=tell), request(), ORDER, watched)
    assert "not shown to be enabled" in met.value.summary and "--enabled true" in met.value.summary


async def test_a_read_without_an_answer_keeps_no_drill_from_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    world, silent = World(notices=9e9), asyncio.Event()
    read = world.vault.read
    monkeypatch.setattr(measuring, "PATIENCE_SECONDS", 0)

    async def waiting() -> KeyVersion:
        if not world.vault.now.enabled and world.time.today() < ORDER.until:
            await silent.wait()
        return await read()

    world.vault.read = waiting  # type: ignore[method-assign]  # the network is away until the limit
    async with asyncio.timeout(20):
        outcome = await world.drill()
    assert (outcome.version_end, seen(outcome)[0]) == (VersionEnd.ENABLED, DownEnd.ANSWERED)


async def test_seconds_count_from_when_the_vault_changed_it_and_not_from_its_answer() -> None:
    world = World()
    change = world.vault.change

    async def late(tags: Any, *, enabled: bool | None, first: Any = None) -> Any:
        made = await change(tags, enabled=enabled, first=first)
        if enabled is not None:
            world.time.seconds += 40
        return made

    world.vault.change = late  # its answer takes a while
    [one] = (await world.drill()).measured
    assert one.refused_after is not None and one.refused_after >= 40
    assert one.back_after is not None and one.back_after >= 40


@pytest.mark.parametrize("told", [True, False], ids=["the watcher", "nobody tells"])
async def test_seconds_count_from_when_it_was_enabled_and_only_where_that_is_known(told: bool) -> None:
    world = World()
    change = world.vault.change

    async def unanswered(tags: Any, *, enabled: bool | None, first: Any = None) -> Any:
        if not enabled:
            return await change(tags, enabled=enabled, first=first)
        tags()
        world.time.seconds += 20
        world.vault.somebody(enabled=True, tags=drills.ended({}, world.time.today()) if told else {})
        world.time.seconds += 40
        raise silence()

    world.vault.change = unanswered  # nobody answers for a minute
    outcome = await world.drill()
    [one] = outcome.measured
    assert one.back is BackEnd.ANSWERS and outcome.restored and not outcome.complete
    told_line = next(iter(DrillView(outcome).as_json())).data["lines"][0]
    if told:
        assert outcome.version_end is VersionEnd.BY_ANOTHER and one.back_after == 40
        assert one.silent_until is None and "and was not called before" in told_line
    else:
        assert (outcome.version_end, outcome.enabled_at) == (VersionEnd.BY_UNKNOWN, None)
        assert one.back_after is None and "how soon is not known" in told_line


NEWER = replace(version(), id=f"{KEY}/{'b' * 32}", created=NOW + timedelta(seconds=60))
OLDER = replace(version(), id=f"{KEY}/{'c' * 32}", created=NOW - timedelta(days=99))


def under(follows: timedelta | None) -> Dependant:
    """What the world's one call is about."""
    return Dependant(DependantKind.ACCOUNT, "/acct", KeyRef("", "", "", ""), "", "", follows=follows)


@pytest.mark.parametrize(
    ("listed", "follows", "measured"),
    [
        ([NEWER], True, False),
        ([NEWER], False, True),
        ([OLDER], True, True),
        ([replace(NEWER, enabled=False)], True, False),
        ([replace(OLDER, enabled=False)], True, True),
        ([replace(NEWER, not_before=NOW + timedelta(days=9))], True, True),
        (silence(), True, False),
        (refusal(403), True, False),
    ],
)
async def test_what_may_have_switched_to_a_newer_version_is_not_measured(
    listed: Any, follows: bool, measured: bool
) -> None:
    world = World()
    if isinstance(listed, list):
        world.vault.more = listed
    else:
        world.vault.unlisted = listed
    one_key = key(version(), dependants=(under(timedelta(hours=1) if follows else None),))
    outcome = await world.drill(under=one_key)
    [one] = outcome.measured
    assert (outcome.version_end, outcome.complete) == (VersionEnd.ENABLED, measured)
    if not measured:
        assert seen(outcome) == (DownEnd.UNMEASURED, BackEnd.UNMEASURED) and one.refused_after is None
        assert "newer version" in one.note and "newer version" in outcome.note


@pytest.mark.parametrize("changed", [False, True])
async def test_a_version_that_was_enabled_for_a_while_may_have_been_switched_to(changed: bool) -> None:
    world = World()
    before = replace(NEWER, created=version().created, enabled=False)
    world.vault.more = [replace(before, updated=NOW + timedelta(seconds=60 if changed else 0))]
    outcome = await world.drill(under=key(version(), before, dependants=(under(timedelta(hours=1)),)))
    assert outcome.complete is not changed


@pytest.mark.parametrize("changed", [False, True])
async def test_a_version_that_was_usable_before_is_no_newer_one(changed: bool) -> None:
    world = World()
    beside = replace(NEWER, created=version().created)
    world.vault.more = [beside]
    before = replace(beside, enabled=not changed)
    outcome = await world.drill(under=key(version(), before, dependants=(under(timedelta(hours=1)),)))
    assert outcome.complete is not changed
