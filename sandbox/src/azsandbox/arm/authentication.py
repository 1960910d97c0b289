"""Who asks: a token of the local Entra for ARM's audience, or 401 as ARM answers it."""

from __future__ import annotations

from azsandbox.arm.errors import ArmError, gateway
from azsandbox.messages import Principal, Request

_AUDIENCES = (
    "https://management.core.windows.net",
    "https://management.azure.com",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",  # the application id of the same resource, in v2 tokens
)


def authenticate(request: Request) -> Principal:
    """The caller. Raises ArmError 401 `InvalidAuthenticationToken` with `WWW-Authenticate`."""
    principal = request.principal
    if principal is None:
        if "authorization" not in request.headers:
            raise _refused("Authentication failed. The 'Authorization' header is missing.")
        raise _refused("The access token is invalid.")
    if principal.audience.rstrip("/") not in _AUDIENCES:
        # The text is ours (AZ-LOCAL-3).
        raise _refused(
            "The access token has been obtained for wrong audience or resource "
            f"'{principal.audience}'. It should exactly match with one of the allowed audiences "
            "'https://management.core.windows.net/','https://management.core.windows.net',"
            "'https://management.azure.com/','https://management.azure.com'.",
            principal.tenant_id,
        )
    return principal


def _refused(message: str, tenant: str = "common") -> ArmError:
    challenge = (
        f'Bearer authorization_uri="https://login.microsoftonline.com/{tenant}", error="invalid_token", '
        f'error_description="{message}"'
    )
    return gateway(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})
