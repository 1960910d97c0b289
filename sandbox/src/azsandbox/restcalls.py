"""`azsandbox rest`: one call, as whoever the shell is signed in as; what `az rest` is for a real Azure."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from azsandbox.client import Client, Refused

_ARM = "management.azure.com"


def call(method: str, url: str, body: str, environment: Mapping[str, str] = os.environ) -> tuple[int, str]:
    """The status and what was answered, a long-running operation waited for.

    `url` may be a path of ARM. Raises ValueError for a body that is no JSON.
    """
    sent = json.loads(body) if body else None
    whole = url if url.startswith("https://") else f"https://{_ARM}{url}"
    return asyncio.run(_call(method.upper(), whole, sent, environment))


async def _call(method: str, url: str, sent: object, environment: Mapping[str, str]) -> tuple[int, str]:
    async with Client(environment) as azure:
        try:
            if urlsplit(url).hostname == _ARM:
                found = await azure.arm(method, url, "", sent)
                return 200, json.dumps(found)
            _, _, text = await azure.send(method, url, _audience(url), json=sent)
        except Refused as refused:
            return refused.status, refused.text
        return 200, text.decode("utf-8", "replace")


def _audience(url: str) -> str:
    """For what a token is: a vault's is that of its service."""
    return f"https://{str(urlsplit(url).hostname).partition('.')[2]}"
