"""Schedules: jobs that are submitted at set times, or signals that are monitored."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.core.pointers import EACH, without
from amlmigrate.kinds._listed import CREATED, EVERY_STATE, Listed

# What only the service writes below `properties`, by the way to it.
_WRITTEN = (
    (("action", "jobDefinition"), frozenset({"status", "parameters"})),
    (("action", "jobDefinition", "services", EACH), frozenset({"status", "errorMessage"})),
)


class Schedules(Listed):
    """A schedule; lists show only the enabled ones unless asked for all."""

    name = "schedules"
    counted = 9
    manual = "Create the schedule in the target."
    blocks_deletion = True
    after = ("components", "data", "computes", "onlineEndpoints/deployments", "batchEndpoints/deployments")
    query = EVERY_STATE

    def live(self, asset: Asset) -> str:
        # The service takes one that does not say so for enabled.
        enabled = asset.properties.get("isEnabled") is not False
        return f"{asset.address} is an enabled schedule." if enabled else ""

    def anew(self, properties: Document) -> Document:
        for way, names in _WRITTEN:
            properties = without(properties, way, names)
        # Nothing runs on both sides; and one that says nothing of it is enabled (AZ-LIVE-5).
        return {**properties, "isEnabled": False}

    def example(self) -> Asset:
        return Asset(
            Address.of("schedules", "nightly"),
            {
                "name": "nightly",
                "properties": {
                    "isEnabled": True,
                    "trigger": {"triggerType": "Recurrence", "frequency": "Day", "interval": 1},
                    "action": {
                        "actionType": "CreateJob",
                        "jobDefinition": {"jobType": "Command", "command": "run"},
                    },
                    "provisioningState": "Succeeded",
                },
                "systemData": CREATED,
            },
        )


KIND = Schedules()
