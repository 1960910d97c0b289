"""What a schedule's compute comes to: one that moves, one that a person makes, one that nobody makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import CONTEXT, MAPPING, NEW, OLD, TARGET, asset, inventory

from amlmigrate.core.asset import Asset
from amlmigrate.inventory.resolve import Dependencies, Resolver
from amlmigrate.kinds import moving_kinds

INSTANCE = replace(asset("computes/ci", computeType="ComputeInstance"), reason="its disk is not copied")


def nightly(compute: str) -> Asset:
    """A schedule whose pipeline names its compute twice."""
    job: dict[str, Any] = {
        "jobType": "Pipeline",
        "settings": {"default_compute": compute},
        "jobs": {"train": {"computeId": compute}},
    }
    return asset("schedules/n", isEnabled=False, action={"actionType": "CreateJob", "jobDefinition": job})


def needs(compute: str, *moving: Asset, made: tuple[Asset, ...] = ()) -> Dependencies:
    """What it needs where an instance is left to a person; `made` that person has made already."""
    schedule = nightly(compute)
    source = inventory(schedule, *moving)
    source.by_hand.append(INSTANCE)
    target = inventory(of=TARGET)
    target.by_hand.extend(made)
    return Resolver(source, target, MAPPING).needs(schedule)


@pytest.mark.parametrize(
    "compute",
    ["serverless", "azureml:serverless", *(f"{OLD.id}/computes/{x}" for x in ("serverless", "Serverless"))],
)
def test_serverless_compute_is_needed_and_missed_by_nothing(compute: str) -> None:
    assert needs(compute) == Dependencies()
    job = moving_kinds()["schedules"].desired(nightly(compute), CONTEXT).first.body["properties"]["action"]
    told = compute.replace(OLD.id, NEW.id)
    assert job["jobDefinition"]["settings"]["default_compute"] == told
    assert job["jobDefinition"]["jobs"]["train"]["computeId"] == told


def test_a_cluster_of_that_name_comes_first_where_there_is_one() -> None:
    cluster = asset("computes/serverless", computeType="AmlCompute")
    assert needs(f"{OLD.id}/computes/serverless", cluster).assets == {cluster.address}


def test_what_a_person_has_to_make_first_is_told_once_with_why() -> None:
    [told] = needs(f"{OLD.id}/computes/ci").findings
    assert (told.severity, told.code, str(told.about)) == ("warning", "reference-by-hand", "schedules/n")
    assert told.summary == "It refers to computes/ci, which is left to do by hand: its disk is not copied."
    assert needs(f"{OLD.id}/computes/ci", made=(INSTANCE,)).findings == []


def test_what_is_nowhere_is_told_once() -> None:
    assert [one.code for one in needs(f"{OLD.id}/computes/gone").findings] == ["reference-missing"]
