"""Tenants are compared as ids, whichever way an option names one."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.login import session
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.identity import Identity
from amlmigrate.doctor.stores import _same_tenant

ID = "9c1f2f6e-0000-4000-8000-00000000abcd"
OTHER = ID.replace("9c1f", "8b1f")


def _clouds(source: str, target: str, *, named: tuple[str, str] = ("contoso.com", ID)) -> Any:
    async def tenant(one: str) -> str:
        return one

    def side(tid: str, name: str) -> Any:
        return SimpleNamespace(
            credential=SimpleNamespace(tenant=lambda: tenant(tid)), login=SimpleNamespace(tenant=name)
        )

    return SimpleNamespace(source=side(source, named[0]), target=side(target, named[1]))


@pytest.mark.parametrize(
    ("source", "target", "same"),
    [(ID, ID, True), (ID.upper(), ID, True), (ID, OTHER, False), ("", "", False), (ID, "", False)],
)
def test_two_sides_are_of_one_tenant_by_their_tokens(source: str, target: str, same: bool) -> None:
    for named in (("contoso.com", ID), (ID, ID), (ID.upper(), ID), (ID, OTHER)):
        assert asyncio.run(_same_tenant(_clouds(source, target, named=named))) is same


def test_one_sign_in_is_of_one_tenant() -> None:
    one = SimpleNamespace(credential=None)
    assert asyncio.run(_same_tenant(cast(Any, SimpleNamespace(source=one, target=one))))


def _session(**options: str) -> Any:
    async def made() -> Any:
        found = session(CommonOptions(**{"json": False, "verbose": False, **options}))  # type: ignore[arg-type] - strings all
        await found.__aexit__(None, None, None)
        return found

    return asyncio.run(made())


def test_letter_case_makes_no_second_sign_in() -> None:
    found = _session(source_tenant=ID.upper(), target_tenant=ID)
    assert found.source is found.target and found.source.login.tenant == ID
    found = _session(tenant=ID, target_tenant="Contoso.onmicrosoft.com")
    assert (found.source.login.tenant, found.target.login.tenant) == (ID, "contoso.onmicrosoft.com")


@pytest.mark.parametrize(
    "text", ["", " ", f"{ID}\n", "a/b", "..", ".", "a..b", "a?b", "contoso.com#", "a%2fb", "tenänt"]
)
def test_what_would_lead_elsewhere_in_a_url_is_no_tenant(text: str) -> None:
    with pytest.raises(BadInputError, match="is not a tenant"):
        _session(target_tenant=text, tenant=text)


def test_identities_of_one_tenant_are_so_in_any_case() -> None:
    one = Identity("o", tenant_id=ID)
    assert one.same("O", ID.upper()) and one.same("o", ID) and not one.same("o", OTHER)
