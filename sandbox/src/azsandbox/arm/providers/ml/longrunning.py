"""Puts operations of Azure ML under way: their names, their addresses, the headers that tell (AZ-ARM-13)."""

from __future__ import annotations

import secrets
import uuid

from azsandbox.arm.calls import Call
from azsandbox.arm.context import Context
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.store import Record

_TICKS_TO_1970 = 621_355_968_000_000_000  # .NET counts from the year 1
_CERTIFICATE = secrets.token_urlsafe(2100)


def begin(call: Call, target: Record, verb: str, *, form: str, name: str, factor: float = 1.0) -> dict[str, str]:
    """Puts an operation under way. The answer's headers: `Azure-AsyncOperation` and `Location`.

    `form` is the type of address, `name` what an operation is called there.
    """
    context = call.context
    region = _region_of(context, target)
    subscription = target.id.split("/")[2]
    base = f"/subscriptions/{subscription}/providers/{NAMESPACE}/locations/{region}"
    id_ = f"{base}/{form}/{name}"
    key = f"{base.lower()}/{form.lower()}/{name}"
    type_ = f"{NAMESPACE.lower()}/locations/{form.lower()}"
    record = Record(key, type_, key.rsplit("/", 2)[0], id_, name, {}, {"kind": target.type})
    context.operations.start(record, target, verb, factor)
    link = f"https://management.azure.com{id_}?api-version={call.api_version}"
    signed = _signature(context)
    if form == "workspaceOperationsStatus":
        return {
            "Location": f"{link}&type=location{signed}",
            "Azure-AsyncOperation": f"{link}&type=async{signed}",
        }
    if form == "computeOperationsStatus":
        return {"Azure-AsyncOperation": f"{link}&service=new{signed}"}
    results = link.replace("/mfeOperationsStatus/", "/mfeOperationResults/")
    return {
        "Azure-AsyncOperation": link + signed,
        "Location": results + signed,
        "x-ms-async-operation-timeout": "PT30M",
    }


def _signature(context: Context) -> str:
    """What ARM appends since 2024: time, certificate, signature and hash, 3,500 characters to be followed."""
    ticks = context.clock.tick() + _TICKS_TO_1970
    return f"&t={ticks}&c={_CERTIFICATE}&s={secrets.token_urlsafe(256)}&h={secrets.token_urlsafe(32)}"


def random_name() -> str:
    """43 characters of base64url, as workspace operations have them."""
    return secrets.token_urlsafe(32)


def guid() -> str:
    """A new guid."""
    return str(uuid.uuid4())


def _region_of(context: Context, target: Record) -> str:
    key = "/".join(target.key.split("/")[:9])
    workspace = context.store.get(key) or context.store.get_gone(key)
    return str(workspace.document["location"]) if workspace else context.location
