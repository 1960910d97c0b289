"""The reader of beliefs refuses whatever is not of their form; what it makes of them is ordered by harm."""

from __future__ import annotations

from pathlib import Path

import beliefs
import pytest
from beliefs import BeliefError, Harm, Status

GOOD = """# Lists (AZ-LIST)

### AZ-LIST-1

A list has pages.

- status: inferred
- source: drawn from
  another list
- rests on: lists
- if wrong: something is not listed
- harm: silent loss
- probe: list it
"""
NEXT = GOOD.partition("\n\n")[2]


def test_a_belief_is_read_whole() -> None:
    [one] = beliefs.page("lists.md", GOOD).values()
    assert (one.id, one.text, one.page) == ("AZ-LIST-1", "A list has pages.", "lists.md")
    assert (one.status, one.harm) == (Status.INFERRED, Harm.SILENT_LOSS)
    assert (one.source, one.rests_on, one.if_wrong) == (
        "drawn from another list",
        "lists",
        "something is not listed",
    )
    assert one.probe == "list it"


def test_what_has_a_source_needs_no_probe() -> None:
    text = GOOD.replace("inferred", "recorded").replace("- probe: list it\n", "")
    assert beliefs.page("lists.md", text)["AZ-LIST-1"].probe == ""


WRONG = {
    "title": GOOD.replace("(AZ-LIST)", ""),
    "area": GOOD.replace("AZ-LIST-1", "AZ-BLOB-1"),
    "number": GOOD.replace("LIST-1", "LIST-0"),
    "twice": GOOD + NEXT,
    "empty": "# Lists (AZ-LIST)\n",
    "statement": GOOD.replace("A list has pages.\n\n", ""),
    "sentence": GOOD.replace("pages.", "pages"),
    "status": GOOD.replace("inferred", "known"),
    "harm": GOOD.replace("silent loss", "loss"),
    "member": GOOD.replace("rests on", "rest on"),
    "no-source": GOOD.replace("- source: drawn from\n  another list\n", ""),
    "no-value": GOOD.replace("rests on: lists", "rests on: "),
    "no-probe": GOOD.replace("- probe: list it\n", ""),
    "more": GOOD + "- more: than that\n",
    "member-twice": GOOD + "- probe: it again\n",
    "order": GOOD.replace("- harm: silent loss\n- probe: list it\n", "- probe: list it\n- harm: silent loss\n"),
    "prose": GOOD + "And more.\n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(BeliefError):
        beliefs.page("lists.md", text)


def test_an_area_has_one_page(tmp_path: Path) -> None:
    for name in ("lists.md", "more.md"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(BeliefError, match="AZ-LIST is the area"):
        beliefs.read(tmp_path)


@pytest.mark.parametrize("word", ["AZ-LIST", "AZ-LIST-x", "AZ-List-1", "AZ-LIST-01", "AZ-LIST-1-2"])
def test_a_citation_is_whole(word: str) -> None:
    [one] = beliefs.cited(f"So it is ({word}).", Path("x.py"))
    assert (one.id, one.whole) == (word, False)
    assert [each.whole for each in beliefs.cited("AZ-LIST-1, AZ-LIST-12.", Path("x.py"))] == [True, True]


def test_who_relies_on_a_belief_is_told_by_package(tmp_path: Path) -> None:
    for name in ("src/amlmigrate/kinds/a.py", "sandbox/src/azsandbox/arm/b/c.py", "sandbox/src/azsandbox/d.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# AZ-LIST-1", encoding="utf-8")
    assert beliefs.packages(tmp_path) == {"AZ-LIST-1": {"amlmigrate.kinds", "azsandbox.arm", "azsandbox"}}


def test_the_worst_stand_first_and_of_these_the_shared() -> None:
    found = dict(beliefs.page("lists.md", GOOD))
    for number, harm in ((2, "false claim"), (3, "silent loss"), (4, "stops")):
        text = GOOD.replace("LIST-1", f"LIST-{number}").replace("silent loss", harm)
        found |= beliefs.page("lists.md", text)
    found |= beliefs.page("lists.md", GOOD.replace("LIST-1", "LIST-5").replace("inferred", "recorded"))
    users = {"AZ-LIST-1": {"amlmigrate.kinds"}, "AZ-LIST-3": {"amlmigrate.kinds", "azsandbox.arm"}}
    page = beliefs.unverified(found, users)
    places = [page.index(f"### AZ-LIST-{number}\n") for number in (3, 1, 2)]
    assert places == sorted(places)
    assert "LIST-4" not in page and "LIST-5" not in page
    assert page.count("shares it: no test can show it wrong") == 1
    assert "(`kinds`)" in page and "Find out: list it" in page
