"""In what a workspace that is there is another than the one asked for. Pure."""

from __future__ import annotations

from typing import Any

from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.keys import key_id
from amlmigrate.core.spelling import plain_region
from amlmigrate.provisioning.wanted import same

_BY_ID = ("storageAccount", "keyVault", "applicationInsights", "containerRegistry", "primaryUserAssignedIdentity")
_BY_VALUE = ("hbiWorkspace", "systemDatastoresAuthMode", "publicNetworkAccess")


def differences(found: Document, body: Document) -> list[str]:
    """In what a workspace that is there is another than the one asked for, each in a sentence. Pure."""
    there, wanted = properties_of(found), properties_of(body)
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
    if plain_region(str(found.get("location", ""))) != body["location"]:
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
    elif _unversioned(key.get("keyIdentifier")) != _unversioned(ask["keyIdentifier"]):
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
    """`https://VAULT/keys/NAME` of a key's identifier; what is none, as of one to be made, stays as it is."""
    found = key_id(identifier)
    return found.key if found else str(identifier or "")
