"""A workspace as a scan might find it, to be changed by each test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from amlmigrate.scanning.risk import risk
from amlmigrate.scanning.values import Barrier, Encryption, Exposure, Scanned, StorageValues

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
SENSITIVITIES = ("public", "internal", "confidential", "restricted")
ENVIRONMENTS = ("dev", "test", "prod")
CLOSED = StorageValues("/s", "customer", "Disabled", "Deny", False, False, 1)
OPEN = StorageValues("/s", "microsoft", "Enabled", "Allow", True, False, 0)


def path(name: str, group: str = "rg") -> str:
    """Its ARM id."""
    return (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    )


def scanned(name: str = "ws", group: str = "rg", **changes: Any) -> Scanned:
    """One that has nothing to hide: a young key, everything closed, public data, for development."""
    known: dict[str, Any] = {
        "encryption": Encryption(
            "service-side", "https://v.vault.azure.net/keys/k/1", "2026-01-01T00:00:00+00:00", 9
        ),
        "exposure": Exposure("Disabled", 1, "Disabled"),
        "storage": CLOSED,
        "sensitivity": "public",
        "environment": "dev",
        **changes,
    }
    return Scanned(
        path(name, group), name, group, SUBSCRIPTION, "eastus2", f"id-{name}", "Default", "SystemAssigned", **known
    )


def line(name: str, environment: str | None = "dev", score: int = 50, **changes: Any) -> dict[str, Any]:
    """Its line in a scan file, under Microsoft's key, with that score."""
    encryption = changes.pop("encryption", Encryption("microsoft"))
    barriers = changes.pop("barriers", ())
    found = scanned(name, encryption=encryption, environment=environment, barriers=barriers, **changes)
    found = replace(found, risk=replace(risk(found, SENSITIVITIES, ENVIRONMENTS), score=score))
    return found.as_dict()


STOP = Barrier("kind", "It is of kind Hub.", True)
