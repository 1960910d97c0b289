"""A key that is disabled or expired is called that wherever a 403 says so, and no right is asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.builders.errors import refusal

from amlmigrate.cloud.errors import ServiceError, of_answer
from amlmigrate.core.errors import ExitCode
from amlmigrate.posture.reading import Read, tried
from amlmigrate.posture.unproven import unread

KEY = "https://kv-keys.vault.azure.net/keys/cmk/0123456789abcdef0123456789abcdef"
CHINA = "https://kv.vault.azure.cn/keys/cmk"


def _vault(operation: str, state: str, code: str, url: str = KEY) -> ServiceError:
    message = f"Operation {operation} is not allowed on {state}."
    return refusal(403, code, message, method="POST", url=f"{url}/{operation}")


def _wrapped(inner: str) -> ServiceError:
    """The vault's answer within that of another service, as it is seen of one (azure-powershell#22898)."""
    text = (
        f'Invalid permissions on the specified KeyVault. Wrapped Message: Status code 403, {{"error":{{"code":"Forbidden",'
        f'"message":"no","innererror":{{"code":"{inner}"}}}}}}'
    )
    return refusal(403, "PERMISSION_DENIED", text, method="PUT", url="https://management.azure.com/x")


def _of_workspace(inner: str) -> ServiceError:
    body: dict[str, Any] = {
        "error": {
            "code": "Forbidden",
            "message": f"The workspace 'w' cannot be accessed because its customer-managed key '{KEY}' cannot be used.",
            "innerError": {"code": "CustomerManagedKeyNotAccessible", "innerError": {"code": inner}},
        }
    }
    return of_answer(403, {}, body, method="GET", url="https://management.azure.com/w")


@pytest.mark.parametrize(
    ("error", "says", "does"),
    [
        (
            _vault("unwrapKey", "a disabled key", "KeyDisabled"),
            f"'{KEY}' is disabled",
            f"--id {KEY} --enabled true",
        ),
        (_vault("unwrapKey", "a disabled key", "Forbidden"), f"'{KEY}' is disabled", "--enabled true"),
        (
            _vault("wrapKey", "an expired key", "KeyExpired", CHINA),
            f"'{CHINA}' has expired",
            f"--id {CHINA} --expires",
        ),
        (_vault("sign", "a key that is not yet valid", "KeyNotYetValid"), "is not valid yet", "--not-before"),
        (_wrapped("KeyDisabled"), "is disabled", "--enabled true"),
        (_wrapped("KeyExpired"), "has expired", "--expires"),
        (_of_workspace("KeyDisabled"), f"'{KEY}' is disabled", "--enabled true"),
        (_of_workspace("KeyVaultAccessForbidden"), f"'{KEY}' cannot be used", "migrate doctor"),
    ],
)
def test_a_key_that_says_so_itself_is_called_that(error: ServiceError, says: str, does: str) -> None:
    assert says in error.summary and does in error.remedy
    assert (
        "Grant" not in error.remedy and "permission" not in error.summary.replace("PERMISSION_DENIED", "").lower()
    )
    assert str(error.status) in error.summary and error.code in error.summary


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("KeyVaultEncryptionKeyNotFound", "disabled, deleted or out of its time"),
        ("KeyVaultVaultNotFound", "its vault cannot be found"),
        ("KeyVaultAccessTokenCannotBeAcquired", "gets no token"),
    ],
)
def test_storage_says_less_and_no_more_is_said(code: str, says: str) -> None:
    error = refusal(403, code, "The key vault key is not found.", url="https://a.blob.core.windows.net/c/b")
    assert error.summary.startswith("The customer's key that this is encrypted with cannot be used")
    assert says in error.summary and "Grant" not in error.remedy and error.exit_code is ExitCode.DENIED


@pytest.mark.parametrize(
    "error",
    [
        refusal(403, "ForbiddenByRbac", "Caller is not authorized to perform action", url=KEY),
        refusal(403, "AccessDenied", "does not have keys get permission on key vault 'kv'", url=KEY),
        refusal(403, "ForbiddenByFirewall", "Client address is not authorized", url=KEY),
        refusal(403, "AuthorizationFailed", "no right to 'x/keydisabledtests/read'"),
        refusal(
            403, "KeyOperationForbidden", "Operation wrapKey is not permitted on this key.", method="POST", url=KEY
        ),
        refusal(404, "KeyNotFound", "A key with (name/id) cmk was not found", url=KEY),
        refusal(409, "KeyVaultKeyError", "The key is on a disabled key", method="PUT"),
    ],
)
def test_no_other_refusal_is_taken_for_it(error: ServiceError) -> None:
    assert error.key_trouble is None
    assert "is disabled" not in error.summary and "has expired" not in error.summary


def test_what_could_not_be_read_for_a_key_asks_for_no_right() -> None:
    async def refused() -> None:
        raise _of_workspace("KeyDisabled")

    read: Read[None] = asyncio.run(tried(refused()))
    (claim,) = unread(["key.wraps"], "/w", "the computes", read, "x/computes/read")
    assert "is disabled" in claim.summary and "--enabled true" in claim.remedy and "Grant" not in claim.remedy
    assert "missing" not in claim.evidence
