"""What a file must not say though each member is right by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from amlmigrate.core.armid import subscription_of
from amlmigrate.core.durations import days
from amlmigrate.core.keystandard import TIMES
from amlmigrate.desired.ownership import TAG
from amlmigrate.posture import profiles
from amlmigrate.provisioning.wanted import same

# Key Vault's own limits (learn.microsoft.com, key rotation): a version is valid for 28 days at least, and is
# rotated at least 7 days after its creation and 7 days before it expires.
_SHORTEST_LIFE = 28
_SHORTEST_PAUSE = 7
Problem = tuple[str, str]


def problems(document: Mapping[str, Any], table: Mapping[str, profiles.Profile]) -> Iterator[Problem]:
    """Path in the file and what is wrong there."""
    if not document.get("subscription"):
        yield "subscription", "missing; name it, or set AZURE_SUBSCRIPTION_ID"
        return
    yield from _key(document["key"], table)
    yield from _vaults(document)
    yield from _rest(document)
    if any(name.lower() == TAG for name in document["tags"]):
        yield f"tags.{TAG}", "is this tool's own tag, which says whose a thing is"


def _key(key: Mapping[str, Any], table: Mapping[str, profiles.Profile]) -> Iterator[Problem]:
    values, name = key, key.get("profile")
    if name:
        values = profiles.find(table, name) or {}
        if not values:
            yield "key.profile", f"there is no profile '{name}', only {', '.join(table)}"
            return
    where = f"profiles.{name}" if name else "key"
    endless = list(_endless(values, where))
    yield from endless or _times(values, where)


def _endless(values: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """The durations that are of the right form and longer than any time."""
    for name in TIMES:
        try:
            days(values.get(name) or "P0D")
        except ValueError as error:
            yield f"{where}.{name}", str(error).removesuffix(".")


def _times(values: Mapping[str, Any], where: str) -> Iterator[Problem]:
    expires, rotate, notify = (values.get(each) for each in TIMES)
    if expires and days(expires) < _SHORTEST_LIFE:
        yield f"{where}.expires", f"a version is valid for {_SHORTEST_LIFE} days at least"
    if rotate and days(rotate) < _SHORTEST_PAUSE:
        yield f"{where}.rotate", f"cannot be more often than every {_SHORTEST_PAUSE} days"
    if rotate and expires and days(rotate) > days(expires) - _SHORTEST_PAUSE:
        yield f"{where}.rotate", f"has to come {_SHORTEST_PAUSE} days before `expires` at least"
    if notify and not (rotate and expires):
        yield f"{where}.notify", "needs `expires` and `rotate`"
    if notify and days(notify) < _SHORTEST_PAUSE:
        yield f"{where}.notify", f"has to be {_SHORTEST_PAUSE} days at least"


def _vaults(document: Mapping[str, Any]) -> Iterator[Problem]:
    vault, workspace = document["keyVault"], document["workspace"]
    id_ = vault.get("id")
    if id_ and subscription_of(id_) != document["subscription"].lower():
        # AZ-KEY-12.
        yield "keyVault.id", "the vault has to be in the subscription of the workspace"
    if id_ and "keyVault" not in workspace:
        yield "workspace.keyVault", "needed, since the key's vault is another's: name a vault for the secrets"
    if workspace.get("managedNetwork", "Disabled") != "Disabled" and "keyVault" not in workspace:
        # The managed network connects to the vault of the secrets, and the identity approves that.
        yield (
            "workspace.keyVault",
            "needed with a managed network: its identity would approve access to the key's vault",
        )
    network = vault.get("network") or {}
    limited = network.get("defaultAction") == "Deny" or network.get("publicAccess") == "Disabled"
    if limited and network.get("trustedServices") is False:
        yield "keyVault.network.trustedServices", "the services that use the key could not reach it"
    if network.get("publicAccess") == "Disabled" and isinstance(workspace.get("encryption"), Mapping):
        # Cosmos DB fails with a vault that has private endpoints only (AZ-KEY-22).
        yield "keyVault.network.publicAccess", "classic encryption needs a vault that Cosmos DB reaches"


def _rest(document: Mapping[str, Any]) -> Iterator[Problem]:
    storage, workspace = document["storage"], document["workspace"]
    mode = workspace.get("systemDatastoresAuthMode", "AccessKey")
    if storage.get("sharedKey") is False and not same(mode, "Identity"):
        yield "workspace.systemDatastoresAuthMode", "has to be Identity where `storage.sharedKey` is false"
    names = [each["name"].lower() for each in _endpoints(document)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "privateEndpoint.name", f"'{name}' is the name of two"
    insights = document.get("applicationInsights") or {}
    if insights.get("name") and "logAnalytics" not in document:
        yield "logAnalytics", "needed for a new Application Insights"
    own = workspace.get("keyVault")
    if own and same(_vault_id(document, document["keyVault"]), _vault_id(document, own)):
        way = "name another one" if "id" in document["keyVault"] else "leave `workspace.keyVault` out to share it"
        yield f"workspace.keyVault.{'id' if 'id' in own else 'name'}", f"is the key's vault; {way}"


def _vault_id(document: Mapping[str, Any], vault: Mapping[str, Any]) -> str:
    """A vault by its ARM id, whether the file names it by that or by its name."""
    group = f"/subscriptions/{document['subscription']}/resourceGroups/{document['resourceGroup']}"
    return str(vault.get("id") or f"{group}/providers/Microsoft.KeyVault/vaults/{vault['name']}")


def _endpoints(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    workspace = document["workspace"]
    for part in (document["keyVault"], workspace.get("keyVault"), document.get("registry"), workspace):
        if part and "privateEndpoint" in part:
            yield part["privateEndpoint"]
    yield from (document["storage"].get("privateEndpoints") or {}).values()
