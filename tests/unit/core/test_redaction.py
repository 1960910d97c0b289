"""Secrets in URLs: masked wherever a text is kept or shown, and put back for the one call that needs them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core.errors import MigrateError
from amlmigrate.core.finding import Finding
from amlmigrate.core.redaction import MASK, masked, restored, secrets, signed_urls

SIG = "aB%2Bc/d=="
SAS = f"https://acct.blob.core.windows.net/c/a.csv?sv=2022-11-02&sr=b&sig={SIG}"
MASKED = [
    (SAS, "https://acct.blob.core.windows.net/c/a.csv?sv=<secret>&sr=<secret>&sig=<secret>"),
    (f"wget '{SAS}' && x", "wget 'https://acct.blob.core.windows.net/c/a.csv?sv=<secret>&sr=<secret>&sig=<secret>' && x"),
    ("https://b.s3.amazonaws.com/k?X-Amz-Signature=00ff", "https://b.s3.amazonaws.com/k?X-Amz-Signature=<secret>"),
    ("https://user:p%40ss@host/simple", "https://<secret>@host/simple"),
    ("pip install git+https://ghp_token@github.com/o/r@v1", "pip install git+https://<secret>@github.com/o/r@v1"),
    ("https://host/x?bare-token", "https://host/x?<secret>"),
    ('{"dependencies": ["--index-url https://u:p@h/s\\n"]}', '{"dependencies": ["--index-url https://<secret>@h/s\\n"]}'),
]  # fmt: skip
PLAIN = [
    "wasbs://c@acct.blob.core.windows.net/a/b",
    "abfss://fs@acct.dfs.core.windows.net/a",
    "azureml://datastores/d/paths/a?.csv",
    "https://acct.blob.core.windows.net/c/a.csv",
    "https://host/@scope/package",
    "someone@example.com asks why?",
    "train@latest",
]


@pytest.mark.parametrize(("text", "hidden"), MASKED)
def test_what_opens_something_is_masked_and_nothing_else(text: str, hidden: str) -> None:
    assert masked(text) == hidden
    assert masked(hidden) == hidden
    assert restored(hidden, secrets(text)) == text


@pytest.mark.parametrize("text", PLAIN)
def test_what_opens_nothing_is_left_as_it_is(text: str) -> None:
    assert masked(text) == text
    assert secrets(text) == []


@given(
    st.lists(
        st.sampled_from([*(text for text, _ in MASKED), *PLAIN]) | st.text("a ?@:/&=%", max_size=9), max_size=6
    )
)
def test_no_secret_is_left_and_all_can_be_put_back(texts: list[str]) -> None:
    text = "\n".join(texts)
    assert SIG not in masked(text) and "p%40ss" not in masked(text) and "ghp_token" not in masked(text)
    assert masked(masked(text)) == masked(text)
    assert restored(masked(text), secrets(text)) == text


def test_other_secrets_than_were_taken_are_refused() -> None:
    with pytest.raises(ValueError, match="1 secrets are masked, 2 are known"):
        restored("https://h/x?a=<secret>", ["1", "2"])


@pytest.mark.parametrize(("text", "signed"), [(SAS, True), ("https://h/x?download=1", False), ("a sig=b", False)])
def test_a_signature_is_told_from_another_query(text: str, signed: bool) -> None:
    assert list(signed_urls(f"x {text}")) == ([text] if signed else [])


def test_findings_and_messages_hold_none() -> None:
    assert SIG not in Finding("warning", "data/d/1", f"outside: '{SAS}'.", "", "bytes-outside").summary
    error = MigrateError(f"PUT was answered 400: {SAS} is no URI.")
    assert SIG not in error.summary and SIG not in str(error)


def test_a_command_that_is_shown_keeps_what_arm_needs() -> None:
    url = "https://management.azure.com/w?api-version=2025-12-01&forceToPurge=true&sig=abc"
    assert masked(f"az rest --url '{url}'") == f"az rest --url '{url.replace('abc', MASK)}'"
