"""Entra ID at login.microsoftonline.com: what msal, azure-identity and AzCopy ask on the way to a token."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from azsandbox.messages import TENANT_ID, Request, Response
from azsandbox.principals import Directory, ServicePrincipal
from azsandbox.tokens import ISSUER, Tokens

HOST = "login.microsoftonline.com"
_ALIASES = [HOST, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
_COMMON = {"common", "organizations", "consumers"}
# Resources that the sandbox has; others do not exist in its tenant.
_SUFFIXES = (
    "management.azure.com",
    "management.core.windows.net",
    "storage.azure.com",
    ".blob.core.windows.net",
    ".file.core.windows.net",
    "vault.azure.net",
    "ml.azure.com",
    "api.azureml.ms",
    "graph.microsoft.com",
    "api.loganalytics.azure.com",
    "api.loganalytics.io",
    "containerregistry.azure.net",
)


# Entra's own words (learn.microsoft.com/entra/identity-platform/reference-error-codes).
_TEXTS = {
    70003: "The app requested an unsupported grant type '{0}'.",
    90002: (
        "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing "
        "into the correct cloud. Check with your subscription administrator, this may happen if "
        "there are no active subscriptions for the tenant."
    ),
    500011: (
        "The resource principal named {0} was not found in the tenant named azsandbox. This can "
        "happen if the application has not been installed by the administrator of the tenant or "
        "consented to by any user in the tenant. You might have sent your authentication request "
        "to the wrong tenant."
    ),
    700016: (
        "Application with identifier '{0}' was not found in the directory 'azsandbox'. This can "
        "happen if the application has not been installed by the administrator of the tenant or "
        "consented to by any user in the tenant. You may have sent your authentication request "
        "to the wrong tenant."
    ),
    900144: "The request body must contain the following parameter: '{0}'.",
    1002012: (
        "The provided value for scope {0} is not valid. Client credential flows must have a scope "
        "value with /.default suffixed to the resource identifier (application ID URI)."
    ),
    7000215: (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client "
        "secret value, not the client secret ID, for a secret added to app '{0}'."
    ),
}


class TokenRefused(Exception):
    """A token request that Entra refuses: what its error body says."""

    def __init__(self, status: int, error: str, number: int, about: str) -> None:
        self.status, self.error, self.number = status, error, number
        self.text = _TEXTS[number].format(about)
        super().__init__(self.text)


def _error_body(problem: TokenRefused) -> Response:
    # The text ends with trace id, correlation id and time, as Entra's does; msal shows it to the user.
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z"
    tail = f" Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"
    body = {
        "error": problem.error,
        "error_description": f"AADSTS{problem.number}: {problem.text}{tail}",
        "error_codes": [problem.number],
        "timestamp": moment,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://{HOST}/error?code={problem.number}",
    }
    return _json(problem.status, body)


def _json(status: int, document: object) -> Response:
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store, no-cache"}
    # (AZ-ARM-23); the trace of an error is the id of its request (Learn, v2-oauth2-client-creds-grant-flow).
    trace = document.get("trace_id") if isinstance(document, dict) else None
    headers["x-ms-request-id"] = str(trace or uuid.uuid4())
    return Response(status, json.dumps(document).encode(), headers)


class Entra:
    """One tenant; client credentials with a secret are the one way to a token."""

    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        self._directory = directory
        self._tokens = tokens

    async def handle(self, request: Request) -> Response:
        """Discovery documents, keys and tokens; the rest is 404."""
        tenant, _, rest = request.path.strip("/").partition("/")
        try:
            if rest == "discovery/instance":
                return self._instances(request.query.get("authorization_endpoint", ""))
            self._check_tenant(tenant)
            if rest in {"v2.0/.well-known/openid-configuration", ".well-known/openid-configuration"}:
                return self._configuration(tenant, version2=rest.startswith("v2.0"))
            if rest in {"discovery/v2.0/keys", "discovery/keys"}:
                return _json(200, self._tokens.public_keys())
            if rest in {"oauth2/v2.0/token", "oauth2/token"} and request.method == "POST":
                return self._token(request, version2="v2.0" in rest)
        except TokenRefused as problem:
            return _error_body(problem)
        return _json(404, {"error": "not_found", "error_description": f"Nothing at {request.path}."})

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() != TENANT_ID and tenant not in _COMMON:
            raise TokenRefused(400, "invalid_request", 90002, tenant)

    def _instances(self, endpoint: str) -> Response:
        tenant = endpoint.rsplit(f"{HOST}/", maxsplit=1)[-1].split("/", maxsplit=1)[0] or "common"
        body = {
            "tenant_discovery_endpoint": f"https://{HOST}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": HOST, "preferred_cache": "login.windows.net", "aliases": _ALIASES}],
        }
        return _json(200, body)

    def _configuration(self, tenant: str, *, version2: bool) -> Response:
        base = f"https://{HOST}/{tenant}"
        version = "/v2.0" if version2 else ""
        issuer = f"{base.replace(tenant, TENANT_ID)}/v2.0" if version2 else ISSUER
        body = {
            "token_endpoint": f"{base}/oauth2{version}/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
            ],
            "jwks_uri": f"{base}/discovery{version}/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "authorization_endpoint": f"{base}/oauth2{version}/authorize",
            "device_authorization_endpoint": f"{base}/oauth2{version}/devicecode",
            "end_session_endpoint": f"{base}/oauth2{version}/logout",
            "tenant_region_scope": "NA",
            "cloud_instance_name": "microsoftonline.com",
        }
        return _json(200, body)

    def _token(self, request: Request, *, version2: bool) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        if "grant_type" not in form:
            raise TokenRefused(400, "invalid_request", 900144, "grant_type")
        if form["grant_type"] != "client_credentials":
            raise TokenRefused(400, "unsupported_grant_type", 70003, form["grant_type"])
        principal = self._authenticate(form)
        audience = _audience(form, version2=version2)
        life = self._tokens.lifetime - 1
        token = self._tokens.issue(principal, audience)
        granted = {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}
        return _json(200, granted)

    def _authenticate(self, form: dict[str, str]) -> ServicePrincipal:
        for name in ("client_id", "client_secret"):
            if name not in form:
                raise TokenRefused(400, "invalid_request", 900144, name)
        client = form["client_id"]
        principal = self._directory.find(client)
        if principal is None:
            raise TokenRefused(400, "unauthorized_client", 700016, client)
        if not principal.knows(form["client_secret"]):
            raise TokenRefused(401, "invalid_client", 7000215, client)
        return principal


def _audience(form: dict[str, str], *, version2: bool) -> str:
    if version2:
        scope = next((part for part in form.get("scope", "").split() if "/" in part), "")
        if not scope.endswith("/.default"):
            raise TokenRefused(400, "invalid_scope", 1002012, form.get("scope", ""))
        audience = scope.removesuffix("/.default")
    else:
        audience = form.get("resource", "")
    host = audience.removeprefix("https://").strip("/")
    if not any(host == suffix.lstrip(".") or host.endswith(suffix) for suffix in _SUFFIXES):
        raise TokenRefused(400, "invalid_resource", 500011, audience)
    return audience
