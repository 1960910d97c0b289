"""Which version a rotation is about: made once, found again by its tag, and never a second time by the same command."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from rotations import KEY, NEW, NOW, OLD, account, key, version, workspace

from amlmigrate.core.errors import RefusedError
from amlmigrate.core.keys import Key, KeyVersion, Rotation, newest_first
from amlmigrate.keys import adoption
from amlmigrate.keys.model import DRILLED, Adoption
from amlmigrate.rotating import stage
from amlmigrate.rotating.aim import TAG, Aim, aim, derived
from amlmigrate.rotating.known import RotationKnown
from amlmigrate.rotating.newversion import FoundVersions, NewVersionPart, expiry
from amlmigrate.rotating.stage import Half, RotateRequest


def test_a_key_that_was_not_rotated_by_this_tool_gets_a_version_under_an_id_that_every_machine_derives() -> None:
    found = aim(key(version()), "", NOW)
    assert (found.to_make, found.replaces) == (True, version())
    assert found.rotation == derived(key(), version()) != derived(key(), version(NEW))


def test_a_version_that_a_rotation_made_is_not_followed_by_another_one_within_its_cryptoperiod() -> None:
    made = key(version(NEW, 90, made="r1"), version(OLD, 200))
    found = aim(made, "", NOW)
    assert (found.to_make, found.version, found.replaces) == (
        False,
        version(NEW, 90, made="r1"),
        version(OLD, 200),
    )
    assert found.rotation == "r1"
    # The day after it is due again.
    assert aim(key(version(NEW, 91, made="r1")), "", NOW).to_make


def test_another_id_asks_for_another_version_and_the_same_id_finds_its_own() -> None:
    versions = (version(NEW, 1, made="r1"), version(OLD, 200))
    assert aim(key(*versions), "r2", NOW).to_make
    again = aim(key(*versions), "r1", NOW)
    assert (again.to_make, again.version) == (False, versions[0])


def test_what_was_made_since_is_what_everything_goes_over_to() -> None:
    newer = version("c" * 32, 1)
    found = aim(key(newer, version(NEW, 2, made="r1"), version(OLD)), "r1", NOW)
    assert (found.version, "is newer" in found.told) == (newer, True)


def test_a_version_of_a_rotation_that_was_disabled_since_never_has_an_older_one_take_its_place() -> None:
    disabled = version(NEW, 1, enabled=False, made="r1")
    found = aim(key(disabled, version(OLD, 200)), "r1", NOW)
    assert (found.version, "is newer" in found.told) == (disabled, False)
    newer = aim(key(version("c" * 32, 0), disabled, version(OLD, 200)), "r1", NOW)
    assert newer.version and newer.version.version == "c" * 32


@pytest.mark.parametrize("half", list(Half))
async def test_a_version_of_a_rotation_that_was_disabled_since_is_refused(half: Half) -> None:
    one = key(version(NEW, 1, enabled=False, made="r1"), version(OLD, 200), under=(workspace(NEW),))
    with pytest.raises(RefusedError, match="is disabled"):
        await stage.plan(None, RotateRequest(one, half, NOW, "r1"), None)  # type: ignore[arg-type]  # not reached


def test_of_two_versions_of_one_second_the_one_that_the_vault_names_is_the_newest() -> None:
    older, newer, before = version(OLD, 1), version(NEW, 1), version("c" * 32, 5)
    for given in ([older, newer, before], [before, newer, older]):
        assert newest_first(given, newer.id)[0] == newer
        assert newest_first(given, older.id.upper())[0] == older
        # One that is named and older counts for nothing against the time.
        assert newest_first(given, before.id)[2] == before
    assert newest_first([]) == ()


async def test_the_version_part_asks_the_vault_which_of_one_second_counts() -> None:
    older, newer = version(OLD, 1), version(NEW, 1)

    class Vault:
        async def key(self, *_: str) -> Key:
            return Key("cmk", "RSA", 3072, (), newer)

        async def versions(self, *_: str) -> list[KeyVersion]:
            return [older, newer]

    part = NewVersionPart(key(), aim(key(), "", NOW), NOW)
    found = await part.read(SimpleNamespace(vaults=Vault()), RotationKnown())  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert found.versions == (newer, older)


@pytest.mark.parametrize(
    "newest",
    [
        version(NEW, 1, enabled=False, made="r1"),
        version(NEW, 1, made="r1", expires=NOW - timedelta(seconds=1)),
        version(NEW, 91, made="r1"),
    ],
    ids=["disabled", "expired", "old"],
)
def test_a_version_that_serves_no_more_is_followed_by_another_one(newest: object) -> None:
    found = aim(key(newest, version()), "", NOW)
    assert (found.to_make, found.replaces) == (True, newest)


def test_a_version_that_a_policy_made_and_that_is_not_in_use_everywhere_is_used_before_another_one_is_made() -> (
    None
):
    left_behind = key(version(NEW, 3), version(OLD, 100), under=(workspace(OLD),))
    found = aim(left_behind, "", NOW)
    assert (found.to_make, found.version) == (False, version(NEW, 3))
    in_use = key(version(NEW, 3), version(OLD, 100), under=(workspace(NEW),))
    assert aim(in_use, "", NOW).to_make


def test_a_new_version_ends_as_the_policy_says_else_after_as_long_as_the_one_before() -> None:
    lasts = version(OLD, 10, expires=NOW + timedelta(days=20))
    assert expiry(key(policy=Rotation(expires_in="P1Y")), lasts, NOW) == NOW + timedelta(days=365)
    assert expiry(key(policy=Rotation()), lasts, NOW) == NOW + timedelta(days=30)
    assert expiry(key(), version(), NOW) is None
    assert KEY in version().id


def test_a_new_version_bears_the_tags_of_the_one_before_and_no_drill_of_it() -> None:
    tags = {"owner": "x", DRILLED: "2026-05-01T00:00:00Z", TAG: "r0"}
    newest = Key("cmk", "RSA", 3072, ("wrapKey",), replace(version(), tags=tags))
    part = NewVersionPart(key(), aim(key(), "r1", NOW), NOW)
    step = part.decide(FoundVersions((newest.version,), newest), RotationKnown())
    assert step.change and step.change.body
    assert step.change.body["tags"] == {"owner": "x", TAG: "r1"}


def early(name: str = NEW, **more: object) -> KeyVersion:
    """The newest version, which is not valid before tomorrow."""
    return version(name, 1, **{"not_before": NOW + timedelta(days=1), **more})


def asked(versions: tuple[KeyVersion, ...], half: Half, rotation: str = "", used: str = OLD) -> Aim:
    """What the stage would do with the key, under which one workspace lies."""
    return stage._aim(RotateRequest(key(*versions, under=(workspace(used),)), half, NOW, rotation))


def test_a_version_that_is_not_valid_yet_is_no_goal_and_is_one_from_its_time_on() -> None:
    staged = key(early(), version(OLD, 100))
    assert staged.goal(NOW) == version(OLD, 100)
    assert staged.staged(NOW) == early()
    then = NOW + timedelta(days=1)
    assert (staged.goal(then), staged.staged(then)) == (early(), None)
    assert key(early()).goal(NOW) is None
    # A disabled one waits for nothing.
    assert key(early(enabled=False), version()).staged(NOW) is None


@pytest.mark.parametrize(
    ("half", "rotation", "made", "used"),
    [
        (Half.BOTH, "", "", OLD),
        (Half.MAKE, "", "r1", OLD),
        (Half.BOTH, "r1", "r1", OLD),
        (Half.ADOPT, "r1", "r1", OLD),
        # What uses it already is not pointed back.
        (Half.ADOPT, "", "", NEW),
    ],
)
def test_while_the_newest_version_is_not_valid_none_is_made_beside_it_and_nothing_goes_over_to_it(
    half: Half, rotation: str, made: str, used: str
) -> None:
    tags = {TAG: made} if made else {}
    with pytest.raises(RefusedError, match="not valid before 2026-06-02 00:00 UTC") as refused:
        asked((early(tags=tags), version(OLD, 100)), half, rotation, used)
    assert "nothing was changed" in refused.value.summary
    assert "--rotation ID" in refused.value.remedy


def test_who_adopts_has_the_newest_valid_version_used_and_another_id_makes_another_version() -> None:
    middle = version("c" * 32, 5)
    found = asked((early(), middle, version(OLD, 100)), Half.ADOPT)
    assert (found.version, found.to_make) == (middle, False)
    other = asked((early(), version(OLD, 100)), Half.BOTH, "r2")
    assert (other.to_make, other.replaces) == (True, early())
    # What that one made counts, and is not set back to the one that becomes valid later.
    made = version("d" * 32, 0, made="r2")
    assert asked((made, early(), version(OLD, 100)), Half.BOTH, "r2").version == made


def test_with_nothing_but_a_version_that_is_not_valid_yet_there_is_none_to_adopt() -> None:
    with pytest.raises(RefusedError, match="no version to adopt"):
        asked((early(),), Half.ADOPT)


def test_what_follows_by_itself_is_waited_for_from_when_the_version_is_valid() -> None:
    after = NOW + timedelta(days=1, hours=23)
    one = key(early(), version(OLD, 100))
    standing = adoption.of(one, account(OLD), after)
    assert (standing.adoption, standing.until) == (Adoption.WAITING, NOW + timedelta(days=2))
    assert adoption.of(one, account(OLD), NOW).adoption is Adoption.NEWEST
    assert RotationKnown.of(early(), (early(),), NOW).begins == NOW + timedelta(days=1)


def test_what_uses_a_version_that_is_not_valid_yet_is_neither_newest_nor_left_behind() -> None:
    standing = adoption.of(key(early(), version(OLD, 100)), workspace(NEW), NOW)
    assert (standing.adoption, "not valid before" in standing.why) == (Adoption.NOT_KNOWN, True)
