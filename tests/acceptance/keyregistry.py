"""A container registry under the key of a world's target."""

from __future__ import annotations

from tests.acceptance.world import World

STORAGE, REGISTRY = "2023-05-01", "2023-07-01"


def registry_under(world: World, name: str, identifier: str) -> str:
    """A registry of development under the key, with the identity of the target's account; its ARM id."""
    encryption = world.arm("GET", world.storage_id("target"), STORAGE)["properties"]["encryption"]
    user = encryption["identity"]["userAssignedIdentity"]
    client = world.arm("GET", user, "2023-01-31")["properties"]["clientId"]
    group = str(world.documents["target"]["id"]).partition("/providers/")[0]
    id_ = f"{group}/providers/Microsoft.ContainerRegistry/registries/{name}"
    key = {"keyIdentifier": identifier, "identity": client}
    body = {
        "location": "eastus2",
        "sku": {"name": "Premium"},
        "tags": {"environment": "dev"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {user: {}}},
        "properties": {"encryption": {"status": "enabled", "keyVaultProperties": key}},
    }
    world.arm("PUT", id_, REGISTRY, body)
    return id_
