"""Why Azure refused, in the service's own words, and what to do about it."""

from __future__ import annotations

import re

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.armid import name_of
from amlmigrate.core.errors import DeniedError, IncompleteError, MigrateError, RefusedError

_POLICY = re.compile(r'"policyAssignment"\s*:\s*\{[^{}]*?"name"\s*:\s*"([^"]+)"')
_DEFINITION = re.compile(r'"policyDefinition"\s*:\s*\{[^{}]*?"name"\s*:\s*"([^"]+)"')
_OWN_RIGHTS = re.compile(r"perform action '", re.IGNORECASE)
# A key that the service cannot use yet. Storage says KeyVaultAuthenticationFailure; of Azure ML and the
# registry no text is recorded. Inferred (AZ-KEY-21): whatever speaks of a vault or of wrapping, and of access,
# counts.
_LATE = re.compile(
    r"wrap\s?key|unwrap|KeyVaultAuthenticationFailure|ForbiddenBy(Rbac|Policy)|"
    r"(permission|access|authentic|authoriz|forbidden).{0,160}(key\s?vault|\bkey\b)|"
    r"(key\s?vault|\bkey\b).{0,160}(permission|access denied|no access|authentic|authoriz|forbidden)",
    re.IGNORECASE | re.DOTALL,
)
# These say of the key itself that it cannot be used; no waiting helps.
_SPENT = re.compile(r"disabled key|expired key|not yet valid|KeyDisabled|KeyExpired|KeyNotYetValid", re.IGNORECASE)
_DENIED = "disallowed by policy"
_NEVER_LATE = ("RequestDisallowedByPolicy", "RoleAssignmentExists", "ScopeLocked")
_TAKEN = ("VaultAlreadyExists", "StorageAccountAlreadyTaken", "AlreadyInUse")
_PURGED = "purge protection"


def is_late(error: BaseException) -> bool:
    """Whether a refusal may only say that a grant has not arrived yet."""
    if not isinstance(error, ServiceError) or error.status not in (400, 403, 409, 412):
        return False
    if error.code == "PrincipalNotFound":
        return True  # an identity that was just made is not known everywhere yet
    text = error.message.lower()
    if error.code in _NEVER_LATE or _OWN_RIGHTS.search(text) or _PURGED in text or _DENIED in text:
        return False
    told = f"{error.code} {error.message}"
    return bool(_LATE.search(told)) and not _SPENT.search(told)


def is_denied(error: ServiceError) -> bool:
    """Whether a policy is why something is refused."""
    return error.code == "RequestDisallowedByPolicy" or _DENIED in error.message.lower()


def explained(error: ServiceError, id_: str, instead: str = "") -> MigrateError:
    """The error with its remedy; what provisioning knows nothing of stays as it is.

    `instead` is what somebody else has to do where a right of whoever runs this is missing.
    """
    if instead and error.status == 403 and error.action:
        return DeniedError(error.summary, address=id_, remedy=instead)
    if is_late(error):
        return IncompleteError(
            f"The identity's right to use the key did not arrive in time: {error.message.strip()}",
            address=id_,
            remedy="Run the same command again, or give it longer with --wait MINUTES; what was done is kept.",
        )
    found = _remedy(error, name_of(id_))
    if found is None:
        return error
    summary, remedy = found
    return RefusedError(f"{summary}: {error.message.strip()}", address=id_, remedy=remedy)


def _remedy(error: ServiceError, name: str) -> tuple[str, str] | None:
    """What happened and what to do, by the first rule that fits."""
    text = error.message.lower()
    if is_denied(error):
        return f"{_policies(error.message)} denies it", _COMPLY
    if error.code in _TAKEN:
        return "The name is taken", "Names of this kind are the world's: choose another one in the file."
    found = next(
        (rule for rule in _RULES if any(sign in f"{error.code.lower()} {text}" for sign in rule[0])), None
    )
    return (found[1], found[2].replace("NAME", name)) if found else None


_COMPLY = "Change the file so that it complies, or ask whoever owns the policy for an exemption."
# Signs in the code or the text, what they mean, what to do.
_RULES = (
    (
        ("soft-deleted workspace",),
        "A soft-deleted workspace holds the name",
        "Recover it in the portal (Azure Machine Learning, Recently deleted), or purge it: az rest -m delete "
        "--url '/subscriptions/.../workspaces/NAME?api-version=2024-04-01&forceToPurge=true'; or "
        "choose another name.",
    ),
    (
        ("deleted state", "deleted but recoverable"),
        "Something deleted holds the name",
        "Recover it (az keyvault recover --name NAME, az keyvault key recover), or purge it if its vault has no "
        "purge protection; or choose another name.",
    ),
    (
        (_PURGED,),
        "The vault is not fit for a key of Azure ML",
        "Turn its purge protection on; it cannot be turned off again.",
    ),
    # AZ-LOG-13.
    (
        ("is already used in diagnostic setting",),
        "Another diagnostic setting sends the same category to the same place",
        "Have its owner let that one send the whole audit log, or remove it.",
    ),
    (
        ("invalidresourcelocation", "same region"),
        "It is in another region",
        "Name another resource in the file, or its region in `location`.",
    ),
)


def _policies(message: str) -> str:
    names = _POLICY.findall(message) + _DEFINITION.findall(message)
    told = ", ".join(f"'{name}'" for name in dict.fromkeys(names))
    return f"The policy {told}" if told else "A policy"
