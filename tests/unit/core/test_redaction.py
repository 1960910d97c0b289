"""Secrets in URLs: masked wherever a text is kept or shown, and put back for the one call that needs them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlmigrate.core import redaction
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.finding import Finding
from amlmigrate.core.redaction import MASK, masked, restored, secrets, signed

SIG = "aB%2Bc/d=="
SAS = f"https://acct.blob.core.windows.net/c/a.csv?sv=2022-11-02&sr=b&sig={SIG}"
# What each of the texts below hides.
SECRETS = (SIG, "p%40ss", "ghp_token", "my pass word", "hunter2", "dXNlcjpwYXNz", "abcdefghijk", "MIIE", "abc~def")
MASKED = [
    (SAS, "https://acct.blob.core.windows.net/c/a.csv?sv=<secret>&sr=<secret>&sig=<secret>"),
    (f"wget '{SAS}' && x", "wget 'https://acct.blob.core.windows.net/c/a.csv?sv=<secret>&sr=<secret>&sig=<secret>' && x"),
    ("https://b.s3.amazonaws.com/k?X-Amz-Signature=00ff", "https://b.s3.amazonaws.com/k?X-Amz-Signature=<secret>"),
    ("https://user:p%40ss@host/simple", "https://<secret>@host/simple"),
    ("pip install git+https://ghp_token@github.com/o/r@v1", "pip install git+https://<secret>@github.com/o/r@v1"),
    ("https://host/x?bare-token", "https://host/x?<secret>"),
    (
        f"https://acct.blob.core.windows.net/c/raw data/a b.csv?sv=1&sig={SIG}",
        "https://acct.blob.core.windows.net/c/raw data/a b.csv?sv=1&sig=<secret>",
    ),
    (f"https://a/b c and {SAS}", f"https://a/b c and {SAS.partition('?')[0]}?sv=<secret>&sr=<secret>&sig=<secret>"),
    ('{"dependencies": ["--index-url https://u:p@h/s\\n"]}', '{"dependencies": ["--index-url https://<secret>@h/s\\n"]}'),
    (f"AccountName=a;AccountKey={SIG};EndpointSuffix=x", "AccountName=a;AccountKey=<secret>;EndpointSuffix=x"),
    (f"the old AccountKey={SIG} is rotated", "the old AccountKey=<secret> is rotated"),
    (f'{{"accountKey": "{SIG}", "name": "a"}}', '{"accountKey": "<secret>", "name": "a"}'),
    (f"BlobEndpoint=https://a.blob.x/;SharedAccessSignature=sv=2022&sr=c&sig={SIG}", "BlobEndpoint=https://a.blob.x/;SharedAccessSignature=<secret>"),
    (f"?sv=2022-11-02&sig={SIG}&se=2030", "?sv=2022-11-02&sig=<secret>&se=2030"),
    (f"Endpoint=sb://n.servicebus.x/;SharedAccessKeyName=root;SharedAccessKey={SIG}", "Endpoint=sb://n.servicebus.x/;SharedAccessKeyName=root;SharedAccessKey=<secret>"),
    ("Server=tcp:h,1433;User ID=sa;Password=my pass word;Encrypt=True", "Server=tcp:h,1433;User ID=sa;Password=<secret>;Encrypt=True"),
    ("Server=h;Pwd=my pass word", "Server=h;Pwd=<secret>"),
    ("Password=my pass word;Server=h", "Password=<secret>;Server=h"),
    ("train.py --password=hunter2 --lr 0.1", "train.py --password=<secret> --lr 0.1"),
    ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic <secret>"),
    ("curl -H 'Authorization: Bearer abcdefghijk' x", "curl -H 'Authorization: Bearer <secret>' x"),
    ("he sent bearer a1b2c3d4e5 by mail", "he sent bearer <secret> by mail"),
    ("token eyJ0eXAiOiJKV1Qi.eyJhdWQiOiJo.c2ln is his", "token <secret> is his"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nowIB\n-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----<secret>-----END RSA PRIVATE KEY-----"),
    ("x -----BEGIN PRIVATE KEY-----\\nMIIEow", "x -----BEGIN PRIVATE KEY-----<secret>"),
    ("CLIENT_SECRET=abc~def python x.py", "CLIENT_SECRET=<secret> python x.py"),
    ("train.py --password hunter2 --lr 0.1", "train.py --password <secret> --lr 0.1"),
    ("az x --account-key hunter2 --client-secret 'hunter2'", "az x --account-key <secret> --client-secret '<secret>'"),
    ("PGPASSWORD=hunter2 psql", "PGPASSWORD=<secret> psql"),
    ("export AZURE_STORAGE_KEY=hunter2", "export AZURE_STORAGE_KEY=<secret>"),
    ("Ocp-Apim-Subscription-Key: hunter2", "Ocp-Apim-Subscription-Key: <secret>"),
    (f'{{"primaryKey": "{SIG}{SIG}"}}', '{"primaryKey": "<secret>"}'),
    ("env:\n  - password: hunter2\n  - user: me", "env:\n  - password: <secret>\n  - user: me"),
    ("curl -s -u me:hunter2 https://h", "curl -s -u me:<secret> https://h"),
    ("to=https%3A%2F%2Fh%2Fp%3Fsv%3D1%26sig%3Dabc~def%26se%3D2030", "to=https%3A%2F%2Fh%2Fp%3Fsv%3D1%26sig%3D<secret>%26se%3D2030"),
    ("key sk-proj-abcdefghijklmnopqrstuvwx of ours", "key <secret> of ours"),
    ("xoxb-1234567890-abcdef", "<secret>"),
    ("password=/abc~def", "password=<secret>"),
    ("pip install git+https://github.com/o/r # ghp_abcdefghijklmnopqrstuvwxyz0123", "pip install git+https://github.com/o/r # <secret>"),
]  # fmt: skip
PLAIN = [
    "wasbs://c@acct.blob.core.windows.net/a/b",
    "abfss://fs@acct.dfs.core.windows.net/a",
    "azureml://datastores/d/paths/a?.csv",
    "https://acct.blob.core.windows.net/c/a.csv",
    "https://host/@scope/package",
    "someone@example.com asks why?",
    "train@latest",
    "bearer authentication is off, and the basic assumption holds",
    "signature=none, assign=it, design=ok",
    "--account-key ${ACCOUNT_KEY} --sas-token $(cat sas) AccountKey={{key}}",
    "Server=h;Password=${PASSWORD};Encrypt=True",
    "api-version=2025-12-01 forceToPurge=true",
    "az rest --method delete --url 'https://management.azure.com/w?api-version=2025-12-01&forceToPurge=true'",
    'migrate waive models/m/1 --reason "the password is rotated: see the vault"',
    "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
    "learning_rate=0.1 config=a.yaml key=value keys: none",
    "https://host/x and more? yes",
    # What a reviewer has to see: numbers, constants, where a secret is looked up, folders, versions, advice.
    "sig = 0.05 sig=3",
    "connect(password=None, sas_token=None, access_token: str)",
    "client_secret=os.environ['X'], api_key=os.getenv('K')",
    "pwd=/mnt/azureml python x.py",
    "the password: ask Ann",
    "primaryKey=customer_id, secondary_key: region",
    "sk-learn-random-forest-classifier 1.2",
    "docker run -u 1000:1000 x",
    "train.py --password ${{inputs.p}} --api-key $(cat k) --password --lr 1",
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
        st.sampled_from([*(text for text, _ in MASKED), *PLAIN]) | st.text("a ?@:/&=%;'\"\\\\n", max_size=9),
        max_size=6,
    )
)
def test_no_secret_is_left_and_all_can_be_put_back(texts: list[str]) -> None:
    text = "\n".join(texts)
    assert not [secret for secret in SECRETS if secret in masked(text)]
    assert masked(masked(text)) == masked(text)
    assert restored(masked(text), secrets(text)) == text


def test_other_secrets_than_were_taken_are_refused() -> None:
    with pytest.raises(ValueError, match="masked secrets: 1, known ones: 2"):
        restored("https://h/x?a=<secret>", ["1", "2"])


SPACED = "https://acct.blob.core.windows.net/c/raw data/a b.csv"


@pytest.mark.parametrize(
    ("text", "has_one"),
    [(SAS, True), (f"{SPACED}?sig={SIG}", True), ("https://h/x?download=1", False), ("a sig=b", False)],
)
def test_a_signature_is_told_from_another_query(text: str, has_one: bool) -> None:
    assert signed(text) is has_one


def test_which_version_an_address_names_is_shown() -> None:
    url = "https://acct.blob.core.windows.net/c/a.csv?versionid=2024-01-01T00:00:00.0000000Z"
    assert masked(f"{url}&sig={SIG}") == f"{url}&sig=<secret>"


def test_findings_and_messages_hold_none() -> None:
    assert SIG not in Finding("warning", "data/d/1", f"outside: '{SAS}'.", "", "bytes-outside").summary
    error = MigrateError(f"PUT was answered 400: {SAS} is no URI.")
    assert SIG not in error.summary and SIG not in str(error)


def test_a_command_that_is_shown_keeps_what_arm_needs() -> None:
    url = "https://management.azure.com/w?api-version=2025-12-01&forceToPurge=true&sig=abc"
    assert masked(f"az rest --url '{url}'") == f"az rest --url '{url.replace('abc', MASK)}'"


def test_texts_are_remembered_as_harmless_only_where_they_are_and_so_many_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Documents are compared several times; what has a secret is looked through each time, and never kept."""
    known: set[str] = set()
    monkeypatch.setattr(redaction, "_HARMLESS_TEXTS", known)
    signed_url = "https://x.blob.core.windows.net/c?sig=TOP"
    for _ in range(2):
        assert masked("mcr.microsoft.com/x:1") == "mcr.microsoft.com/x:1"
        assert masked(signed_url) == f"https://x.blob.core.windows.net/c?sig={MASK}"
        assert masked("x" * 5000) == "x" * 5000
    assert known == {"mcr.microsoft.com/x:1"}
    for number in range(5000):
        masked(f"text {number}")
    assert 0 < len(known) <= 4096
