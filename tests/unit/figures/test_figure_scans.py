"""Scans as figures read them: from files as `scan` writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.scanning.workspaces import SUBSCRIPTION, line, path

from amlmigrate.core.errors import BadInputError
from amlmigrate.figures import scans, stage
from amlmigrate.figures.history import WhoseKey
from amlmigrate.figures.plans import Plans
from amlmigrate.figures.record import Record
from amlmigrate.figures.stage import Live
from amlmigrate.ledger import sealedlines

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LEVELS = {"environment": ["dev", "test", "prod"], "sensitivity": ["public", "restricted"]}


def kept(folder: Path, *lines: dict[str, Any], name: str = "SCAN-1.jsonl", **head: Any) -> Path:
    """A scan in a file."""
    header = {
        "record": "header",
        "format": 1,
        "created": "2026-03-01T00:00:00.000+00:00",
        "subscriptions": [SUBSCRIPTION],
        "levels": LEVELS,
        "unreadable": [],
        **head,
    }
    sealedlines.write(folder / name, (header, *lines))
    return folder / name


def test_a_scan_is_read_as_it_was_written(tmp_path: Path) -> None:
    away = {"address": path("away"), "fact": "workspace", "action": "read", "reason": "refused", "cause": "denied"}
    told = {"environment": {"level": "prod", "by": "decision"}}
    first = {**line("a", "prod"), "told_by": told, "created": "2026-02-01T00:00:00Z", "workspace_id": "ID-A"}
    kept(tmp_path, first, line("b", None), {**line("p"), "kind": "Project"}, unreadable=[away])
    read = scans.read(tmp_path, NOW)
    [look] = read.looks
    assert read.unread == {}
    one, other = look.sightings["id-a"], look.sightings["id-b"]
    assert (one.customer, one.production, one.by, one.storage) == (False, True, "decision", WhoseKey.CUSTOMER)
    assert (one.registry, one.other_data) == (WhoseKey.NOTHING, WhoseKey.NOT_KNOWN)
    assert one.created and one.created.month == 2
    assert (other.production, other.by) == (None, "not told")
    assert (look.projects, sorted(look.places), list(look.unreadable)) == (
        1,
        [SUBSCRIPTION],
        [path("away").lower()],
    )


def test_a_file_that_was_changed_is_told_and_another_one_still_read(tmp_path: Path) -> None:
    changed = kept(tmp_path, line("a"), name="SCAN-2.jsonl")
    changed.write_bytes(changed.read_bytes().replace(b'"dev"', b'"prd"', 1))
    kept(tmp_path, line("a"))
    (tmp_path / scans.KEPT).write_text("{}\n")
    read = scans.read(tmp_path, NOW)
    assert ([one.name for one in read.looks], list(read.unread)) == (["SCAN-1.jsonl"], ["SCAN-2.jsonl"])


def test_a_scan_of_a_day_to_come_goes_before_no_other(tmp_path: Path) -> None:
    kept(tmp_path, line("a"))
    kept(tmp_path, line("a"), name="SCAN-2.jsonl", created="2027-01-01T00:00:00.000+00:00")
    read = scans.read(tmp_path, NOW)
    assert [one.name for one in read.looks] == ["SCAN-1.jsonl"]
    assert "still to come" in read.unread["SCAN-2.jsonl"]
    later = scans.read(tmp_path, NOW + timedelta(days=365))
    assert (len(later.looks), later.unread) == (2, {})


def test_a_folder_without_a_scan_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="There is no scan"):
        scans.read(tmp_path, NOW)
    (tmp_path / "other.jsonl").write_text("{}\n")
    with pytest.raises(BadInputError, match=r"There is no scan .*not a scan"):
        scans.read(tmp_path, NOW)


@pytest.mark.parametrize("customer_first", [True, False])
def test_of_a_workspace_that_a_scan_saw_twice_the_worse_counts(tmp_path: Path, customer_first: bool) -> None:
    both = [{**line("a"), "encryption": {"kind": "classic"}}, line("a")]
    kept(tmp_path, *(both if customer_first else reversed(both)))
    [look] = scans.read(tmp_path, NOW).looks
    assert look.sightings["id-a"].customer is False


def test_accounts_of_datastores_count_by_the_worst_of_them(tmp_path: Path) -> None:
    def others(name: str, *encryption: str | None) -> dict[str, Any]:
        accounts = [{"name": str(number), "id": None, "encryption": one} for number, one in enumerate(encryption)]
        return {**line(name), "other_accounts": accounts}

    kept(
        tmp_path,
        others("none"),
        others("own", "customer", "customer"),
        others("doubt", "customer", None),
        others("theirs", "customer", None, "microsoft"),
    )
    [look] = scans.read(tmp_path, NOW).looks
    assert {name: one.other_data.value for name, one in look.sightings.items()} == {
        "id-none": "nothing",
        "id-own": "customer",
        "id-doubt": "not known",
        "id-theirs": "microsoft",
    }


@pytest.mark.parametrize(
    ("level", "day", "gone", "let_go"),
    [
        ("dev", "2026-03-01", True, True),
        ("dev", "2026-02-28", True, False),
        ("prod", "2026-03-01", True, False),
        ("restricted", "2026-03-01", True, False),
        ("dev", "2026-03-01", False, False),
    ],
)
def test_only_its_owner_lets_a_workspace_go_that_vanished(
    tmp_path: Path, level: str, day: str, gone: bool, let_go: bool
) -> None:
    decided = {"workspace": path("a"), "level": level, "owner": "ann", "date": day, "gone": gone}
    kept(tmp_path, line("a", "prod"))
    later = {"created": "2026-04-01T00:00:00.000+00:00", "decisions": {"unused": [decided]}}
    kept(tmp_path, name="SCAN-2.jsonl", **later)
    # A later scan without the file of decisions changes nothing.
    kept(tmp_path, name="SCAN-3.jsonl", created="2026-05-01T00:00:00.000+00:00")
    told = stage.figures(stage.sources(scans.read(tmp_path, NOW), Plans(), Record()), Live(), datetime.now(UTC))
    found = told.as_dict()
    assert (found["production"]["total"], found["production"]["vanished"]) == ((0, 0) if let_go else (1, 1))
    assert (found["mttr_days"]["open"], found["mttr_days"]["vanished"]) == ((0, 0) if let_go else (1, 1))
    assert any("ann on 2026-03-01" in one for one in told.bounds) is let_go


@pytest.mark.parametrize(("created", "total", "said"), [("2026-01-01T00:00:00Z", 1, False), (None, 2, True)])
def test_one_without_a_workspace_id_counts_once_or_it_is_told_that_it_may_count_twice(
    tmp_path: Path, created: str | None, total: int, said: bool
) -> None:
    one: dict[str, Any] = {**line("a", "prod"), "created": created}
    kept(tmp_path, one | {"workspace_id": ""})
    kept(tmp_path, one, name="SCAN-2.jsonl", created="2026-03-02T00:00:00.000+00:00")
    found = stage.figures(stage.sources(scans.read(tmp_path, NOW), Plans(), Record()), Live(), NOW)
    assert (found.share.production.total, found.share.beside.vanished) == (total, total - 1)
    sentence = f"{path('a')} was seen without a workspaceId (SCAN-1.jsonl)"
    assert any(one.startswith(sentence) for one in found.bounds) is said
