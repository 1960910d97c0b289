"""Secrets of the vaults of a pair of workspaces in the local Azure, as their users set and read them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from azsandbox.client import Client
from tests.acceptance.world import World

_VERSION = "7.5"


@dataclass(frozen=True)
class Vault:
    """The vault of one of a world's workspaces."""

    world: World
    which: str

    @property
    def id(self) -> str:
        """Its ARM id."""
        return str(self.world.documents[self.which]["properties"]["keyVault"])

    @property
    def uri(self) -> str:
        """Where it answers."""
        return f"https://{self.id.rpartition('/')[2].lower()}.vault.azure.net"

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """What it answers."""
        url = f"{self.uri}/{path}?api-version={_VERSION}"
        more = {} if body is None else {"json": body}
        _, _, text = self.world.azure(Client.send, method, url, "https://vault.azure.net", **more)
        return json.loads(text) if text else None

    def set(self, name: str, value: str, **more: Any) -> None:
        """A new version."""
        self.send("PUT", f"secrets/{name}", {"value": value, **more})

    def set_through_workspace(self, name: str, value: str) -> None:
        """As SDK v1 does it."""
        document = self.world.documents[self.which]
        url = f"https://{document['location']}.api.azureml.ms/credential/v2.0{document['id']}/secrets/{name}"
        body = {"name": name, "value": value}
        self.world.azure(Client.send, "PUT", url, "https://management.azure.com", json=body)

    def secret(self, name: str) -> Any:
        """The newest version, with its value."""
        return self.send("GET", f"secrets/{name}")

    def versions(self, name: str) -> set[str]:
        """The ids of all versions."""
        return {one["id"].rpartition("/")[2] for one in self.send("GET", f"secrets/{name}/versions")["value"]}

    def close(self) -> None:
        """Lets nobody in from a public network."""
        found = self.world.arm("GET", self.id, "2023-07-01")
        found["properties"]["publicNetworkAccess"] = "Disabled"
        sent = {key: found[key] for key in ("location", "tags", "properties")}
        self.world.arm("PUT", self.id, "2023-07-01", sent)
