"""Outbound rules: where the workspace's computes may connect to from the managed network."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.kinds._listed import CREATED, Listed


class OutboundRules(Listed):
    """A rule; it is inactive until the managed network is provisioned."""

    name = "outboundRules"
    manual = "Create the rule on the target's managed network."
    volatile = ("status",)

    def anew(self, properties: Document) -> Document:
        return {name: value for name, value in properties.items() if name != "status"}

    def example(self) -> Asset:
        return Asset(
            Address.of("outboundRules", "pypi"),
            {
                "name": "pypi",
                "properties": {"type": "FQDN", "destination": "pypi.org", "status": "Inactive"},
                "systemData": CREATED,
            },
        )


KIND = OutboundRules()
