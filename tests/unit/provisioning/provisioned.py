"""A small wanted file for unit tests, and the parts made of it."""

from __future__ import annotations

from typing import Any

from amlmigrate.posture import profiles
from amlmigrate.provisioning.assemble import parts
from amlmigrate.provisioning.build import wanted_of
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.wanted import WantedWorkspace

FILE: dict[str, Any] = {
    "subscription": "5b1c7e90-2f4d-4a86-b3c9-8d06e2f7a154",
    "location": "East US 2",
    "resourceGroup": "g",
    "tags": {"owner": "risk", "contact": "risk@contoso.com"},
    "keyVault": {"name": "kv-keys"},
    "key": {"name": "cmk", "profile": "HIPAA"},
    "identity": {"name": "id-one"},
    "storage": {"name": "stone"},
    "registry": {"name": "crone"},
    "logAnalytics": {"name": "log-one"},
    "applicationInsights": {"name": "appi-one"},
    "workspace": {"name": "one", "keyVault": {"name": "kv-secrets"}},
}
KNOWN = KnownValues(
    principal_id="11111111-0000-0000-0000-000000000001",
    client_id="11111111-0000-0000-0000-000000000002",
    tenant_id="11111111-0000-0000-0000-000000000003",
    key_version="https://kv-keys.vault.azure.net/keys/cmk/0001",
    expiries={"https://kv-keys.vault.azure.net/keys/cmk/0001": None},
)


def wanted(**changed: Any) -> WantedWorkspace:
    """The file, with some members changed."""
    return wanted_of({**FILE, **changed}, profiles.shipped())


def uri(vault_id: str) -> str:
    """The address of a vault."""
    return f"https://{vault_id.rsplit('/', 1)[-1]}.vault.azure.net"


def part(what: str, **changed: Any) -> ProvisioningPart:
    """The one part that a reader of the plan would call so."""
    [found] = [each for each in parts(wanted(**changed), uri) if each.what == what]
    return found
