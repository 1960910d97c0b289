"""What a user says of a sandbox, and what the sandbox says to its clients: options and environment."""

from __future__ import annotations

from dataclasses import dataclass

from azsandbox.messages import SUBSCRIPTION_ID, TENANT_ID
from azsandbox.principals import Directory
from azsandbox.state import StateFolder


@dataclass(frozen=True, slots=True)
class Options:
    """How a sandbox behaves: `arm_limits` is `real`, `off` or `xN`; `latency_ms` goes on every request,
    a new role assignment counts after `role_delay` seconds, and `capture` keeps every exchange with ARM."""

    arm_limits: str = "real"
    latency_ms: float = 0.0
    port: int = 0
    location: str = "eastus2"
    role_delay: float = 0.0
    capture: bool = False


def environment(state: StateFolder, port: int) -> dict[str, str]:
    """What a client's environment must hold; empty values overrule what was there."""
    owner, secret = Directory(state).owner()
    proxy = f"http://127.0.0.1:{port}"
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": "",
        "no_proxy": "",
        # Nothing else can be reached by way of the proxy.
        "SSL_CERT_FILE": str(state.ca_certificate),
        "REQUESTS_CA_BUNDLE": str(state.ca_certificate),
        "NODE_EXTRA_CA_CERTS": str(state.ca_certificate),  # beside those that Node brings along
        "AZURE_TENANT_ID": TENANT_ID,
        "AZURE_CLIENT_ID": owner.client_id,
        "AZURE_CLIENT_SECRET": secret,
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
        "AZSANDBOX_STATE": str(state.root),
    }
