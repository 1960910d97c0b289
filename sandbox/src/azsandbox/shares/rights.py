"""What a call of the file service needs: for a SAS its level and permission, for a role the action."""

from __future__ import annotations

from dataclasses import dataclass

from azsandbox.calls import HttpCall
from azsandbox.shares.places import Place

# learn.microsoft.com, "Create an account SAS", and the data actions of the roles "Storage File Data Privileged
# Reader" and "Contributor".
_SERVICE = "Microsoft.Storage/storageAccounts/fileServices"
_VERBS = {"GET": "read", "HEAD": "read", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Right:
    """`level` is `s`, `c` or `o` (service, share, file); any one of the `permissions` will do."""

    level: str
    permissions: str
    action: str


def right_for(call: HttpCall, place: Place) -> Right:
    """What has to be granted for a call."""
    query, verb = call.query, _VERBS.get(call.method, "write")
    listing = query.get("comp") == "list"
    permissions = {"read": "l" if listing else "r", "delete": "d"}.get(verb, "w" if "comp" in query else "cw")
    if not place.share:
        return Right("s", permissions, f"{_SERVICE}/shares/{verb}" if listing else f"{_SERVICE}/{verb}")
    if query.get("comp") == "filepermission":
        return Right("c", permissions, f"{_SERVICE}/fileshares/files/{verb}")
    if query.get("restype") == "share":
        return Right("c", permissions, f"{_SERVICE}/shares/{verb}")
    return Right("o", permissions, f"{_SERVICE}/fileshares/files/{verb}")
