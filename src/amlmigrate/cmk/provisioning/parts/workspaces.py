"""The workspace: made under the key, or found to be what is asked for; an existing one is never changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlmigrate.cloud.resources import state
from amlmigrate.cmk.provisioning.known import Known
from amlmigrate.cmk.provisioning.parts.base import Part, properties
from amlmigrate.cmk.provisioning.steps import Step
from amlmigrate.cmk.provisioning.wanted import Wanted, name_of, region, same
from amlmigrate.core.documents import Document

_BY_ID = ("storageAccount", "keyVault", "applicationInsights", "containerRegistry", "primaryUserAssignedIdentity")
_BY_VALUE = ("hbiWorkspace", "systemDatastoresAuthMode", "publicNetworkAccess")
# What people see: others may have changed it since, and it says nothing of how the workspace is secured.
_SEEN = ("friendlyName", "description")
_HALF_DONE = (
    "Its last operation failed, but it was made before that: to write it anew would undo what others have set"
    " since (identities, tags, network). Repair it in the portal, or delete it if it holds nothing"
    " (az ml workspace delete --permanently-delete)."
)
_CLASSIC = (
    "classic encryption: Cosmos DB, AI Search and storage in a managed resource group, on your subscription's bill"
    " (one report of 2023: EUR 700 a month at the least), until the workspace is purged"
)


class Workspace(Part):
    """The body is azure-facts, section 1.1."""

    what = "workspace"
    awaits_grants = True

    def __init__(self, wanted: Wanted) -> None:
        self.id, self.wanted = wanted.workspace.id, wanted

    def decide(self, found: Document | None, known: Known) -> Step:
        """Made where there is none or there never came to be one; refused where another is there.

        A PUT replaces: one that was made once, which its `workspaceId` shows, is never written again.
        """
        body = self.body(known)
        if found is None:
            return self.create(body, *self._notes())
        different = differences(found, body)
        failed = state(found) in ("failed", "canceled", "cancelled")
        if failed and properties(found).get("workspaceId"):
            different.append(_HALF_DONE)
        if different:
            return self.refuse(*different)
        if failed:
            return self.create(body, "its creation failed before, and is made again")
        return self.exists(*_version(found, known), *_seen(found, self.wanted.workspace.options))

    def body(self, known: Known) -> Document:
        """The document to PUT."""
        wanted, workspace = self.wanted, self.wanted.workspace
        identity = wanted.identity.id
        told: Document = {
            "friendlyName": name_of(workspace.id),
            "storageAccount": wanted.storage.id,
            "keyVault": wanted.secrets_vault.id,
            "primaryUserAssignedIdentity": identity,
            "encryption": {
                "status": "Enabled",
                "identity": {"userAssignedIdentity": identity},
                "keyVaultProperties": {"keyVaultArmId": wanted.vault.id, "keyIdentifier": known.key_version},
            },
            **workspace.options,
        }
        if wanted.insights:
            told["applicationInsights"] = wanted.insights.id
        if wanted.registry:
            told["containerRegistry"] = wanted.registry.id
        if not workspace.classic:
            told["enableServiceSideCMKEncryption"] = True
        return {
            "location": wanted.location,
            "tags": dict(wanted.tags),
            "kind": "Default",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": told,
        }

    def _notes(self) -> list[str]:
        notes = [_CLASSIC if self.wanted.workspace.classic else "service-side encryption under the key"]
        if self.wanted.workspace.classic and not self.wanted.workspace.classic.learning_principal:
            notes.append(
                "by hand: Azure Machine Learning's application needs Contributor on the subscription; give "
                "`machineLearningPrincipalId` to have it granted"
            )
        if self.wanted.secrets is None:
            notes.append(
                "warning: its identity administers the vault of its own key; `workspace.keyVault` parts the two"
            )
        return notes


def differences(found: Document, body: Document) -> list[str]:
    """In what a workspace that is there is another than the one asked for, each in a sentence. Pure."""
    there, wanted = properties(found), properties(body)
    if not same((there.get("encryption") or {}).get("status"), "Enabled"):
        first = ["It is not under a customer's key, which is given at creation only: choose another name."]
    else:
        first = _other_key(there["encryption"], wanted["encryption"])
        # What is not said is off, as in a scan: then the encryption is classic.
        mode = bool(wanted.get("enableServiceSideCMKEncryption"))
        if bool(there.get("enableServiceSideCMKEncryption")) != mode:
            first.append(_differs("enableServiceSideCMKEncryption", not mode, mode))
    rest = [
        _differs(name, there.get(name), wanted[name])
        for name in (*_BY_ID, *_BY_VALUE)
        if name in wanted and not same(there.get(name), wanted[name])
    ]
    if region(str(found.get("location", ""))) != body["location"]:
        rest.append(_differs("location", found.get("location"), body["location"]))
    if not same(found.get("kind") or "Default", "Default"):
        rest.append(_differs("kind", found.get("kind"), "Default"))
    users = (found.get("identity") or {}).get("userAssignedIdentities") or {}
    if missing := [
        id_ for id_ in body["identity"]["userAssignedIdentities"] if not any(same(id_, u) for u in users)
    ]:
        rest.append(_differs("identity", list(users), missing))
    if "managedNetwork" in wanted:
        mode_there = (there.get("managedNetwork") or {}).get("isolationMode", "Disabled")
        if not same(mode_there, wanted["managedNetwork"]["isolationMode"]):
            rest.append(
                _differs("managedNetwork.isolationMode", mode_there, wanted["managedNetwork"]["isolationMode"])
            )
    return first + rest


def _differs(name: str, there: Any, wanted: Any) -> str:
    return f"{name} is {there!r}, and the file asks for {wanted!r}."


def _other_key(there: Document, wanted: Document) -> list[str]:
    found = []
    key, ask = there.get("keyVaultProperties") or {}, wanted["keyVaultProperties"]
    if not same(key.get("keyVaultArmId"), ask["keyVaultArmId"]):
        found.append(
            _differs("encryption.keyVaultProperties.keyVaultArmId", key.get("keyVaultArmId"), ask["keyVaultArmId"])
        )
    elif not same(_unversioned(key.get("keyIdentifier")), _unversioned(ask["keyIdentifier"])):
        found.append(
            _differs("encryption.keyVaultProperties.keyIdentifier", key.get("keyIdentifier"), ask["keyIdentifier"])
        )
    identity = (there.get("identity") or {}).get("userAssignedIdentity")
    if not same(identity, wanted["identity"]["userAssignedIdentity"]):
        found.append(
            _differs(
                "encryption.identity.userAssignedIdentity", identity, wanted["identity"]["userAssignedIdentity"]
            )
        )
    return found


def _unversioned(identifier: Any) -> str:
    """`https://VAULT/keys/NAME` of a key's identifier."""
    return "/".join(str(identifier or "").split("/")[:5])


def _version(found: Document, known: Known) -> list[str]:
    key = ((properties(found).get("encryption") or {}).get("keyVaultProperties") or {}).get("keyIdentifier", "")
    version = name_of(key)
    if same(key, known.key_version):
        return []
    return [f"stands on version {version} of the key; the newest is {name_of(known.key_version)}"]


def _seen(found: Document, options: Mapping[str, Any]) -> list[str]:
    there = properties(found)
    return [
        f"its {name} stays {there.get(name)!r}"
        for name in _SEEN
        if name in options and there.get(name) != options[name]
    ]
