"""Which action, in the words of Azure's roles, a call of the blob service is."""

from __future__ import annotations

from azsandbox.calls import HttpCall

# learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory, "Permissions for calling
# data operations".
_SERVICE = "Microsoft.Storage/storageAccounts/blobServices"
_CONTAINERS = f"{_SERVICE}/containers"
DELETE_CONTAINER = f"{_CONTAINERS}/delete"
_BLOBS = f"{_CONTAINERS}/blobs"


def action_of(call: HttpCall) -> str:
    """The action of a call; the one that its roles must grant."""
    query = call.query
    container, _, blob = call.path.strip("/").partition("/")
    if query.get("comp") == "userdelegationkey":
        return f"{_SERVICE}/generateUserDelegationKey/action"
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(call.method, "write")
    if query.get("comp") == "tags":
        return f"{_BLOBS}/tags/{verb}"
    if blob or (query.get("restype") == "container" and query.get("comp") == "list"):
        return f"{_BLOBS}/{verb}"
    if container:
        return f"{_CONTAINERS}/{verb}"
    return f"{_CONTAINERS}/read" if query.get("comp") == "list" else f"{_SERVICE}/{verb}"
