"""How keys are told: the record in Markdown, the revocation, the commands, and the view in either form."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console
from tests.unit.keys.keyed import (
    GROUP,
    NEW,
    NOW,
    OLD,
    SUB,
    VAULT,
    key,
    log,
    of_account,
    of_registry,
    of_workspace,
    use,
    version,
)

from amlmigrate.cli.views import key as told
from amlmigrate.cli.views.page import Page
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.keys import judging, profiles, record, revocation
from amlmigrate.keys.model import DRILLED, LIMITS, KeyInUse, KeySurvey, UnreadPlace
from amlmigrate.posture.holders import Holders
from amlmigrate.posture.profiles import shipped
from amlmigrate.posture.reading import Read

ROTATED = (version(NEW, 2), version(OLD, 400))


def survey(*keys: KeyInUse, **more: Any) -> KeySurvey:
    return replace(KeySurvey(keys, (SUB,), (), NOW), **more)


def written(*keys: KeyInUse, **more: Any) -> str:
    read = survey(*keys, **more)
    return record.document(read, judging.judged(read))


def row(text: str, name: str) -> str:
    """A cell of a record."""
    [line] = [line for line in text.splitlines() if line.startswith(f"| {name} |")]
    return line.split(" | ", 1)[1].removesuffix(" |")


def held(**roles: str) -> Read[Holders]:
    found = Holders()
    for who, role in roles.items():
        found.add(who, role, surely=True)
    return Read(found)


def test_a_record_says_what_it_is_for_whose_it_is_and_who_may_change_it() -> None:
    tagged = replace(
        key(of_workspace(), of_account()), vault=Read({"tags": {"Owner": "risk", "contact": "r@x.org"}})
    )
    text = written(replace(tagged, managers=held(oid="Key Vault Crypto Officer")), names={"oid": "Ann"})
    assert row(text, "purpose") == "encrypts 1 workspace, 1 storage account"
    assert row(text, "owner") == "risk, r\\@x.org"
    assert row(text, "custodians") == "Ann, oid (Key Vault Crypto Officer)"
    assert row(text, "cryptoperiod").startswith("730 days (profile NIST, by the default): NIST SP 800-57")


def test_a_record_does_not_fill_in_what_nobody_said() -> None:
    text = written(
        replace(key(), versions=Read(refused="403"), managers=Read(refused="403"), log=Read(refused="no log"))
    )
    assert row(text, "owner") == "not named: no tag owner or contact"
    for name in ("custodians", "age", "expiry", "last rotation", "backups and restores", "last drill"):
        assert row(text, name).startswith("not known"), name


@pytest.mark.parametrize(
    ("versions", "told"),
    [((version(OLD, 10),), "never (made 2026-11-20)"), (ROTATED, "2026-11-28")],
    ids=["one", "two"],
)
def test_when_a_key_was_rotated(versions: Any, told: str) -> None:
    assert row(written(key(versions=versions)), "last rotation") == told


def test_adoption_is_told_by_azure_or_by_the_log_and_else_not_known() -> None:
    on_it = (of_account(current=NEW), of_workspace(version=NEW, identity={"principalId": "oid"}))
    first = NOW - timedelta(days=1)
    wrapped = use("KeyWrap", key=f"{VAULT}/keys/cmk/{NEW}", first=first)
    assert row(written(key(*on_it, versions=ROTATED, log=log(wrapped))), "last adoption") == "2026\\-11-29"
    assert row(written(key(*on_it, versions=ROTATED)), "last adoption") == "2026\\-11-01; when ws did is not known"
    assert row(written(key(of_workspace(), versions=ROTATED)), "last adoption") == "not by all: ws"


def test_copies_are_told_with_how_far_back_the_log_goes() -> None:
    text = written(key(log=log(use("KeyBackup", calls=2))))
    assert row(text, "backups and restores").startswith(
        "KeyBackup 2 times, last 2026-11-30 in the log (since 2026-10-01)"
    )
    assert row(written(key()), "backups and restores").startswith("none in the log (since 2026-10-01)")


def test_the_log_that_begins_after_the_key_was_made_bounds_what_is_known_of_copies() -> None:
    younger = judging.verdict(key(versions=(version(OLD, 10),), log=log(since=NOW - timedelta(days=20))), NOW)
    older = judging.verdict(key(versions=(version(OLD, 30),), log=log(since=NOW - timedelta(days=20))), NOW)
    assert [any("copies made before are not known" in note for note in one.notes) for one in (younger, older)] == [
        False,
        True,
    ]


def test_the_last_drill_and_the_review_are_told_by_tags() -> None:
    drilled = (
        version(NEW, 2, **{DRILLED: "2026-09-01T10:00:00+00:00"}),
        version(OLD, 40, **{DRILLED: "2026-10-02T10:00:00Z"}),
    )
    text = written(key(versions=drilled))
    assert row(text, "last drill") == "2026-10-02"
    assert row(text, "review").startswith("2028\\-11-27, when the cryptoperiod ends")
    assert (
        row(written(key(versions=(version(OLD, 2, **{"Key-Review": "2027-01-01"}),))), "review") == "2027\\-01-01"
    )


def test_words_of_others_stay_text_in_a_record() -> None:
    hostile = replace(key(), vault=Read({"tags": {"owner": "x | y\n# z <b>"}}))
    assert row(written(hostile), "owner") == "x \\| y\\\\u000a# z \\<b\\>"


def test_an_address_with_a_bar_stays_in_its_cell_and_what_was_not_read_is_a_list() -> None:
    """A bar ends a cell in a code span too, and what would come after it is not shown."""
    one = replace(key(), vault=Read({"tags": {"owner": "https://x|y|z"}}))
    assert row(written(one), "owner") == "`https://x`\\|y\\|z"
    unread = tuple(UnreadPlace(f"/s{at}", "read", "no", 403) for at in (1, 2))
    text = record.document(KeySurvey((), (SUB,), unread, NOW), [])
    assert "\n\n- Not read: /s1 (`read`): no\n- Not read: /s2" in text


def test_a_revocation_reaches_all_and_disables_every_enabled_version() -> None:
    versions = (version(NEW, 2), version("c" * 32, 20, enabled=False), version(OLD, 400))
    found = revocation.of(key(of_workspace(), of_account(), of_registry(), versions=versions))
    assert [one.partition(":")[0] for one in found.reaches] == [
        "workspace ws", "storage account acct", "container registry reg",
    ]  # fmt: skip
    assert found.commands == tuple(
        f"az keyvault key set-attributes --id {VAULT}/keys/cmk/{one} --enabled false" for one in (NEW, OLD)
    )
    assert found.back == tuple(one.replace("false", "true") for one in found.commands)


def test_callers_that_no_dependant_explains_are_told_once() -> None:
    known = of_workspace(identity={"principalId": "OID"})
    uses = (
        use("KeyUnwrap"),
        use("KeyWrap", caller="other"),
        use("KeyUnwrap", caller="other"),
        use("KeyGet", caller="x"),
    )
    found = revocation.of(key(known, log=log(*uses)))
    assert [one.caller for one in found.others] == ["other"]


@pytest.mark.parametrize(
    ("tags", "option", "name", "told_by"),
    [
        ([{}], "", "NIST", "the default"),
        ([{"KEY-PROFILE": "pci-dss"}], "", "PCI-DSS", "the tag key-profile"),
        ([{}, {"key-profile": "HIPAA"}], "", "HIPAA", "the tag key-profile"),
        ([{"key-profile": "HIPAA"}], "PCI-DSS", "PCI-DSS", "--profile"),
        ([{"key-profile": "HIPAA: RSA 2048 expires=P10Y"}], "", "own values", "the tag key-profile"),
        ([{"key-profile": "OURS: RSA 2048 expires=P10Y"}], "", "OURS", "the tag key-profile"),
        ([{"key-profile": "none"}], "", "NIST", "the default, since the tag key-profile names 'none', which has no cryptoperiod"),
    ],
)  # fmt: skip
def test_which_profile_counts_and_by_what(tags: Any, option: str, name: str, told_by: str) -> None:
    found = profiles.of(shipped(), tags, option)
    assert (found.name, found.told_by) == (name, told_by)


def test_a_profile_without_a_cryptoperiod_is_refused() -> None:
    for table in ({}, {"own": {"type": "RSA", "size": 2048}}):
        with pytest.raises(BadInputError, match="no key profile"):
            profiles.checked(table, "own")


def shown(view: told.KeyStatusView) -> str:
    out = io.StringIO()
    console = Console(file=out, width=400)
    view.human(Page(console))  # type: ignore[arg-type]  # a console as any other
    return out.getvalue()


def viewed(*keys: KeyInUse, **more: Any) -> told.KeyStatusView:
    read = survey(*keys, **more)
    return told.KeyStatusView(read, judging.judged(read))


@pytest.mark.parametrize(
    ("one", "code", "end"),
    [
        (key(of_workspace()), ExitCode.DONE, "nothing is overdue or left behind."),
        (key(of_workspace(), versions=ROTATED), ExitCode.INCOMPLETE, "1 thing is due."),
        (key(of_account(), versions=(version(NEW, 0.1), version(OLD, 9))), ExitCode.INCOMPLETE, "1 waiting to go over."),
        (key(of_workspace(version="")), ExitCode.INCOMPLETE, "1 thing is not known."),
        (replace(key(), log=Read(refused="403")), ExitCode.INCOMPLETE, "1 thing is not known."),
    ],
    ids=["good", "left", "waiting", "versionless", "no-log"],
)  # fmt: skip
def test_the_end_says_what_it_comes_to(one: KeyInUse, code: ExitCode, end: str) -> None:
    view = viewed(one)
    assert view.code is code
    assert shown(view).strip().endswith(end)
    assert [event.name for event in view.as_json()] == ["key.status", "key.status.end"]


def test_what_a_revocation_reaches_is_never_told_without_what_was_not_looked_at() -> None:
    one = key(of_workspace(), log=Read(refused="403 of the log"))
    place = UnreadPlace(f"{GROUP}/x", "a/read", "403.")
    read = survey(one, unread=(place,))
    view = told.KeyStatusView(read, judging.judged(read), revocation.of(one, read.unread))
    limits = [
        LIMITS,
        "1 place where more may lie could not be read",
        "who else used the key is not known: 403 of the log",
    ]
    assert view.whole()["revocation"]["limits"] == limits
    text = shown(view)
    assert all(f"{one[:1].upper()}{one[1:]}." in text for one in limits)
    for what in ("database", "Log Analytics cluster", "disk", "another subscription"):
        assert what in text


def test_of_a_log_that_was_read_in_part_nobody_says_that_there_is_no_copy() -> None:
    part = replace(log(), refused="AzureDiagnostics: 403")
    assert "none seen" in shown(viewed(key(of_workspace(), log=log())))
    assert "none seen" not in shown(viewed(key(of_workspace(), log=part)))
    assert "2" in shown(viewed(key(of_workspace(), log=replace(log(use("KeyBackup", calls=2)), refused="403"))))


def test_keys_are_never_told_without_what_was_not_looked_at() -> None:
    read = survey(key(of_workspace()))
    view = told.KeyStatusView(read, judging.judged(read))
    every = (shown(view), record.document(read, judging.judged(read)), view.whole()["limits"])
    assert all("something else, as a disk" in text for text in every)


def test_a_place_that_could_not_be_looked_in_is_never_good() -> None:
    view = viewed(key(of_workspace()), unread=(UnreadPlace(f"{GROUP}/x", "a/read", "403."),))
    assert view.code is ExitCode.INCOMPLETE and f"not read: {GROUP}/x: a/read. 403." in shown(view)
    assert view.whole()["complete"] is False


def test_all_of_it_is_json_as_events_and_as_one_document() -> None:
    one = key(
        of_workspace(), of_account(), versions=ROTATED, managers=held(oid="Owner"), log=log(use("KeyBackup"))
    )
    read = survey(one, names={"oid": "Ann"})
    view = told.KeyStatusView(read, judging.judged(read), revocation.of(one))
    whole = json.loads(json.dumps(view.whole()))
    [first, end] = list(view.as_json())
    assert whole["keys"] == [json.loads(json.dumps(first.data))]
    assert whole["revocation"]["commands"] and end.data["revocation"]["reaches"]
    assert whole["keys"][0]["custodians_named"] == {"oid": "Ann"}
    assert whole["keys"][0]["log"]["uses"][0]["operation"] == "KeyBackup"
