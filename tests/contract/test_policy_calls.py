"""What is asked of Azure Policy, by the real client, when Azure is short of something: told, and never in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.acceptance.world import World, make_world
from tests.builders import fault

from amlmigrate.cloud.session import Side
from amlmigrate.core.armid import name_of
from amlmigrate.decommissioning import exemptions
from amlmigrate.evidence.decommission import ExemptionRecord
from amlmigrate.policies import asking
from amlmigrate.policies.exemptions import exemptions_of, own
from amlmigrate.policies.restrictions import PolicyQuestion, ask

_AUTHORIZATION = "providers/Microsoft.Authorization"
_WITHOUT_A_KEY = f"/{_AUTHORIZATION}/policyDefinitions/ba769a63-b8cc-4b2d-abf6-ac33c7204be8"
_POLICY, _EXEMPTION = "2025-03-01", "2022-07-01-preview"
# Once, and the same call goes through the next time; dropped after its work, it comes to the same.
PASSING = [
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 500},
    {"drop": "before"},
    {"drop": "after"},
]
REFUSED = [400, 403, 404, 409]


@pytest.fixture(scope="module")
def guarded(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A workspace without a key below a policy that denies it, by the name of a guardrail."""
    world = make_world(sandbox, tmp_path_factory.mktemp("policies"))
    group = world.documents["source"]["id"].partition("/providers/")[0]
    properties = {"policyDefinitionId": _WITHOUT_A_KEY, "parameters": {"effect": {"value": "Deny"}}}
    world.arm("PUT", f"{group}/{_AUTHORIZATION}/policyAssignments/aml-cmk", _POLICY, {"properties": properties})
    return world


@pytest.fixture
def world(guarded: World, azure_env: Any) -> Iterator[World]:
    """With the exemption that a guardrail makes."""
    source = guarded.documents["source"]["id"]
    group = source.partition("/providers/")[0]
    properties = {
        "policyAssignmentId": f"{group}/{_AUTHORIZATION}/policyAssignments/aml-cmk",
        "exemptionCategory": "Waiver",
        "metadata": {"aml-cmk-migrate-guard": group},
    }
    path = f"{source}/{_AUTHORIZATION}/policyExemptions/aml-cmk"
    guarded.arm("PUT", path, _EXEMPTION, {"properties": properties})
    yield guarded
    guarded.set_faults()


def _question(world: World, *, named: bool) -> PolicyQuestion:
    document = world.documents["source"]
    return PolicyQuestion(
        document["id"], {name: document[name] for name in ("location", "properties")}, named=named
    )


async def test_what_is_predicted_honours_an_exemption_only_by_the_name(side: Side, world: World) -> None:
    assert (await ask(side.arm, _question(world, named=True))).refusals == ()
    [refusal] = (await ask(side.arm, _question(world, named=False))).refusals
    assert refusal.assignment.lower().endswith("/policyassignments/aml-cmk")


@pytest.mark.parametrize("trouble", PASSING, ids=str)
async def test_what_passes_is_asked_again(side: Side, world: World, trouble: dict[str, Any]) -> None:
    world.set_faults(
        fault("POST", "checkPolicyRestrictions", times=1, **trouble),
        fault("GET", "policyExemptions$", times=1, **trouble),
    )
    assert len((await ask(side.arm, _question(world, named=False))).refusals) == 1
    read = await exemptions_of(side.arm, world.documents["source"]["id"])
    assert read.value and [name_of(one.id) for one in read.value] == ["aml-cmk"]


@pytest.mark.parametrize("status", REFUSED)
async def test_what_is_refused_is_not_checked(side: Side, world: World, status: int) -> None:
    world.set_faults(
        fault("POST", "checkPolicyRestrictions", times=0, status=status, code="Code"),
        fault("GET", "policyExemptions$", times=0, status=status, code="Code"),
    )
    answer = await ask(side.arm, _question(world, named=False))
    assert answer.refusals == () and str(status) in answer.unasked
    read = await exemptions_of(side.arm, world.documents["source"]["id"])
    assert read.value is None and read.code == "Code"


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 429}, {"drop": "before"}], ids=str)
async def test_what_does_not_pass_in_time_is_not_checked(
    side: Side, world: World, trouble: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking.answered, "__defaults__", (1.0,))
    world.set_faults(
        fault("POST", "checkPolicyRestrictions", times=0, **trouble),
        fault("GET", "policyExemptions$", times=0, **trouble),
    )
    assert "did not answer within 1 s" in (await ask(side.arm, _question(world, named=False))).unasked
    read = await exemptions_of(side.arm, world.documents["source"]["id"])
    assert read.value is None and "did not answer within 1 s" in read.refused


async def _settled(side: Side, world: World) -> ExemptionRecord:
    """What becomes of the exemption of a workspace that is said to be gone."""
    source = world.documents["source"]["id"]
    found = own((await exemptions_of(side.arm, source)).value or (), source)
    kept: list[tuple[ExemptionRecord, ...]] = []

    async def first() -> None:
        return None

    await exemptions.settle(side.arm, tuple(exemptions.listed(found)), first, kept.append, by_us=True)
    assert [one.outcome for one in kept[0]] == ["unknown"], "recorded before it is removed"
    [one] = kept[-1]
    return one


def _there(world: World) -> bool:
    path = f"{world.documents['source']['id']}/{_AUTHORIZATION}/policyExemptions/aml-cmk"
    return world.arm("GET", path, _EXEMPTION, accept=(404,)) is not None


@pytest.mark.parametrize("trouble", [{}, *PASSING], ids=str)
async def test_an_exemption_is_removed_once_whatever_passes(
    side: Side, world: World, trouble: dict[str, Any]
) -> None:
    if trouble:
        world.set_faults(fault("DELETE", "policyExemptions/aml-cmk$", times=1, **trouble))
    one = await _settled(side, world)
    # Dropped after its work, the second try finds none.
    assert one.outcome == ("gone" if trouble == {"drop": "after"} else "removed") and one.command == ""
    assert not _there(world)


@pytest.mark.parametrize("status", [400, 403, 409])
async def test_an_exemption_that_may_not_be_removed_is_told(side: Side, world: World, status: int) -> None:
    world.set_faults(fault("DELETE", "policyExemptions/aml-cmk$", times=0, status=status, code="Code"))
    one = await _settled(side, world)
    assert one.outcome == "left" and str(status) in one.why and one.command and _there(world)
