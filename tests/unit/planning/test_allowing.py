"""A line of the file of `--secrets` counts, or is refused: none is passed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.builders.world import asset, inventory

from amlmigrate.core import secretsources
from amlmigrate.core.address import Address
from amlmigrate.core.allowed import NOTHING, Allowed
from amlmigrate.core.errors import BadInputError
from amlmigrate.inventory.letting import let_move
from amlmigrate.planning.allowing import allowed

DBX = asset("computes/dbx", computeType="Databricks", properties={})
VM = asset("computes/vm", computeType="VirtualMachine", properties={})
GONE = Address.of("computes", "gone")
GIT = asset("connections/git", authType="PAT", credentials=None)
MADE_BY = {"userId": "me", "userOrgId": "t"}
DESK = asset("computes/desk", computeType="ComputeInstance", properties={"createdBy": MADE_BY})
SOURCE = replace(inventory(GIT, asset("models/m/1")), by_hand=[DBX, VM, DESK])
ASKED = {"computes": frozenset({"instances"})}


def nothing(_: Address) -> bool:
    return False


def found(folder: Path, *lines: str) -> Allowed:
    path = folder / "s.csv"
    path.write_text("\n".join(("address,secret", *(f"{one},env:A" for one in lines))))
    return allowed(secretsources.read(path), {}, SOURCE, NOTHING, nothing)


def test_each_field_is_known_by_its_own_name(tmp_path: Path) -> None:
    told = found(tmp_path, "computes/dbx", "computes/vm#username", "computes/vm#password", "connections/git")
    assert told.secrets == {
        DBX.address: {"databricksAccessToken"},
        VM.address: {"username", "password"},
        GIT.address: {"pat"},
    }
    assert told.items == {DBX.address, VM.address}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("computes/vm",), "line 2 does not name a secret of an item: it takes username, password"),
        (("computes/dbx", "computes/dbx#other"), "line 3 does not name a secret"),
        (("computes/dbx", "computes/none"), "line 3 does not name a secret of an item: the source has none"),
        (("models/m/1",), "line 2 does not name a secret"),
        (("jobs/x",), "line 2 does not name a secret"),
        (("nothing/x",), "line 2 does not name a secret"),
    ],
)
def test_a_line_about_nothing_is_refused(tmp_path: Path, lines: tuple[str, ...], says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        found(tmp_path, *lines)


def test_without_a_file_only_what_is_asked_for_moves() -> None:
    assert allowed(secretsources.NO_SECRETS, {}, SOURCE, NOTHING, nothing) == NOTHING
    told = allowed(secretsources.NO_SECRETS, ASKED, SOURCE, NOTHING, nothing)
    assert told == Allowed({}, frozenset({DESK.address}))


def test_what_an_earlier_plan_has_made_by_its_options_is_still_let(tmp_path: Path) -> None:
    earlier = Allowed(
        {
            DBX.address: frozenset({"databricksAccessToken"}),
            GIT.address: frozenset({"pat"}),
            GONE: frozenset({"x"}),
        },
        frozenset({DBX.address, DESK.address, GONE}),
    )
    told = allowed(secretsources.NO_SECRETS, {}, SOURCE, earlier, {DBX.address, GIT.address, GONE}.__contains__)
    assert told == Allowed(
        {DBX.address: frozenset({"databricksAccessToken"}), GIT.address: frozenset({"pat"})},
        frozenset({DBX.address}),
    )
    assert allowed(secretsources.NO_SECRETS, {}, SOURCE, earlier, nothing) == NOTHING


def test_what_is_let_is_among_what_moves_and_nothing_else() -> None:
    source = replace(
        SOURCE, assets=dict(SOURCE.assets), by_hand=[replace(one, reason="r") for one in SOURCE.by_hand]
    )
    let_move(source, Allowed({}, frozenset({DBX.address, GIT.address})))
    assert (DBX.address in source.assets, [one.address for one in source.by_hand]) == (
        True,
        [VM.address, DESK.address],
    )
    assert source.assets[DBX.address].reason == ""
