"""What owners decided counts over tags where it is stricter, and what a scan could not read is no missing decision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.scanning.workspaces import ENVIRONMENTS, SENSITIVITIES, SUBSCRIPTION, line, path

from amlmigrate.core.errors import BadInputError
from amlmigrate.ledger import sealedlines
from amlmigrate.posture import tagging
from amlmigrate.posture.levels import Levels
from amlmigrate.posture.tagging import ENVIRONMENT, SENSITIVITY, LevelTeller, ToldLevel
from amlmigrate.scanning import standing
from amlmigrate.scanning.standing import StandingDecisions

STANDARD = tagging.read()
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WS = path("ws")


def decided(level: str = "prod", fact: str = ENVIRONMENT, day: str = "2026-11-20") -> dict[str, Any]:
    told = ToldLevel(level, LevelTeller.DECISION, None, "ana@contoso.com", day)
    return {fact: level, "told_by": {fact: told}}


def scan(folder: Path, ago: timedelta, *lines: dict[str, Any], given: bool = True, **head: Any) -> Path:
    """A scan that was made so long ago; `given` a file of decisions."""
    made = NOW - ago
    own = f"{abs(int(ago.total_seconds())):064}"
    header = {
        "record": "header",
        "format": 1,
        "created": made.isoformat(),
        "subscriptions": [SUBSCRIPTION],
        "levels": {SENSITIVITY: SENSITIVITIES, ENVIRONMENT: ENVIRONMENTS},
        "decisions": {
            "count": 1,
            "sha256": head.pop("sha256", own) if given else None,
            "unused": head.pop("unused", []),
        },
        "unreadable": [{"address": one, "reason": "403"} for one in head.pop("unread", ())],
        **head,
    }
    file = folder / f"SCAN-{made:%Y%m%dT%H%M%SZ}.jsonl"
    sealedlines.write(file, (header, *lines))
    return file


def read(folder: Path, **more: Any) -> StandingDecisions:
    return standing.read(folder, more.get("now", NOW))


def levels(found: StandingDecisions, now: str | None, fact: str = ENVIRONMENT, created: str = "") -> Levels:
    """Of the workspace, spelled in other letters, whose tag says that now."""
    told = {fact: ToldLevel(now, LevelTeller.TAG, "t")} if now else {}
    document = {"id": WS.upper(), "systemData": {"createdAt": created or "2026-11-01T10:00:00Z"}}
    return found.over(STANDARD, document, told)


@pytest.mark.parametrize(
    ("fact", "level", "now", "counts", "by"),
    [
        (ENVIRONMENT, "prod", "dev", "prod", LevelTeller.DECISION),
        (ENVIRONMENT, "test", "dev", "test", LevelTeller.DECISION),
        (ENVIRONMENT, "prod", None, "prod", LevelTeller.DECISION),
        (SENSITIVITY, "restricted", "internal", "restricted", LevelTeller.DECISION),
        # A decision makes nothing less protected, nor more known than its tags make it.
        (ENVIRONMENT, "dev", "prod", "prod", LevelTeller.TAG),
        (ENVIRONMENT, "dev", "test", "test", LevelTeller.TAG),
        (ENVIRONMENT, "dev", None, None, None),
        (ENVIRONMENT, "dev", "dev", "dev", LevelTeller.TAG),
        (SENSITIVITY, "public", "restricted", "restricted", LevelTeller.TAG),
    ],
)
def test_only_a_stricter_decision_counts(
    tmp_path: Path, fact: str, level: str, now: str | None, counts: str | None, by: LevelTeller | None
) -> None:
    scan(tmp_path, HOUR, line("ws", **decided(level, fact)) if fact == SENSITIVITY else _line(decided(level)))
    found = levels(read(tmp_path), now, fact)
    assert found.level(fact) == counts
    assert (found.told[fact].by if fact in found.told else None) is by


def _line(told: dict[str, Any], name: str = "ws") -> dict[str, Any]:
    return line(name, told[ENVIRONMENT], told_by=told["told_by"])


def test_who_decided_and_what_the_tags_say_is_told(tmp_path: Path) -> None:
    scan(tmp_path, HOUR, _line(decided()))
    found = levels(read(tmp_path), "dev")
    assert found.text(ENVIRONMENT) == (
        "prod by a decision of its owner (ana@contoso.com, 2026-11-20), while tags and rules say dev"
    )
    assert found.as_dict(ENVIRONMENT) == {
        "level": "prod", "by": "decision", "tag": None, "owner": "ana@contoso.com", "date": "2026-11-20",
        "otherwise": "dev", "not_known": None,
    }  # fmt: skip


def test_a_later_scan_without_the_file_takes_no_decision_back_and_another_decision_does(tmp_path: Path) -> None:
    scan(tmp_path, 3 * HOUR, _line(decided()))
    scan(tmp_path, 2 * HOUR, line("ws"), given=False)
    assert levels(read(tmp_path), "dev").level(ENVIRONMENT) == "prod"
    scan(tmp_path, HOUR, _line(decided("dev")))
    assert levels(read(tmp_path), "dev").level(ENVIRONMENT) == "dev"


def test_a_decision_from_before_a_workspace_was_created_is_about_another_one(tmp_path: Path) -> None:
    scan(tmp_path, HOUR, _line(decided()))
    assert levels(read(tmp_path), "dev", created="2026-11-25T10:00:00Z").level(ENVIRONMENT) == "dev"
    assert levels(read(tmp_path), "dev", created="2026-11-20T23:00:00Z").level(ENVIRONMENT) == "prod"


def test_a_decision_about_what_the_scan_was_not_shown_counts_where_it_is_there(tmp_path: Path) -> None:
    unused = {"line": 2, "workspace": WS, "level": "prod", "why": "", "owner": "ana", "date": "2026-11-20"}
    scan(tmp_path, HOUR, unused=[{**unused, "gone": True}])
    assert levels(read(tmp_path), "dev").level(ENVIRONMENT) == "prod"
    scan(tmp_path, HOUR / 2, unused=[{**unused, "level": "dev", "gone": False}])
    assert levels(read(tmp_path), "dev").level(ENVIRONMENT) == "prod", "it was about one that is no longer there"


@pytest.mark.parametrize("unread", [WS.upper(), f"/subscriptions/{SUBSCRIPTION}"])
def test_what_a_scan_could_not_read_is_not_known_and_no_missing_decision(tmp_path: Path, unread: str) -> None:
    scan(tmp_path, 3 * HOUR, line("ws"))
    newer = scan(tmp_path, 2 * HOUR, unread=[unread])
    found = levels(read(tmp_path), "dev")
    assert found.level(ENVIRONMENT) is None and newer.name in found.text(ENVIRONMENT)
    assert found.as_dict(ENVIRONMENT)["not_known"]
    assert levels(read(tmp_path), "prod").level(ENVIRONMENT) == "prod"
    account = {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a"
    }
    told = {ENVIRONMENT: ToldLevel("dev", LevelTeller.TAG, "t")}
    assert read(tmp_path).over(STANDARD, account, told).level(ENVIRONMENT) == "dev", "of accounts none is decided"
    scan(tmp_path, HOUR, line("ws"))
    assert levels(read(tmp_path), "dev").level(ENVIRONMENT) == "dev"


OTHER = SUBSCRIPTION.replace("1", "9")


@pytest.mark.parametrize(
    "newer", [{"subscriptions": [OTHER]}, {"unread": [WS]}, {"given": False}, {"sha256": "f" * 64}], ids=str
)
def test_of_the_same_decisions_an_older_scan_says_what_no_newer_one_could(
    tmp_path: Path, newer: dict[str, Any]
) -> None:
    same = {"sha256": "0" * 64}
    scan(tmp_path, 3 * HOUR, _line(decided()), **same)
    scan(tmp_path, HOUR, **{**same, **newer})
    assert levels(read(tmp_path), "dev").level(ENVIRONMENT) == "prod"


def test_an_older_scan_of_the_same_decisions_is_checked_and_not_taken_apart(tmp_path: Path) -> None:
    same = {"sha256": "0" * 64}
    scan(tmp_path, HOUR, _line(decided()), **same)
    old = scan(tmp_path, 3 * HOUR, {"id": None, "told_by": 1}, **same)
    assert levels(read(tmp_path), "dev").level(ENVIRONMENT) == "prod"
    old.write_bytes(old.read_bytes()[:-9])
    with pytest.raises(BadInputError):
        read(tmp_path)


def test_what_a_scan_without_decisions_could_not_read_is_in_no_doubt(tmp_path: Path) -> None:
    scan(tmp_path, HOUR, given=False, unread=[WS])
    assert levels(read(tmp_path), "dev").level(ENVIRONMENT) == "dev"


def test_a_level_that_the_standard_does_not_have_is_not_known(tmp_path: Path) -> None:
    scan(tmp_path, HOUR, _line(decided("live")))
    found = levels(read(tmp_path), "dev")
    assert found.level(ENVIRONMENT) is None and "'live'" in found.text(ENVIRONMENT)


@pytest.mark.parametrize("what", ["cut short", "future", "other", "no folder", "no right"])
def test_a_scan_that_cannot_be_read_is_an_error_and_never_no_decision(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _line(decided())
    file = scan(tmp_path, -2 * HOUR if what == "future" else HOUR, told)
    if what == "cut short":
        file.write_bytes(file.read_bytes()[:-40])
    if what == "other":
        told["told_by"][ENVIRONMENT].pop("date")
        scan(tmp_path, HOUR, told)
    if what == "no right":

        def refused(_: Path) -> Any:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(BadInputError):
        read(tmp_path / "nowhere" if what == "no folder" else tmp_path)


def test_what_keeps_decisions_from_counting_is_told(tmp_path: Path) -> None:
    assert list(StandingDecisions().notes([SUBSCRIPTION], NOW)) == [
        "What owners decided is not known: there is no scan in 'scans' (migrate scan --decisions)."
    ]
    scan(tmp_path, HOUR)
    found = read(tmp_path)
    assert list(found.notes([SUBSCRIPTION.upper()], NOW)) == []
    old, other = found.notes([SUBSCRIPTION, "other"], NOW + 3 * DAY)
    assert old == "The newest scan is 3 days old, and so is what owners decided."
    assert other == f"What owners decided in subscription other is not known: no scan in '{tmp_path}' has it."
