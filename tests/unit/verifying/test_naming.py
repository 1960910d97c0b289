"""Files that name the source: whose they are, and that a decision about them is of exactly these."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tests.builders.reports import filed
from tests.builders.world import NEW, NEW_BLOBS, TARGET, header, plan, step

from amlmigrate.core.decision import Decision, DecisionVerb
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Step
from amlmigrate.core.workspace import Location
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.decision_subjects import Subjects, found_by, of_findings
from amlmigrate.ledger.evidence import EvidenceFile
from amlmigrate.ledger.valid_decisions import Standing, open_findings, settled_findings
from amlmigrate.verifying import source_names

PREFIX = "blobs/c/d"
STORE = f"azureml://subscriptions/{NEW.subscription}/resourcegroups/{NEW.group}/workspaces/{NEW.name}/datastores"


def _file(path: str) -> Location:
    return Location("cmkacct", NEW_BLOBS, path)


def _data(name: str, path: str, after: str = PREFIX) -> Step:
    uri = f"{STORE}/workspaceblobstore/paths/{path}"
    return step(f"data/{name}/1", after, body={"properties": {"dataUri": uri}})


PLAN = plan(
    step(PREFIX),
    _data("folder", "d/"),
    _data("file", "d/x/a.txt"),
    _data("pattern", "d/x/*.txt"),
    _data("like", "d/x/a"),
    _data("other", "d/", "blobs/c/other"),
)


def _found(**counts: int) -> dict[str, Finding]:
    files = {_file(path): count for path, count in counts.items()}
    return {one.address: one for one in source_names.findings(PLAN, TARGET, {PREFIX: files})}


@pytest.mark.parametrize(
    ("path", "items"),
    [
        ("d/b", {"folder"}),
        ("d/x/a.txt", {"folder", "file", "pattern"}),
        ("d/x/ab", {"folder", "pattern"}),
        ("d/x/a/b", {"folder", "pattern", "like"}),
    ],
)
def test_a_file_is_told_of_each_item_that_has_it(path: str, items: set[str]) -> None:
    assert set(_found(**{path: 1})) == {f"data/{name}/1!names-source" for name in items}


def test_only_items_in_whose_place_it_lies_have_it() -> None:
    places = {
        "whole": "workspaceblobstore/paths/",
        "beside": "workspaceartifactstore/paths/d/",
        "lake": "lake/paths/d/",
    }
    steps = [
        step(f"data/{name}/1", PREFIX, body={"properties": {"dataUri": f"{STORE}/{place}"}})
        for name, place in places.items()
    ]
    [found] = source_names.findings(plan(step(PREFIX), *steps), TARGET, {PREFIX: {_file("d/b"): 1}})
    assert found.address == "data/whole/1!names-source"
    assert found.summary == (
        "A file of its bytes in the target names places of the source, which it will not find once that is gone:"
        f" '{NEW_BLOBS}/d/b' (1 time)."
    )


def test_what_is_no_items_is_told_of_the_bytes() -> None:
    assert set(_found(**{"e/b": 1})) == {f"{PREFIX}!names-source"}


def test_a_finding_names_files_and_counts_and_binds_what_it_does_not_show() -> None:
    many = {f"d/{n}": n + 1 for n in range(9)}
    [finding] = _found(**many).values()
    assert finding.severity == "blocks"
    assert "9 files of its bytes in the target name places of the source" in finding.summary
    assert f"'{NEW_BLOBS}/d/8' (9 times), '{NEW_BLOBS}/d/7' (8 times)" in finding.summary
    [other] = _found(**{**many, "d/0": 0, "d/00": 1}).values()
    [same] = _found(**dict(reversed(many.items()))).values()
    assert same == finding
    assert other.summary != finding.summary
    [changed] = _found(**{**{path: count for path, count in many.items() if path != "d/0"}, "d/z": 1}).values()
    assert changed.summary != finding.summary


def test_all_are_shown_while_they_are_few() -> None:
    [five] = _found(**{f"d/{n}": 1 for n in range(5)}).values()
    [six] = _found(**{f"d/{n}": 1 for n in range(6)}).values()
    assert all(f"/d/{n}'" in five.summary for n in range(5)) and "more" not in five.summary
    assert "and 1 more (digest of all " in six.summary


def test_what_was_not_searched_is_counted() -> None:
    assert list(source_names.not_searched(Counter({"are not text": 3}))) == [
        "whether files of the target name places of the source, of 3 that are not text"
    ]


def _report(number: int, **content: object) -> EvidenceFile:
    return filed("verify", number, **content)


def test_what_was_found_counts_until_it_is_looked_for_again() -> None:
    finding = _found(**{"d/b": 1})["data/folder/1!names-source"]
    first = _report(1, found=[finding.as_dict()])
    assert found_by([first]) == [finding]
    assert found_by([first, _report(2, found=[])]) == []
    assert found_by([]) == []


def test_it_is_decided_together_with_what_the_plan_says_under_that_address(tmp_path: Path) -> None:
    """Who let go what the plan said of the document has not let go what was found in the files."""
    found = _found(**{"d/b": 1})["data/folder/1!names-source"]
    said = Finding("blocks", found.about, "it names the source", "fix it", "names-source")
    of = plan(step(PREFIX))
    of = replace(of, header=header(findings=(said,)))
    with Ledger(tmp_path) as ledger:
        ledger.bind(of)

        def waive(sha256: str) -> Standing:
            ledger.decide(
                [Decision(found.address, DecisionVerb.WAIVE, sha256, "why", "ann", "2026-01-01T00:00:00+00:00")]
            )
            return Standing(of, ledger)

        standing = waive(of_findings([said])[found.address].sha256)
        assert open_findings(of, standing) == []
        assert open_findings(of, standing, [found]) == [said, found]
        both = Subjects(of, [_report(1, found=[found.as_dict()])]).find(found.address)
        assert "it names the source" in both.says and "places of the source" in both.says
        standing = waive(both.sha256)
        assert open_findings(of, standing, [found]) == []
        assert set(settled_findings(of, standing, [found])) == {found.address}


@pytest.mark.parametrize("path", ["d/raw data/x, y (1).csv", "d/[a]/'b'"])
def test_whatever_signs_a_path_has_the_item_is_found_in_every_member(path: str) -> None:
    address = f"{STORE}/workspaceblobstore/paths/{path}"
    bodies = {"table": {"referencedUris": [address]}, "file": {"dataUri": address}}
    steps = [step(f"data/{name}/1", PREFIX, body={"properties": body}) for name, body in bodies.items()]
    found = source_names.findings(plan(step(PREFIX), *steps), TARGET, {PREFIX: {_file(path): 1}})
    wanted = {"data/file/1!names-source", "data/table/1!names-source"}
    # In a list a bracket may be a wildcard: what it stands for is below its folder.
    assert {one.address for one in found} == wanted
