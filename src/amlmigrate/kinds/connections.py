"""Connections: what other services the workspace signs in to, with secrets that no list shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed


class Connections(Listed):
    """A connection of the workspace."""

    name = "connections"
    manual = "Create the connection in the target with its secret."
    # Only the workspace's own unless asked for all (AZ-LIST-2).
    query: ClassVar[Mapping[str, str]] = {"includeAll": "true"}
    # "Both connections and datastores", says the description of 2025-12-01; a test of azure-ai-ml sees the latter.
    shows_datastores = True

    def example(self) -> Asset:
        return Asset(
            Address.of("connections", "git"),
            {
                "name": "git",
                "properties": {"category": "Git", "target": "https://example.com/x.git", "authType": "PAT"},
                "systemData": CREATED,
            },
        )


KIND = Connections()
