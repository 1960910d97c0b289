"""Scans as figures read them: from files as `scan` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.scanning.workspaces import SUBSCRIPTION, line, path

from amlmigrate.core.errors import BadInputError
from amlmigrate.figures import scans
from amlmigrate.figures.history import WhoseKey
from amlmigrate.ledger import sealedlines

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
    read = scans.read(tmp_path)
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
    read = scans.read(tmp_path)
    assert ([one.name for one in read.looks], list(read.unread)) == (["SCAN-1.jsonl"], ["SCAN-2.jsonl"])


def test_a_folder_without_a_scan_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="There is no scan"):
        scans.read(tmp_path)
    (tmp_path / "other.jsonl").write_text("{}\n")
    with pytest.raises(BadInputError, match=r"There is no scan .*not a scan"):
        scans.read(tmp_path)


@pytest.mark.parametrize("customer_first", [True, False])
def test_of_a_workspace_that_a_scan_saw_twice_the_worse_counts(tmp_path: Path, customer_first: bool) -> None:
    both = [{**line("a"), "encryption": {"kind": "classic"}}, line("a")]
    kept(tmp_path, *(both if customer_first else reversed(both)))
    [look] = scans.read(tmp_path).looks
    assert look.sightings["id-a"].customer is False
