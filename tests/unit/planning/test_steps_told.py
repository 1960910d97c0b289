"""What a plan tells before it is run: what stays behind, what changes its nature, what would mean another thing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.world import NEW_BLOBS, SOURCE, TARGET, inventory
from tests.unit.planning.planned import OLD, OLD_BLOBS, Planned, asset, blob, containers, model, plan

from amlmigrate.bytes.listings import Listing
from amlmigrate.bytes.tables import entries, reference
from amlmigrate.core.asset import SENT_KEY, Asset, Blob, Content, Past
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action, Bytes
from amlmigrate.core.select import Selection
from amlmigrate.core.workspace import Datastore, Location
from amlmigrate.inventory.resolve import Resolver
from amlmigrate.kinds import Context, all_kinds
from amlmigrate.planning.asset_findings import left_behind
from amlmigrate.planning.blob_findings import TOO_LONG, URL_TOO_LONG
from amlmigrate.planning.planner import Planner

EARLY, LATE, LATER = (f"2026-01-0{day}T00:00:00+00:00" for day in (1, 2, 3))
COMPONENT = asset("components/c/1", componentSpec={"environment": "azureml:e:1"})
ENVIRONMENT = asset("environments/e/1", image="x")


def _told(found: Planned) -> list[tuple[str, str]]:
    return [(finding.severity, finding.address) for finding in found.findings]


def test_a_reference_to_what_is_left_behind_is_a_warning() -> None:
    found = plan(COMPONENT, ENVIRONMENT, exclude=("environments/*",))
    assert _told(found) == [("blocks", "components/c/1!reference-left")]
    assert "environments/e/1, which is left by selection" in found.findings[0].summary


def test_a_reference_to_what_is_left_behind_but_in_the_target_already_is_none() -> None:
    assert plan(COMPONENT, ENVIRONMENT, exclude=("environments/*",), there=(ENVIRONMENT,)).findings == []


@pytest.mark.parametrize(("kind", "told"), [("AppendBlob", 1), ("PageBlob", 1), ("BlockBlob", 0)])
def test_blobs_that_become_block_blobs_are_told(kind: str, told: int) -> None:
    listed = containers(source={OLD_BLOBS: [blob("a/log", kind=kind), blob("a/x")]})
    found = plan(model("1", path="a"), listed=listed)
    assert _told(found) == [("warning", f"blobs/{OLD_BLOBS}/a!blob-type-changed")] * told


@pytest.mark.parametrize("uri", ["https://elsewhere.example.com/x", None])
def test_a_body_that_goes_on_naming_the_source_is_told(uri: str | None) -> None:
    full = f"azureml:/{SOURCE.id}/jobs/j/outputs/o/paths/a"
    source = replace(SOURCE, job_outputs={("j", "o"): uri} if uri else {})
    steps = Planner(
        replace(inventory(asset("data/d/1", dataUri=full)), workspace=source),
        replace(inventory(), workspace=TARGET),
        selection=Selection(),
        prior=OwnershipRecord(),
        copy_unreferenced=False,
    )
    _, findings = steps.steps(containers())
    told = [one for one in findings if "names the source" in one.summary]
    # Where the place of the output is known it is what the body names.
    assert [(one.severity, one.address) for one in told] == [("blocks", "data/d/1!names-source")] * bool(uri)


def _there(version: str) -> tuple[Asset, ...]:
    return (asset(f"models/m/{version}", modelUri="https://example.com/model"),)


VERSIONS = (model("1", EARLY), model("2", LATE), model("3", LATER))


def test_a_newest_version_that_is_there_before_the_older_ones_is_an_error() -> None:
    found = plan(*VERSIONS, there=_there("3"))
    assert ("error", "models/m/3!latest-overtaken") in _told(found)
    [error] = [finding for finding in found.findings if finding.severity == "error"]
    assert "models/m/2 would be created after it" in error.summary


@pytest.mark.parametrize("there", ["1", "2"])
def test_older_versions_that_are_there_already_are_none(there: str) -> None:
    assert not [one for one in plan(*VERSIONS, there=_there(there)).findings if one.severity == "error"]


def test_a_latest_of_somebody_elses_that_moves_is_told() -> None:
    [told] = [one for one in plan(*VERSIONS, there=_there("7")).findings if one.code == "latest-moves"]
    assert (told.severity, told.address) == ("warning", "models/m/3!latest-moves")
    assert "models/m/7 among them" in told.summary


def test_a_newest_version_that_stays_behind_is_none() -> None:
    found = plan(*VERSIONS, there=_there("3"), exclude=("models/m/3",))
    assert not [one for one in found.findings if one.severity == "error"]


LATEST = asset("components/c/1", componentSpec={"model": "azureml:m@latest"})


@pytest.mark.parametrize(
    ("versions", "latest"),
    [
        ((model("1", EARLY), model("2", LATE)), "models/m/2"),
        ((model("1", EARLY), model("2", LATE, isArchived=True)), "models/m/1"),
        ((model("1", EARLY, isArchived=True), model("2", LATE, isArchived=True)), "models/m/2"),
        ((model("9", EARLY), model("10", EARLY)), "models/m/10"),
        ((model("10", EARLY), model("9", EARLY)), "models/m/10"),
    ],
)
def test_latest_is_the_newest_that_is_not_archived(versions: tuple[Asset, ...], latest: str) -> None:
    found = plan(LATEST, *versions)
    assert found.after("components/c/1") == [latest]


def test_names_that_would_be_another_on_the_way_are_an_error() -> None:
    listed = containers(source={OLD_BLOBS: [blob("a/../b"), blob("a/./c"), blob("a/..d"), blob("a/e.")]})
    found = plan(model("1", path="a"), listed=listed)
    [finding] = found.findings
    assert (finding.severity, finding.address) == ("error", f"blobs/{OLD_BLOBS}/a!blob-names-dotted")
    assert "2 blobs" in finding.summary and "a/../b" in finding.summary


def _table(*lines: str, at: Location, uri: str) -> Asset:
    table = asset("data/t/1", dataType="mltable", dataUri=uri)
    text = "\n".join(lines)
    named = tuple(found for entry in entries(text) if (found := reference(entry, at)) and not found.location)
    return replace(table, contents=(Content(at, text, named),))


NAMING = f"  - folder: azureml://subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/{OLD.name}"
LAKE_TABLE = Location("customerlake", "raw", "t/MLTable")


def test_a_file_of_somebody_elses_that_names_the_old_workspace_is_an_error() -> None:
    lake = asset("datastores/lake", accountName="customerlake", filesystem="raw", credentials={})
    line = f"{NAMING}/datastores/workspaceblobstore/paths/parquet"
    table = _table("paths:", line, at=LAKE_TABLE, uri="azureml://datastores/lake/paths/t")
    listed = containers(source={OLD_BLOBS: [blob("parquet/1"), blob("loose")]})
    found = plan(table, lake, listed=listed)
    assert _told(found) == [("error", "data/t/1!file-names-source")]
    assert "'raw/t/MLTable' in the account 'customerlake' names the old workspace" in found.findings[0].summary
    assert line.strip() in found.findings[0].summary
    # What it names is needed all the same.
    assert f"blobs/{OLD_BLOBS}/parquet" in found.moving()
    assert not [f for f in plan(table, lake, exclude=("data/*",)).findings if f.severity == "error"]
    plain = _table("paths:", "  - folder: ./parquet", at=LAKE_TABLE, uri="azureml://datastores/lake/paths/t")
    assert plan(plain, lake).findings == []


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["paths:", f"- file: https://acct.privatelink.blob.core.windows.net/{OLD_BLOBS}/a"], ["error"]),
        (["paths:", f"- file: 'see {NAMING.removeprefix('  - folder: ')}'"], ["error"]),
        (["paths:", "- file: ./a", f"# {NAMING}"], ["warning"]),
        (["paths:", NAMING, f"# {NAMING}"], ["error", "warning"]),
    ],
)
def test_so_is_one_by_a_form_that_would_not_be_written_anew(lines: list[str], told: list[str]) -> None:
    lake = asset("datastores/lake", accountName="customerlake", filesystem="raw", credentials={})
    table = _table(*lines, at=LAKE_TABLE, uri="azureml://datastores/lake/paths/t")
    assert [severity for severity, _ in _told(plan(table, lake))] == told


def test_a_file_in_a_container_of_both_workspaces_is_an_error_too() -> None:
    shared = Datastore("workspaceblobstore", True, Location("acct", OLD_BLOBS))
    own = replace(TARGET, datastores=(shared, *TARGET.datastores[1:]))
    line = f"{NAMING}/datastores/workspaceblobstore/paths/parquet"
    at = Location("acct", OLD_BLOBS, "t/MLTable")
    table = _table("paths:", line, at=at, uri="azureml://datastores/workspaceblobstore/paths/t")
    listed = containers(source={OLD_BLOBS: [blob("t/MLTable")]})
    planner = Planner(
        inventory(table),
        inventory(of=own),
        selection=Selection(),
        prior=OwnershipRecord(),
        copy_unreferenced=False,
    )
    steps, findings = planner.steps(listed)
    [step] = [step for step in steps if step.is_bytes and step.bytes]
    assert step.action is Action.SKIP
    assert ("error", "data/t/1!file-names-source") in [(finding.severity, finding.address) for finding in findings]


def test_a_secret_in_a_line_that_would_be_written_anew_is_an_error_and_in_no_plan() -> None:
    line = f"  - file: https://acct.blob.core.windows.net/{OLD_BLOBS}/p/1?sv=1&sig=c2lnbmF0dXJl"
    at = Location("acct", OLD_BLOBS, "t/MLTable")
    table = _table("paths:", line, at=at, uri="azureml://datastores/workspaceblobstore/paths/t")
    listed = containers(source={OLD_BLOBS: [blob("t/MLTable"), blob("p/1")]})
    found = plan(table, listed=listed)
    assert ("error", f"blobs/{OLD_BLOBS}/t!signed-lines") in _told(found)
    assert "c2lnbmF0dXJl" not in str([step.as_dict() for step in found.steps])


def test_an_image_in_the_sources_own_registry_is_told() -> None:
    registry = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/OldRegistry"
    document = {**SOURCE.document, "properties": SOURCE.properties | {"containerRegistry": registry}}
    mapping = Mapping(replace(SOURCE, document=document), TARGET)
    kind = all_kinds()["environments"]
    for image, told in (
        ("oldregistry.azurecr.io/team/train:1", 1),
        ("other.azurecr.io/team/train:1", 0),
        ("mcr.microsoft.com/x:1", 0),
    ):
        findings = kind.desired(asset("environments/e/1", image=image), Context(mapping)).findings
        assert len(findings) == told
        assert all("oldregistry" in finding.summary and finding.severity == "warning" for finding in findings)
    shared = Mapping(mapping.source, replace(TARGET, document=document))
    assert (
        kind.desired(asset("environments/e/1", image="oldregistry.azurecr.io/x"), Context(shared)).findings == ()
    )


@pytest.mark.parametrize(
    ("past", "holds", "says"),
    [
        (None, (), []),
        (Past(), (), []),
        (Past(2, 3), (), ["2 snapshots, 3 earlier versions"]),
        (Past(legal_holds=1), (), ["1 blob under a legal hold"]),
        (Past(known=False), (), ["could not be asked"]),
        (Past(directories=2), (), ["access lists of its 2 directories"]),
        (Past(), ("a legal hold", "an immutability policy"), ["under a legal hold and an immutability policy"]),
    ],
)
def test_what_a_copy_leaves_behind_in_a_container_is_told(
    past: Past | None, holds: tuple[str, ...], says: list[str]
) -> None:
    found = list(left_behind(Listing(Location("acct", OLD_BLOBS), past=past, holds=holds)))
    assert [finding.severity for finding in found] == [
        "warning" if holds or (past and past.directories) else "blocks"
    ] * len(says)
    for finding, text in zip(found, says, strict=True):
        assert text in finding.summary and finding.about == f"blobs/{OLD_BLOBS}"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("s/" + "x" * 1_022, 0),
        ("s/" + "x" * 1_023, 1),
        ("s" + "/x" * 253, 0),
        ("s" + "/x" * 254, 1),
    ],
)
def test_a_name_that_is_too_long_in_the_target_is_foreseen(path: str, told: int) -> None:
    amount = Bytes(Location("acct", OLD_BLOBS, "s"), Location("cmkacct", NEW_BLOBS, "s"), 1, 1)
    found = TOO_LONG.of(amount, [blob(path)])
    assert [(one.severity, one.code) for one in found] == [("error", "blob-names-long")] * told
    deeper = replace(amount, target=Location("cmkacct", NEW_BLOBS, "migrated-code/2aj00c1/s"))
    assert len(TOO_LONG.of(deeper, [blob(path)])) == 1


@pytest.mark.parametrize(
    ("path", "told"), [("s/" + "x" * 1_000, 0), ("s/" + "é" * 300, 0), ("s/" + "字" * 220, 1)]
)
def test_a_name_of_which_the_url_is_too_long_to_copy_from_is_foreseen(path: str, told: int) -> None:
    place = Location("acct", OLD_BLOBS, "s")
    found = URL_TOO_LONG.of(Bytes(place, place, 2, 2), [blob("s/short"), blob(path)])
    assert [(one.severity, one.code) for one in found] == [("error", "blob-names-long")] * told
    # The planner asks.
    data = asset("data/d/1", dataType="uri_folder", dataUri="azureml://datastores/workspaceblobstore/paths/s")
    listed = containers(source={OLD_BLOBS: [blob(path)]})
    assert (("error", f"blobs/{OLD_BLOBS}/s!blob-names-long") in _told(plan(data, listed=listed))) == bool(told)


@pytest.mark.parametrize(("output", "needs"), [("trained", {"datastores/lake"}), ("gone", set())])
def test_a_jobs_output_in_a_datastore_of_the_customers_comes_after_it(output: str, needs: set[str]) -> None:
    outputs = {("j", name): f"azureml://datastores/{store}/paths/r" for name, store in STORES.items()}
    source = replace(SOURCE, job_outputs=outputs)
    used = asset("models/from-job/1", modelUri=f"azureml://jobs/j/outputs/{output}/paths/m")
    lake = asset("datastores/lake", accountName="customerlake", filesystem="raw", credentials={})
    held = inventory(used, lake, of=source)
    found = Resolver(held, inventory(of=TARGET), Mapping(source, TARGET)).needs(used)
    assert {str(address) for address in found.assets} == needs
    told = [finding.summary for finding in found.findings]
    assert told == (
        [] if needs else [f"It refers to '{used.properties['modelUri']}', which is not in the source workspace."]
    )


@pytest.mark.parametrize(
    ("hidden", "meant"), [({}, "2"), ({"isArchived": True}, "1"), ({"isAnonymous": True}, "1")], ids=str
)
def test_a_label_means_the_newest_version_that_clients_list(hidden: dict[str, bool], meant: str) -> None:
    versions = asset("models/m/1", created=EARLY), asset("models/m/2", created=LATE, **hidden)
    used = asset("components/c/1", componentSpec={"model": f"azureml:{SOURCE.id}/models/m/labels/latest"})
    found = Resolver(inventory(used, *versions), inventory(of=TARGET), Mapping(SOURCE, TARGET)).needs(used)
    assert {str(address) for address in found.assets} == {f"models/m/{meant}"}


STORES = {"trained": "lake", "gone": "gone"}


SENT = f"{SENT_KEY}3QFFFpRA5+XANHqwwbT4yXDmrT/2JaLt/FKHjzhOdoE="
LONGEST = 50_000 * 4_000 * 2**20


@pytest.mark.parametrize(
    ("one", "code", "says"),
    [
        (blob("a/x", 10, encryption=SENT), "blobs-customer-key", "which Azure does not keep"),
        (blob("a/x", 10, tier="Archive"), "blobs-archived", "archive tier"),
        # 50,000 blocks of 4,000 MiB, and a byte more.
        (blob("a/x", LONGEST + 1), "blobs-too-large", f"({LONGEST + 1} bytes)"),
    ],
)
def test_bytes_that_no_copy_gets_are_told_and_left_out_by_exclude(one: Blob, code: str, says: str) -> None:
    listed = containers(source={OLD_BLOBS: [one, blob("a/y", 10), blob("b/x", 10)]})
    assets = (model("1", path="a"), asset("data/d/1", dataUri=model("1", path="b").properties["modelUri"]))
    found = [finding for finding in plan(*assets, listed=listed).findings if finding.code == code]
    [finding] = found
    assert (finding.severity, finding.address) == ("error", f"blobs/{OLD_BLOBS}/a!{code}")
    assert "a/x" in finding.summary and says in finding.summary and "--exclude" in finding.remedy
    without = plan(*assets, listed=listed, exclude=("models/m/1",))
    assert code not in {finding.code for finding in without.findings}
    assert without[f"blobs/{OLD_BLOBS}/b"].action is Action.COPY


@pytest.mark.parametrize(
    "one",
    [blob("a/x", LONGEST), blob("a/x", 10, encryption="a-scope"), blob("a/x", 8 * 2**40, kind="PageBlob")],
    ids=["longest", "scope", "page"],
)
def test_bytes_that_are_copied_are_not_told_of(one: Blob) -> None:
    found = plan(model("1", path="a"), listed=containers(source={OLD_BLOBS: [one]}))
    codes = {finding.code for finding in found.findings}
    assert not codes & {"blobs-customer-key", "blobs-archived", "blobs-too-large"}
