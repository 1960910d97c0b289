"""`azsandbox seed demo`: a source workspace with a team's assets, a target under a customer's key."""

from __future__ import annotations

from azsandbox import provision
from azsandbox.client import Client
from azsandbox.sandbox import environment
from azsandbox.state import StateFolder


async def seed(state: StateFolder) -> str:
    """Makes both workspaces and fills the source; says what a person may do next."""
    async with Client(environment(state, state.announced()["port"])) as azure:
        made = await provision.pair(azure, "demo-rg", "demo-source", "demo-target")
    return f"source  {made.source['id']}\ntarget  {made.target['id']}"
