"""What a plan tells before it is run: what stays behind, what changes its nature, what would mean another thing."""

from __future__ import annotations

import pytest
from tests.unit.planning.planned import OLD_BLOBS, Planned, asset, blob, containers, model, plan

from amlmigrate.core.asset import Asset

EARLY, LATE, LATER = (f"2026-01-0{day}T00:00:00+00:00" for day in (1, 2, 3))
COMPONENT = asset("components/c/1", componentSpec={"environment": "azureml:e:1"})
ENVIRONMENT = asset("environments/e/1", image="x")


def _told(found: Planned) -> list[tuple[str, str]]:
    return [(finding.severity, finding.address) for finding in found.findings]


def test_a_reference_to_what_is_left_behind_is_a_warning() -> None:
    found = plan(COMPONENT, ENVIRONMENT, exclude=("environments/*",))
    assert _told(found) == [("warning", "components/c/1")]
    assert "environments/e/1, which is left by selection" in found.findings[0].summary


def test_a_reference_to_what_is_left_behind_but_in_the_target_already_is_none() -> None:
    assert plan(COMPONENT, ENVIRONMENT, exclude=("environments/*",), there=(ENVIRONMENT,)).findings == []


@pytest.mark.parametrize(("kind", "told"), [("AppendBlob", 1), ("PageBlob", 1), ("BlockBlob", 0)])
def test_blobs_that_become_block_blobs_are_told(kind: str, told: int) -> None:
    listed = containers(source={OLD_BLOBS: [blob("a/log", kind=kind), blob("a/x")]})
    found = plan(model("1", path="a"), listed=listed)
    assert _told(found) == [("warning", f"blobs/{OLD_BLOBS}/a")] * told


def _there(version: str) -> tuple[Asset, ...]:
    return (asset(f"models/m/{version}", modelUri="https://example.com/model"),)


VERSIONS = (model("1", EARLY), model("2", LATE), model("3", LATER))


def test_a_newest_version_that_is_there_before_the_older_ones_is_an_error() -> None:
    found = plan(*VERSIONS, there=_there("3"))
    assert ("error", "models/m/3") in _told(found)
    [error] = [finding for finding in found.findings if finding.severity == "error"]
    assert "models/m/2 would be created after it" in error.summary


@pytest.mark.parametrize("there", ["1", "2"])
def test_older_versions_that_are_there_already_are_none(there: str) -> None:
    assert not [one for one in plan(*VERSIONS, there=_there(there)).findings if one.severity == "error"]


def test_a_newest_version_that_stays_behind_is_none() -> None:
    found = plan(*VERSIONS, there=_there("3"), exclude=("models/m/3",))
    assert not [one for one in found.findings if one.severity == "error"]
