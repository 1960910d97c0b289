"""Whether there are bytes where a new model says that its files are."""

from __future__ import annotations

import re

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.providers.ml.base import WORKSPACES, WorkspaceKind

_STORED = re.compile(
    r"azureml://subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)/workspaces/"
    r"(?P<workspace>[^/]+)/datastores/(?P<datastore>[^/]+)/paths/(?P<path>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_CONTAINERS = {"AzureBlob": "containerName", "AzureDataLakeGen2": "filesystem"}


async def check_bytes(kind: WorkspaceKind, call: Call, uri: str) -> None:
    """Refuses (400) a model whose datastore is not there or has nothing at its path.

    Only what lies in containers of our accounts can be looked at: file shares, other accounts, jobs' outputs and
    registries pass. Inferred (AZ-ASSET-30): a missing datastore is refused, and its text.
    """
    match = _STORED.match(uri)
    if match is None:
        return
    subscription, group, workspace = match["subscription"], match["group"], match["workspace"]
    key = f"/subscriptions/{subscription}/resourcegroups/{group}/providers/{WORKSPACES}/{workspace}".lower()
    datastore = kind.context.store.get(f"{key}/datastores/{match['datastore'].lower()}")
    if datastore is None:
        raise kind.user_error(call, f"Could not find datastore: {match['datastore']}.")
    account = str(datastore.properties.get("accountName") or "")
    container = datastore.properties.get(_CONTAINERS.get(datastore.properties["datastoreType"], ""))
    if container and not await _holds(kind, account, str(container), match["path"]):
        raise _nothing(kind, call, f"{container}/{match['path']}")


async def _holds(kind: WorkspaceKind, account: str, container: str, path: str) -> bool:
    accounts = kind.context.accounts
    try:
        accounts.keys(account)
    except KeyError:
        return True  # an account that is not ours
    folder = path.rstrip("/")
    async for name, _ in accounts.blobs(account, container, folder):
        if name == folder or not folder or name.startswith(f"{folder}/"):
            return True
    return False


def _nothing(kind: WorkspaceKind, call: Call, path: str) -> ArmError:
    """Detail, status and inner message are reported (AZ-ASSET-29).

    Inferred (AZ-ASSET-30): the outer code, which the front end makes of the registry's as with `ModelNotFound`.
    """
    detail = ("ModelAssetPathNotFoundInStorage", f"No blobs found in storage at model asset path: {path}")
    return kind.user_error(call, "The request is invalid.", detail=detail)
