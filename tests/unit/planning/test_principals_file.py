"""The file that says who has which object id in the target's tenant."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.world import asset, inventory
from tests.unit.kinds.test_role_assignments import given

from amlmigrate.core.errors import BadInputError
from amlmigrate.planning import principals

A, B = "7c8d0e1f-2a3b-4c5d-8e6f-708192a3b4c5", "8d8d0e1f-2a3b-4c5d-8e6f-708192a3b4c5"
C, D = "9e8d0e1f-2a3b-4c5d-8e6f-708192a3b4c5", "af8d0e1f-2a3b-4c5d-8e6f-708192a3b4c5"


def test_each_line_says_who_is_who(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    data = f"\ufeffold object id,new object id\r\n{A.upper()}, {B}\r\n\r\n{C},{D}\r\n".encode()
    path.write_bytes(data)
    found = principals.read(path)
    assert found.called == {A: B, C: D} and found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.as_extra() == {"principals": {"sha256": found.sha256, "called": found.called}}


def test_no_file_says_nothing() -> None:
    assert principals.read(None).as_extra() == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{A}", "line 1: it has 1 cell"),
        (f"{A},{B},x", "line 1: it has 3 cells"),
        (f"{A},{B}\nann,{C}", "line 2: 'ann' is no object id"),
        (f"{A},{B}\n{A},{C}", f"line 2: '{A}' is there before"),
        (f"{A},{B}\n{C},{B}", f"line 2: '{B}' is somebody else before"),
        ('"a', "no CSV"),
        ("\udcff", "no CSV"),
    ],
)
def test_a_row_that_says_nothing_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadInputError) as caught:
        principals.read(path)
    assert says in caught.value.summary and str(path) == caught.value.address


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        principals.read(tmp_path / "none.csv")


@pytest.mark.parametrize("left", [True, False])
async def test_a_tenant_is_asked_for_also_where_a_person_makes_all_that_is_somebodys(
    monkeypatch: pytest.MonkeyPatch, left: bool
) -> None:
    """Else a right of whom nobody named in another tenant were said to be taken in the source."""
    tenants = {"old": A, "new": B}

    async def of_target(side: Any, _: str) -> str:
        return tenants[side]

    monkeypatch.setattr(principals, "of_target", of_target)
    source = inventory(asset("models/m/1"))
    source.by_hand.extend([replace(given(), reason="it ends by itself")] if left else [])
    clouds: Any = SimpleNamespace(source="old", target="new")
    assert (await principals.told(clouds, source, "s", principals.PrincipalsFile())).elsewhere is left
