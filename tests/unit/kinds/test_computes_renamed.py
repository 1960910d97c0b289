"""What names a compute follows it to its other name, in every form and letter case; all else is told, or left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import CONTEXT, MAPPING, NEW, OLD, SOURCE, TARGET, asset, by_hand, inventory
from tests.unit.planning.planned import containers

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.json_strings import document_references
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action
from amlmigrate.core.select import Selection
from amlmigrate.inventory.resolve import Resolver
from amlmigrate.kinds import Context, all_kinds, moving_kinds
from amlmigrate.planning.byhand.bodies import body
from amlmigrate.planning.planner import Planner

NAMES = {Address.of("computes", "cpu"): Address.of("computes", "cpu-cmk")}
NAMED = Mapping(SOURCE, TARGET, NAMES)


def scheduled(job: dict[str, Any], mapping: Mapping = NAMED) -> tuple[Any, list[str]]:
    """The job of a schedule as the target gets it, and the codes of what is told of it."""
    one = asset("schedules/n", isEnabled=False, action={"actionType": "CreateJob", "jobDefinition": job})
    found = moving_kinds()["schedules"].desired(one, Context(mapping))
    return found.first.body["properties"]["action"]["jobDefinition"], [told.code for told in found.findings]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{OLD.id}/computes/cpu", f"{NEW.id}/computes/cpu-cmk"),
        (f"{OLD.id}/computes/CPU", f"{NEW.id}/computes/cpu-cmk"),
        (f"azureml:{OLD.id}/computes/cpu", f"azureml:{NEW.id}/computes/cpu-cmk"),
        ("azureml:cpu", "azureml:cpu-cmk"),
        ("cpu", "cpu-cmk"),
        ("Cpu", "cpu-cmk"),
        (f"{OLD.id}/computes/serverless", f"{NEW.id}/computes/serverless"),
        ("serverless", "serverless"),
        ("gpu", "gpu"),
        ("${{parent.inputs.cpu}}", "${{parent.inputs.cpu}}"),
        (f"{NEW.id}/computes/cpu", f"{NEW.id}/computes/cpu"),
    ],
)
def test_it_is_named_in_many_ways(before: str, after: str) -> None:
    node = {"type": "command", "computeId": before}
    job = {
        "jobType": "Pipeline",
        "computeId": before,
        "settings": {"default_compute": before},
        "jobs": {"train": node, "nested": {"jobs": {"inner": {**node, "compute": before}}}},
    }
    found, told = scheduled(job)
    assert (
        found["computeId"] == found["settings"]["default_compute"] == found["jobs"]["train"]["computeId"] == after
    )
    assert set(found["jobs"]["nested"]["jobs"]["inner"].values()) == {"command", after}
    assert "old-name" not in told
    plain, _ = scheduled(job, MAPPING)
    assert plain["settings"]["default_compute"] == before.replace(OLD.id, NEW.id)


def test_whatever_case_an_id_has(before: str = f"{OLD.id.upper()}/COMPUTES/Cpu") -> None:
    found, _ = scheduled({"jobType": "Command", "computeId": before})
    assert found["computeId"].lower() == f"{NEW.id}/computes/cpu-cmk".lower()


def test_it_is_needed_and_missed_by_its_name_alone_too() -> None:
    cpu = asset("computes/cpu", computeType="AmlCompute")
    for named in ("cpu", "azureml:CPU"):
        node = {"actionType": "CreateJob", "jobDefinition": {"settings": {"default_compute": named}}}
        one = asset("schedules/n", action=node)
        assert Resolver(inventory(one, cpu), inventory(of=TARGET), NAMED).needs(one).assets == {cpu.address}
        found = Resolver(inventory(one), inventory(of=TARGET), NAMED).needs(one).findings
        assert [told.code for told in found] == ["reference-missing"]


def test_an_input_that_a_node_takes_for_its_compute_follows() -> None:
    def node(named: str, **more: Any) -> dict[str, Any]:
        return {"type": "command", "computeId": f"${{{{parent.inputs.{named}}}}}", **more}

    handed = {"jobInputType": "literal", "value": "${{ parent.inputs.outer }}"}
    job = {
        "jobType": "Pipeline",
        "inputs": {
            "where": {"jobInputType": "literal", "value": "CPU"},
            "outer": {"jobInputType": "literal", "value": "azureml:cpu"},
            "plain": "cpu",
            "device": {"jobInputType": "literal", "value": "cpu"},
        },
        "jobs": {
            "one": node("where"),
            "two": node("plain"),
            "nested": {"type": "pipeline", "inputs": {"inner": handed}, "jobs": {"three": node("inner")}},
        },
    }
    found, told = scheduled(job)
    assert found["inputs"]["where"]["value"] == found["inputs"]["plain"] == "cpu-cmk"
    assert found["inputs"]["outer"]["value"] == "azureml:cpu-cmk"
    assert found["inputs"]["device"] == job["inputs"]["device"] and found["jobs"] == job["jobs"]
    # Only that of which nothing says so.
    assert told.count("old-name") == 1
    spec = {"inputs": {"where": {"type": "string", "default": "cpu"}}, "jobs": {"one": node("where")}}
    one = asset("components/c/1", componentSpec={"type": "pipeline", **spec})
    made = moving_kinds()["components"].desired(one, Context(NAMED)).first.body["properties"]["componentSpec"]
    assert made["inputs"] == {"where": {"type": "string", "default": "cpu-cmk"}}


def test_what_may_be_its_name_is_told_and_left() -> None:
    job = {
        "jobType": "Pipeline",
        "inputs": {"where": {"jobInputType": "literal", "value": "CPU"}, "compute": "cpu", "other": "cpus"},
        "jobs": {
            "train": {"inputs": {"on": "${{parent.inputs.where}}"}, "environment_variables": {"compute": "cpu"}}
        },
        "tags": {"cluster": "cpu"},
    }
    found, told = scheduled(job)
    assert found["inputs"] == job["inputs"] and found["jobs"]["train"]["environment_variables"] == {
        "compute": "cpu"
    }
    assert told.count("old-name") == 1
    one = asset("schedules/n", action={"actionType": "CreateJob", "jobDefinition": job})
    [finding] = [
        finding
        for finding in moving_kinds()["schedules"].desired(one, Context(NAMED)).findings
        if finding.code == "old-name"
    ]
    assert "It says 'cpu', which the target calls 'cpu-cmk'" in finding.summary
    assert "properties/action/jobDefinition/inputs/where/value" in finding.summary
    assert "tags" not in finding.summary
    assert not list(
        document_references({"environment_variables": {"compute": "cpu"}, "inputs": {"compute": "cpu"}})
    )
    assert scheduled(job, MAPPING)[1].count("old-name") == 0


def test_components_name_it_too() -> None:
    spec = {"type": "pipeline", "jobs": {"train": {"type": "command", "compute": "azureml:cpu"}}}
    one = asset("components/c/1", componentSpec=spec)
    made = moving_kinds()["components"].desired(one, Context(NAMED)).first.body["properties"]["componentSpec"]
    assert made["jobs"]["train"]["compute"] == "azureml:cpu-cmk"


def test_what_a_person_makes_names_it_as_the_target_does() -> None:
    pipeline = {"deploymentConfiguration": {"settings": {"default_compute": "cpu"}}}
    model = {"compute": f"{OLD.id}/computes/cpu", "environmentVariables": {"compute": "cpu"}}
    kind = all_kinds()["batchEndpoints/deployments"]
    assert body(kind, {"properties": pipeline}, NAMED)["properties"] == {
        "deploymentConfiguration": {"settings": {"default_compute": "cpu-cmk"}}
    }
    assert body(kind, {"properties": model}, NAMED)["properties"] == {
        "compute": f"{NEW.id}/computes/cpu-cmk", "environmentVariables": {"compute": "cpu"}
    }  # fmt: skip


def test_a_step_for_a_person_says_the_name_and_so_does_what_refers_to_it() -> None:
    mine, new = Address.of("computes", "mine"), Address.of("computes", "mine-cmk")
    job = {"jobType": "Command", "computeId": f"{OLD.id}/computes/mine"}
    nightly = asset("schedules/n", isEnabled=False, action={"actionType": "CreateJob", "jobDefinition": job})
    source = inventory(nightly)
    source.by_hand.append(by_hand(mine, "its disk is not copied", "Create it.", {"properties": {}}))
    planner = Planner(
        source,
        inventory(of=TARGET),
        selection=Selection(),
        prior=OwnershipRecord(),
        copy_unreferenced=False,
        names={mine: new},
    )
    steps, findings = planner.steps(containers())
    [left] = [one for one in steps if one.address == mine]
    assert (left.action, left.target) == (Action.MANUAL, new)
    assert "In the target it is to be called computes/mine-cmk. Create it." in left.reason
    [told] = [one for one in findings if one.code == "reference-by-hand"]
    assert "Make that first as computes/mine-cmk" in told.remedy
    [schedule] = [one for one in steps if one.address == nightly.address]
    assert schedule.body and schedule.body["properties"]["action"]["jobDefinition"]["computeId"].endswith(
        "/mine-cmk"
    )


@pytest.mark.parametrize(
    ("there", "codes", "says"),
    [
        ("cpu-cmk", [], ""),
        ("CPU-cmk", ["setting-differs"], ""),
        ("other", ["setting-differs"], "which the target calls cpu-cmk"),
        (None, ["setting-lost"], "which the target calls cpu-cmk"),
    ],
)
def test_the_compute_that_builds_images_is_the_one_of_the_new_name(
    there: Any, codes: list[str], says: str
) -> None:
    kind = moving_kinds()["workspace"]
    old, new = (
        {"name": "w", "location": "x", "properties": {"imageBuildCompute": name}} for name in ("cpu", there)
    )
    found = kind.shortfalls(Asset(Address.of("workspace"), old), new, NAMES)
    assert [one.code for one in found] == codes
    assert all(says in one.summary for one in found)


def test_a_cluster_is_placed_whatever_it_is_called() -> None:
    one = asset("computes/cpu", computeType="AmlCompute", computeLocation="West Europe")
    made = moving_kinds()["computes"].desired(one, replace(CONTEXT, mapping=NAMED)).first.body
    assert made["properties"]["computeLocation"] == TARGET.location
