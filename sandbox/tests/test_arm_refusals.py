"""What ARM refuses, a call a row: what is there already, what is sent, and the status, code and words of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from arm_harness import GROUP, SUBSCRIPTION, WORKSPACE, ArmClient

BOUND = f"/subscriptions/{SUBSCRIPTION}"
ACCOUNTS = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
ACCOUNT = f"{ACCOUNTS}/acct"
CONTAINERS = f"{ACCOUNT}/blobServices/default/containers"
SHARES = f"{ACCOUNT}/fileServices/default/shares"
DATA = f"{WORKSPACE}/data/a/versions/1"
TAGS = f"{WORKSPACE}/providers/Microsoft.Resources/tags/default"
RULES = f"{ACCOUNT}/managementPolicies/default"
CONTAINER = {f"{CONTAINERS}/kept": {"properties": {}}}
POLICY, HOLD = f"{CONTAINERS}/kept/immutabilityPolicies/default", f"{CONTAINERS}/kept/setLegalHold"


@dataclass(frozen=True)
class Refused:
    """`given` are documents that are put before; `leaves` is a path at which nothing may be afterwards.

    Without a `body` nothing is sent; `bytes` are sent as they are.
    """

    method: str
    path: str
    body: Any = None
    status: int = 400
    code: str = ""
    says: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    leaves: str = ""


def _bad_body(body: bytes, status: int, code: str, **headers: str) -> Refused:
    return Refused("PUT", DATA, body, status, code, headers=headers, leaves=f"{WORKSPACE}/data/a")


def _put(path: str, status: int = 400, code: str = "", **properties: Any) -> Refused:
    return Refused("PUT", path, {"properties": properties}, status, code)


def _tags(operation: str, tags: dict[str, str], code: str) -> Refused:
    return Refused("PATCH", TAGS, {"operation": operation, "properties": {"tags": tags}}, 400, code)


def _rule(**more: Any) -> dict[str, Any]:
    """A lifecycle rule, but for what is said."""
    actions = {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 30}}}
    filters = {"blobTypes": ["blockBlob"], "prefixMatch": ["logs/"]}
    return {"name": "old", "type": "Lifecycle", "definition": {"actions": actions, "filters": filters}, **more}


def _keeps(days: Any) -> Refused:
    body = {"properties": {"immutabilityPeriodSinceCreationInDays": days}}
    return Refused("PUT", POLICY, body, given=CONTAINER)


def _holds(tags: Any) -> Refused:
    return Refused("POST", HOLD, {"tags": tags}, given=CONTAINER)


def _new(**properties: Any) -> Refused:
    """A workspace that lacks or names something."""
    return Refused("PUT", f"{WORKSPACE}2", ArmClient.workspace_body(**properties))


def _asks(provider: str, name: str, body: dict[str, Any]) -> Refused:
    return Refused("POST", f"{BOUND}/providers/{provider}/{name}", body)


TASK = {
    "taskId": f"{GROUP}/providers/Microsoft.StorageActions/storageTasks/tidy",
    "enabled": True,
    "description": "old ones go",
    "executionContext": {"trigger": {"type": "RunOnce", "parameters": {"startOn": "2030-01-01T00:00:00Z"}}},
    "report": {"prefix": "reports"},
}

REFUSED: dict[str, Refused] = {
    # Whatever it is about.
    "a body that breaks off": _bad_body(b'{"properties": ', 400, "InvalidRequestContent"),
    "no body": _bad_body(b"", 400, "InvalidRequestContent"),
    "a body that is a list": _bad_body(b"[1]", 400, "InvalidRequestContent"),
    "properties that are a number": _bad_body(b'{"properties": 1}', 400, "InvalidRequestContent"),
    "no properties": _bad_body(b"{}", 400, "UserError"),
    "a body that is no text": _bad_body(b"\xff\xfe", 400, "InvalidRequestContent"),
    "a body of another type": _bad_body(b"{}", 415, "UnsupportedMediaType", **{"content-type": "text/plain"}),
    "a body that is too large": _bad_body(b'"' + b"a" * 4_200_000 + b'"', 413, "RequestEntityTooLarge"),
    "PATCH of a version": Refused("PATCH", DATA, {}, 405),
    "DELETE of a collection": Refused("DELETE", f"{WORKSPACE}/data", None, 405),
    "an action that is not there": Refused("POST", DATA, {}, 404),
    "DELETE of a subscription": Refused("DELETE", BOUND, None, 405, "HttpMethodNotSupported"),
    "DELETE of a deny assignment": Refused("DELETE", f"{GROUP}/providers/Microsoft.Authorization/denyAssignments/one", None, 405, "HttpMethodNotSupported"),
    "DELETE of a region": Refused("DELETE", f"{BOUND}/providers/Microsoft.Storage/locations/eastus2", None, 405, "HttpMethodNotSupported"),
    "an asset of no workspace": Refused("GET", f"{WORKSPACE}2/models/a", None, 404, "ParentResourceNotFound"),
    "a workspace of no group": Refused("GET", f"{BOUND}/resourceGroups/none/{WORKSPACE.partition('/rg/')[2]}", None, 404, "ResourceGroupNotFound", "Resource group 'none' could not be found."),
    "a subscription that is no id": Refused("GET", "/subscriptions/none/resourceGroups", None, 400, "InvalidSubscriptionId"),
    # Tags.
    "tags: another operation": _tags("Add", {}, "InvalidTagsPatchOperation"),
    "tags: a name with a slash": _tags("Merge", {"a/b": "1"}, "InvalidTagName"),
    "tags: 51 of them": _tags("Merge", {f"t{n}": "1" for n in range(51)}, "TagsLimitExceeded"),
    "tags: 257 signs": _tags("Merge", {"a": "x" * 257}, "InvalidTagValue"),
    # What a workspace is made of.
    "a workspace: no vault": _new(keyVault=None),
    "a workspace: its account is not there": Refused("PUT", f"{WORKSPACE}2", ArmClient.workspace_body(storageAccount=f"{ACCOUNTS}/none"), 404),
    "a workspace: its account is a data lake": Refused("PUT", f"{WORKSPACE}2", ArmClient.workspace_body(storageAccount=f"{ACCOUNTS}/lake"), given={
        f"{ACCOUNTS}/lake": {"location": "eastus2", "properties": {"isHnsEnabled": True}}}),
    "a workspace: a name of one sign": Refused("PUT", f"{WORKSPACE[:-6]}a", ArmClient.workspace_body()),
    # Containers and shares.
    "a container's name": _put(f"{CONTAINERS}/a--b"),
    "a share's name": _put(f"{SHARES}/a--b"),
    "a change of no container": Refused("PATCH", f"{CONTAINERS}/missing", {"properties": {}}, 404),
    "a change of no share": Refused("PATCH", f"{SHARES}/missing", {"properties": {}}, 404),
    "a share of no size": _put(f"{SHARES}/one", shareQuota=0),
    "a share whose size is a text": _put(f"{SHARES}/one", shareQuota="5"),
    "a share of another tier": _put(f"{SHARES}/one", accessTier="Warm"),
    "a container for everybody": _put(f"{CONTAINERS}/one", 409, "PublicAccessNotPermitted", publicAccess="Blob"),
    # What an account keeps.
    **{f"blobs kept for {days} days": _put(f"{ACCOUNT}/blobServices/default", deleteRetentionPolicy={"enabled": True} | days)
       for days in ({}, {"days": 0}, {"days": 366})},
    "lifecycle: no rules": _put(RULES, policy={"rules": []}),
    "lifecycle: another type": _put(RULES, policy={"rules": [_rule(type="Other")]}),
    "lifecycle: a name with a space": _put(RULES, policy={"rules": [_rule(name="a b")]}),
    "lifecycle: one name twice": _put(RULES, policy={"rules": [_rule(), _rule(name="OLD")]}),
    "lifecycle: no actions": _put(RULES, policy={"rules": [_rule(definition={})]}),
    "lifecycle: no types": _put(RULES, policy={"rules": [_rule(definition={"actions": {"baseBlob": {}}, "filters": {}})]}),
    "lifecycle: another name": _put(f"{ACCOUNT}/managementPolicies/other", 404, policy={"rules": [_rule()]}),
    **{f"a storage task without {name}": _put(f"{ACCOUNT}/storageTaskAssignments/tidy", **{key: value for key, value in TASK.items() if key != name})
       for name in TASK},
    **{f"immutable for {days!r} days": _keeps(days) for days in (0, -1, 146_001, "3", None, True)},
    **{f"held for {tags!r:.12}": _holds(tags) for tags in ([], None, ["ab"], ["a" * 24], ["a-b"], [3])},
    # Names and keys.
    "is a name free: which": _asks("Microsoft.Storage", "checkNameAvailability", {}),
    "is a name free: of what": _asks("Microsoft.Storage", "checkNameAvailability", {"name": "x"}),
    "is a name free: of another provider": _asks("Microsoft.Storage", "checkNameAvailability", {"name": "free", "type": "Microsoft.KeyVault/vaults"}),
    "is a name free: by GET": Refused("GET", f"{BOUND}/providers/Microsoft.Storage/checkNameAvailability", None, 405),
    "would a policy deny: nothing": _asks("Microsoft.PolicyInsights", "checkPolicyRestrictions", {}),
    "would a policy deny: of no type": _asks("Microsoft.PolicyInsights", "checkPolicyRestrictions", {"resourceDetails": {"resourceContent": {}}}),
    **{f"a new key: {body}": Refused("POST", f"{ACCOUNT}/regenerateKey", body)
       for body in ({}, {"keyName": "key3"}, {"keyName": "kerb1"})},
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED)
async def test_it_is_refused(arm: ArmClient, row: Refused) -> None:
    for path, body in row.given.items():
        await arm.ok("PUT", path, body)
    await arm.error(row.status, row.method, row.path, row.body, code=row.code, says=row.says, headers=row.headers)
    if row.leaves:
        await arm.error(404, "GET", row.leaves)
    await arm.ok("GET", WORKSPACE)
