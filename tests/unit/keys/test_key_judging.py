"""What is due of a key: overdue, left behind, disabled, gone, misplaced; and what is only told or not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.keys.keyed import (
    NEW,
    NOW,
    OLD,
    SUB,
    key,
    log,
    of_account,
    of_registry,
    of_workspace,
    use,
    version,
)

from amlmigrate.keys import adoption, judging, record
from amlmigrate.keys.model import Adoption, KeyName
from amlmigrate.posture.reading import Read

ROTATED = (version(NEW, 2), version(OLD, 400))


def _codes(verdict: judging.KeyVerdict) -> list[str]:
    return [one.code for one in verdict.issues]


def test_a_key_whose_dependants_are_on_its_newest_version_is_good() -> None:
    found = judging.verdict(key(of_workspace(), of_account(), of_registry()), NOW)
    assert (found.good, found.issues, found.waiting, found.unread) == (True, (), (), ())


def test_a_workspace_on_an_old_version_is_left_behind() -> None:
    found = judging.verdict(key(of_workspace(), versions=ROTATED), NOW)
    [issue] = found.issues
    assert (issue.code, found.good) == ("left-behind", False)
    assert "400 days old" in issue.text and NEW in issue.text and issue.command.endswith("/keys/cmk --adopt")


def test_an_old_version_past_its_cryptoperiod_is_told_with_it() -> None:
    found = judging.verdict(key(of_workspace(), versions=(version(NEW, 2), version(OLD, 731))), NOW)
    [issue] = found.issues
    assert "past its cryptoperiod" in issue.text


@pytest.mark.parametrize(
    ("dependant", "hours", "wanted"),
    [
        (of_account(), 23.9, Adoption.WAITING),
        (of_account(), 24.1, Adoption.LEFT_BEHIND),
        (of_registry(), 0.9, Adoption.WAITING),
        (of_registry(), 1.1, Adoption.LEFT_BEHIND),
        (of_account(version=OLD), 0.1, Adoption.LEFT_BEHIND),
        (of_registry(version=OLD), 0.1, Adoption.LEFT_BEHIND),
        (of_workspace(version=""), 0.1, Adoption.NOT_KNOWN),
    ],
    ids=["account-in-time", "account-late", "registry-in-time", "registry-late", "fixed-account", "fixed-registry", "versionless-workspace"],
)  # fmt: skip
def test_what_follows_by_itself_waits_for_its_time_and_is_left_behind_after_it(
    dependant: Any, hours: float, wanted: Adoption
) -> None:
    one = key(dependant, versions=(version(NEW, hours / 24), version(OLD, 400)))
    found = adoption.of(one, dependant, NOW)
    assert found.adoption is wanted
    if wanted is Adoption.WAITING:
        assert dependant.follows and found.until == NOW - timedelta(hours=hours) + dependant.follows
    assert not judging.verdict(one, NOW).good


def test_a_newer_version_that_is_disabled_is_nothing_to_go_over_to() -> None:
    one = key(of_workspace(), versions=(version(NEW, 2, enabled=False), version(OLD, 10)))
    assert judging.verdict(one, NOW).good


def test_what_uses_a_newer_version_that_was_disabled_is_not_sent_back_to_an_older_one() -> None:
    """What was written under the newer one needs it: enabling it again is all that is due."""
    for dependant in (of_workspace(version=NEW), of_account(version=NEW, current=NEW), of_account(current=NEW)):
        versions = (version(NEW, 2, enabled=False), version(OLD, 10))
        found = judging.verdict(key(dependant, versions=versions), NOW)
        assert (_codes(found), found.good) == (["disabled"], False)
        assert found.standings[0][1].adoption is Adoption.NOT_KNOWN


def test_a_version_that_does_not_count_for_time_unknown_is_never_the_newest() -> None:
    newest = replace(version(NEW, 1), created=None)
    found = adoption.of(key(versions=(newest, version(OLD, 400))), of_account(), NOW)
    assert found.adoption is Adoption.NOT_KNOWN


@pytest.mark.parametrize(("days", "codes"), [(730, []), (731, ["overdue"])])
def test_a_version_older_than_the_cryptoperiod_is_overdue(days: int, codes: list[str]) -> None:
    found = judging.verdict(key(of_workspace(), versions=(version(OLD, days),)), NOW)
    assert _codes(found) == codes
    if codes:
        assert "730 days (profile NIST, by the default)" in found.issues[0].text


@pytest.mark.parametrize(("days", "codes"), [(0.001, []), (0, ["overdue"]), (-1, ["overdue"])])
def test_an_expired_version_is_overdue(days: float, codes: list[str]) -> None:
    found = judging.verdict(key(of_workspace(), versions=(version(OLD, 10, expires=days),)), NOW)
    assert _codes(found) == codes


@pytest.mark.parametrize(("days", "told"), [(30, True), (30.1, False)])
def test_an_expiry_that_comes_is_told_and_not_due(days: float, told: bool) -> None:
    found = judging.verdict(key(of_workspace(), versions=(version(OLD, 10, expires=days),)), NOW)
    assert (found.good, any("expires on" in note for note in found.notes)) == (True, told)


def test_a_newest_version_that_is_not_valid_yet_is_told() -> None:
    early = replace(version(NEW, 1), not_before=NOW + timedelta(days=1))
    found = judging.verdict(key(of_workspace(version=NEW), versions=(early, version(OLD, 9))), NOW)
    assert any("not valid before 2026-12-01 12:00" in note for note in found.notes)


def test_a_version_in_use_that_is_disabled_or_gone_is_told() -> None:
    disabled = judging.verdict(
        key(of_workspace(), versions=(version(NEW, 1), version(OLD, 9, enabled=False))), NOW
    )
    assert _codes(disabled) == ["left-behind", "disabled"]
    # It may have been revoked: nobody is told to enable it without a question.
    assert disabled.issues[1].remedy.startswith("Ask who disabled it, and why")
    gone = judging.verdict(key(of_workspace(version="c" * 32)), NOW)
    assert _codes(gone) == ["left-behind", "gone"]


def test_where_no_version_is_enabled_nothing_is_newest() -> None:
    found = judging.verdict(key(of_workspace(), versions=(version(OLD, 9, enabled=False),)), NOW)
    assert (_codes(found), found.standings[0][1].adoption) == (["disabled"], Adoption.NOT_KNOWN)


@pytest.mark.parametrize("what", ["versions", "rotation", "managers", "log", "vault"])
def test_what_could_not_be_read_is_told_and_is_never_good(what: str) -> None:
    unread: Any = {what: Read(refused="403 Forbidden.")}
    found = judging.verdict(replace(key(of_workspace()), **unread), NOW)
    assert not found.good
    assert [one.reason for one in found.unread] == ["403 Forbidden."]


def test_without_versions_nothing_is_said_to_be_adopted() -> None:
    unread = judging.verdict(replace(key(of_workspace()), versions=Read(refused="403")), NOW)
    assert [standing.adoption for _, standing in unread.standings] == [Adoption.NOT_KNOWN]
    assert unread.issues == ()


def test_the_key_of_a_workspace_in_another_subscription_is_an_issue() -> None:
    one = key(of_workspace())
    elsewhere = replace(one, vault_id=one.vault_id.replace(SUB, SUB.replace("1", "2")))
    assert _codes(judging.verdict(elsewhere, NOW)) == ["elsewhere"]
    assert _codes(judging.verdict(replace(elsewhere, dependants=(of_account(),)), NOW)) == []


def test_the_key_of_a_workspace_in_a_managed_hsm_is_an_issue() -> None:
    one = replace(key(of_workspace()), name=KeyName("https://h.managedhsm.azure.net", "cmk"))
    assert _codes(judging.verdict(one, NOW)) == ["managed-hsm"]


def test_backups_and_restores_in_the_log_are_told() -> None:
    uses = (
        use("KeyBackup", calls=3, refused=1),
        use("KeyRestore", key="https://kv.vault.azure.net/keys/restore"),
        use("KeyBackup", key="https://kv.vault.azure.net/keys/cmk2"),
        use("KeyBackup", calls=2, refused=2),
    )
    found = judging.verdict(key(of_workspace(), log=log(*uses)), NOW)
    told = [note for note in found.notes if "copy" in note]
    assert len(told) == 2 and "backed up 2 times" in told[0] and "restored 1 time" in told[1]
    assert found.good


def test_a_key_without_rotation_policy_is_told() -> None:
    found = judging.verdict(key(of_workspace(), rotation=Read()), NOW)
    assert found.good and len(found.notes) == 1


def test_a_log_of_which_a_part_could_not_be_read_bounds_nothing_and_is_not_known() -> None:
    part = Read(log(since=NOW - timedelta(days=2)).value, refused="/logs: AzureDiagnostics: 403")
    found = judging.verdict(key(of_workspace(), log=part), NOW)
    assert not found.good
    assert [note for note in found.notes if "begins on 2026-11-28" in note and "could not be read" in note]
    assert "a part of which could not be read" in record.copies(key(log=part))
