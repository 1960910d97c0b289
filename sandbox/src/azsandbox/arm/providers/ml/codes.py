"""Codes: snapshots of source, found by hash, uploaded to containers of their own."""

from __future__ import annotations

import secrets
import string
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import action
from azsandbox.arm.providers.ml.base import NAMESPACE
from azsandbox.arm.providers.ml.containers import ContainerKind
from azsandbox.arm.providers.ml.longrunning import guid
from azsandbox.arm.providers.ml.versions import VersionKind, common, rest
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_LETTERS = string.ascii_lowercase + string.digits


@register
class CodeContainers(ContainerKind):
    """`workspaces/codes`."""

    type = f"{NAMESPACE}/workspaces/codes"

    def missing(self, call: Call) -> ArmError:
        """404; not recorded, in the form of a component's (AZ-ABSENT-12)."""
        return self.user_error(
            call, f"Not found code {call.name}.", status=404, inner=("NotFound", "CodeNotFound")
        )


@register
class Codes(VersionKind):
    """`workspaces/codes/versions`."""

    type = f"{NAMESPACE}/workspaces/codes/versions"

    def no_container(self, call: Call, name: str) -> ArmError:
        """404; not recorded, in the form of a component's (AZ-ABSENT-12)."""
        return self.user_error(call, f"Not found code {name}.", status=404, inner=("NotFound", "CodeNotFound"))

    def filled(self, call: Call, sent: dict[str, Any]) -> dict[str, Any]:
        """`isAnonymous` is stored as false whatever is sent (AZ-ASSET-14)."""
        properties = common(sent, tags={}, properties={}) | {
            "isAnonymous": False,
            "codeUri": sent.get("codeUri"),
        }
        return properties | rest(sent, properties)

    def shown(self, call: Call, record: Record, properties: dict[str, Any]) -> dict[str, Any]:
        """`provisioningState` from 2023-04-01 on."""
        return properties | ({"provisioningState": "Succeeded"} if call.api_version >= "2023-04-01" else {})

    def check_same(self, call: Call, new: dict[str, Any], old: Record) -> None:
        """Another hash, or another place without one, is refused; the same hash keeps the first place
        (AZ-ASSET-24)."""
        before = old.properties
        hashes = [(each.get("properties") or {}).get("hash_sha256") for each in (new, before)]
        if new["codeUri"] != before["codeUri"] and (hashes[0] != hashes[1] or not hashes[0]):
            # Status of the recorded refusals of its kind; the text is what azure-ai-ml looks for.
            raise self.user_error(call, "Asset paths cannot be updated.")
        new["codeUri"] = before["codeUri"]

    def terms(self, call: Call, properties: dict[str, Any]) -> tuple[str, ...]:
        """Found by its hash within the workspace."""
        found = (properties.get("properties") or {}).get("hash_sha256")
        return (_hash_term(self.workspace(call), found),) if found else ()

    async def list(self, call: Call) -> Response:
        """With `hash`: the codes of that hash, whatever their name; an empty list when there is none.

        Inferred (AZ-ASSET-25): `hashVersion` leaves out codes that say another `hash_version`.
        """
        wanted = call.query.get("hash")
        if not wanted:
            return await super().list(call)
        version = call.query.get("hashversion")
        found = self.context.store.find(_hash_term(self.workspace(call), wanted))
        shown = [record for record in found if version in (None, _hash_version(record, version))]
        return answer(200, {"value": [self.view(call, record) for record in shown]})

    @action("POST", "startPendingUpload")
    async def start_pending_upload(self, call: Call) -> Response:
        """A new container at every call and a SAS for it; the code need not exist (AZ-ASSET-15)."""
        workspace = self.workspace(call)
        account_id = str(workspace.properties["storageAccount"])
        account = account_id.rsplit("/", 1)[1].lower()
        container = f"{workspace.properties['workspaceId']}-" + "".join(
            secrets.choice(_LETTERS) for _ in range(26)
        )
        await self.context.accounts.create_container(account, container)
        sas = self.context.accounts.container_sas(account, container, permissions="rcwl", hours=24)
        host = f"{account}.blob.core.windows.net"
        document = {
            "blobReferenceForConsumption": {
                "blobUri": f"https://{host}:443/{container}",
                "storageAccountArmId": account_id,
                "credential": {"credentialType": "SAS", "sasUri": f"https://{host}/{container}?{sas}"},
            },
            "pendingUploadId": guid(),
            "pendingUploadType": "None",
        }
        return answer(200, document)


def _hash_version(record: Record, otherwise: str | None) -> str | None:
    said = (record.properties.get("properties") or {}).get("hash_version")
    return otherwise if said is None else str(said)


def _hash_term(workspace: Record, value: str) -> str:
    return f"code-hash {workspace.key} {value}"
