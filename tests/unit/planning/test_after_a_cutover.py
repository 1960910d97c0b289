"""A plan that is made after a cutover enables nothing again that the target's users have disabled."""

from __future__ import annotations

import pytest
from tests.unit.planning.planned import asset, plan

from amlmigrate.core.address import Address
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action
from amlmigrate.core.switched import SOURCE, TARGET, SideName, Switched
from amlmigrate.kinds import moving_kinds

KIND = moving_kinds()["schedules"]
NIGHTLY = Address.parse("schedules/nightly")
ENABLED = "/properties/isEnabled"
MORE = {"trigger": {"triggerType": "Cron", "expression": "0 3 * * *", "timeZone": "UTC"}}


def _switched(side: SideName, left: bool) -> Switched:
    return Switched(side, NIGHTLY, {ENABLED: not left}, {ENABLED: left})


@pytest.mark.parametrize(
    ("enabled", "live", "action"),
    [(True, True, Action.ADOPT), (False, True, Action.CONFLICT), (False, False, Action.UPDATE)],
)
def test_what_the_users_of_the_target_disabled_is_theirs(enabled: bool, live: bool, action: Action) -> None:
    there = asset(str(NIGHTLY), isEnabled=enabled, **MORE)
    as_made = asset(str(NIGHTLY), isEnabled=False, **MORE)
    prior = OwnershipRecord(frozenset({str(NIGHTLY)}), left={str(NIGHTLY): KIND.state(as_made.document)})
    switched = (_switched(SOURCE, left=False), *([_switched(TARGET, left=True)] if live else []))
    found = plan(as_made, there=(there,), prior=prior, switched=switched)
    step = found[f"{NIGHTLY}#enable"]
    assert (found[str(NIGHTLY)].action, step.action) == (Action.ADOPT, action)
    assert action is not Action.CONFLICT or (
        step.reason == f"changed in the target since it was cut over: {ENABLED} differ"
        and step.target_sha256 == KIND.state(there.document)
    )
