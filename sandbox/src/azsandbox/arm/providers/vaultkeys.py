"""Microsoft.KeyVault: keys by the control plane, which makes and shows them, and changes none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.keystore.errors import VaultError
from azsandbox.arm.kinds import Kind
from azsandbox.arm.logs import notices
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.arm.vault import bundles
from azsandbox.arm.vault.keychanges import ChangingKeys
from azsandbox.messages import Response

_VAULTS = "microsoft.keyvault/vaults"


def _shown(keys: ChangingKeys, key: Record, version: Record) -> dict[str, Any]:
    hidden = version.hidden
    attributes = bundles.attributes(keys, version)
    attributes.pop("recoverableDays")
    properties = {
        "attributes": {**attributes, "exportable": False},
        "kty": hidden["spec"]["kty"],
        "keyOps": hidden["ops"],
        "keyUri": bundles.key_id(keys, key),
        "keyUriWithVersion": bundles.key_id(keys, key, version),
    }
    if "crv" in hidden["spec"]:
        properties["curveName"] = hidden["spec"]["crv"]
    else:
        properties["keySize"] = hidden["spec"]["key_size"]
    if key.hidden.get("policy"):
        properties["rotationPolicy"] = key.hidden["policy"]
    return properties


class _KeyKind(Kind):
    def keys(self, call: Call) -> ChangingKeys:
        """The keys of the vault of the call."""
        return ChangingKeys(self.context, call.ancestor(_VAULTS))

    def document(self, call: Call, key: Record, version: Record, shown: Record) -> dict[str, Any]:
        """`shown` with what is known of the version."""
        keys = self.keys(call)
        head = {**shown.document, "location": keys.vault.document["location"], "tags": version.hidden["tags"]}
        return {**head, "properties": _shown(keys, key, version)}

    async def delete(self, call: Call) -> Response:
        """Keys are deleted in the vault itself."""
        raise self.unsupported(call)


@register
class VaultKeys(_KeyKind):
    """`Microsoft.KeyVault/vaults/keys`."""

    type = "Microsoft.KeyVault/vaults/keys"

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """The newest version, under the key's name."""
        return self.document(call, record, self.keys(call).version(record), record)

    def listed(self, call: Call) -> Sequence[Record]:
        """The keys of the vault."""
        return self.keys(call).all()

    async def put(self, call: Call) -> Response:
        """Makes the first version; a key that is there is answered as it is (documented: no write)."""
        keys, properties = self.keys(call), object_of(call.body(), "properties")
        key = self.find(call)
        if key is None:
            spec = {
                "kty": properties.get("kty"),
                "key_size": properties.get("keySize"),
                "crv": properties.get("curveName"),
            }
            try:
                await keys.create(
                    call.name,
                    spec,
                    ops=properties.get("keyOps"),
                    attributes=properties.get("attributes"),
                    tags=call.body().get("tags"),
                )
            except VaultError as error:
                raise _as_arm(error) from error
            key = self.require(call)
            if isinstance(properties.get("rotationPolicy"), dict):
                keys.set_policy(key, properties["rotationPolicy"])
        return answer(200, self.view(call, key))


@register
class VaultKeyVersions(_KeyKind):
    """`Microsoft.KeyVault/vaults/keys/versions`."""

    type = "Microsoft.KeyVault/vaults/keys/versions"

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """One version."""
        key = call.ancestor("microsoft.keyvault/vaults/keys")
        return self.document(call, key, record, record)


def _as_arm(error: VaultError) -> ArmError:
    return gateway(error.status, error.code, error.message)


@register
class VaultAccessPolicies(Kind):
    """`vaults/{name}/accessPolicies/{add|replace|remove}`."""

    type = "Microsoft.KeyVault/vaults/accessPolicies"

    async def put(self, call: Call) -> Response:
        """Adds permissions, replaces or removes them, for each object id named."""
        vault = call.ancestor(_VAULTS)
        how = call.name.lower()
        if how not in {"add", "replace", "remove"}:
            raise gateway(400, "BadRequest", f"The operation kind '{call.name}' is not valid.")  # AZ-LOCAL-2
        sent = object_of(call.body(), "properties").get("accessPolicies")
        if not isinstance(sent, list):
            raise gateway(400, "BadRequest", "The property accessPolicies is missing.")  # AZ-LOCAL-2
        policies = list(vault.properties.get("accessPolicies") or [])
        before = policies
        for entry in sent:
            policies = _changed(policies, entry, how)
        vault.document = {**vault.document, "properties": {**vault.properties, "accessPolicies": policies}}
        self.context.store.put(vault)
        if policies != before:
            notices.policies_changed(self.context, vault)
        document = {
            "id": f"{vault.id}/accessPolicies/",
            "type": self.type,
            "location": vault.document["location"],
            "properties": {"accessPolicies": policies},
        }
        return answer(200, document)


def _who(entry: dict[str, Any]) -> tuple[str, str]:
    return str(entry.get("objectId") or "").lower(), str(entry.get("applicationId") or "").lower()


def _changed(policies: list[dict[str, Any]], entry: dict[str, Any], how: str) -> list[dict[str, Any]]:
    old = next((each for each in policies if _who(each) == _who(entry)), None)
    others = [each for each in policies if _who(each) != _who(entry)]
    before = (old or {}).get("permissions") or {}
    given = entry.get("permissions") or {}
    if how == "replace":
        return [*others, entry]
    if how == "remove" and not given:
        return others
    permissions = {}
    for kind in {**before, **given}:
        had, named = before.get(kind) or [], given.get(kind) or []
        lower = {str(each).lower() for each in (had if how == "add" else named)}
        if how == "add":
            permissions[kind] = [*had, *(each for each in named if str(each).lower() not in lower)]
        else:
            permissions[kind] = [each for each in had if str(each).lower() not in lower]
    if how == "remove" and not any(permissions.values()):
        return others
    return [*others, {**(old or entry), "permissions": permissions}]
