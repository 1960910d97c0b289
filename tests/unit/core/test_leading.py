"""Where an address leads, taken whole or found in a longer text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import MAPPING, NEW_BLOBS, OLD_BLOBS, SOURCE
from tests.unit.core.test_rewriting import FROM, KEPT, PAIRS, TO

from amlmigrate.cloud.credentials import CLOUDS
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.places import Places
from amlmigrate.core.reference_targets import lead, leads_within, names_source
from amlmigrate.core.workspace import Location

STORE = f"azureml://{FROM}/datastores/workspaceblobstore/paths"
NEW_STORE = f"azureml://{TO}/datastores/workspaceblobstore/paths"
# No such sign ends an address that is alone: names of blobs hold them all.
SIGNS = " ,;:'\"()[]{}<>|#%&@!üé\u00a0"
PATHS = st.text(st.sampled_from(f"ab/{SIGNS}"), min_size=1, max_size=12).filter(
    lambda path: path.strip("/ ") == path
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STORE, NEW_STORE),
        (f"wasbs://{OLD_BLOBS}@acct.blob.core.windows.net", f"wasbs://{NEW_BLOBS}@cmkacct.blob.core.windows.net"),
    ],
    ids=["by datastore", "by account"],
)
@given(path=PATHS)
def test_an_address_is_taken_whole(before: str, after: str, path: str) -> None:
    found = lead(f"{before}/{path}", MAPPING)
    assert found is not None
    assert found.after == f"{after}/{path}"
    assert found.ours
    assert found.location == Location("acct", OLD_BLOBS).below(path)
    assert found.goal == Location("cmkacct", NEW_BLOBS).below(path)


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("query", ["", "?versionid=2026"])
def test_scheme_and_query_stay_with_their_url(scheme: str, query: str) -> None:
    url = f"{scheme}://acct.blob.core.windows.net/{OLD_BLOBS}/a b.csv{query}"
    found = lead(url, MAPPING)
    assert found is not None
    assert found.address == url
    assert found.after == f"{scheme}://cmkacct.blob.core.windows.net/{NEW_BLOBS}/a b.csv{query}"
    assert found.location == Location("acct", OLD_BLOBS, "a b.csv")


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_every_form_is_followed_whole(before: str, after: str) -> None:
    found = lead(before, MAPPING)
    assert found is not None
    assert found.after == after
    assert lead(after, MAPPING) is None or not lead(after, MAPPING).ours  # type: ignore[union-attr] - asked before


@pytest.mark.parametrize("text", KEPT)
def test_what_names_no_source_is_left(text: str) -> None:
    found = lead(text, MAPPING)
    assert found is None or (found.after == text and not found.ours)


@pytest.mark.parametrize("suffix", [cloud.storage_suffix for cloud in CLOUDS.values()])
@pytest.mark.parametrize("host", ["acct", "acct-secondary", "ACCT", "Acct-Secondary"])
def test_each_host_of_an_account_is_followed_in_each_cloud(host: str, suffix: str) -> None:
    for service in ("blob", "dfs"):
        for before, after in (
            (
                f"https://{host}.{service}.{suffix}:443/{OLD_BLOBS}",
                f"https://cmkacct.{service}.{suffix}/{NEW_BLOBS}",
            ),
            (f"abfss://{OLD_BLOBS}@{host}.{service}.{suffix}", f"abfss://{NEW_BLOBS}@cmkacct.{service}.{suffix}"),
            (
                f"wasbs://{OLD_BLOBS}@{host}.{service}.{suffix}",
                f"wasbs://{NEW_BLOBS}@cmkacct.{service}.{suffix}",
            ),
        ):
            found = lead(f"{before}/a b.csv", MAPPING)
            assert found is not None and found.ours
            assert (found.location, found.after) == (Location("acct", OLD_BLOBS, "a b.csv"), f"{after}/a b.csv")
            assert [one.after for one in leads_within(f"read {before}/a.csv here", MAPPING)] == [f"{after}/a.csv"]
            assert Places(MAPPING).count(f"read {before}/a.csv here\n".encode()) == 1


def test_two_lines_are_not_one_address() -> None:
    both = f"{STORE}/a\n{STORE}/b"
    assert lead(both, MAPPING) is None
    assert [one.address for one in leads_within(both, MAPPING)] == [f"{STORE}/a", f"{STORE}/b"]


def test_free_text_that_names_the_source_is_found() -> None:
    assert names_source(f"made from {STORE}/raw data, see there", MAPPING) == f"{STORE}/raw"
    assert names_source("made from azureml://datastores/workspaceblobstore/paths/a", MAPPING) == ""
    assert names_source(f"{STORE}/raw data", MAPPING) == f"{STORE}/raw data"


def test_a_short_uri_leads_there_and_names_no_workspace() -> None:
    found = lead("azureml://datastores/workspaceblobstore/paths/raw data/x.csv", MAPPING)
    assert found is not None
    assert (found.ours, found.location) == (False, Location("acct", OLD_BLOBS, "raw data/x.csv"))
    assert found.goal == Location("cmkacct", NEW_BLOBS, "raw data/x.csv")


# Other spellings of an address, and other addresses, of which each form has to be followed or not by both.
SPELLINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    lambda text: text.replace("https://", "http://"),
    lambda text: text.replace(".blob.", ".dfs."),
    lambda text: text.replace("acct.", "acct-secondary."),
    lambda text: text.replace("acct.", "acct2."),
    lambda text: text.replace(".core.windows.net", ".core.windows.net:443"),
    lambda text: text.replace("core.windows.net", "core.usgovcloudapi.net"),
    lambda text: text.replace("resourcegroups", "resourceGroups"),
    lambda text: text.replace("/providers/Microsoft.MachineLearningServices", ""),
    lambda text: text.replace("azureml://subscriptions", "azureml:/subscriptions"),
    lambda text: text.replace("westeurope", "northeurope"),
    lambda text: text.replace(OLD_BLOBS, "mine"),
    lambda text: text.rstrip("/"),
    lambda text: f"{text}/",
    lambda text: f"{text}/a b.csv",
    lambda text: f"{text}?versionid=2026",
]


@pytest.mark.parametrize("before", [before for before, _ in PAIRS])
def test_the_search_sees_all_that_is_written_anew_and_nothing_of_what_it_becomes(before: str) -> None:
    """They are two ways to look, one by parsing and one by what stands in any text: neither may fall behind."""
    mapping = Mapping(replace(SOURCE, jobs=frozenset({"j_1", "j"})), MAPPING.target)
    followed = 0
    for first, second in product(SPELLINGS, repeat=2):
        text = second(first(before))
        found = lead(text, mapping)
        if found and (found.ours or found.after != text):
            followed += 1
            assert mapping.places.named(text), text
            assert found.after == text or mapping.places.named(found.after) == [], found.after
    assert followed > len(SPELLINGS)
