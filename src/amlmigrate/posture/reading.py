"""Reads that may be refused: what was read, or why it could not be."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import DeniedError

T = TypeVar("T")
# A vault behind a private endpoint may not answer at all; the rest of the posture does not wait for it.
_VAULT_SECONDS = 15.0
_ACTION = re.compile(r"(?:perform action|action) '?([\w.*]+(?:/[\w.*]+)+)'?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """`value` is None for what is not there. `refused` says why none is known, `code` is the service's.

    `remedy` is set where a key that cannot be used is the reason, and no right would help.
    """

    value: T | None = None
    refused: str = ""
    code: str = ""
    remedy: str = ""


NOTHING: Read[Any] = Read()


async def tried(call: Awaitable[T | None]) -> Read[T]:
    """One read of ARM. What is transient is raised once the retries are over, all else is a refusal."""
    try:
        return Read(await call)
    except ServiceError as error:
        return _refusal(error)


async def tried_list(arm: Arm, path: str) -> Read[list[Document]]:
    """One whole list of ARM, over all its pages."""

    async def every() -> list[Document]:
        return [item async for item in arm.pages(path)]

    return await tried(every())


async def tried_vault(call: Awaitable[T | None]) -> Read[T]:
    """One read of a vault's data plane; one that cannot be reached, or gets no token, is a refusal too."""
    try:
        async with asyncio.timeout(_VAULT_SECONDS):
            return Read(await call)
    except ServiceError as error:
        return _refusal(error)
    except DeniedError as error:
        return Read(refused=error.summary)
    except (OutOfReachError, TimeoutError):
        return Read(refused="The vault cannot be reached from this machine.")


def _refusal(error: ServiceError) -> Read[T]:
    if error.transient:
        raise error
    remedy = error.key_trouble.remedy if error.key_trouble else ""
    return Read(refused=error.summary, code=error.code, remedy=remedy)


def missing_action(refused: str, otherwise: str) -> str:
    """The action that a refusal names, else the one that the call is known to take."""
    match = _ACTION.search(refused)
    return match[1] if match else otherwise
