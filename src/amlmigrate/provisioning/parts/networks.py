"""Firewalls of vaults and accounts, which have one shape: what a wanted one changes, and never loosens. Pure."""

from __future__ import annotations

from typing import Any

from amlmigrate.core.documents import Document
from amlmigrate.provisioning.wanted import NetworkRules, same

_RULES = "virtualNetworkRules"


def new_network(wanted: NetworkRules) -> Document:
    """`publicNetworkAccess` and `networkAcls` of what is made anew."""
    body: Document = {"publicNetworkAccess": wanted.public_access or "Enabled"}
    if wanted.default_action or wanted.ip_rules or wanted.subnets:
        body["networkAcls"] = _acls({}, wanted, wanted.default_action or "Allow")
    return body


def tightened(found: Document, wanted: NetworkRules) -> tuple[Document, list[str], list[str]]:
    """What to change in the properties of something that is there, why, and what stays since it is stricter."""
    change: Document = {}
    why: list[str] = []
    stays: list[str] = []
    closed = same(found.get("publicNetworkAccess"), "Disabled")
    if wanted.closed and not closed:
        change["publicNetworkAccess"] = "Disabled"
        why.append("public network access is switched off")
    elif wanted.public_access == "Enabled" and closed:
        stays.append("public network access stays switched off")
    acls = found.get("networkAcls") or {}
    denies = same(acls.get("defaultAction"), "Deny")
    if wanted.default_action == "Deny" and not denies:
        change["networkAcls"] = _acls(acls, wanted, "Deny")
        why.append("the firewall lets in only what is named")
    elif wanted.default_action == "Allow" and denies:
        stays.append("the firewall stays closed to all that is not named")
    elif denies and (missing := _missing(acls, wanted)):
        stays.append(f"the firewall stays as it is and lets {', '.join(missing)} not in")
    return change, why, stays


def shuts_out_services(found: Document) -> bool:
    """Whether Azure's trusted services do not pass the firewall."""
    acls = found.get("networkAcls") or {}
    shut = same(acls.get("defaultAction"), "Deny") or same(found.get("publicNetworkAccess"), "Disabled")
    return shut and bool(acls) and "azureservices" not in str(acls.get("bypass", "AzureServices")).lower()


def _acls(found: Document, wanted: NetworkRules, action: str) -> Document:
    addresses = [*_values(found, "ipRules", "value"), *wanted.ip_rules]
    subnets = [*_values(found, _RULES, "id"), *wanted.subnets]
    # A PATCH takes the place of all of it. Inferred (AZ-ARM-10): of a vault as of an account. So
    # what else is there, as an account's `resourceAccessRules`, is sent again.
    bypass = str(found.get("bypass") or "")
    passing = bypass if "azureservices" in bypass.lower() else "AzureServices"
    return {
        **found,
        "bypass": passing if wanted.trusted_services else "None",
        "defaultAction": action,
        "ipRules": [{"value": each} for each in dict.fromkeys(addresses)],
        _RULES: [{"id": each} for each in dict.fromkeys(subnets)],
    }


def _missing(acls: Document, wanted: NetworkRules) -> list[str]:
    there = {each.lower() for each in (*_values(acls, "ipRules", "value"), *_values(acls, _RULES, "id"))}
    return [each for each in (*wanted.ip_rules, *wanted.subnets) if each.lower() not in there]


def _values(acls: Document, rules: str, name: str) -> list[Any]:
    return [rule[name] for rule in acls.get(rules) or () if rule.get(name)]
