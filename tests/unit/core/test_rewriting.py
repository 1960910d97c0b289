"""Rewriting: each reference to the source becomes one to the target, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import MAPPING, NEW, NEW_BLOBS, NEW_ID, OLD, OLD_BLOBS, OLD_ID

from amlmigrate.core.reference import references

FROM = f"subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/{OLD.name}"
TO = f"subscriptions/{NEW.subscription}/resourcegroups/{NEW.group}/workspaces/{NEW.name}"
CODE = "75avca01seto0cmc7jp5v00x53"
GUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
NEW_CODE = f"{NEW_BLOBS}/migrated-code"
PAIRS = [
    (f"azureml://{FROM}/datastores/lake/paths/a/b", f"azureml://{TO}/datastores/lake/paths/a/b"),
    (f"azureml://{FROM}", f"azureml://{TO}"),
    (f"azureml:{OLD.id}/models/m/versions/3", f"azureml:{NEW.id}/models/m/versions/3"),
    (f"{OLD.id}/environments/e/labels/latest", f"{NEW.id}/environments/e/labels/latest"),
    (f"/{FROM}/computes/cpu", f"/{TO}/computes/cpu"),
    (
        f"azureml://locations/westeurope/workspaces/{OLD_ID}/data/d/versions/1",
        f"azureml://locations/northeurope/workspaces/{NEW_ID}/data/d/versions/1",
    ),
    (
        f"https://acct.blob.core.windows.net/{OLD_BLOBS}/LocalUpload/0/a%20b/",
        f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/LocalUpload/0/a%20b/",
    ),
    (
        f"https://acct.blob.core.windows.net:443/{OLD_ID}-{CODE}/src",
        f"https://cmkacct.blob.core.windows.net/{NEW_CODE}/{CODE}/src",
    ),
    (
        f"https://acct.blob.core.windows.net:443/{OLD_ID}-{CODE}",
        f"https://cmkacct.blob.core.windows.net/{NEW_CODE}/{CODE}",
    ),
    (
        f"https://acct.blob.core.windows.net/{OLD_ID[:10]}-{GUID}/src",
        f"https://cmkacct.blob.core.windows.net/{NEW_CODE}/{GUID}/src",
    ),
    (f"https://acct.dfs.core.windows.net/{OLD_BLOBS}", f"https://cmkacct.dfs.core.windows.net/{NEW_BLOBS}"),
    (f"https://acct.blob.core.windows.net/{OLD_BLOBS}/", f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/"),
    (
        f"wasbs://{OLD_BLOBS}@acct.blob.core.windows.net/a/b/",
        f"wasbs://{NEW_BLOBS}@cmkacct.blob.core.windows.net/a/b/",
    ),
    (f"abfss://{OLD_BLOBS}@acct.dfs.core.windows.net/a", f"abfss://{NEW_BLOBS}@cmkacct.dfs.core.windows.net/a"),
    (f"abfs://{OLD_BLOBS}@acct.dfs.core.windows.net", f"abfs://{NEW_BLOBS}@cmkacct.dfs.core.windows.net"),
    (
        "azureml://jobs/j_1/outputs/artifacts/paths/model/",
        f"azureml://{TO}/datastores/workspaceartifactstore/paths/ExperimentRun/dcid.j_1/model/",
    ),
    (
        "azureml://jobs/j_1/outputs/trained/paths/model",
        f"azureml://{TO}/datastores/workspaceblobstore/paths/azureml/j_1/trained/model",
    ),
    (
        f"azureml://{FROM}/jobs/j_1/outputs/trained/paths/model",
        f"azureml://{TO}/datastores/workspaceblobstore/paths/azureml/j_1/trained/model",
    ),
    (
        f"azureml://{FROM}/datastores/workspaceartifactstore/ExperimentRun/dcid.j/m",
        f"azureml://{TO}/datastores/workspaceartifactstore/ExperimentRun/dcid.j/m",
    ),
    (f"{OLD.id}/Environments/E/Versions/1", f"{NEW.id}/Environments/E/Versions/1"),
    (
        f"https://acct.blob.core.windows.net/{OLD_BLOBS}//b//c",
        f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}//b//c",
    ),
    (f"abfss://{OLD_BLOBS}@acct.dfs.core.windows.net//a", f"abfss://{NEW_BLOBS}@cmkacct.dfs.core.windows.net//a"),
    ("runs:/j_1/model", f"azureml://{TO}/datastores/workspaceartifactstore/paths/ExperimentRun/dcid.j_1/model"),
]
SOURCES = st.sampled_from([before for before, _ in PAIRS])
KEPT = [
    "azureml://datastores/workspaceblobstore/paths/a",
    "azureml:train:3",
    "train@latest",
    "azureml://registries/azureml/environments/sklearn-1.5/versions/3",
    "azureml://feeds/f/components/c/versions/1",
    f"azureml://{FROM}0/datastores/lake/paths/a",
    f"azureml:{OLD.id}0/models/m/versions/3",
    f"{OLD.id}-b/models/m/versions/3",
    f"azureml://{FROM.replace('rg-old', 'rg-old2')}/datastores/lake/paths/a",
    f"azureml://{FROM.replace(OLD.subscription, NEW.subscription)}/datastores/lake/paths/a",
    f"azureml://locations/westeurope/workspaces/{NEW_ID}/data/d/versions/1",
    f"https://acct2.blob.core.windows.net/{OLD_BLOBS}/a",
    f"https://myacct.blob.core.windows.net/{OLD_BLOBS}/a",
    f"https://acct.blob.core.windows.net/{OLD_BLOBS}2/a",
    "https://acct.blob.core.windows.net/customer-data/a",
    f"https://acct.file.core.windows.net/{OLD_BLOBS}/a",
    f"wasbs://{OLD_BLOBS}@acct2.blob.core.windows.net/a",
    f"abfss://{OLD_BLOBS}2@acct.dfs.core.windows.net/a",
    f"/subscriptions/{OLD.subscription}/resourceGroups/{OLD.group}/providers/Microsoft.Storage/storageAccounts/acct",
    f"the workspace {OLD.name} in {OLD.group} keeps its data in acct",
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_each_form_is_rewritten(before: str, after: str) -> None:
    assert MAPPING.rewrite(before) == after


@pytest.mark.parametrize("text", KEPT)
def test_what_is_not_the_sources_is_left_as_it_is(text: str) -> None:
    assert MAPPING.rewrite(text) == text
    assert MAPPING.rewrite(f"python x.py '{text}'") == f"python x.py '{text}'"


@pytest.mark.parametrize(("before", "after"), PAIRS)
@pytest.mark.parametrize(
    "frame", ["python x.py --in {} --out o", '{{"paths":[{{"file":"{}"}}]}}', "- file: {}\n- x", "file:{}", "({})"]
)
def test_a_reference_inside_a_longer_text_is_rewritten_in_its_place(frame: str, before: str, after: str) -> None:
    assert MAPPING.rewrite(frame.format(before)) == frame.format(after)


@given(st.lists(SOURCES | st.sampled_from(KEPT), min_size=1, max_size=6))
def test_every_reference_of_a_text_is_rewritten(texts: list[str]) -> None:
    pairs = dict(PAIRS)
    assert MAPPING.rewrite(" ".join(texts)) == " ".join(pairs.get(text, text) for text in texts)


@given(st.sampled_from([after for _, after in PAIRS]))
def test_what_names_the_target_is_rewritten_no_more(text: str) -> None:
    assert MAPPING.rewrite(text) == text


@given(st.sampled_from([pair for pair in PAIRS if pair[0].startswith(("azureml", "/"))]), st.data())
def test_the_case_of_a_workspaces_names_does_not_matter(pair: tuple[str, str], data: st.DataObject) -> None:
    before, after = pair
    for name in (OLD.subscription, OLD.group, OLD.name, OLD_ID):
        before = before.replace(name, data.draw(st.sampled_from([name, name.upper(), name.title()])))
    assert MAPPING.rewrite(before) == after


@pytest.mark.parametrize("groups", ["resourcegroups", "resourceGroups", "ResourceGroups"])
def test_the_casing_of_resource_groups_does_not_matter(groups: str) -> None:
    before = f"azureml://{FROM}/datastores/lake/paths/A".replace("resourcegroups", groups)
    assert MAPPING.rewrite(before) == f"azureml://{TO}/datastores/lake/paths/A"


def test_a_signature_stays_behind_its_url() -> None:
    before = f"https://acct.blob.core.windows.net/{OLD_BLOBS}/a?sv=1&sig=x"
    assert MAPPING.rewrite(before) == f"https://cmkacct.blob.core.windows.net/{NEW_BLOBS}/a?sv=1&sig=x"


@pytest.mark.parametrize("name", ["a b.csv", "a (1).csv", "a,b;c.csv", "a'b.csv", "ä|é.csv", "a[1]/{b}.csv"])
@pytest.mark.parametrize(
    "start",
    [f"azureml://{FROM}/datastores/workspaceblobstore/paths/", f"wasbs://{OLD_BLOBS}@acct.blob.core.windows.net/"],
)
def test_a_path_may_hold_what_ends_a_reference_in_a_text(start: str, name: str) -> None:
    [before] = references({"dataUri": f"{start}dir/{name}"})
    [after] = references({"dataUri": MAPPING.rewrite(before.text)})
    assert before.text == f"{start}dir/{name}"
    located = MAPPING.locate(before)
    assert located is not None
    assert located.path == f"dir/{name}"
    assert after.text.endswith(f"/dir/{name}")
    assert "ws1" not in after.text and "@acct." not in after.text
