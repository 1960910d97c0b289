"""What opens a compute and no answer shows: an account or token of what is attached, a password of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.finding import Finding
from amlmigrate.core.given import Unshown
from amlmigrate.core.pointers import member, without
from amlmigrate.kinds._given import how_to_give

# Of what is attached with a password or a token, which a GET never shows (AZ-COMPUTE-4): the member in which that
# is, and what of it somebody gives.
ACCOUNT, TOKEN, PASSWORD = "administratorAccount", "databricksAccessToken", "adminUserPassword"
_OPENS = ("password", "privateKeyData")
_OF_ACCOUNT = (ACCOUNT, ("username", *_OPENS, "publicKeyData"))
ATTACHED = {"virtualmachine": _OF_ACCOUNT, "hdinsight": _OF_ACCOUNT, "databricks": (TOKEN, ())}
_INSIDE = "/properties/properties"
_LOGIN = ("properties", "userAccountCredentials")


def unshown(asset: Asset) -> Iterator[Unshown]:
    """Those of an asset, as `--secrets` gives them."""
    kind, inner = _type(asset.properties), properties_of(asset.properties)
    if kind in ATTACHED:
        member_, names = ATTACHED[kind]
        if not names:
            yield Unshown(member_, f"{_INSIDE}/{member_}")
        yield from (Unshown(name, f"{_INSIDE}/{member_}/{name}") for name in names)
    elif inner.get("userAccountCredentials"):
        yield Unshown(PASSWORD, f"{_INSIDE}/userAccountCredentials/{PASSWORD}")


def wanted(properties: Document) -> list[tuple[str, ...]]:
    """The secrets without which one is not attached: of each of these, one."""
    kind = _type(properties)
    if kind not in ATTACHED:
        return []
    member_, names = ATTACHED[kind]
    if not names:
        return [(member_,)]
    shown = member(properties, ("properties", member_, "username"))
    return [*([] if shown else [("username",)]), _OPENS]


def with_login(asset: Asset, given: frozenset[str]) -> Asset:
    """Without an account for SSH of which nothing is shown, or given, that would open it."""
    login = member(asset.properties, _LOGIN)
    if not isinstance(login, dict) or login.get("adminUserSshPublicKey") or PASSWORD in given:
        return asset
    properties = without(asset.properties, _LOGIN[:1], frozenset({_LOGIN[1]}))
    return replace(asset, document={**asset.document, "properties": properties})


def without_any(properties: Document) -> Document:
    """Properties without any of them, should an answer show one."""
    properties = without(properties, _LOGIN, frozenset({PASSWORD}))
    properties = without(properties, ("properties",), frozenset({TOKEN}))
    found: Document = without(properties, ("properties", ACCOUNT), frozenset((*_OPENS, "publicKeyData")))
    return found


def findings(asset: Asset, given: frozenset[str]) -> Iterator[Finding]:
    """What becomes of a cluster's account for SSH."""
    login, address = member(asset.properties, _LOGIN), str(asset.address)
    if isinstance(login, dict) and login and PASSWORD not in given:
        key = bool(login.get("adminUserSshPublicKey"))
        told = (
            "If its account for SSH has a password too, the target's has only the public key."
            if key
            else "Its account for SSH is not made: nobody is shown its password."
        )
        remedy = f"{how_to_give(asset.address, (PASSWORD,))} SSH is set when a cluster is made, and never after."
        yield Finding("warning", address, told, remedy, code="compute-login")


def _type(properties: Document) -> str:
    return str(properties.get("computeType") or "").lower()
