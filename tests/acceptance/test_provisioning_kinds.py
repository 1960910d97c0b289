"""`migrate provision` by each profile, and with private access to everything."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from tests.acceptance.provisioning import VAULT_API, VAULTS, Place, steps

from amlmigrate.core.durations import days
from amlmigrate.posture import profiles

ML_API, STORAGE_API, REGISTRY_API, NETWORK_API = "2025-12-01", "2023-05-01", "2023-07-01", "2023-11-01"


def test_the_key_of_a_profile_is_what_the_table_says(place: Place) -> None:
    name, sku = "PCI-DSS", "premium"
    place.file["key"] = {"name": "cmk", "profile": name}
    begun = int(time.time())
    ended = place.ok().event("provision.end")
    profile = profiles.shipped()[name]
    vault = place.id(VAULTS, f"kv-p{place.number}")
    assert place.get(vault, VAULT_API)["properties"]["sku"]["name"] == sku
    key = place.get(f"{vault}/keys/cmk", VAULT_API)["properties"]
    assert (key["kty"], key["keySize"]) == (profile["type"], profile["size"])
    assert 0 <= key["attributes"]["exp"] - begun - days(profile["expires"]) * 86_400 < 60
    # That the key rotates is not said without the day on which the workspace's own version ends.
    day = datetime.fromtimestamp(key["attributes"]["exp"], UTC).date()
    assert any(f"expires on {day}" in one and "does not move the workspace" in one for one in ended["warnings"])
    policy = key["rotationPolicy"]
    assert policy["attributes"]["expiryTime"] == profile["expires"]
    triggers = {each["action"]["type"].lower(): each["trigger"] for each in policy["lifetimeActions"]}
    assert triggers["rotate"]["timeAfterCreate"] == profile["rotate"]
    assert triggers["notify"]["timeBeforeExpiry"] == profile["notify"]


ZONES = {
    "vault": ("privatelink.vaultcore.azure.net",),
    "blob": ("privatelink.blob.core.windows.net",),
    "file": ("privatelink.file.core.windows.net",),
    "registry": ("privatelink.azurecr.io",),
    "amlworkspace": ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
}


def _endpoint(place: Place, name: str, group: str) -> dict[str, Any]:
    network = f"{place.subscription}/resourceGroups/net/providers/Microsoft.Network"
    return {
        "name": f"pe-{name}-{place.number}",
        "subnet": f"{network}/virtualNetworks/v/subnets/s",
        "dnsZones": [f"{network}/privateDnsZones/{zone}" for zone in ZONES[group]],
    }


def _closed(place: Place) -> dict[str, tuple[str, str]]:
    """Makes everything of the file private; the name of each endpoint with what it leads to, and its group."""
    place.file["registry"] = {"name": f"crp{place.number}", "publicAccess": "Disabled"}
    closed = {"network": {"publicAccess": "Disabled"}}
    for part in (place.file["keyVault"], place.file["workspace"]["keyVault"], place.file["storage"]):
        part.update(closed)
    place.file["workspace"]["publicNetworkAccess"] = "Disabled"
    account = place.id("Microsoft.Storage/storageAccounts", f"stp{place.number}")
    leads = {
        "keys": (place.id(VAULTS, f"kv-p{place.number}"), "vault"),
        "secrets": (place.id(VAULTS, f"kv-s{place.number}"), "vault"),
        "blob": (account, "blob"),
        "file": (account, "file"),
        "registry": (place.id("Microsoft.ContainerRegistry/registries", f"crp{place.number}"), "registry"),
        "workspace": (place.workspace, "amlworkspace"),
    }
    made = {name: _endpoint(place, name, group) for name, (_, group) in leads.items()}
    place.file["keyVault"]["privateEndpoint"] = made["keys"]
    place.file["workspace"]["keyVault"]["privateEndpoint"] = made["secrets"]
    place.file["storage"]["privateEndpoints"] = {"blob": made["blob"], "file": made["file"]}
    place.file["registry"]["privateEndpoint"] = made["registry"]
    place.file["workspace"]["privateEndpoint"] = made["workspace"]
    return leads


def test_everything_closed_and_reached_by_private_endpoints(place: Place) -> None:
    leads = _closed(place)
    place.ok()
    for id_, version in (
        (place.workspace, ML_API),
        (leads["keys"][0], VAULT_API),
        (leads["secrets"][0], VAULT_API),
        (leads["blob"][0], STORAGE_API),
        (leads["registry"][0], REGISTRY_API),
    ):
        assert place.get(id_, version)["properties"]["publicNetworkAccess"] == "Disabled", id_
    for name, (target, group) in leads.items():
        endpoint = place.id("Microsoft.Network/privateEndpoints", f"pe-{name}-{place.number}")
        [connection] = place.get(endpoint, NETWORK_API)["properties"]["privateLinkServiceConnections"]
        told = connection["properties"]
        assert (told["privateLinkServiceId"], told["groupIds"]) == (target, [group])
        zones = place.get(f"{endpoint}/privateDnsZoneGroups/default", NETWORK_API)["properties"]
        there = {
            each["properties"]["privateDnsZoneId"].rsplit("/", 1)[-1] for each in zones["privateDnsZoneConfigs"]
        }
        assert there == set(ZONES[group])

    since = place.now()
    assert set(steps(place.ok()).values()) == {"exists"}
    assert place.writes(since) == []

    # One of another group of the same account is another endpoint.
    storage = place.file["storage"]["privateEndpoints"]
    storage["blob"], storage["file"] = storage["file"], storage["blob"]
    reasons = "\n".join(place.refused()["reasons"])
    assert f"stp{place.number} (blob)." in reasons and f"stp{place.number} (file)." in reasons
