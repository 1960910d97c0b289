"""A selection that matches nothing is refused; of many workspaces it is told."""

from __future__ import annotations

import pytest
from tests.builders.world import asset, inventory
from tests.unit.planning.planned import leftover

from amlmigrate.core.errors import BadInputError
from amlmigrate.core.findingcodes import CODES
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import Location, address_of
from amlmigrate.planning import selection_check

SOURCE = inventory(asset("models/m/1"))
SOURCE.by_hand.append(leftover("schedules/nightly"))


@pytest.mark.parametrize("glob", ["models/m", "schedules/*", "blobs/logs", "datastores/workspaceblobstore"])
def test_assets_items_left_by_hand_and_containers_can_be_named(glob: str) -> None:
    selection_check.refuse(
        selection_check.idle(Selection((glob,), (glob,)), SOURCE, [address_of(Location("acct", "logs"))])
    )


@pytest.mark.parametrize(("select", "exclude"), [(("model/m",), ()), (("models/*",), ("schedule/nightly",))])
def test_anything_else_is_refused(select: tuple[str, ...], exclude: tuple[str, ...]) -> None:
    with pytest.raises(BadInputError) as refused:
        selection_check.refuse(selection_check.idle(Selection(select, exclude), SOURCE, []))
    assert refused.value.exit_code == 2 and "matches nothing" in refused.value.summary
    assert "models/m" in refused.value.remedy or "schedules/nightly" in refused.value.remedy


def test_of_one_workspace_of_many_it_is_told() -> None:
    [told] = selection_check.findings(selection_check.idle(Selection((), ("models/huge",)), SOURCE, []), "/ws")
    assert (told.severity, told.about) == ("warning", "/ws") and "'models/huge'" in told.summary
    assert told.severity in CODES[told.code].severities
    assert selection_check.findings([], "/ws") == []
