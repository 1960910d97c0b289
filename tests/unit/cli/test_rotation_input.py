"""Whose approval a rotation takes: of what may be more than was seen nobody says that it is no production."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.builders.levels import owned, tagged

from amlmigrate.cli import keyrotate, rotation
from amlmigrate.cli.keyoptions import KeyAsked
from amlmigrate.cli.keyrotate import RotateOptions, rotation_id
from amlmigrate.cli.rotation import RotationInput
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys.model import Dependant, DependantKind, KeyInUse, KeyName, KeyProfile, KeySurvey
from amlmigrate.keys.reading import KeyRules
from amlmigrate.keys.scope import KeyScope
from amlmigrate.posture import tagging
from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.reading import Read
from amlmigrate.rotating.order import UNKNOWN_ENVIRONMENT
from amlmigrate.rotating.stage import Half

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
KEY = KeyName("https://kv.vault.azure.net", "cmk")
VERSION = KeyVersion(f"{KEY.id}/{'a' * 32}", True, datetime(2026, 1, 1, tzinfo=UTC), None, None)


def given(*environments: str, unread: tuple[str, ...] = ()) -> RotationInput:
    ref = KeyRef("", KEY.vault, KEY.name, "a" * 32)
    under = tuple(
        Dependant(DependantKind.WORKSPACE, f"/ws{at}", ref, "a" * 32, "a" * 32, levels=tagged(one))
        for at, one in enumerate(environments)
    )
    key = KeyInUse(KEY, "", KeyProfile("p", 90, "s", "t"), under, versions=Read((VERSION,)))
    return RotationInput(key, unread, tagging.read(), Half.BOTH, "")


def decided() -> RotationInput:
    """A workspace of development by its tag, and of production by its owner."""
    one = given("dev", "dev")
    under = (one.key.dependants[0], replace(one.key.dependants[1], levels=owned()))
    return replace(one, key=replace(one.key, dependants=under))


@pytest.mark.parametrize(
    ("one", "environment"),
    [
        (given("dev"), "dev"),
        (given("dev", "prod"), "prod"),
        (given("dev", ""), UNKNOWN_ENVIRONMENT),
        (given(), UNKNOWN_ENVIRONMENT),
        (decided(), "prod"),
        (given("dev", unread=("/subscriptions/s: refused",)), UNKNOWN_ENVIRONMENT),
    ],
)
def test_the_environment_is_known_only_where_all_was_seen(one: RotationInput, environment: str) -> None:
    assert one.environment == environment


async def test_what_an_owner_decided_to_be_production_takes_the_approval_of_another_identity() -> None:
    nothing: Any = None
    with pytest.raises(RefusedError, match="in production"):
        await rotation._approval(nothing, decided(), nothing)
    assert await rotation._approval(nothing, given("dev", "dev"), nothing) is None


def test_the_command_that_goes_on_names_the_files_by_which_levels_are_told() -> None:
    beside = keyrotate._beside(Path("r.yaml"), Path("old scans"))
    wanted = RotateOptions(
        KeyAsked((), (), (), ""), KeyRules(), Half.MAKE, "", False, None, False, None, None, beside
    )
    assert keyrotate._again(wanted, given("dev").key) == (
        f"migrate key rotate --key {KEY.id} --make --rules r.yaml --scans 'old scans'"
    )
    assert keyrotate._beside(None, Path("scans")) == ()


@pytest.mark.parametrize("text", [" x", "x\n", "x" * 257])
def test_an_id_is_what_a_tag_can_hold(text: str) -> None:
    with pytest.raises(BadInputError, match="no id"):
        rotation_id(text)
    assert rotation_id("CHG-1234") == "CHG-1234"


@pytest.mark.parametrize(
    "asked", [KeyAsked((), (SUBSCRIPTION,), (), ""), KeyAsked((), (), (), "")], ids=["named", "by-variable"]
)
async def test_who_names_subscriptions_is_told_of_what_is_under_the_key_in_all_others(
    monkeypatch: pytest.MonkeyPatch, asked: KeyAsked
) -> None:
    """An account of production in another subscription keeps a key from being one of development."""
    looked: list[tuple[str, ...]] = []

    async def read(_: Any, scope: KeyScope, *__: Any) -> KeySurvey:
        looked.append(scope.looked_in)
        assert scope.subscriptions == (SUBSCRIPTION,)
        return KeySurvey((), (), (), datetime(2026, 1, 1, tzinfo=UTC))

    async def tenant() -> str:
        return "t"

    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION)
    monkeypatch.setattr(keyrotate.reading, "read", read)
    clock = SimpleNamespace(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    side = SimpleNamespace(credential=SimpleNamespace(tenant=tenant), arm=SimpleNamespace(service_clock=clock))
    view = SimpleNamespace(show=lambda _: None)
    wanted = RotateOptions(asked, KeyRules(), Half.BOTH, "", True, None, False, None, None)
    await keyrotate._rotated(view, None, side, wanted)  # type: ignore[arg-type]  # no more of them is used
    assert looked == [()]


@pytest.mark.parametrize(
    ("versions", "refused"),
    [(Read((VERSION,)), False), (Read(refused="no"), True), (Read(refused="none", code="KeyNotFound"), False)],
    ids=["read", "unread", "gone"],
)
def test_a_key_whose_versions_could_not_be_read_is_never_one_that_is_not_due(
    versions: Any, *, refused: bool
) -> None:
    one = replace(given("dev").key, versions=versions)
    survey = KeySurvey((one,), (), (), datetime(2026, 1, 2, tzinfo=UTC))
    wanted = RotateOptions(KeyAsked((), (), (), ""), KeyRules(), Half.BOTH, "", True, None, False, None, None)
    if refused:
        with pytest.raises(RefusedError, match="is not known"):
            keyrotate._chosen(survey, wanted, survey.read_at)
    else:
        assert keyrotate._chosen(survey, wanted, survey.read_at) == []
