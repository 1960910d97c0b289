"""One spelling of what Azure spells in several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.world import OLD, OLD_ID

from amlmigrate.core.spelling import plain

LONG = f"azureml://subscriptions/{OLD.subscription}/resourcegroups/{OLD.group}/workspaces/{OLD.name}"
REGION = f"azureml://locations/westeurope/workspaces/{OLD_ID}"
# What may be of any case, and what is told apart by it.
PARTS = [
    (f"{OLD.id}/models/", "M-1/versions/3a"),
    (f"azureml:{OLD.id}/environments/", "E"),
    (f"{LONG}/datastores/lake/paths/", "A b/C.csv"),
    (f"{REGION}/data/", "D/labels/Latest"),
    (f"{LONG}/jobs/", "J_1/outputs/O"),
    ("https://acct.blob.core.windows.net/", "c/A%2Fb"),
    ("azureml://datastores/lake/paths/", "A"),
    (f"/subscriptions/{OLD.subscription}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acct", ""),
]


def _cased(text: str, upper: list[bool]) -> str:
    # `azureml` and `https` are the schemes, of which only the first is written in one way alone.
    scheme, colon, rest = text.partition(":") if text.startswith("azureml") else ("", "", text)
    return scheme + colon + "".join(c.upper() if up else c.lower() for c, up in zip(rest, upper, strict=False))


@given(st.sampled_from(PARTS), st.lists(st.booleans(), min_size=400, max_size=400))
def test_case_that_does_not_count_is_one(part: tuple[str, str], upper: list[bool]) -> None:
    start, end = part
    assert plain(_cased(start, upper) + end) == plain(start + end)


@pytest.mark.parametrize(("start", "end"), [part for part in PARTS if part[1]])
def test_case_that_counts_stays(start: str, end: str) -> None:
    assert plain(start + end) != plain(start + end.swapcase())
    assert plain(start + end).endswith(end)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (f"azureml:{OLD.id}/codes/c/versions/1", f"{OLD.id}/codes/c/versions/1"),
        (f"{OLD.id}/codes/c/versions/1", f"{OLD.id}/Codes/c/Versions/1"),
        ("https://acct.blob.core.windows.net:443/c/src", "https://acct.blob.core.windows.net/c/src"),
        ("HTTPS://Acct.blob.core.windows.net:443", "https://acct.blob.core.windows.net"),
    ],
)
def test_other_spellings_of_one_thing(left: str, right: str) -> None:
    assert plain(left) == plain(right)
    assert "None" not in plain(left)


@pytest.mark.parametrize("end", ["", "/", "/Models", "/Models/"])
@pytest.mark.parametrize(
    ("start", "one"),
    [
        (OLD.id.upper(), OLD.id.lower()),
        (f"azureml:{OLD.id}", OLD.id.lower()),
        (LONG.replace("subscriptions", "Subscriptions"), LONG.lower()),
        (REGION.replace("westeurope", "WestEurope"), REGION.lower()),
    ],
)
def test_what_names_nothing_below_a_workspace_is_spelled_too(start: str, one: str, end: str) -> None:
    assert plain(start + end) == one + end


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (f"{LONG}/datastores/d/paths/versions/A", f"{LONG}/datastores/d/paths/VERSIONS/A"),
        ("https://acct.blob.core.windows.net:444/c/src", "https://acct.blob.core.windows.net/c/src"),
        (f"{LONG}/models/m", f"azureml:{OLD.id}/models/m"),
        ("Some Text / Other", "some text / other"),
        ("python X.py /subscriptions/S", "python x.py /subscriptions/S"),
        ("mcr.microsoft.com/Azure", "mcr.microsoft.com/azure"),
        ("/subscriptions/S//Data/A.csv", "/subscriptions/S//Data/a.csv"),
        ("/subscriptions/S/resourceGroups/G//Train", "/subscriptions/S/resourceGroups/G//train"),
    ],
)
def test_two_things_stay_two(left: str, right: str) -> None:
    assert plain(left) != plain(right)


@given(st.text(max_size=30) | st.sampled_from([a + b for a, b in PARTS]))
def test_the_one_spelling_is_its_own(text: str) -> None:
    assert plain(plain(text)) == plain(text)
