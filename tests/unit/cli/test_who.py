"""Who gave a command, as every report says it: with all options, without secrets, whatever a machine is called."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from amlmigrate.cli import options, who
from amlmigrate.cli.decommission import ContainerFate
from amlmigrate.cli.execute import CommonOptions
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import DeniedError
from amlmigrate.core.identity import Identity

ANN = Identity("oid", "ann@example.com", "cli", "tenant")


class Token:
    """A credential whose token names somebody, or nobody."""

    def __init__(self, identity: Identity | None) -> None:
        self._identity = identity

    async def identity(self) -> Identity:
        """Who signed in. Raises DeniedError."""
        if self._identity is None:
            raise DeniedError("The token does not say who signed in: it has no object id.")
        return self._identity


def _by(identity: Identity | None, **given: Any) -> dict[str, Any]:
    found = asyncio.run(who.who(CommonOptions(options=given), Token(identity)))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    return found.as_dict()


def test_it_says_who_where_with_what_and_how() -> None:
    assert _by(ANN, plan="plans/x", soak=0.0, purge=False, only=("a", "b"), storage=ContainerFate.DELETE, tenant=None) == {
        "user": getpass.getuser(),
        "identity": {"object_id": "oid", "name": "ann@example.com", "app_id": "cli", "tenant_id": "tenant"},
        "host": socket.gethostname(),
        "version": version("aml-cmk-migrate"),
        "options": {"plan": "plans/x", "soak": 0.0, "purge": False, "only": ["a", "b"], "storage": "delete"},
    }  # fmt: skip


def test_a_token_that_names_nobody_leaves_the_identity_empty() -> None:
    assert _by(None)["identity"] is None and _by(None)["user"]


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert _by(ANN)["user"] == f"user id {os.getuid()}"


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\nb", "a\x7f\x9b31mb", "a\u202eb", os.fsdecode(b"a\xff\xfeb")])
def test_names_that_a_terminal_would_act_on_are_harmless(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: name)
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    found = _by(Identity("oid", name), plan=name, only=[name])
    text = json.dumps(found, ensure_ascii=False)
    assert text.encode() and text.isprintable()
    assert By(name, name, "1").local.isprintable() and str(By(name, name, "1", Identity("o", name))).isprintable()
    assert found["user"][0] == "a" and found["user"][-1] == "b"


def test_no_secret_of_an_option_is_told() -> None:
    signed = "https://acc.blob.core.windows.net/c/x?sv=1&sig=c2VjcmV0"
    told = json.dumps(_by(ANN, select=[signed], out=Path("plans/x"), soak=float("inf")))
    assert "c2VjcmV0" not in told and '"plans/x"' in told and '"inf"' in told


def test_every_option_of_a_command_is_kept_as_it_counts() -> None:
    kept: list[CommonOptions] = []

    @options.for_both_sides
    def command(
        plan: options.PlanFolder = None,
        soak: Annotated[float, typer.Option()] = 168,
        only: Annotated[list[str] | None, typer.Option()] = None,
        *,
        shared: CommonOptions,
    ) -> None:
        kept.append(shared)

    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, ["plans/x", "--soak", "0", "--json", "--tenant", "t"])
    assert done.exit_code == 0, done.output
    [shared] = kept
    assert shared.json and shared.tenant == "t"
    assert who.local(shared).asked() == {
        "plan": "plans/x", "soak": 0.0, "json": True, "verbose": False, "tenant": "t", "cloud": "AzureCloud"
    }  # fmt: skip
