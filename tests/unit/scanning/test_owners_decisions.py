"""Who says a level: tags, owners and rules are told apart, and an owner's word is never taken further than it goes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.scanning.workspaces import SUBSCRIPTION, path, scanned

from amlmigrate.core.errors import BadInputError
from amlmigrate.posture import tagging
from amlmigrate.posture.tagging import ENVIRONMENT, SENSITIVITY, LevelTeller, TaggingSubject, ToldLevel
from amlmigrate.scanning import decisions, scanfile
from amlmigrate.scanning.decisions import OwnersDecisions
from amlmigrate.scanning.scan import Scan
from amlmigrate.scanning.values import Cause, NotKnown

STANDARD = tagging.read()
NOW = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
HEAD = "workspace,level,owner,date"
BY_RULE = ToldLevel("dev", LevelTeller.RULE)


def read(folder: Path, *lines: str, head: str = HEAD, standard: tagging.Standard = STANDARD) -> OwnersDecisions:
    file = folder / "owners.csv"
    file.write_text("\n".join((head, *lines)) + "\n")
    return decisions.read(file, standard, SUBSCRIPTION, NOW)


@pytest.mark.parametrize(
    ("name", "tags", "by", "tag"),
    [
        ("ws", {"Environment": " Prod "}, LevelTeller.TAG, "Environment"),
        ("ws", {"environment": "PRD"}, LevelTeller.TAG, "environment"),
        ("ws", {"ENV": "live"}, LevelTeller.TAG, "ENV"),
        ("risk-prod", {}, LevelTeller.RULE, None),
        ("risk-prod", {"environment": "the blue one"}, LevelTeller.RULE, None),
        # What the tool guessed is no word of anybody, until somebody writes another or removes the mark.
        ("ws", {"environment": "prod", tagging.GUESSED: "environment=prod"}, LevelTeller.RULE, "environment"),
        ("ws", {"environment": "prod", tagging.GUESSED: "environment=dev"}, LevelTeller.TAG, "environment"),
        # Of a guess the rules of today decide, and whatever else somebody wrote.
        (
            "x-dev",
            {"environment": "test", "env": "PRD", tagging.GUESSED: "environment=test"},
            LevelTeller.TAG,
            "env",
        ),
        ("x-prod", {"environment": "test", tagging.GUESSED: "environment=test"}, LevelTeller.RULE, None),
        ("ws", {"environment": "prod", tagging.GUESSED: "sensitivity=prod; x"}, LevelTeller.TAG, "environment"),
    ],
)
def test_a_tag_is_told_from_a_rule(name: str, tags: dict[str, str], by: LevelTeller, tag: str | None) -> None:
    told = STANDARD.told(ENVIRONMENT, TaggingSubject(name, "rg", "sub", tags))
    assert told == ToldLevel("prod", by, tag)


def test_a_rule_that_asks_for_more_than_values_of_tags_is_a_guess(tmp_path: Path) -> None:
    own = tmp_path / "rules.yaml"
    own.write_text(
        tagging.shipped().partition("rules:")[0]
        + "rules:\n"
        + "  - {fact: environment, level: prod, when: {tags: [team]}}\n"
        + "  - {fact: sensitivity, level: restricted, when: {tags: [team], values: [risk], groups: [rg*]}}\n"
    )
    standard, subject = tagging.read(own), TaggingSubject("ws", "rg", "sub", {"team": "risk"})
    assert standard.told(ENVIRONMENT, subject) == ToldLevel("prod", LevelTeller.RULE)
    assert standard.told(SENSITIVITY, subject) == ToldLevel("restricted", LevelTeller.RULE)


def test_an_owner_goes_before_tags_and_what_they_say_otherwise_is_kept(tmp_path: Path) -> None:
    found = read(
        tmp_path, f"rg/ws,Prod,ana@contoso.com,2026-11-30\n{path('ws').upper()},restricted,ben,2026-11-01"
    )
    told = found.over(path("WS"), None, ENVIRONMENT, ToldLevel("dev", LevelTeller.TAG, "environment"))
    assert told == ToldLevel("prod", LevelTeller.DECISION, None, "ana@contoso.com", "2026-11-30", "dev")
    told = found.over(path("ws"), None, SENSITIVITY, ToldLevel("restricted", LevelTeller.RULE))
    assert told == ToldLevel("restricted", LevelTeller.DECISION, None, "ben", "2026-11-01")
    assert found.over(path("other"), None, ENVIRONMENT, BY_RULE) is BY_RULE
    assert OwnersDecisions().over(path("ws"), None, ENVIRONMENT, None) is None


def test_a_decision_is_not_about_a_workspace_that_was_created_later(tmp_path: Path) -> None:
    found = read(tmp_path, "rg/ws,dev,ana,2026-11-01")
    for created, follows in (("2026-11-01T23:59:59Z", True), ("2026-11-02T00:30:00+02:00", True)):
        told = found.over(path("ws"), created, ENVIRONMENT, None)
        assert (told is not None) is follows
    assert found.over(path("ws"), "2026-11-02T00:00:00.1234567Z", ENVIRONMENT, BY_RULE) is BY_RULE


def test_what_a_scan_could_not_follow_is_told(tmp_path: Path) -> None:
    other = "99999999-2222-3333-4444-555555555555"
    found = read(
        tmp_path,
        "rg/there,prod,ana,2026-11-01",
        "rg/newer,prod,ana,2026-11-01",
        "rg/gone,prod,ana,2026-11-01",
        "rg/unread,prod,ana,2026-11-01",
        f"{other}/rg/elsewhere,prod,ana,2026-11-01",
    )
    ones = (scanned("there"), scanned("newer", created="2026-11-20T00:00:00Z"))
    gap = NotKnown("workspace", "a/read", "no", Cause.FAILED)
    one = Scan(NOW, (SUBSCRIPTION.upper(),), ones, {path("unread"): gap}, found)
    assert [(each.line, each.workspace.rpartition("/")[2]) for each in one.undecided] == [
        (3, "newer"),
        (4, "gone"),
    ]
    kept = scanfile.header(one, STANDARD, sizes=False)["decisions"]
    assert (kept["count"], len(kept["unused"]), kept["sha256"]) == (5, 2, found.sha256)
    whole = Scan(NOW, (SUBSCRIPTION,), (), {f"/subscriptions/{SUBSCRIPTION}": gap}, found)
    assert whole.undecided == ()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("rg/ws,live,ana,2026-11-01",), "line 2: 'live' is not a level (public, internal"),
        (("rg/ws,prod,,2026-11-01",), "line 2: there is no owner"),
        (("rg/ws,prod,ana,1 May",), "'1 May' is not a date"),
        (("rg/ws,prod,ana,2026-12-02",), "in the future"),
        (("ws,prod,ana,2026-11-01",), "'ws' is not a workspace"),
        (
            ("rg/ws,prod,ana,2026-11-01", "RG/WS,dev,ana,2026-11-02"),
            "line 3: the environment of 'RG/WS' is decided",
        ),
    ],
)
def test_a_file_that_leaves_open_what_was_decided_is_refused(
    tmp_path: Path, lines: tuple[str, ...], told: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path, *lines)
    assert told in caught.value.summary and caught.value.remedy


def test_a_level_of_two_facts_needs_to_be_told_which(tmp_path: Path) -> None:
    own = tmp_path / "rules.yaml"
    own.write_text(
        "format: 1\nfacts:\n  sensitivity: {tag: a, levels: [low, high]}\n  environment: {tag: b, levels: [low, real]}\n"
    )
    standard = tagging.read(own)
    with pytest.raises(BadInputError, match="a level of sensitivity and of environment"):
        read(tmp_path, "rg/ws,low,ana,2026-11-01", standard=standard)
    found = read(
        tmp_path,
        "rg/ws,low,ana,2026-11-01,Environment",
        "rg/ws,low,ana,2026-11-01,sensitivity",
        head=f"{HEAD},fact",
        standard=standard,
    )
    assert {fact for _, fact in found.found} == {SENSITIVITY, ENVIRONMENT}
    with pytest.raises(BadInputError, match="'high' is not a level"):
        read(tmp_path, "rg/ws,high,ana,2026-11-01,environment", head=f"{HEAD},fact", standard=standard)


def test_the_digest_is_of_what_was_read_though_the_file_changes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(tmp_path, f"{path('ws')},prod,ann,2026-11-30")
    states = iter((Path.read_bytes(tmp_path / "owners.csv"), b"what somebody wrote meanwhile"))
    monkeypatch.setattr(Path, "read_bytes", lambda _: next(states))
    assert decisions.read(tmp_path / "owners.csv", STANDARD, SUBSCRIPTION, NOW) == before
