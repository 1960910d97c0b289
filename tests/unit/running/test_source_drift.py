"""Drift: a source that is no longer the plan's, and workspaces that are others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.world import SOURCE, TARGET, asset, inventory, plan, step
from tests.builders.world import by_hand as left_by_hand

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.errors import BadInputError, DriftError, ExitCode
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.seal import UNLISTED
from amlmigrate.core.workspace import Workspace
from amlmigrate.inventory.sides import check_workspaces
from amlmigrate.kinds import document_digests
from amlmigrate.running.drift import check_source
from amlmigrate.verifying.document_comparison import compare_documents

JOBS = left_by_hand(Address.parse("jobs"), "jobs stay", "export them", {"count": 3})


def _inventory(**changed: str) -> Inventory:
    found = inventory(asset("models/m/1", **({"description": "a"} | changed)), asset("data/d/1", dataUri="x"))
    return replace(found, by_hand=[JOBS])


def _plan(of: Inventory) -> Plan:
    steps = [step(address, source_sha256=sha) for address, sha in document_digests(of).items()]
    more = [
        step("blobs/azureml/a", source_sha256="of the blobs", action=Action.COPY),
        Step(Address.parse("models/m/1#archive"), Action.UPDATE, source_sha256="of the model"),
    ]
    return plan(*steps, *more)


def test_a_source_that_is_the_plans_is_no_drift() -> None:
    check_source(_plan(_inventory()), _inventory(), {})


def test_every_change_of_the_source_is_named() -> None:
    made = _plan(_inventory())
    now = _inventory(description="b")
    del now.assets[Address.parse("data/d/1")]
    new = asset("data/e/1")
    now.assets[new.address] = new
    now.by_hand[:] = [replace(JOBS, document={"count": 4})]
    with pytest.raises(DriftError) as caught:
        check_source(made, now, {})
    assert caught.value.exit_code is ExitCode.REFUSED
    assert caught.value.reasons == (
        "data/e/1 was added",
        "data/d/1 was deleted",
        "jobs changed",
        "models/m/1 changed",
    )


SETTING = left_by_hand(Address.of("diagnosticSettings", "logs"), "it stays", "create it again", {"name": "logs"})
HIDDEN = left_by_hand(Address.of("diagnosticSettings"), "they could not be listed", "make them anew", UNLISTED)


@pytest.mark.parametrize(("then", "now"), [(SETTING, HIDDEN), (HIDDEN, SETTING)])
def test_what_either_side_may_not_list_is_no_change(then: Asset, now: Asset) -> None:
    before, after = (replace(_inventory(), by_hand=[JOBS, one]) for one in (then, now))
    check_source(_plan(before), after, {})
    everything = frozenset(document_digests(before)) | frozenset(document_digests(after))
    assert compare_documents(_plan(before), after, after, everything).differences == []
    # All else is compared as ever.
    after.by_hand[0] = replace(JOBS, document={"count": 4})
    with pytest.raises(DriftError) as caught:
        check_source(_plan(before), after, {})
    assert caught.value.reasons == ("jobs changed",)


def test_a_setting_that_was_added_is_a_change() -> None:
    with pytest.raises(DriftError) as caught:
        check_source(_plan(_inventory()), replace(_inventory(), by_hand=[JOBS, SETTING]), {})
    assert caught.value.reasons == ("diagnosticSettings/logs was added",)


def test_many_changes_are_counted() -> None:
    now = inventory(*(asset(f"models/m/{number}") for number in range(30)))
    with pytest.raises(DriftError) as caught:
        check_source(_plan(inventory()), now, {})
    assert len(caught.value.reasons) == 21
    assert caught.value.reasons[-1] == "and 10 more"


def test_what_the_service_recomputes_is_no_drift() -> None:
    before = inventory(asset("models/m", nextVersion="2", latestVersion="1"))
    after = inventory(asset("models/m", "2026-02-02T00:00:00Z", nextVersion="3", latestVersion="2"))
    check_source(_plan(before), after, {})


def test_a_leftover_without_a_document_is_digested_too() -> None:
    bare = replace(inventory(), by_hand=[replace(JOBS, document={})])
    assert document_digests(bare)["jobs"]
    check_source(_plan(bare), bare, {})


def _anew(workspace: Workspace) -> Workspace:
    return replace(workspace, document={"properties": workspace.properties | {"workspaceId": "another"}})


def test_both_workspaces_have_to_be_the_plans() -> None:
    check_workspaces(plan(), SOURCE, TARGET)
    for pair in ((_anew(SOURCE), TARGET), (SOURCE, _anew(TARGET)), (TARGET, SOURCE)):
        with pytest.raises(BadInputError, match="is not the workspace that the plan was made for"):
            check_workspaces(plan(), *pair)
