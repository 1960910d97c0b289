"""Computes that move: what a cluster is made as, what it keeps at the cutover, and what a person has to make."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.builders.world import CONTEXT, SOURCE, TARGET, asset, inventory, workspace
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.inventory.regional import keep_names_taken
from amlmigrate.kinds import Machines, all_kinds, moving_kinds

KIND = moving_kinds()["computes"]
LEAST = "/properties/properties/scaleSettings/minNodeCount"


def cluster(least: Any = 2, **inner: Any) -> Asset:
    """A cluster of the source."""
    scale = {"minNodeCount": least, "maxNodeCount": 4}
    typed = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale, "currentNodeCount": 2, **inner}
    return asset(
        "computes/cpu", computeType="AmlCompute", isAttachedCompute=False, resourceId=None, properties=typed
    )


def codes(found: Asset) -> set[str]:
    return {one.code for one in KIND.desired(found, CONTEXT).findings}


def test_it_is_made_without_nodes_and_keeps_as_many_at_the_cutover() -> None:
    made, keeps = KIND.desired(cluster(), CONTEXT).writes
    assert made.body["properties"]["properties"]["scaleSettings"] == {"minNodeCount": 0, "maxNodeCount": 4}
    assert keeps.body["properties"]["properties"]["scaleSettings"] == {"minNodeCount": 2, "maxNodeCount": 4}
    assert (made.stage, keeps.stage, keeps.phase, keeps.changes) == ("run", "cutover", "enable", (LEAST,))
    assert "keeps at least 2 nodes" in keeps.reason
    assert "currentNodeCount" not in made.body["properties"]["properties"]


@pytest.mark.parametrize("least", [0, None, True, "2", -1])
def test_one_that_keeps_none_has_no_second_step_and_nothing_of_it_stops(least: Any) -> None:
    found = cluster(least)
    assert len(KIND.desired(found, CONTEXT).writes) == 1
    assert KIND.quiet(found) == {}


def test_what_keeps_nodes_in_the_source_stops() -> None:
    assert KIND.quiet(cluster(1)) == {LEAST: 0}
    instance = asset(
        "computes/ci", computeType="ComputeInstance", properties={"scaleSettings": {"minNodeCount": 1}}
    )
    assert KIND.quiet(instance) == {}


def test_how_many_nodes_it_keeps_is_changed_by_that_alone() -> None:
    """A PUT of the whole would have no password for SSH."""
    login = {"adminUserName": "me", "adminUserPassword": None}
    found = KIND.setting(cluster(1, userAccountCredentials=login).document, {LEAST: 0})
    scale = {"minNodeCount": 0, "maxNodeCount": 4}
    assert found.sent == {"properties": {"properties": {"scaleSettings": scale}}}


async def test_the_cutovers_call_is_a_patch_that_leaves_all_else() -> None:
    document = cluster(1, userAccountCredentials={"adminUserName": "me"}).document
    port = InMemory({"computes/cpu": document})
    for settings in ({LEAST: 0}, {LEAST: 1}):
        await KIND.apply(port, Address.of("computes", "cpu"), KIND.setting(document, settings))
    assert (port.documents["computes/cpu"], port.changing()) == (document, [("PATCH", "computes/cpu")] * 2)


@pytest.mark.parametrize(
    ("login", "kept"),
    [
        ({"adminUserName": "me", "adminUserPassword": None}, None),
        (
            {"adminUserName": "me", "adminUserPassword": None, "adminUserSshPublicKey": "ssh-rsa A"},
            {"adminUserName": "me", "adminUserSshPublicKey": "ssh-rsa A"},
        ),
    ],
)
def test_a_password_for_ssh_that_nobody_is_shown_is_told(login: dict[str, Any], kept: Any) -> None:
    found = cluster(0, userAccountCredentials=login)
    body = KIND.desired(found, CONTEXT).first.body
    assert body["properties"]["properties"].get("userAccountCredentials") == kept
    assert codes(found) == {"compute-login"} and codes(cluster()) == set()


def test_a_subnet_and_an_identity_of_its_own_are_told() -> None:
    assert codes(cluster(0, subnet={"id": "/subscriptions/s/subnets/a"})) == {"compute-subnet"}
    for told, finds in (("SystemAssigned", {"compute-identity"}), ("UserAssigned", set())):
        found = cluster(0)
        assert codes(Asset(found.address, {**found.document, "identity": {"type": told}})) == finds


@pytest.mark.parametrize(
    ("place", "goal", "moved"),
    [("westeurope", "northeurope", True), ("West Europe", "northeurope", True), ("westus2", "westus2", False)],
)
def test_the_region_of_the_source_becomes_the_targets(place: str, goal: str, moved: bool) -> None:
    found = cluster(0)
    properties = {**found.properties, "computeLocation": place}
    desired = KIND.desired(Asset(found.address, {**found.document, "properties": properties}), CONTEXT)
    assert desired.first.body["properties"]["computeLocation"] == goal
    assert [one.where for one in desired.rewrites] == ["/properties/computeLocation"] * moved


@pytest.mark.parametrize("kind", ["Kubernetes", "SynapseSpark", "DataFactory", "VirtualMachine"])
def test_what_is_attached_keeps_the_region_of_what_is_behind_it(kind: str) -> None:
    found = asset("computes/k8s", computeType=kind, computeLocation="West Europe", resourceId="/subscriptions/s/x")
    desired = KIND.desired(found, CONTEXT)
    assert desired.first.body["properties"]["computeLocation"] == "West Europe"
    assert "/properties/computeLocation" not in [one.where for one in desired.rewrites]


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (("vmSize", "Standard_ds3_v2"), False),
        (("currentNodeCount", 7), False),
        (("vmSize", "STANDARD_DS4_V2"), True),
        (("isolatedNetwork", False), False),
        (("isolatedNetwork", True), True),
        (("propertyBag", {}), False),
    ],
)
def test_what_is_a_difference(change: tuple[str, Any], differs: bool) -> None:
    wanted = KIND.desired(cluster(0), CONTEXT).first.body
    there = copy.deepcopy(wanted)
    there["properties"]["properties"][change[0]] = change[1]
    there["properties"] |= {"modifiedOn": "now", "provisioningState": "Succeeded", "isAttachedCompute": False}
    assert bool(KIND.differences(Address.of("computes", "cpu"), wanted, there)) is differs


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("AmlCompute", ""),
        ("Kubernetes", ""),
        ("SynapseSpark", ""),
        ("DataFactory", ""),
        ("ComputeInstance", "with a disk that holds local files"),
        ("VirtualMachine", "with a credential, which nobody is shown"),
        ("HDInsight", "with a credential"),
        ("Databricks", "with a credential"),
        ("AKS", "its type is 'AKS'"),
        ("", "its type is ''"),
    ],
)
async def test_which_a_person_has_to_make(kind: str, why: str) -> None:
    [found] = await KIND.scan(InMemory({"computes/c": {"name": "c", "properties": {"computeType": kind}}}))
    assert why in found.reason and bool(found.reason) is bool(why) is bool(found.remedy)


def test_what_a_pool_is_is_not_sent_for_the_compute_attached_to_it() -> None:
    found = asset("computes/sp", computeType="SynapseSpark", resourceId="/p", properties={"nodeCount": 3})
    assert KIND.desired(found, CONTEXT).first.body["properties"] == {
        "computeType": "SynapseSpark",
        "resourceId": "/p",
    }


def test_secrets_that_an_answer_should_not_have_are_neither_planned_nor_compared() -> None:
    names = ("relayConnectionString", "serviceBusConnectionString")
    shown = dict.fromkeys(names, "Endpoint=sb://x;SharedAccessKey=TOP")
    found = asset("computes/k", computeType="Kubernetes", resourceId="/k", properties={"namespace": "ml", **shown})
    desired = KIND.desired(found, CONTEXT)
    assert desired.first.body["properties"]["properties"] == {"namespace": "ml"}
    assert "TOP" not in repr((desired, KIND.differences(found.address, desired.first.body, found.document)))
    login = {"adminUserName": "me", "adminUserSshPublicKey": "ssh-rsa A", "adminUserPassword": "TOP"}
    assert "TOP" not in repr(KIND.desired(cluster(1, userAccountCredentials=login), CONTEXT))


def test_the_machines_that_it_needs() -> None:
    made, keeps = KIND.desired(cluster(2, vmPriority="LowPriority"), CONTEXT).writes
    assert KIND.machines(made.body) == Machines("STANDARD_DS3_V2", 1, spare=True, most=4)
    assert KIND.machines(keeps.body) == Machines("STANDARD_DS3_V2", 2, kept=True, spare=True, most=4)
    assert KIND.machines({"properties": {"computeType": "Kubernetes"}}) is None


@pytest.mark.parametrize(
    ("region", "names", "stays"),
    [
        ("westeurope", {}, True),
        ("West Europe", {}, True),
        ("northeurope", {}, False),
        ("westeurope", {"cpu": "new"}, False),
    ],
)
def test_a_name_that_the_region_has_is_left_to_a_person(region: str, names: dict[str, str], stays: bool) -> None:
    source, model = inventory(cluster(), asset("models/m/1")), Address.parse("models/m/1")
    told = {Address.of("computes", old): Address.of("computes", new) for old, new in names.items()}
    there = workspace(TARGET.ref, TARGET.workspace_id, "cmkacct", region)
    keep_names_taken(source, there, told)
    assert (cluster().address in source.assets, model in source.assets) == (not stays, True)
    assert [(str(one.address), "one in a region" in one.reason) for one in source.by_hand] == (
        [("computes/cpu", True)] * stays
    )
    assert SOURCE.location == "westeurope" and all_kinds()["computes"].regional
