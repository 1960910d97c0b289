"""Network rules of accounts and vaults: whom `publicNetworkAccess` and `networkAcls` keep out."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

# Every client of the sandbox has this public address (RFC 5737): an IP rule that holds it lets them in.
CLIENT_ADDRESS = "198.51.100.10"


def is_private(properties: Mapping[str, Any]) -> bool:
    """Whether only private endpoints and trusted services get in."""
    return str(properties.get("publicNetworkAccess") or "").lower() == "disabled"


def admits(rules: Any) -> bool:
    """Whether `networkAcls` let the sandbox's clients in."""
    if not isinstance(rules, dict) or str(rules.get("defaultAction") or "Allow").lower() != "deny":
        return True
    return any(_holds(str(rule.get("value") or "")) for rule in rules.get("ipRules") or [])


def _holds(network: str) -> bool:
    try:
        return ipaddress.ip_address(CLIENT_ADDRESS) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def is_open_to_clients(properties: Mapping[str, Any]) -> bool:
    """Both at once, as storage has it."""
    return not is_private(properties) and admits(properties.get("networkAcls"))


def lets_services_in(properties: Mapping[str, Any]) -> bool:
    """Whether Azure's trusted services, such as storage and Azure ML, get past the firewall."""
    rules = properties.get("networkAcls")
    closed = is_private(properties) or not admits(rules)
    if not closed:
        return True
    bypass = str((rules or {}).get("bypass") or "AzureServices") if isinstance(rules, dict) else "AzureServices"
    return "azureservices" in bypass.lower()
