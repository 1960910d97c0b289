"""A headline tells what is the same and what is not in the target, and never more than was shown."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders.reports import DIFFERENCE, FINDING, LEFT, report

from amlmigrate.core.state import Outcome
from amlmigrate.evidence.headline import apart, of_evidence, ran, verified


def _content(blobs: int = 31, documents: int = 40, **more: Any) -> Any:
    same = {"blobs": blobs, "documents": documents}
    base = {"depth": "checksum", "same": same, "not_in_target": {}, "not_compared": {}}
    return report("verify", **(base | more))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            _content(not_in_target={"waived": 8}),
            "Green at depth checksum: 31 blobs and 40 documents are the same; 8 waived items are not in the target.",
        ),
        (_content(1, 0), "Green at depth checksum: 1 blob is the same."),
        (_content(1, 1), "Green at depth checksum: 1 blob and 1 document are the same."),
        (_content(0, 1), "Green at depth checksum: 1 document is the same."),
        (
            _content(0, 0, not_in_target={"waived": 1}),
            "Green at depth checksum: nothing was found to be the same; 1 waived item is not in the target.",
        ),
        (
            _content(2, 3, depth="metadata", not_checked=["the bytes", "secrets"]),
            "Green at depth metadata: 2 blobs have the same length and labels, bytes unread, and 3 documents are the"
            " same; 2 things were not checked.",
        ),
        (_content(1, 0, depth="metadata"), "Green at depth metadata: 1 blob has the same length and labels, bytes unread."),
        (
            _content(not_in_target={"waived": 8, "left by selection": 1, "left to do by hand": 2},
                     not_compared={"waived": 1, "done by hand": 2}),
            "Green at depth checksum: 31 blobs and 40 documents are the same; 8 waived items, 1 item left by selection"
            " and 2 items left to do by hand are not in the target; 1 waived item and 2 items done by hand were not"
            " compared.",
        ),
        (
            _content(green=False, posture=[{**FINDING, "severity": "error"}, FINDING], open_findings=[FINDING, FINDING]),
            "Not green: 0 differences, 0 open, 2 findings not waived, 1 error about the target's keys and"
            " storage. 31 blobs and 40 documents are the same.",
        ),
        (
            _content(30, 39, green=False, differences=[DIFFERENCE, DIFFERENCE], unsettled=[LEFT], not_in_target={"failed": 1}),
            "Not green: 2 differences, 1 open. 30 blobs and 39 documents are the same; 1 item failed is not in the"
            " target.",
        ),
    ],
)  # fmt: skip
def test_what_a_verification_says(content: Any, says: str) -> None:
    assert verified(content) == says


def test_what_rests_on_a_report_says_what_that_showed() -> None:
    assert of_evidence(_content(not_in_target={"waived": 1})) == (
        "31 blobs and 40 documents are the same; 1 waived item is not in the target."
    )
    assert of_evidence(_content(same=None)) == "", "of a target in use nothing is counted as the same"


def test_what_the_target_holds_under_an_address_is_not_said_to_be_absent() -> None:
    ended = [
        ("models/m/1", Outcome.MIGRATED),
        ("models/m/2", Outcome.WAIVED),
        ("models/m/3", Outcome.WAIVED),
        ("jobs", Outcome.WAIVED),
        ("models/m/4", Outcome.CONFLICT),
        ("models/m/5", Outcome.UNSELECTED),
        ("datastores/workspaceblobstore", Outcome.NOT_NEEDED),
    ]
    assert apart(ended, ["models/m/1", "models/m/2", "models/m/4"]) == {
        "not_in_target": {"waived": 2, "left by selection": 1},
        "not_compared": {"waived": 1, "in conflict": 1},
    }


def test_what_a_person_says_to_have_done_is_not_said_to_be_absent() -> None:
    assert apart([("jobs", Outcome.BY_HAND)], []) == {"not_in_target": {}, "not_compared": {"done by hand": 1}}


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ({"migrated": 40}, "Everything is done: 40 items migrated."),
        (
            {"migrated": 40, "waived": 3, "not needed in the target": 4, "updated": 3},
            "Everything is done: 40 items migrated and 3 updated; 3 waived items were not moved.",
        ),
        (
            {"migrated": 1, "left by selection": 1},
            "Everything is done: 1 item migrated; 1 item left by selection was not moved.",
        ),
        ({"left to do by hand": 2}, "Everything is done: 2 items left to do by hand were not moved."),
        ({}, "Everything is done."),
    ],
)
def test_what_a_run_says(items: dict[str, int], says: str) -> None:
    assert ran(items, "Everything is done") == says


def test_what_the_target_has_in_another_case_is_there_where_case_does_not_count() -> None:
    ended = [("datastores/Lake", Outcome.WAIVED), ("models/M/1", Outcome.WAIVED)]
    told = apart(ended, ["datastores/lake", "models/m/1"])
    assert told == {"not_in_target": {"waived": 1}, "not_compared": {"waived": 1}}
