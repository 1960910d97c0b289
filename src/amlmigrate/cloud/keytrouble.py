"""What a refusal says of a key: that it is disabled, expired, not valid yet, or cannot be used otherwise.

Such an answer has the status of a missing right, 403, and no right that anybody grants helps. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_VAULT_SAYS = "az keyvault key set-attributes --id {id}"
# A key's identifier, in whichever cloud its vault or managed HSM is.
_KEY = re.compile(
    r"https://[a-z0-9-]+\.(?:vault|managedhsm)\.[a-z.]+(?::443)?/keys/[a-z0-9-]+(?:/[0-9a-f]{32})?", re.IGNORECASE
)
# Who uses it may take an hour to see that it is back (AZ-KEY-5).
_HOUR = " It may take an hour to count."


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a key, in words that go on from its name, and what to do."""

    says: str
    remedy: str


# The vault's own inner codes: `Operation unwrapKey is not allowed on a disabled key.`, KeyDisabled (AZ-KEY-1).
# Inferred (AZ-KEY-2): the codes of expired keys and of those that are not valid yet are formed alike.
_DISABLED = Trouble(
    "is disabled",
    f"Enable that version again ({_VAULT_SAYS} --enabled true), then run the same command again.{_HOUR}",
)
_EXPIRED = Trouble(
    "has expired",
    f"Give that version a later expiry date ({_VAULT_SAYS} --expires DATE), or make a new version and put what"
    f" uses the key under it; then run the same command again.{_HOUR}",
)
_EARLY = Trouble(
    "is not valid yet",
    f"Give that version an earlier start date ({_VAULT_SAYS} --not-before DATE), or wait for it; then run the"
    " same command again.",
)
_LOOK = "Look at the key and its vault (`migrate doctor` checks those of a workspace), fix what is wrong"
# Storage's (learn.microsoft.com: common-rest-api-error-codes; customer-managed-keys-overview, "Revoke access").
# It says the first for a disabled key as well as for a deleted one: which, only the vault knows. Inferred
# (AZ-KEY-3): one out of its time may be it too.
_NOT_FOUND = Trouble(
    "cannot be used: it is disabled, deleted or out of its time, or the identity that uses it has no right to it",
    f"{_LOOK}, then run the same command again.{_HOUR}",
)
_NO_VAULT = Trouble(
    "cannot be used: its vault cannot be found",
    "If the vault was deleted, bring it back (az keyvault recover), then run the same command again.",
)
_NO_TOKEN = Trouble(
    "cannot be used: the identity that uses it gets no token, as one that was deleted or is of another tenant",
    f"{_LOOK}, the identity too, then run the same command again.",
)
_CODES = {
    "keydisabled": _DISABLED,
    "keyexpired": _EXPIRED,
    "keynotyetvalid": _EARLY,
    "keyvaultencryptionkeynotfound": _NOT_FOUND,
    "keyvaultvaultnotfound": _NO_VAULT,
    "keyvaultaccesstokencannotbeacquired": _NO_TOKEN,
    # Inferred (AZ-KEY-4): what Azure ML answers of a workspace whose key cannot be used.
    "customermanagedkeynotaccessible": _NOT_FOUND,
}
# Services that stand between hand the vault's answer on inside their message, sentence and codes (seen of another
# one: Azure/azure-powershell#22898).
_WORDS = (
    (re.compile(r"\bon a disabled key\b|\bKeyDisabled\b", re.IGNORECASE), _DISABLED),
    (re.compile(r"\bon an expired key\b|\bKeyExpired\b", re.IGNORECASE), _EXPIRED),
    (re.compile(r"\bon a key that is not yet valid\b|\bKeyNotYetValid\b", re.IGNORECASE), _EARLY),
)


def of_answer(codes: Iterable[str], message: str, url: str) -> Trouble | None:
    """What a 403 says of a key; None where it says nothing of any. The words of the key itself come first."""
    named = _KEY.search(message) or _KEY.search(url)
    by_word = next((trouble for pattern, trouble in _WORDS if pattern.search(message)), None)
    by_code = [_CODES[code.lower()] for code in codes if code.lower() in _CODES]
    # Of two codes the inner one is the nearer to the key.
    found = by_word or (by_code[-1] if by_code else None)
    if found is None:
        return None
    key = named[0] if named else ""
    what = f"The key '{key}'" if key else "The customer's key that this is encrypted with"
    return Trouble(f"{what} {found.says}", found.remedy.replace("{id}", key or "KEY"))
