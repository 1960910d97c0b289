"""CSV that people write: read by the names in its first line, or refused with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlmigrate.core import csvtable
from amlmigrate.core.errors import BadInputError


def read(folder: Path, data: bytes | str) -> list[csvtable.Line]:
    path = folder / "f.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return csvtable.read(path, ("a", "b"), ("c",), remedy="Do so.")


def test_columns_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    found = read(tmp_path, "\ufeffnote,b, a\r\nx,2,1\r\n\r\n,,\r\n\"y,z\",'=4,'+3\r\nonly\r\n")
    assert found == [
        (2, {"a": "1", "b": "2", "c": ""}),
        (5, {"a": "+3", "b": "=4", "c": ""}),
        (6, {"a": "", "b": "", "c": ""}),
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe", "it is not text in UTF-8"),
        ("a,b\n", "it has no line below its first"),
        ("", "its first line does not name the columns a and b"),
        ("a,x\n1,2\n", "its first line does not name the columns a and b"),
        ("a,b,a\n1,2,3\n", "its first line names the column 'a' twice"),
        ("a,b\n1,2,3\n", "line 2 has more cells than columns"),
        ('a,b\n1,"2\n', "line 2 is not valid CSV"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, data: bytes | str, says: str) -> None:
    with pytest.raises(BadInputError, match=f"The file cannot be used: {says}"):
        read(tmp_path, data)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be used: there is no such file"):
        csvtable.read(tmp_path / "gone.csv", ("a",), remedy="")
