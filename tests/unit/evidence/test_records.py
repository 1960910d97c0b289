"""Every report is what its type and its schema say, and nothing else is."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.builders.reports import BODIES

from amlmigrate import evidence
from amlmigrate.core import schemas
from amlmigrate.core.escapes import as_json
from amlmigrate.evidence import RECORDS, NotAReportError

FOLDER = Path(evidence.__file__).parent / "schemas"
CHAIN = {"number": 2, "previous": "cd" * 32}


def whole(record: str, body: Any) -> Any:
    """As the file has it."""
    return {"record": record, **CHAIN, **body}


def valid(record: str, found: Any) -> bool:
    """Whether the shipped schema takes it."""
    schema = json.loads((FOLDER / f"{record}.schema.json").read_text(encoding="utf-8"))
    return not list(schemas.validator(schema).iter_errors(found))


def taken(record: str, body: Any) -> bool:
    """Whether its type takes it."""
    try:
        RECORDS[record].of_dict(body)
    except NotAReportError:
        return False
    return True


def test_there_is_a_whole_one_of_each() -> None:
    assert BODIES.keys() == RECORDS.keys()
    assert {path.name for path in FOLDER.iterdir()} == {f"{record}.schema.json" for record in RECORDS}


@pytest.mark.parametrize("record", sorted(BODIES))
def test_what_was_read_is_written_as_it_was(record: str) -> None:
    found = RECORDS[record].of_dict(BODIES[record])
    assert found.record == record and isinstance(found, RECORDS[record])
    assert json.loads(as_json(found.as_dict())) == BODIES[record]
    assert RECORDS[record].of_dict(json.loads(as_json(found.as_dict()))) == found


@pytest.mark.parametrize("record", sorted(BODIES))
def test_the_shipped_schema_says_the_same(record: str) -> None:
    assert valid(record, whole(record, BODIES[record]))
    for name in ("record", "number", "previous", "format"):
        assert not valid(
            record, {key: value for key, value in whole(record, BODIES[record]).items() if key != name}
        )
    assert not valid(record, {**whole(record, BODIES[record]), "record": "another"})
    assert not valid(record, {**whole(record, BODIES[record]), "previous": "no digest"})


# What stands there in Azure's own words, or is any JSON, may be anything.
FREE = {"was", "becomes", "encryption", "evidence", "options", "expected", "actual", "computes"}
# Their members have names of their own.
MAPS = {
    *("items", "deleted", "trees", "let_go", "not_in_target", "not_compared", "not_the_same"),
    *("unreadable_alike", "source_not_checked"),
}
# What is wrong with a role assignment is told where it would be given back (`core.freeze_record.strange`).
ASSIGNED = {"assignment", "assignments", "frozen"}
Way = tuple[Any, ...]


def changed(body: Any) -> Iterator[tuple[Way, Any, bool]]:
    """The same with one thing wrong with it, for each thing that can be; and whether it cannot but be seen."""
    for way, one in _nodes(body, ()):
        if isinstance(one, dict) and not MAPS & {*way[-1:], *way[-2:-1]}:
            yield way, _with(body, way, {**one, "another": 1}), True
        if not isinstance(one, dict):
            yield way, _with(body, way, {"x": "y"}), True
        yield way, _with(body, way, "?!"), False


def _nodes(value: Any, way: Way) -> Iterator[tuple[Way, Any]]:
    if FREE & set(way[-1:]) and (way[-1] != "evidence" or isinstance(value, dict)):
        return
    yield way, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in inner:
        yield from _nodes(child, (*way, name))


def _with(body: Any, way: Way, new: Any) -> Any:
    found = [copy.deepcopy(body)]
    at: Any = found
    *parts, last = (0, *way)
    for part in parts:
        at = at[part]
    at[last] = new
    return found[0]


@pytest.mark.parametrize("record", sorted(BODIES))
def test_what_was_changed_neither_its_type_nor_its_schema_takes(record: str) -> None:
    seen = 0
    for way, body, plain in changed(BODIES[record]):
        by_type = isinstance(body, dict) and taken(record, body)
        by_schema = valid(record, whole(record, body) if isinstance(body, dict) else body)
        inside = ASSIGNED & set(way[:-1])
        assert by_type == by_schema or (inside and by_type), way
        assert not (plain and by_schema), way
        seen += not by_type
    assert seen > 10


@pytest.mark.parametrize("record", sorted(BODIES))
def test_every_member_is_needed_that_is_not_left_out_when_it_says_nothing(record: str) -> None:
    for name in BODIES[record]:
        body = {key: value for key, value in BODIES[record].items() if key != name}
        assert taken(record, body) == valid(record, whole(record, body)), name
        if taken(record, body):
            assert name not in RECORDS[record].of_dict(body).as_dict(), "what was left out stays so"


@pytest.mark.parametrize(("body", "why"), [
    ({"format": 2}, "it has format 2, and this version reads up to 1"),
    ({"format": "1"}, "it has no format"),
    ({"format": True}, "it has no format"),
    ({"items": {"migrated": "1"}}, "items/migrated"),
    ({"items": {"migrated": -1}}, "items/migrated"),
    ({"secret": "s3cret"}, "secret"),
    ({"by": {"user": "x"}}, "by"),
])  # fmt: skip
def test_why_it_is_none_is_said_and_not_what_stands_there(body: dict[str, Any], why: str) -> None:
    with pytest.raises(NotAReportError, match=why) as found:
        RECORDS["run"].of_dict(BODIES["run"] | body)
    assert "s3cret" not in str(found.value)


@pytest.mark.parametrize("identity", [None, {}, {"object_id": ""}])
def test_an_approval_by_nobody_is_none(identity: dict[str, str] | None) -> None:
    """Who approves is somebody else than the planner: nobody would be."""
    by = BODIES["approval"]["by"]
    nobody = {**by["identity"], **identity} if identity else identity
    body = BODIES["approval"] | {"by": {**by, "identity": nobody}}
    assert not taken("approval", body) and not valid("approval", whole("approval", body))


def test_half_of_a_character_is_kept() -> None:
    """As a reason has that was typed in another encoding."""
    line = BODIES["decision"]["decisions"][0] | {"reason": "caf\udce9"}
    found = RECORDS["decision"].of_dict(BODIES["decision"] | {"decisions": [line]})
    assert json.loads(as_json(found.as_dict()))["decisions"] == [line]
    assert taken("decision", json.loads(as_json(found.as_dict())))


def test_nobody_reads_a_report_by_the_name_of_a_member() -> None:
    """Its members are those of its type, so that a type checker sees who reads what."""
    source = FOLDER.parents[1]
    texts = {path.relative_to(source): path.read_text(encoding="utf-8") for path in source.rglob("*.py")}
    found = re.compile(r"\.content\[|\.content\.get\(|\.content\.as_dict\(\)\[")
    assert {path for path, text in texts.items() if found.search(text)} == set()
    assert all(dataclasses.is_dataclass(of) and of.__dataclass_params__.frozen for of in RECORDS.values())


@pytest.mark.parametrize(
    ("member", "value", "told"), [("options", 5, "options is none"), ("user", None, "user is none")]
)
def test_why_it_is_no_report_is_told_in_our_own_words(member: str, value: Any, told: str) -> None:
    found = copy.deepcopy(BODIES["verify"])
    found["by"][member] = value
    with pytest.raises(NotAReportError) as why:
        RECORDS["verify"].of_dict(found)
    assert str(why.value) == f"by: {told}"
