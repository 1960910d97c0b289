"""Shared access signatures: of an account, of a share and of a file."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from azsandbox.calls import HttpCall
from azsandbox.shares.errors import ShareError
from azsandbox.shares.places import Place
from azsandbox.shares.rights import Right
from azsandbox.shares.sharedkey import sign

# The fields of the text that is signed (learn.microsoft.com, "Create an account SAS", "Create a service SAS").
# "" is the encryption scope, which only blobs have.
_OF_ACCOUNT = ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses", "")
_OF_RESOURCE = ("si", "sip", "spr", "sv", "rscc", "rscd", "rsce", "rscl", "rsct")


def check(call: HttpCall, place: Place, right: Right, keys: Iterable[str]) -> None:
    """Raises Refused where the signature does not hold, or does not grant the right."""
    query = call.query
    text = _account_text(query, place) if "ss" in query else _resource_text(query, place)
    if not any(hmac.compare_digest(sign(key, text), query.get("sig", "")) for key in keys):
        raise ShareError("AuthenticationFailed", AuthenticationErrorDetail="Signature did not match.")
    _check_time(query)
    if "ss" in query:
        if "f" not in query["ss"]:
            raise ShareError("AuthorizationServiceMismatch")
        if right.level not in query.get("srt", ""):
            raise ShareError("AuthorizationResourceTypeMismatch")
    elif right.level != "o":
        raise ShareError("AuthorizationResourceTypeMismatch")
    if not set(right.permissions) & set(query.get("sp", "")):
        raise ShareError("AuthorizationPermissionMismatch")


def _account_text(query: Mapping[str, str], place: Place) -> str:
    return "\n".join([place.account, *(query.get(name, "") for name in _OF_ACCOUNT)])


def _resource_text(query: Mapping[str, str], place: Place) -> str:
    whole = query.get("sr") == "s"
    resource = f"/file/{place.account}/{place.share}" + ("" if whole else f"/{place.path}")
    fields = [query.get(name, "") for name in ("sp", "st", "se")]
    return "\n".join([*fields, resource, *(query.get(name, "") for name in _OF_RESOURCE)])


def _check_time(query: Mapping[str, str]) -> None:
    now = datetime.now(UTC)
    try:
        begun = "st" not in query or _moment(query["st"]) <= now
        over = _moment(query["se"]) <= now
    except (KeyError, ValueError):
        raise ShareError(
            "AuthenticationFailed", AuthenticationErrorDetail="se is mandatory. Cannot be empty"
        ) from None
    if over or not begun:
        detail = f"Signature not valid in the specified time frame: Start [{query.get('st', '')}] - "
        raise ShareError("AuthenticationFailed", AuthenticationErrorDetail=f"{detail}Expiry [{query['se']}]")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
