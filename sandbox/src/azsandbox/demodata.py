"""`azsandbox seed demo`: a source workspace with a team's assets, a target under a customer's key.

With `--realistic` also what a team has beside its assets (`demoteam`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from azsandbox import demoassets, demofiles, demoteam, provision
from azsandbox.client import Client
from azsandbox.seed import Seeder
from azsandbox.settings import environment
from azsandbox.state import StateFolder

_GROUP, _SOURCE, _TARGET, _LAKE = "demo-rg", "demo-source", "demo-target", "demolake"
_STORAGE = "2023-05-01"
_WORKSPACES = "2024-04-01"
_REST = "2025-12-01"
_LOGS = "2022-10-01"
_DIAGNOSTICS = "2021-05-01-preview"
# Made last of what a team has beside its assets.
_LAST = f"providers/Microsoft.Insights/diagnosticSettings/to-{_SOURCE}-logs"


@dataclass(frozen=True, slots=True)
class Seeded:
    """ARM ids of both workspaces, and how much the source holds."""

    source: str
    target: str
    resources: int
    blobs: int
    files: int
    bytes: int
    beside: int = 0


async def seed(state: StateFolder, *, notebooks: int | None = None) -> Seeded:
    """Makes both workspaces and fills the source; what a sandbox has already stays as it is.

    `notebooks`: how many files there are of a team that has more than assets; None: of one that has nothing else.
    """
    realistic = notebooks is not None
    async with Client(environment(state, state.announced()["port"]), seeding=True) as azure:
        group = f"{azure.subscription}/resourceGroups/{_GROUP}"
        source, target = (f"{group}/{provision.WORKSPACES}/{name}" for name in (_SOURCE, _TARGET))
        if await azure.arm("GET", target, _WORKSPACES, accept=(404,)) is None:
            await _make(azure, group, source)
        if realistic and await azure.arm("GET", f"{source}/{_LAST}", _DIAGNOSTICS, accept=(404,)) is None:
            await _make_the_rest(azure, group, source, notebooks or 0)
    rows = [*demoassets.blobs(), *demoassets.lake_blobs()]
    files = [*demofiles.files(), *demoteam.files(notebooks or 0)]
    size = sum(row["bytes"] if "bytes" in row else len(row["text"]) for row in [*rows, *files])
    beside = len({path for path, _ in demoteam.made()}) + len(demoteam.ROLES) + 1 if realistic else 0
    return Seeded(source, target, len(demoassets.resources()), len(rows), len(files), size, beside)


async def _make(azure: Client, group: str, source: str) -> None:
    pair = await provision.pair(azure, _GROUP, _SOURCE, _TARGET)
    lake = await provision.storage_account(azure, group, _LAKE)
    # One of the lake's datastores has no credentials: the new workspace reads it with its own identity.
    for identity in pair.target["identity"]["userAssignedIdentities"].values():
        await provision.assign(azure, lake, provision.STORAGE_BLOB_DATA_READER, identity["principalId"])
    await _datastores(azure, source, lake)
    await Seeder(azure, source, _LAKE, "").blobs(demoassets.lake_blobs())
    seeder = await Seeder.of(azure, source)
    await seeder.blobs(demoassets.blobs())
    await seeder.files(demofiles.files())
    await seeder.resources(demoassets.resources())


async def _make_the_rest(azure: Client, group: str, source: str, notebooks: int) -> None:
    """What a team has beside its assets."""
    seeder = await Seeder.of(azure, source)
    await seeder.files(demoteam.files(notebooks))
    for path, body in demoteam.made():
        await azure.arm("PUT", f"{source}/{path}", _REST, _filled(body, source))
    for below, role, whom, kind in demoteam.ROLES:
        await provision.assign(azure, f"{source}{below}", role, whom, kind=kind)
    logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/demo-logs"
    await azure.arm("PUT", logs, _LOGS, {"location": provision.LOCATION, "properties": {}})
    await azure.arm("PUT", f"{source}/{_LAST}", _DIAGNOSTICS, demoteam.diagnostics(logs))


def _filled(body: dict[str, Any], workspace: str) -> Any:
    return json.loads(json.dumps(body).replace("{workspace}", workspace))


async def _datastores(azure: Client, workspace: str, account: str) -> None:
    """Datastores of the customer's own: with the account's key, and with the caller's identity."""
    keys = await azure.arm("POST", f"{account}/listKeys", _STORAGE)
    credentials = {
        "lake": {
            "credentialsType": "AccountKey",
            "secrets": {"secretsType": "AccountKey", "key": keys["keys"][0]["value"]},
        },
        "lake-identity": {"credentialsType": "None"},
    }
    for name, credential in credentials.items():
        properties = {
            "datastoreType": "AzureBlob",
            "accountName": _LAKE,
            "containerName": "macro",
            "endpoint": "core.windows.net",
            "protocol": "https",
            "description": "Macro-economic indicators, kept by another team.",
            "tags": {"owner": "data-platform"},
            "credentials": credential,
        }
        path = f"{workspace}/datastores/{name}?skipValidation=true"
        await azure.arm("PUT", path, _WORKSPACES, {"properties": properties})


def as_text(made: Seeded, state: StateFolder) -> str:
    """What a person wants to know next."""
    command = f"azsandbox env --state {state.root}"
    held = f"{made.resources} versions, {made.blobs} blobs, {made.files} files, {made.bytes / 2**20:.1f} MiB"
    beside = (
        f"\n          and {made.beside} computes, connections, schedules, endpoints, roles" if made.beside else ""
    )
    return f"""Two workspaces are in the sandbox:

  source  {made.source}
          under Microsoft's key: {held}{beside}
  target  {made.target}
          under a customer's key: empty

Use them with any Azure client in a shell where you ran

  eval "$({command})"

See the requests of clients with: azsandbox log --state {state.root}"""


def as_json(made: Seeded) -> str:
    """The same for programs: one JSON object."""
    return json.dumps(asdict(made))
