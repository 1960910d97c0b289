"""The built-in definitions of the initiative, by their names in it, and the claims that they speak for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_DEFINITIONS = "/providers/Microsoft.Authorization/policyDefinitions"
AUDIT = "Audit"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One of Microsoft's definitions: its GUID, major version, effect, and further parameters by the initiative's.

    Source: Azure/azure-policy, built-in-policies. `claim` is that about the posture which it speaks for, if any.
    """

    guid: str
    version: str
    claim: str
    effect: str = AUDIT
    parameters: Mapping[str, str] = field(default_factory=dict)

    def member(self, reference: str) -> dict[str, Any]:
        """As an entry of an initiative (AZ-POLICY-33)."""
        more = {name: {"value": f"[parameters('{own}')]"} for name, own in self.parameters.items()}
        return {
            "policyDefinitionReferenceId": reference,
            "policyDefinitionId": f"{_DEFINITIONS}/{self.guid}",
            "definitionVersion": f"{self.version}.*.*",
            "parameters": {"effect": {"value": self.effect}, **more},
        }


MEMBERS: Mapping[str, BuiltIn] = {
    "amlCmk": BuiltIn("ba769a63-b8cc-4b2d-abf6-ac33c7204be8", "1", "encryption.status"),
    "amlUai": BuiltIn("5f0c7d88-c7de-45b8-ac49-db49e72eaa78", "1", "identity.rights"),
    "kvSoftDelete": BuiltIn("1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d", "3", "vault.softDelete"),
    "kvPurge": BuiltIn("0b60c0b2-2dc2-4e1c-b5c9-abbed971de53", "2", "vault.purgeProtection"),
    "kvRbac": BuiltIn("12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5", "1", "identity.least"),
    "kvLogs": BuiltIn("cf820ca0-f99e-4f3e-84fb-66e913812d21", "5", "", "AuditIfNotExists"),
    "keyExpirySet": BuiltIn("152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0", "1", "key.expiry"),
    "keyNearExpiry": BuiltIn(
        "5ff38825-c5d8-47c5-b70e-069a21955146",
        "1",
        "key.expiry",
        parameters={"minimumDaysBeforeExpiration": "minimumDaysBeforeExpiration"},
    ),
    "keySize": BuiltIn(
        "82067dbb-e53b-4e06-b631-546d197452d9",
        "1",
        "key.size",
        parameters={"minimumRSAKeySize": "minimumRSAKeySize"},
    ),
    "keyRotation": BuiltIn(
        "d8cf8476-a2ec-4916-896e-992351803c44",
        "1",
        "key.rotation",
        parameters={"maximumDaysToRotate": "maximumDaysToRotate"},
    ),
    "stCmk": BuiltIn("6fac406b-40ca-413b-bf8e-0bf964659c25", "1", "storage.encryption"),
    "acrCmk": BuiltIn("5b9159ae-1701-4a6f-9a7a-aa9c8ddd0580", "1", "registry.encryption"),
}
