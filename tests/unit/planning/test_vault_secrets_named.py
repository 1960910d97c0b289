"""`plan --vault-secrets FILE`: what the file may hold, how its secrets move, and what names the source's vault."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.world import NEW, OLD, by_hand, inventory
from tests.builders.world import asset as made

from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.workspace import Workspace
from amlmigrate.planning import vault_secrets
from amlmigrate.planning.vault_named import vault_named
from amlmigrate.planning.vault_secrets import NamedSecrets, asked, read, refuse_absent

HERE = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.KeyVault/vaults"


def _file(folder: Path, text: str | bytes) -> Path:
    path = folder / "names.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_has_one_name_on_each_line(tmp_path: Path) -> None:
    found = read(_file(tmp_path, "\ufeff# those of the labelers\ntoken\n\n  Password-2  \r\n"))
    assert found.lines == ((2, "token"), (4, "Password-2"))
    assert [str(one) for _, one in found.addresses] == ["vaultSecrets/token", "vaultSecrets/Password-2"]
    assert read(None) == vault_secrets.NONE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("token\n*\n", "Line 2 of"),
        ("tok[ae]n", "a pattern"),
        ("token=hunter2hunter2", "Line 1 of"),
        ("https://kv.vault.azure.net/secrets/hunter2hunter2", "no name of a secret"),
        ("# nothing\n\n", "names no secret"),
        (b"\xff\xfe", "not text in UTF-8"),
        ("a" * (2**20 + 1), "larger than 1 MiB"),
    ],
)
def test_anything_else_is_refused_and_not_repeated(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(_file(tmp_path, text))
    assert told in caught.value.summary and "hunter2" not in f"{caught.value!r}{caught.value.remedy}"
    with pytest.raises(BadInputError, match="takes a file"):
        read(Path("-"))
    with pytest.raises(BadInputError, match="cannot be read"):
        read(tmp_path / "none")


class Arm:
    """Documents of vaults by id, and the locations of the one subscription."""

    def __init__(self, regions: dict[str, str], geographies: dict[str, str] | None = None) -> None:
        self.regions, self.geographies, self.asked = regions, geographies, list[str]()

    async def get(self, path: str) -> Document | None:
        self.asked.append(path)
        region = self.regions[path.rpartition("/")[2]]
        if not region:
            raise refusal(403)
        return {"location": region}

    async def pages(self, path: str) -> AsyncIterator[Document]:
        self.asked.append(path)
        if self.geographies is None:
            raise refusal(403)
        for name, geography in self.geographies.items():
            yield {"name": name, "metadata": {"geography": geography}}


def _pair(source: str, target: str) -> tuple[Workspace, Workspace]:
    return tuple(
        Workspace(ref, {"properties": {"keyVault": vault}}) for ref, vault in ((OLD, source), (NEW, target))
    )  # type: ignore[return-value]  # two of them


EUROPE = {"westeurope": "Europe", "northeurope": "Europe", "eastus": "United States"}


@pytest.mark.parametrize(
    ("regions", "geographies", "other", "way"),
    [
        ({"a": "westeurope", "b": "West Europe"}, None, "s1", "restore"),
        ({"a": "westeurope", "b": "northeurope"}, EUROPE, "s1", "restore"),
        ({"a": "westeurope", "b": "eastus"}, EUROPE, "s1", "value"),
        ({"a": "westeurope", "b": "northeurope"}, None, "s1", "value"),
        ({"a": "westeurope", "b": "somewhere"}, EUROPE, "s1", "value"),
        ({"a": "westeurope", "b": ""}, EUROPE, "s1", "value"),
        ({"a": "westeurope", "b": "westeurope"}, EUROPE, "s2", "value"),
    ],
)
async def test_a_backup_is_restored_within_a_subscription_and_geography(
    regions: dict[str, str], geographies: dict[str, str] | None, other: str, way: str
) -> None:
    arm: Any = Arm(regions, geographies)
    pair = _pair(f"{HERE}/a", f"{HERE.replace('s1', other)}/b")
    found = await asked((arm, arm), NamedSecrets("f", ((1, "token"),)), pair)
    assert found.ways == {Address.of("vaultSecrets", "TOKEN"): way}
    assert found.as_dict() == {"asked": {"vaultSecrets/token": way}}


async def test_nothing_is_looked_up_where_nothing_is_asked_for_or_both_have_one_vault() -> None:
    arm: Any = Arm({})
    assert (await asked((arm, arm), vault_secrets.NONE, _pair("x", "y"))).as_dict() == {}
    await asked((arm, arm), NamedSecrets("f", ((1, "token"),)), _pair(f"{HERE}/a", f"{HERE}/A".upper()))
    assert arm.asked == []


def test_a_name_that_the_vault_does_not_have_is_told_by_its_line() -> None:
    source = inventory(made("vaultSecrets/token"))
    refuse_absent(NamedSecrets("f", ((1, "Token"),)), source)
    with pytest.raises(BadInputError, match="on line 2, 9 of 'f'") as caught:
        refuse_absent(NamedSecrets("f", ((1, "token"), (2, "hunter2"), (9, "more"))), source)
    assert "hunter2" not in repr(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://a.vault.azure.net/", True),
        ("secret@https://A.Vault.azure.net/secrets/token", True),
        ("host=a.vault.usgovcloudapi.net;x", True),
        (f"{HERE}/A", True),
        (f"{HERE}/ab", False),
        ("https://ba.vault.azure.net/", False),
        ("https://a.vault.azure.network/", False),
        ("the vault a", False),
    ],
)
def test_what_names_the_source_s_vault_is_told_where_and_not_what(text: str, told: bool) -> None:
    deployment = {"properties": {"environmentVariables": {"KEY_VAULT_URL": text}}}
    left = by_hand(Address.parse("onlineEndpoints/e/deployments/blue"), "no", "By hand.", deployment)
    found = list(vault_named([left], *_pair(f"{HERE}/a", f"{HERE}/b")))
    assert [(one.code, one.about) for one in found] == [("vault-named", str(left.address))] * told
    for one in found:
        assert "/properties/environmentVariables/KEY_VAULT_URL" in one.summary and text not in one.summary
    assert list(vault_named([left], *_pair(f"{HERE}/a", f"{HERE}/a"))) == []
