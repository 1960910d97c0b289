"""An account is known by name and cloud: one of another cloud with the same name is somebody else's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.world import MAPPING, OLD_BLOBS

from amlmigrate.cloud.credentials import CLOUDS
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.places import Places
from amlmigrate.core.reference import references
from amlmigrate.core.reference_targets import lead, names_source
from amlmigrate.core.workspace import Datastore, Location, SurveyedWorkspace
from amlmigrate.kinds import Context, Whose, all_kinds, holding
from amlmigrate.posture.places import account_of

SUFFIXES = [cloud.storage_suffix for cloud in CLOUDS.values()]


def at(workspace: SurveyedWorkspace, suffix: str) -> SurveyedWorkspace:
    """The workspace in the cloud of that suffix, as its system datastores say by `endpoint`."""
    stores = tuple(
        replace(one, root=replace(one.root, suffix=suffix)) if one.root else one for one in workspace.datastores
    )
    return replace(workspace, datastores=stores)


def of_cloud(suffix: str) -> Mapping:
    return Mapping(at(MAPPING.source, suffix), at(MAPPING.target, suffix))


def forms(suffix: str) -> list[str]:
    return [
        f"https://acct.blob.{suffix}/{OLD_BLOBS}/data/a.csv",
        f"https://ACCT.blob.{suffix.upper()}/{OLD_BLOBS}/data/a.csv",
        f"https://acct-secondary.blob.{suffix}/{OLD_BLOBS}/data/a.csv",
        f"https://acct.dfs.{suffix}/{OLD_BLOBS}/data/a.csv",
        f"https://acct.blob.{suffix}:443/{OLD_BLOBS}/data/a.csv",
        f"abfss://{OLD_BLOBS}@acct.dfs.{suffix}/data/a.csv",
        f"wasbs://{OLD_BLOBS}@acct.blob.{suffix}/data/a.csv",
    ]


@pytest.mark.parametrize("home", SUFFIXES)
@pytest.mark.parametrize("spelled", ["{}.", "{}./", " {}", "{}/"])
def test_a_suffix_in_another_spelling_is_no_other_cloud(home: str, spelled: str) -> None:
    suffix = spelled.format(home.title())
    assert not Location("acct", OLD_BLOBS, suffix=suffix).elsewhere(home)
    assert account_of({"properties": {"accountName": "acct", "endpoint": suffix}}, home) == "acct"
    if not suffix.endswith("."):
        return
    for text in forms(suffix):
        (reference,) = references({"uri": text})
        found = lead(text, of_cloud(home))
        assert of_cloud(home).locate(reference) == Location("acct", OLD_BLOBS, "data/a.csv")
        assert "cmkacct" in of_cloud(home).rewrite(text) and found and found.ours


CASES = [(home, text, suffix == home) for home in SUFFIXES for suffix in SUFFIXES for text in forms(suffix)]


@pytest.mark.parametrize(("home", "text", "own"), CASES)
def test_only_the_account_of_this_cloud_is_the_sources(home: str, text: str, own: bool) -> None:
    mapping = of_cloud(home)
    (reference,) = references({"uri": text})
    where = Location("acct", OLD_BLOBS, "data/a.csv")
    assert mapping.locate(reference) == (where if own else None)
    for after in (mapping.rewrite(text), mapping.rewrite_whole(text)):
        assert (after != text) is own and ("cmkacct" in after) is own
    found = lead(text, mapping)
    assert found and found.ours is own and (found.goal is not None) is own
    assert bool(names_source(text, mapping)) is own
    assert bool(Places(mapping).named(f"read {text} daily")) is own
    assert Places(mapping).count(f'{{"uri": "{text}"}}\n'.encode()) == own


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_where_no_datastore_names_its_cloud_every_one_counts(suffix: str) -> None:
    for text in forms(suffix):
        assert names_source(text, MAPPING)
        (reference,) = references({"uri": text})
        assert MAPPING.locate(reference)


@pytest.mark.parametrize(
    ("endpoint", "own"), [("core.windows.net", True), ("core.chinacloudapi.cn", False), (None, True)]
)
def test_a_datastore_of_another_cloud_leads_to_nothing_of_the_source(endpoint: str | None, own: bool) -> None:
    properties = {
        "datastoreType": "AzureBlob", "accountName": "acct", "containerName": OLD_BLOBS, "endpoint": endpoint,
        "credentials": {"credentialsType": "None"},
    }  # fmt: skip
    asset = Asset(Address.of("datastores", "far"), {"name": "far", "properties": properties})
    store = all_kinds()["datastores"].storage(asset).datastore
    assert store and store.root
    mapping = of_cloud("core.windows.net")
    source = replace(mapping.source, datastores=(*mapping.source.datastores, store))
    mapping = Mapping(source, mapping.target)
    (reference,) = references({"uri": "azureml://datastores/far/paths/a"})
    assert (mapping.locate(reference) is not None) is own
    body = all_kinds()["datastores"].desired(asset, Context(mapping)).first.body["properties"]
    assert (body["accountName"], body.get("endpoint")) == ("cmkacct" if own else "acct", endpoint)
    loose = Location("acct", "loose")
    led = Datastore("u", system=False, root=replace(loose, suffix=str(endpoint or "")))
    whose = holding().whose(Mapping(replace(source, datastores=(*source.datastores, led)), mapping.target), loose)
    assert whose is (Whose.SOMEBODYS if own else Whose.NOBODYS)
