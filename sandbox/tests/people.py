"""Principals without rights, and what gives them some, in the running sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from live import azure, unique

from azsandbox import Sandbox, provision
from azsandbox.client import Client
from azsandbox.principals import Directory
from azsandbox.state import StateFolder

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
FILE_READER = "b8eda974-7b85-4f76-af95-65846b26df6d"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


@dataclass(frozen=True)
class Person:
    """A principal: what its clients' environment holds, and its object id."""

    env: Mapping[str, str]
    object_id: str


def nobody(sandbox: Sandbox) -> Person:
    """A principal without any right."""
    made, secret = Directory(StateFolder(sandbox.state)).add(unique("nobody-"), has_roles=False)
    env = {**sandbox.env, "AZURE_CLIENT_ID": made.client_id, "AZURE_CLIENT_SECRET": secret}
    return Person(env, made.object_id)


def give(sandbox: Sandbox, who: Person, role: str, scope: str) -> str:
    """Assigns a role; the assignment's ARM id."""

    async def work(client: Client) -> str:
        return await provision.assign(client, scope, role, who.object_id)

    made: str = azure(sandbox.env, work)
    return made
