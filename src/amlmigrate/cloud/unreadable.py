"""Which answers to a read are about one blob, whose bytes cannot be had while those of others can, and why.

Of 403 only codes that are about a blob are named: a firewall, a missing role or a key of the account shuts all of
them. Lists of the same container were answered before, for which it takes the same right: who is refused a blob
then has rights below it, as by access lists of a hierarchical namespace or by conditions of a role.
"""

from __future__ import annotations

from amlmigrate.cloud.errors import READABLE, ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.errors import UnreadableError

# learn.microsoft.com, "Blob Storage error codes"; those of keys are recorded (azure-sdk-for-js, storage-blob).
_WHY = {
    "BlobArchived": "it is in the archive tier",
    "BlobBeingRehydrated": "it is being brought back from the archive tier",
    "BlobUsesCustomerSpecifiedEncryption": "it is encrypted with a key that its writer sent along",
    "BlobCustomerSpecifiedEncryptionMismatch": "it is encrypted with another key than was sent along",
    "BlobNotFound": "it was deleted since it was listed",
    "ConditionNotMet": "it was written since it was listed",
    "AuthorizationPermissionMismatch": "the identity may not read it",
    # Inferred (AZ-BLOB-7): a scope which is disabled has this code.
    "EncryptionScopeDisabled": "its encryption scope is disabled",
}
_OF_ONE = (404, 409, 412, 416)
_REFUSED = 403


def why(error: ServiceError) -> str:
    """Why nobody gets the bytes that were asked for; empty where the answer is not about this one blob."""
    # Of the source of a copy the service says so in a header of its own.
    found = next((_WHY[code] for code in error.codes if code in _WHY), "")
    # Another operation that is under way is no property of the blob.
    if error.transient or (error.status == _REFUSED and not found):
        return ""
    if error.status in (*_OF_ONE, _REFUSED):
        return f"{found} ({error.status} {error.code})" if found else f"{error.status} {error.code}"
    return ""


def refuse(blob: Blob, url: str) -> None:
    """Raises UnreadableError for one that shows by itself that no copy gets its bytes."""
    if blob.shut:
        summary = f"A blob cannot be read, and so not be copied: {blob.shut}."
        raise UnreadableError(summary, why=blob.shut, address=url, remedy=READABLE)
