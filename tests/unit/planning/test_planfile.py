"""The plan file: read as it was written, refused when any byte of it was cut off or changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import header, step

from amlmigrate.core.address import PHASES, Address
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.finding import SEVERITIES, Finding
from amlmigrate.core.findingcodes import CODES
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.plan import FORMAT, Action, Bytes, Header, Step
from amlmigrate.core.workspace import Location
from amlmigrate.planning import planfile

TEXTS = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ADDRESSES = st.builds(
    Address.of,
    st.sampled_from(["models", "data", "environments"]),
    st.from_regex(r"\A[a-zA-Z0-9][a-zA-Z0-9_-]{0,8}\Z"),
    st.none() | st.from_regex(r"\A[a-zA-Z0-9][a-zA-Z0-9_.-]{0,8}\Z"),
    phase=st.sampled_from(["", *sorted(PHASES)]),
)
PLACES = st.builds(Location, TEXTS, TEXTS, TEXTS)
COMMON = {
    "address": ADDRESSES,
    "action": st.sampled_from(Action),
    "reason": TEXTS,
    "source_id": TEXTS,
    "target_id": TEXTS,
    "source_sha256": TEXTS,
    "after": st.lists(ADDRESSES, max_size=3).map(tuple),
    "rewrites": st.lists(st.builds(Rewrite, TEXTS, TEXTS, TEXTS), max_size=2).map(tuple),
}
DOCUMENTS = st.builds(Step, **COMMON, body=st.none() | st.dictionaries(TEXTS, JSON, max_size=3))
AMOUNTS = st.builds(Bytes, PLACES, PLACES, st.integers(0), st.integers(0))
# Only a single blob is ever in conflict.
COPIES = st.builds(Step, **COMMON, bytes=AMOUNTS, blob=st.booleans()).filter(
    lambda one: not one.prefix or one.action is not Action.CONFLICT
)
STEPS = DOCUMENTS | COPIES
FINDINGS = st.builds(Finding, st.sampled_from(SEVERITIES), TEXTS, TEXTS, TEXTS, st.sampled_from(sorted(CODES)))
PLAN = [
    step("models/m/1", body={"properties": {"tags": {"ä": "\u2028\r\n"}}}),
    step("models/m/2", "models/m/1", rewrites=(Rewrite("/a", "b", "c"),)),
    step("blobs/azureml/a", bytes=Bytes(Location("a", "b"), Location("c", "d"), 1, 2)),
]
HEADER = header(
    findings=(Finding("warning", "models/m/1", "what", "then", "names-source"),), extra={"example": True}
)


@given(
    st.lists(STEPS, max_size=5), st.lists(FINDINGS, max_size=2), st.dictionaries(TEXTS, st.integers(0), max_size=2)
)
def test_a_plan_reads_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step], findings: list[Finding], amounts: dict[str, int]
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    written = replace(HEADER, findings=tuple(findings), counts={"models": amounts}, estimate=amounts)
    planfile.write(folder, written, steps)
    read = planfile.read(folder)
    assert read.header == written == planfile.read_header(folder)
    assert list(read.steps) == steps


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return planfile.write(tmp_path / "plan", HEADER, PLAN)


def _refused(file: Path, data: bytes) -> BadInputError:
    file.write_bytes(data)
    with pytest.raises(BadInputError) as caught:
        planfile.read(file.parent)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    return caught.value


def test_the_last_line_counts_and_seals_the_rest(file: Path) -> None:
    *lines, end = file.read_bytes().splitlines(keepends=True)
    sha = hashlib.sha256(b"".join(lines)).hexdigest()
    assert json.loads(end) == {"record": "end", "count": len(PLAN) + 1, "sha256": sha}
    assert planfile.read(file.parent).sha256 == sha


def test_a_file_that_was_cut_short_anywhere_is_refused(file: Path) -> None:
    data = file.read_bytes()
    for length in range(len(data)):
        _refused(file, data[:length])


@pytest.mark.parametrize("change", [lambda b: b ^ 1, lambda b: b ^ 0x80, lambda b: 10])
def test_a_file_with_any_byte_changed_is_refused(file: Path, change: Any) -> None:
    data = file.read_bytes()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] = change(data[place])
        if bytes(changed) != data:
            _refused(file, bytes(changed))


def test_lines_that_are_missing_doubled_or_in_another_order_are_refused(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    for number in range(len(lines)):
        _refused(file, b"".join([*lines[:number], *lines[number + 1 :]]))
        _refused(file, b"".join([*lines[: number + 1], *lines[number:]]))
    _refused(file, b"".join([lines[0], lines[2], lines[1], *lines[3:]]))


@pytest.mark.parametrize("data", [b"", b"\n", b"[]\n", b"null\n", b"\xff\xfe", b'{"record":"end"}\n', b"{}\n{}\n"])
def test_what_is_no_plan_is_refused(file: Path, data: bytes) -> None:
    _refused(file, data)


def test_a_newer_format_is_refused_and_says_so(tmp_path: Path) -> None:
    planfile.write(tmp_path, replace(HEADER, format=FORMAT + 1), PLAN)
    for read in (planfile.read, planfile.read_header):
        with pytest.raises(BadInputError, match=f"format {FORMAT + 1}; this version reads up to {FORMAT}"):
            read(tmp_path)


def test_a_plan_is_never_written_over(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(BadInputError, match="a plan is never changed"):
        planfile.write(file.parent, HEADER, [])
    assert file.read_bytes() == before


def test_a_plan_that_could_not_be_written_is_not_there(tmp_path: Path) -> None:
    def broken() -> Any:
        yield PLAN[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(BadInputError, match="No space left"):
        planfile.write(tmp_path, HEADER, broken())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "plan"):
        with pytest.raises(BadInputError, match="cannot be written"):
            planfile.write(folder, HEADER, PLAN)


def test_a_folder_without_a_plan_is_bad_input(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BadInputError, match="no plan in this folder"):
            planfile.read(folder)


def test_an_example_is_read_like_any_other(file: Path) -> None:
    assert Header.of_dict(json.loads(file.read_bytes().splitlines()[0])).example
