"""The file of `--secrets` says where secrets are; one that holds a secret is refused, and no message repeats it."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlmigrate.core import secretsources
from amlmigrate.core.address import Address
from amlmigrate.core.allowed import NOTHING, Allowed
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.secretsources import SecretSources

SECRET = "TOP-SECRET-1"
VERSION = "0123456789abcdef0123456789abcdef"
VM, DBX = Address.of("computes", "vm"), Address.of("computes", "dbx")
CSV = f"""address,secret,note
computes/vm#username, env:VM_USER ,theirs
computes/vm#password,https://Vault1.vault.azure.net/secrets/vm-pass/{VERSION}
computes/dbx,https://vault1.vault.usgovcloudapi.net/secrets/dbx
"""
YAML = f"""
# Where they are.
computes/vm#username: env:VM_USER
computes/vm#password: https://Vault1.vault.azure.net/secrets/vm-pass/{VERSION}
computes/dbx: https://vault1.vault.usgovcloudapi.net/secrets/dbx
"""


def read(folder: Path, text: str, name: str = "s.csv") -> SecretSources:
    path = folder / name
    path.write_text(text)
    return secretsources.read(path)


@pytest.mark.parametrize(("text", "name"), [(CSV, "s.csv"), (YAML, "s.yaml"), (YAML, "s.YML")])
def test_what_it_says(tmp_path: Path, text: str, name: str) -> None:
    found = read(tmp_path, text, name)
    assert found.fields == {VM: {"username", "password"}, DBX: {""}}
    told = {one: str(found.source(VM, one, only=False)) for one in ("username", "password", "privateKeyData")}
    assert told == {
        "username": "env:VM_USER",
        "password": f"https://vault1.vault.azure.net/secrets/vm-pass/{VERSION}",
        "privateKeyData": "None",
    }
    # One that is named alone is the item's only one.
    assert (
        str(found.source(DBX, "databricksAccessToken", only=True))
        == "https://vault1.vault.usgovcloudapi.net/secrets/dbx"
    )
    assert found.source(Address.of("computes", "other"), "", only=True) is None
    assert found.line(VM, "password") > found.line(VM)


HEAD = "address,secret\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{HEAD}computes/vm,{SECRET}\n", "s.csv"),
        (f"{HEAD}{SECRET},computes/vm\n", "s.csv"),
        (f"{HEAD}computes/vm,env:{SECRET}\n", "s.csv"),
        (f"{HEAD}computes/vm,https://{SECRET}.example.com/secrets/a\n", "s.csv"),
        (f"{HEAD}computes/vm,https://v.vault.azure.net/keys/{SECRET}\n", "s.csv"),
        (f"{HEAD}computes/vm,https://v.vault.azure.net/secrets/a?x={SECRET}\n", "s.csv"),
        (f"{HEAD}computes/vm,\n", "s.csv"),
        (f"{HEAD}computes,env:A\n", "s.csv"),
        (f"{HEAD}computes/vm#enable#password,env:A\ncomputes/vm#enable,{SECRET}\n", "s.csv"),
        (f"{HEAD}computes/vm,env:A\ncomputes/vm,env:B,{SECRET}\n", "s.csv"),
        (f"{HEAD}computes/vm#a,env:A\ncomputes/vm#a,env:B\n", "s.csv"),
        (f"computes/vm,{SECRET}\n", "s.csv"),
        (f'{HEAD}"computes/vm,{SECRET}', "s.csv"),
        (f"{SECRET},{SECRET},address,secret\na,b\n", "s.csv"),
        (f"computes/vm: {SECRET}\n", "s.yaml"),
        (f"{SECRET}: env:A\n{SECRET}: env:B\n", "s.yaml"),
        (f"computes/vm:\n  password: {SECRET}\n", "s.yaml"),
        (f"- {SECRET}\n", "s.yaml"),
        (SECRET, "s.yaml"),
        ("", "s.yaml"),
        (f"a: [{SECRET}\n", "s.yaml"),
    ],
)
def test_what_is_refused_repeats_nothing_that_it_says(tmp_path: Path, text: str, name: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path, text, name)
    error = caught.value
    chain = (error, error.__cause__, error.__suppress_context__ or error.__context__)
    assert SECRET not in "".join(map(repr, (*chain, error.summary, error.address, error.remedy)))
    assert SECRET.lower() not in f"{error.summary}{error.remedy}".lower()


def test_the_line_and_what_belongs_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="line 3 does not say where a secret is") as caught:
        read(tmp_path, f"{HEAD}computes/a,env:A\ncomputes/b,{SECRET}\n")
    assert "env:NAME" in caught.value.remedy and "never the secret" in caught.value.remedy


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("no.csv", "no.yaml"):
        with pytest.raises(BadInputError):
            secretsources.read(tmp_path / name)


def test_what_a_plan_lets_move_is_in_its_header() -> None:
    found = Allowed({VM: frozenset({"password", "username"})}, frozenset({DBX}))
    assert Allowed.of_dict(found.as_dict()) == found
    assert found.given(VM.at("enable")) == {"password", "username"} and found.given(DBX) == frozenset()
    assert Allowed.of_dict(None) == NOTHING and not NOTHING
    more = Allowed({VM: frozenset({"other"}), DBX: frozenset({"t"})}, frozenset({VM}))
    assert found | more == Allowed({**more.secrets, **found.secrets}, frozenset({VM, DBX}))
    for wrong in ({"secrets": {}}, {"secrets": [], "items": []}, "x"):
        with pytest.raises(BadInputError):
            Allowed.of_dict(wrong)
