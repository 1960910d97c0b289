"""Capability hosts: where the workspace's agents keep their data."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed


class CapabilityHosts(Listed):
    """A capability host."""

    name = "capabilityHosts"
    manual = "Create the capability host in the target."

    def example(self) -> Asset:
        return Asset(
            Address.of("capabilityHosts", "agents"),
            {
                "name": "agents",
                "properties": {"capabilityHostKind": "Agents"},
                "systemData": CREATED,
            },
        )


KIND = CapabilityHosts()
