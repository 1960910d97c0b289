"""What Microsoft documents of recovery: told as that, and accepted where it says that there is none."""

from __future__ import annotations

from typing import Any

import pytest

from amlmigrate.decommissioning.recovery import Recovery, recovery_of, told, until
from amlmigrate.decommissioning.remaining_resources import Remaining

SYSTEM = {"identity": {"type": "SystemAssigned", "principalId": "p"}}
USERS = {"/uai": {"principalId": "q"}}


def _part(kind: str, there: bool | None) -> Remaining:
    return Remaining(kind, f"the {kind}", f"/{kind}", there, None, "")


@pytest.mark.parametrize(
    ("identity", "recoverable"),
    [
        ({"type": "SystemAssigned", "principalId": "p"}, True),
        ({"type": "SystemAssigned,UserAssigned", "principalId": "p", "userAssignedIdentities": USERS}, True),
        ({"type": "systemassigned, userassigned", "userAssignedIdentities": USERS}, True),
        ({"type": "UserAssigned", "userAssignedIdentities": USERS}, False),
        ({"type": "USERASSIGNED"}, False),
        ({"userAssignedIdentities": USERS}, False),
        ({"type": "None"}, True),
        (None, True),
    ],
)
def test_with_user_assigned_identities_only_it_is_documented_not_to_be(identity: Any, recoverable: bool) -> None:
    found = recovery_of({"identity": identity}, [], accepted=False)
    assert bool(found.reasons()) is not recoverable
    assert all("--accept-unrecoverable" in one and "Microsoft documents" in one for one in found.reasons())
    accepted = recovery_of({"identity": identity}, [], accepted=True)
    assert accepted.reasons() == [] and accepted.cannot == found.cannot
    assert (until("2026-01-01T00:00:00+00:00", accepted.days) is not None) is recoverable


@pytest.mark.parametrize("kind", ("account", "vault", "logs", "registry"))
def test_what_has_to_be_there_and_is_not(kind: str) -> None:
    gone = recovery_of(SYSTEM, [_part(kind, False)], accepted=False)
    # "Azure Container Registry isn't a hard requirement for workspace recovery."
    assert bool(gone.reasons()) is (kind != "registry")
    unread = recovery_of(SYSTEM, [_part(kind, None)], accepted=False)
    assert unread.reasons() == [] and bool(unread.unknown) is (kind != "registry")
    assert recovery_of(SYSTEM, [_part(kind, True)], accepted=False) == Recovery()


def test_it_is_told_as_what_is_documented() -> None:
    assert told(Recovery()).startswith("Microsoft documents") and "14 days" in told(Recovery())
    assert until("2026-01-01T00:00:00+00:00", Recovery().days) == "2026-01-15T00:00:00+00:00"
    cannot = Recovery(("Microsoft documents that it cannot.",))
    assert "14 days" not in told(cannot) and cannot.as_dict()["days"] is None
