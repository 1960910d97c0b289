"""A provider of another distribution is found by its entry point; one that cannot be used is refused by its name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from azsandbox import Sandbox, provision
from azsandbox.client import Refused
from azsandbox.lifetime import CannotStart

WIDGETS = """
from azsandbox.provider import Call, Response, TrackedKind, action, answer, gateway, guard, register


@register
class Widgets(TrackedKind):
    type = "Contoso.Widgets/widgets"
    api_versions = ("2026-01-01", "2026-06-01")
    obeys = frozenset({"color"})

    @action("POST", "spin")
    async def spin(self, call: Call) -> Response:
        return answer(200, {"spun": self.require(call).name})


@guard
def no_square_ones(call: Call) -> None:
    if call.route.kind.type == Widgets.type and call.name == "square":
        raise gateway(400, "SquareWidget", "A widget is round.")
"""
TWICE = """
from azsandbox.provider import TrackedKind, register


@register
class Vaults(TrackedKind):
    type = "Microsoft.KeyVault/vaults"
"""


def _distribution(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution as pip leaves it in a folder of the path, with its provider in a package."""
    package, told = folder / "contoso", folder / "contoso_widgets-1.0.dist-info"
    for each in (package, told):
        each.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "widgets.py").write_text(code)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: contoso-widgets\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text("[azsandbox.providers]\nwidgets = contoso\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH")))))


async def test_its_kinds_answer_as_the_others_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _distribution(tmp_path / "site", WIDGETS, monkeypatch)
    with Sandbox() as azure:
        async with azure.client() as client:
            group = await provision.group(client, "of-widgets")
            path = f"{group}/providers/Contoso.Widgets/widgets"
            made = await client.arm(
                "PUT", f"{path}/one", "2026-06-01", {"location": "eastus2", "tags": {"a": "b"}}
            )
            assert (made["type"], made["tags"]) == ("Contoso.Widgets/widgets", {"a": "b"})
            assert [one["name"] for one in (await client.arm("GET", path, "2026-01-01"))["value"]] == ["one"]
            assert await client.arm("POST", f"{path}/one/spin", "2026-01-01") == {"spun": "one"}
            await client.arm("PUT", f"{path}/one?color=red", "2026-01-01", {"location": "eastus2"})
            with pytest.raises(Refused, match="'size' is not supported"):
                await client.arm("PUT", f"{path}/one?size=1", "2026-01-01", {"location": "eastus2"})
            with pytest.raises(Refused, match="NoRegisteredProviderFound"):
                await client.arm("GET", path, "2025-01-01")
            with pytest.raises(Refused, match="A widget is round"):
                await client.arm("PUT", f"{path}/square", "2026-01-01", {"location": "eastus2"})
            told = await client.arm("GET", f"{client.subscription}/providers/Contoso.Widgets", "2022-09-01")
            assert told["resourceTypes"][0]["apiVersions"] == ["2026-06-01", "2026-01-01"]
            listed = await client.arm("GET", f"{group}/resources", "2022-09-01")
            assert [one["type"] for one in listed["value"]] == ["Contoso.Widgets/widgets"]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import no_such_module", r"the provider widgets of contoso-widgets cannot be loaded: .*no_such_module"),
        (
            TWICE,
            r"contoso\.widgets has the type Microsoft\.KeyVault/vaults, which azsandbox\.arm\.\S+ has already",
        ),
    ],
    ids=["broken", "twice"],
)
def test_one_that_cannot_be_used_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, why: str
) -> None:
    _distribution(tmp_path / "site", code, monkeypatch)
    with pytest.raises(CannotStart, match=why), Sandbox():
        pass
