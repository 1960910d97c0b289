"""Blobs that stay: what is said of them is true, and what may be another workspace's is never copied."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.world import OLD_ID, SOURCE, TARGET, asset, blob, containers, inventory
from tests.builders.world import by_hand as left_by_hand
from tests.unit.planning.planned import OLD_BLOBS, leftover, model

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.findingcodes import CODES
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.reference import references
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import WORKING_SHARE
from amlmigrate.planning.planner import NOBODY, Planner
from amlmigrate.planning.unmoved_blobs import EMPTY_REASON, OtherUsers

NEIGHBOUR = OtherUsers(
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/other"
)
UNKNOWN = OtherUsers(unknown="no right to read every workspace")


def _source(
    *assets: Asset, jobs: tuple[str, ...] = (), named: str = "", left: tuple[Asset, ...] = ()
) -> Inventory:
    found = replace(inventory(*assets), by_hand=list(left), of_jobs=tuple(references({"uri": named})))
    return replace(found, workspace=replace(SOURCE, jobs=frozenset(jobs)))


def _steps(
    source: Inventory,
    blobs: dict[str, list[str]],
    *,
    copy: bool = False,
    others: OtherUsers = NOBODY,
    exclude: str = "",
) -> dict[str, Step]:
    planner = Planner(
        source,
        inventory(of=TARGET),
        selection=Selection((), (exclude,) if exclude else ()),
        prior=OwnershipRecord(),
        copy_unreferenced=copy,
        others=others,
    )
    listed = containers({name: [blob(path, 10) for path in paths] for name, paths in blobs.items()})
    return {str(step.address): step for step in planner.steps(listed)[0]}


# Nobody refers to it, so that it does not move; it has its build's files all the same.
ANONYMOUS = asset(
    f"environments/CliV2AnonymousEnvironment/{'ab' * 16}",
    build={"contextUri": f"https://acct.blob.core.windows.net/{OLD_BLOBS}/src/", "dockerfilePath": "Dockerfile"},
    isAnonymous=True,
)
PATHS = ["src/a.py", "azureml/job1/out/x", "in/1.csv", "loose"]


def test_of_each_blob_that_stays_it_is_said_what_names_it() -> None:
    source = _source(ANONYMOUS, jobs=("job1",), named="azureml://datastores/workspaceblobstore/paths/in/")
    step = _steps(source, {OLD_BLOBS: PATHS})[f"blobs/{OLD_BLOBS}"]
    assert step.action is Action.MANUAL
    assert step.reason.startswith(
        "4 blobs with 40 bytes: 2 of jobs, 1 that no asset refers to, 1 of assets that stay."
    )


def test_that_no_asset_refers_to_blobs_is_said_of_those_alone() -> None:
    [step] = [one for name, one in _steps(_source(), {OLD_BLOBS: ["a", "b"]}).items() if name.startswith("blobs/")]
    assert step.reason.startswith(
        "2 blobs with 20 bytes that no asset refers to. Copy them with --unreferenced copy"
    )
    [step] = [
        one
        for name, one in _steps(_source(ANONYMOUS), {OLD_BLOBS: ["src/a"]}).items()
        if name.startswith("blobs/")
    ]
    assert "no asset refers" not in step.reason and "of assets that stay" in step.reason


def test_what_could_not_be_listed_may_refer_to_them() -> None:
    hidden = replace(leftover("models"), document={"not_listed": True})
    step = _steps(_source(left=(hidden,)), {OLD_BLOBS: ["a"]})[f"blobs/{OLD_BLOBS}"]
    assert "that no asset refers to of those that could be listed" in step.reason


@pytest.mark.parametrize("name", ["snapshotzips", "snapshots", "revisions", "azureml-environments", "theirs"])
def test_a_container_that_nobody_known_made_is_an_item(name: str) -> None:
    filled = _steps(_source(), {name: ["a"]}, copy=True)[f"blobs/{name}"]
    assert filled.action is Action.MANUAL and "1 blob with 10 bytes" in filled.reason and filled.source_sha256
    empty = _steps(_source(), {name: []})[f"blobs/{name}"]
    assert (empty.action, empty.reason, empty.source_sha256) == (Action.SKIP, EMPTY_REASON, "")


def test_the_empty_containers_of_every_workspace_are_no_items() -> None:
    assert not [name for name in _steps(_source(), {}) if name.startswith("blobs/")]


@pytest.mark.parametrize("others", [NEIGHBOUR, UNKNOWN])
def test_what_may_be_another_workspaces_is_never_copied(others: OtherUsers) -> None:
    paths = ["ExperimentRun/dcid.mine/log", "ExperimentRun/dcid.theirs/log", "ExperimentRun/dcid.mine2/log"]
    found = _steps(_source(jobs=("mine",)), {"azureml": paths, OLD_BLOBS: ["loose"]}, copy=True, others=others)
    assert found[f"blobs/{OLD_BLOBS}"].action is Action.COPY, "it bears the workspace's own number"
    assert found["blobs/azureml/ExperimentRun/dcid.mine"].action is Action.COPY
    rest = found["blobs/azureml"]
    assert rest.action is Action.MANUAL and "2 blobs" in rest.reason and others.says in rest.reason
    assert "--unreferenced" not in rest.reason


def test_with_the_account_to_itself_all_is_copied_but_what_is_excluded() -> None:
    blobs = {"azureml": ["ExperimentRun/dcid.theirs/log"], OLD_BLOBS: ["loose"]}
    found = _steps(_source(model("1", path="m")), blobs, copy=True, exclude="blobs/azureml")
    assert found[f"blobs/{OLD_BLOBS}"].action is Action.COPY and found["blobs/azureml"].action is Action.MANUAL
    assert _steps(_source(), blobs, copy=True)["blobs/azureml"].action is Action.COPY


def test_who_else_has_the_account_is_told_by_name() -> None:
    assert not NOBODY.findings(SOURCE)
    for others, text in ((NEIGHBOUR, NEIGHBOUR.names), (UNKNOWN, UNKNOWN.unknown)):
        [finding] = others.findings(SOURCE)
        assert text in finding.summary and finding.about == SOURCE.id
        assert finding.severity in CODES[finding.code].severities


@pytest.mark.parametrize(
    ("name", "account", "others", "told"),
    [
        (WORKING_SHARE, "acct", NEIGHBOUR, True),
        (WORKING_SHARE, "acct", UNKNOWN, True),
        (WORKING_SHARE, "acct", NOBODY, False),
        # It bears this workspace's number; it lies in another account; it lies in none.
        (f"azureml-filestore-{OLD_ID}", "acct", NEIGHBOUR, False),
        ("reports", "elsewhere", NEIGHBOUR, False),
        ("reports", "", NEIGHBOUR, False),
    ],
)
def test_of_a_share_it_is_said_that_it_may_be_anothers(
    name: str, account: str, others: OtherUsers, told: bool
) -> None:
    left = left_by_hand(Address.of("shares", name), "2 files", "Copy it.", {"files": 2}, account=account)
    step = _steps(_source(left=(left,)), {}, others=others)[f"shares/{name}"]
    assert ("and they may be theirs. Copy it." in step.reason) is told
