"""The workspace: made under the key, or found to be what is asked for; an existing one is never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from amlmigrate.cloud.operations import state
from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.keys import one_spelling
from amlmigrate.desired.known import UNKNOWN
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.members import GROUP_ROLE
from amlmigrate.provisioning.parts.likeness import differences
from amlmigrate.provisioning.wanted import WantedWorkspace, same

# What people see: others may have changed it since, and it says nothing of how the workspace is secured.
_SEEN = ("friendlyName", "description")
_HALF_DONE = (
    "Its last operation failed, but it was made before that: writing it again would undo what others have set"
    " since (identities, tags, network). Repair it in the portal, or delete it if it holds nothing (az ml"
    " workspace delete --permanently-delete)."
)
# learn.microsoft.com, machine-learning/concept-soft-delete (the note at its top).
_UNRECOVERABLE = (
    "it has user-assigned identities only, and Microsoft documents that it cannot be recovered once it is deleted"
)
_CLASSIC = (
    "classic encryption: Cosmos DB, AI Search and storage in a managed resource group, on your subscription's"
    " bill (one report of 2023: EUR 700 a month at least), until the workspace is purged"
)


class WorkspacePart(ProvisioningPart):
    """The body is that of AZ-KEY-20."""

    what = "workspace"
    kind = "workspace"
    awaits_grants = True

    def __init__(self, wanted: WantedWorkspace) -> None:
        self.id, self.wanted = wanted.workspace.id, wanted

    async def read(self, port: DesiredPort, known: KnownValues) -> Document | None:
        """The document, with the member that not every api-version shows."""
        return await port.resources.get(self._path(known))

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """Made where there is none or there never came to be one; refused where another is there.

        A PUT replaces: one that was made once, which its `workspaceId` shows, is never written again.
        """
        body = self.body(known)
        if found is None:
            if self._in_group and not self._sets(known):
                return self.refuse(self._would_administer())
            return self._made(body, known, *self._notes(known))
        different = [*differences(found, body), *_spent(found, known)]
        failed = state(found) in ("failed", "canceled", "cancelled")
        if failed and properties_of(found).get("workspaceId"):
            different.append(_HALF_DONE)
        if different:
            return self.refuse(*different)
        if failed:
            return self._made(body, known, "its creation failed before, and is made again")
        return self.exists(
            *_version(found, known),
            *self._ends(_key_of(found), known),
            *_seen(found, self.wanted.workspace.options),
            *self._identities(found),
        )

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """Its key, and its name."""
        if step.verb is not DesiredVerb.CREATE:
            return ()
        # learn.microsoft.com, machine-learning/concept-soft-delete: 14 days.
        return (
            f"the workspace '{name_of(self.id)}': that it is under a key, the key's vault and the kind of"
            " encryption are chosen at its creation only; once deleted, its name stays taken for 14 days unless it"
            " is purged",
        )

    def unmet(self, found: Document) -> list[str]:
        """That its own identity has a role on the group after all, where the key's vault lies."""
        if not self._in_group or properties_of(found).get(GROUP_ROLE.name) is False:
            return []
        return [f"`{GROUP_ROLE.name}` is not false: its own identity may have rights on its key's vault."]

    def _made(self, body: Document, known: KnownValues, *notes: str) -> DesiredStep:
        return DesiredStep(DesiredVerb.CREATE, self.what, self.id, notes, ArmCall("PUT", self._path(known), body))

    def _path(self, known: KnownValues) -> str:
        """With the api-version that has the member; the usual one where that is not offered."""
        return f"{self.id}?api-version={GROUP_ROLE.api_version}" if self._sets(known) else self.id

    def _sets(self, known: KnownValues) -> bool:
        """Whether the member can be set, as far as it is known; where it is not, Azure refuses the api-version."""
        return known.offer is None or known.offer.has(GROUP_ROLE, self.wanted.location)

    @property
    def _in_group(self) -> bool:
        """Whether the key's vault lies in the workspace's resource group."""
        return f"{self.wanted.vault.id}/".lower().startswith(f"{self.wanted.group_id}/".lower())

    def _would_administer(self) -> str:
        return (
            "Its key's vault is in its resource group, and the service would give its own identity rights"
            f" there: `{GROUP_ROLE.name}` cannot be set, since api-version {GROUP_ROLE.api_version} is not"
            f" offered for workspaces in {self.wanted.location}. Put the key's vault in another group."
        )

    def _identities(self, found: Document) -> list[str]:
        """What is told of the identities of one that is there, and is not changed."""
        if not (found.get("identity") or {}).get("principalId"):
            return [f"warning: {_UNRECOVERABLE}"]
        if properties_of(found).get(GROUP_ROLE.name) is True:
            where = ", where its key's vault lies" if self._in_group else ""
            return [
                f"warning: its own identity has rights on its resource group{where} ({GROUP_ROLE.name} is true)"
            ]
        return []

    def body(self, known: KnownValues) -> Document:
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
        if self._sets(known):
            told[GROUP_ROLE.name] = False
        return {
            "location": wanted.location,
            "tags": dict(wanted.tags),
            "kind": "Default",
            # Its own beside ours: with user-assigned ones only it could not be recovered once it is deleted.
            "identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": told,
        }

    def _notes(self, known: KnownValues) -> list[str]:
        # No list reliably shows soft-deleted workspaces (AZ-DEL-4).
        unasked = "not checked: whether a deleted workspace still holds the name; Azure does not tell"
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
        if not self._sets(known):
            notes.append(
                f"warning: its own identity gets rights on the resource group; `{GROUP_ROLE.name}` cannot be set"
                f" in {self.wanted.location}"
            )
        return [*notes, *self._ends(known.key_version, known), unasked]

    def _ends(self, version: str, known: KnownValues) -> list[str]:
        """When the version that the workspace stands on expires, and that its rotation alone does not help."""
        expires, lasts = known.expiries.get(one_spelling(version)), self.wanted.key.expires
        if one_spelling(version) in known.expiries:
            when = f"on {expires:%Y-%m-%d}" if expires else ""
        elif version == UNKNOWN:
            when = f"{lasts} after it is made" if lasts else ""
        else:
            when = "on a day that could not be read"
        if not when:
            return []
        return [
            f"warning: it stands on one version of its key, which expires {when}; the key's rotation makes a newer"
            " version and does not move the workspace: point it there before (keyIdentifier)"
        ]


def _key_of(found: Document) -> str:
    """The key that a workspace names, with the version."""
    key = (properties_of(found).get("encryption") or {}).get("keyVaultProperties") or {}
    return str(key.get("keyIdentifier") or "")


def _spent(found: Document, known: KnownValues) -> list[str]:
    """That the version it stands on cannot be used, though the key has newer ones."""
    named = one_spelling(_key_of(found))
    expires, why = known.expiries.get(named), known.unusable.get(named, "")
    if expires is not None and expires <= datetime.now(UTC):
        why = f"expired on {expires:%Y-%m-%d}"
    if not why:
        return []
    return [
        f"The version {name_of(_key_of(found))} of its key {why}, and a rotation does not move the workspace:"
        " point it to the newest version (keyIdentifier)."
    ]


def _version(found: Document, known: KnownValues) -> list[str]:
    key = _key_of(found)
    version = name_of(key)
    if same(key, known.key_version):
        return []
    return [f"stands on version {version} of the key; the newest is {name_of(known.key_version)}"]


def _seen(found: Document, options: Mapping[str, Any]) -> list[str]:
    there = properties_of(found)
    return [
        f"its {name} stays {there.get(name)!r}"
        for name in _SEEN
        if name in options and there.get(name) != options[name]
    ]
