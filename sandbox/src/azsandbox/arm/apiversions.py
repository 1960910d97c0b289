"""Which api-versions a type has, by the file that `tools/gather_api_versions.py` makes; all others are refused."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

from azsandbox.arm.errors import ArmError, gateway

_FILE = Path(__file__).parent / "data" / "apiversions.json"
_GATEWAY = "microsoft.resources"
# Types whose provider is ARM itself, and which it says it cannot find: Azure/acs-engine#4037, and with its status
# Azure/Azure-Landing-Zones#638 (404).
_NOT_FOUND = "microsoft.authorization"


@functools.cache
def _types() -> Mapping[str, Mapping[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = json.loads(_FILE.read_text(encoding="utf-8"))["types"]
    return found


@functools.cache
def versions(type_: str) -> tuple[str, ...]:
    """The api-versions of a type in lower case, the oldest first; none for an unknown type.

    A type that no source names has those of the type that it lies in. What is below a provider's `locations`, such
    as operations that are polled, has all of its provider: it is asked for with the version that began it
    (AZ-ARM-16).
    """
    provider, _, rest = type_.partition("/")
    if provider == _GATEWAY:
        return tuple(_types()[_GATEWAY])
    if rest.split("/")[0].lower() in ("locations", "operations", "checknameavailability"):
        every = (each for name, each in _types().items() if name.startswith(f"{provider}/"))
        return tuple(sorted({version for each in every for version in each}))
    while type_ not in _types() and type_.count("/") > 1:
        type_ = type_.rpartition("/")[0]
    return tuple(_types().get(type_, ()))


def newest(type_: str) -> str:
    """The newest api-version of a type that is no preview; of one with previews only, the newest."""
    known = versions(type_)
    return max((each for each in known if each.count("-") == 2), default=max(known))


def check(key_type: str, spelled: str, version: str, location: str, own: tuple[str, ...] = ()) -> None:
    """That a type has a version. `spelled` is the type as ids have it, `own` what its kind declares.

    Raises ArmError. Texts and codes: Azure/azure-cli#28038 for what ARM itself answers, Azure/azure-cli#28496 for
    resource providers. The location is the sandbox's, and for types that have none too (AZ-LOCAL-3).
    """
    known = own or versions(key_type)
    if version in known:
        return
    namespace, _, type_ = spelled.partition("/")
    if namespace.lower() == _GATEWAY:
        newest_first = ",".join(reversed(known))
        message = f"The api-version '{version}' is invalid. The supported versions are '{newest_first}'."
        raise gateway(400, "InvalidApiVersionParameter", message)
    if namespace.lower() == _NOT_FOUND:
        raise _type_not_found(namespace, type_, version, known)
    raise gateway(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{location}' and API version '{version}' for type "
        f"'{type_}'. The supported api-versions are '{', '.join(known)}'. "
        f"The supported locations are '{location}'.",
    )


def _type_not_found(namespace: str, type_: str, version: str, known: tuple[str, ...]) -> ArmError:
    return gateway(
        404,
        "InvalidResourceType",
        f"The resource type '{type_}' could not be found in the namespace '{namespace}' for api version "
        f"'{version}'. The supported api-versions are '{','.join(known)}'.",
    )
