"""Which scans count for what was before: those of the guardrail's subscription, the last and the one before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.guarding.guards import SCOPE, S, guardrail, workspace_id

from amlmigrate.guarding.survey import SurveyPlaces, seen_before
from amlmigrate.ledger import sealedlines
from amlmigrate.scanning import scanfile

OTHER = "99999999-2222-4333-8444-555555555555"


def scan(folder: Path, day: int, level: str, *, subscription: str = S, id_: str | None = None) -> Path:
    """A scan of one workspace, made on a day of November."""
    folder.mkdir(exist_ok=True)
    header: dict[str, Any] = {
        "record": "header", "format": 1, "levels": {}, "created": f"2026-11-{day:02}T08:00:00+00:00",
        "subscriptions": [subscription],
    }  # fmt: skip
    path = folder / f"SCAN-{day}-{subscription[:3]}.jsonl"
    workspace = {
        "record": "workspace",
        "id": id_ or workspace_id("ws", subscription=subscription),
        "tags": {"data-classification": level},
    }
    sealedlines.write(path, (header, workspace))
    return path


def told(folder: Path, **more: Any) -> list[tuple[int, str]]:
    places = SurveyPlaces(folder, folder / "plans", more.pop("counts", None))
    found = seen_before(guardrail(**more), places)
    return [(one.seen.day, one.tags["data-classification"]) for one in found]


def test_the_last_scan_and_the_one_before_it_count(tmp_path: Path) -> None:
    assert told(tmp_path) == []
    scan(tmp_path, 3, "restricted")
    assert told(tmp_path) == [(3, "restricted")]
    scan(tmp_path, 9, "public")
    scan(tmp_path, 5, "internal")
    # What figures keep beside the scans is none.
    (tmp_path / scanfile.FIGURES).write_text("{}\n")
    assert told(tmp_path) == [(5, "internal"), (9, "public")]


def test_the_scan_that_counts_may_be_named(tmp_path: Path) -> None:
    scan(tmp_path, 3, "restricted")
    named = scan(tmp_path, 5, "internal")
    scan(tmp_path, 9, "public")
    assert told(tmp_path, counts=named) == [(3, "restricted"), (5, "internal")]


def test_scans_of_other_subscriptions_and_groups_do_not_count(tmp_path: Path) -> None:
    scan(tmp_path, 3, "restricted")
    scan(tmp_path, 9, "public", subscription=OTHER)
    assert told(tmp_path) == [(3, "restricted")]
    assert told(tmp_path, scope=f"{SCOPE}/resourceGroups/another") == []
    assert told(tmp_path, scope=f"{SCOPE}/resourceGroups/OLD-rg") == [(3, "restricted")]
    assert told(tmp_path, scope="/providers/Microsoft.Management/managementGroups/corp") == [
        (3, "restricted"),
        (9, "public"),
    ]
    only = tmp_path / "only"
    scan(only, 9, "public", subscription=OTHER)
    assert told(only) == [], "the last scan of all is of another subscription"
