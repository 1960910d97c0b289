"""Private endpoint connections: networks from which the workspace can be reached."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import CREATED, Listed


class PrivateEndpointConnections(Listed):
    """A connection; the service gives its name."""

    name = "privateEndpointConnections"
    manual = "Create a private endpoint for the target."
    keeps_name = False

    def example(self) -> Asset:
        return Asset(
            Address.of("privateEndpointConnections", "ws.0a1b"),
            {
                "name": "ws.0a1b",
                "properties": {"privateLinkServiceConnectionState": {"status": "Approved"}},
                "systemData": CREATED,
            },
        )


KIND = PrivateEndpointConnections()
