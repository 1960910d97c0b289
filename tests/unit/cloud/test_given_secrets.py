"""A secret that is given is read right before the call, and each way in which it cannot be had has a next step."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.errors import refusal

from amlmigrate.cloud.givensecrets import GivenSecrets, taken
from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core import secretsources
from amlmigrate.core.address import Address
from amlmigrate.core.errors import BadInputError, DeniedError, ExitCode, MigrateError
from amlmigrate.core.given import GivenSecret
from amlmigrate.core.held_secrets import without_held
from amlmigrate.core.workspace import WorkspaceRef

SECRET = "TOP-SECRET-1"
VM = Address.of("computes", "vm")
BODY = {"properties": {"a": [GivenSecret(VM, "password").marker], "b": {"name": "x"}}}
VAULT = "https://v-one.vault.azure.net"


class Vault:
    """Answers by path: a document, or the refusal that it raises."""

    suffix = "vault.azure.net"

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked_for: list[str] = []

    async def asked(self, method: str, url: str) -> Any:
        self.asked_for.append(url.removeprefix(VAULT))
        found = self.answers[url.removeprefix(VAULT)]
        if isinstance(found, Exception):
            raise found
        return found


def given(folder: Path, place: str, vault: Vault | None = None, **variables: str) -> GivenSecrets:
    path = folder / "s.csv"
    path.write_text(f"address,secret\n{place}\n")
    sources = secretsources.read(path)
    return GivenSecrets(sources, taken(sources, dict(variables)), SimpleNamespace(vaults=vault))  # type: ignore[arg-type] - what is asked of it


IN_VAULT = f"computes/vm#password,{VAULT}/secrets/pass"


async def test_it_is_filled_in_and_no_message_repeats_it(tmp_path: Path) -> None:
    wanted = {"properties": {"a": [SECRET], "b": {"name": "x"}}}
    of_variable = given(tmp_path, "computes/vm,env:VM_PASS", VM_PASS=SECRET)
    assert await of_variable.filled(VM, BODY) == wanted
    vault = Vault({"/secrets/pass": {"value": SECRET}})
    assert await given(tmp_path, IN_VAULT, vault).filled(VM, BODY) == wanted
    assert SECRET in str(wanted) and without_held(f"x {SECRET}") == "x <secret>"
    assert "TOP-SECRET" not in repr(BODY)
    # A body that needs none asks nobody.
    assert await given(tmp_path, IN_VAULT, Vault({})).filled(VM, wanted) is wanted


@pytest.mark.parametrize("other", ["components/train/1", "computes/vm2"])
async def test_what_stands_for_it_in_another_item_is_not_filled_in(tmp_path: Path, other: str) -> None:
    """Whoever may write a component could else have a secret put into it that only the run may read."""
    vault = Vault({})
    assert await given(tmp_path, IN_VAULT, vault).filled(Address.parse(other), BODY) == BODY
    assert vault.asked_for == []
    port = WorkspaceClient(SimpleNamespace(), WorkspaceRef("s", "g", "w"))  # type: ignore[arg-type] - nothing is asked of it
    with pytest.raises(MigrateError, match="It is not sent"):
        await port.put(other, BODY)


async def test_a_line_without_a_field_is_not_each_of_several(tmp_path: Path) -> None:
    """Else the password would be sent as the name of the account, which every answer shows."""
    both = {"a": GivenSecret(VM, "username").marker, "b": GivenSecret(VM, "password").marker}
    with pytest.raises(BadInputError, match="Nobody says where its secret 'username' is"):
        await given(tmp_path, "computes/vm,env:VM_PASS", VM_PASS=SECRET).filled(VM, both)


def test_a_variable_that_is_taken_is_in_no_process_that_is_started(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(
        "address,secret\ncomputes/a,env:ONE\ncomputes/b,env:AZURE_CLIENT_SECRET\ncomputes/c,env:NONE\n"
    )
    environ = {"ONE": SECRET, "AZURE_CLIENT_SECRET": "signs-in", "PATH": "/"}
    assert taken(secretsources.read(path), environ) == {"ONE": SECRET, "AZURE_CLIENT_SECRET": "signs-in"}
    assert environ == {"AZURE_CLIENT_SECRET": "signs-in", "PATH": "/"}


def _refused(status: int, code: str, text: str) -> MigrateError:
    return refusal(status, code, text, url=f"{VAULT}/secrets/pass")


ABSENT = _refused(404, "SecretNotFound", "A secret with (name/id) pass was not found in this key vault.")


@pytest.mark.parametrize(
    ("answers", "says", "remedy", "code"),
    [
        ({"/secrets/pass": ABSENT, "/deletedsecrets/pass": {"id": "x"}}, "was deleted", "recover", 1),
        ({"/secrets/pass": ABSENT, "/deletedsecrets/pass": ABSENT}, "is not in its vault:", "Correct the file", 1),
        (
            {"/secrets/pass": ABSENT, "/deletedsecrets/pass": _refused(403, "Forbidden", "no right")},
            "does not say whether it was deleted",
            "recover",
            1,
        ),
        (
            {"/secrets/pass": _refused(403, "Forbidden", "Operation get is not allowed on a disabled secret.")},
            "is disabled",
            "--enabled true",
            1,
        ),
        (
            {"/secrets/pass": _refused(403, "Forbidden", "Caller is not authorized")},
            "may not be read (Forbidden)",
            "Key Vault Secrets User",
            6,
        ),
        ({"/secrets/pass": {"value": ""}}, "is empty, or not there", "Set it", 2),
        ({"/secrets/pass": {}}, "is empty, or not there", "Set it", 2),
    ],
)
async def test_each_way_in_which_a_vault_does_not_give_it(
    tmp_path: Path, answers: dict[str, Any], says: str, remedy: str, code: int
) -> None:
    with pytest.raises(MigrateError) as caught:
        await given(tmp_path, IN_VAULT, Vault(answers)).filled(VM, BODY)
    error = caught.value
    assert says in error.summary and f"{VAULT}/secrets/pass" in error.summary and "'password'" in error.summary
    assert remedy in error.remedy and "--resume --secrets FILE" in error.remedy
    assert (error.address, error.exit_code) == ("computes/vm", ExitCode(code))
    assert isinstance(error, DeniedError) is (code == 6)


async def test_another_404_is_no_absence(tmp_path: Path) -> None:
    for answer in (_refused(404, "NotFound", "no route"), _refused(500, "Oops", "later")):
        vault = Vault({"/secrets/pass": answer})
        with pytest.raises(type(answer)) as caught:
            await given(tmp_path, IN_VAULT, vault).filled(VM, BODY)
        assert caught.value is answer and vault.asked_for == ["/secrets/pass"]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("computes/vm,env:VM_PASS", "is empty, or not there: env:VM_PASS"),
        ("computes/other,env:VM_PASS", "Nobody says where its secret 'password' is"),
        ("computes/vm#username,env:VM_PASS", "Nobody says where"),
        ("computes/vm,https://vvv.vault.azure.cn/secrets/pass", "in a vault of another cloud"),
    ],
)
async def test_what_the_file_or_the_environment_lacks(tmp_path: Path, place: str, says: str) -> None:
    with pytest.raises(BadInputError, match=says.replace("(", r"\(")) as caught:
        await given(tmp_path, place, Vault({})).filled(VM, BODY)
    assert "--resume --secrets FILE" in caught.value.remedy


@pytest.mark.parametrize(
    "marker",
    [
        GivenSecret(VM, "password").marker,
        {"$secret": "/properties/a", "text": "x <secret>"},
        {"$secret": "credentials"},
        {"$secret": "key", "of": "workspaceblobstore"},
    ],
)
@pytest.mark.parametrize("verb", ["put", "patch"])
async def test_what_stands_for_a_secret_is_never_sent(verb: str, marker: Any) -> None:
    port = WorkspaceClient(SimpleNamespace(), WorkspaceRef("s", "g", "w"))  # type: ignore[arg-type] - nothing is asked of it
    with pytest.raises(MigrateError, match="It is not sent"):
        await getattr(port, verb)("computes/vm", {"properties": {"list": [{"a": marker}]}})
