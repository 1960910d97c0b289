"""Credentials: azure-identity's, one for each side, chosen by the options that every command has."""

from __future__ import annotations

import base64
import json
import logging
import time
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.identity import AzureAuthorityHosts
from azure.identity.aio import DefaultAzureCredential

from amlmigrate.cloud.errors import request_id, without_query
from amlmigrate.cloud.translating import signed_in
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, DeniedError
from amlmigrate.core.identity import Identity


@dataclass(frozen=True, slots=True)
class Cloud:
    """One of Azure's clouds: its hosts."""

    name: str
    authority: str
    arm: str
    storage_suffix: str
    vault_suffix: str
    # learn.microsoft.com/graph/deployments
    graph: str
    # AZ-LOG-1
    logs: str
    # azure-cli-core, `cloud.py`: acr_login_server_endpoint.
    registry_suffix: str
    # azure-ai-ml 1.35 `_azure_environments.py`, REGISTRY_DISCOVERY_ENDPOINT: a region's host is below it.
    ml_suffix: str


# The one that every client takes without being told.
PUBLIC = "AzureCloud"
# azure-identity 1.25 `AzureAuthorityHosts`, and the clouds of the Azure CLI (azure-cli-core, `cloud.py`).
CLOUDS = {
    "AzureCloud": Cloud(
        "AzureCloud",
        AzureAuthorityHosts.AZURE_PUBLIC_CLOUD,
        "https://management.azure.com",
        "core.windows.net",
        "vault.azure.net",
        "https://graph.microsoft.com",
        "https://api.loganalytics.azure.com",
        "azurecr.io",
        "api.azureml.ms",
    ),
    "AzureUSGovernment": Cloud(
        "AzureUSGovernment",
        AzureAuthorityHosts.AZURE_GOVERNMENT,
        "https://management.usgovcloudapi.net",
        "core.usgovcloudapi.net",
        "vault.usgovcloudapi.net",
        "https://graph.microsoft.us",
        "https://api.loganalytics.us",
        "azurecr.us",
        "api.ml.azure.us",
    ),
    "AzureChinaCloud": Cloud(
        "AzureChinaCloud",
        AzureAuthorityHosts.AZURE_CHINA,
        "https://management.chinacloudapi.cn",
        "core.chinacloudapi.cn",
        "vault.azure.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://api.loganalytics.azure.cn",
        "azurecr.cn",
        "api.ml.azure.cn",
    ),
}
_log = logging.getLogger(__name__)
# The ids of the answers to the sign-in that is under way.
_ANSWERS: ContextVar[list[str] | None] = ContextVar("answers", default=None)
STORAGE_SCOPE = "https://storage.azure.com/.default"


@dataclass(frozen=True, slots=True)
class Login:
    """What the user said about signing in; what is left out is `DefaultAzureCredential`'s to find."""

    tenant: str | None = None
    client_id: str | None = None
    cloud: str = "AzureCloud"

    @property
    def endpoints(self) -> Cloud:
        """The hosts of the cloud. Raises BadInputError for an unknown one."""
        if self.cloud not in CLOUDS:
            raise BadInputError(f"'{self.cloud}' is not a cloud.", remedy=f"Use one of {', '.join(CLOUDS)}.")
        return CLOUDS[self.cloud]

    def options(self) -> dict[str, str]:
        """What `DefaultAzureCredential` is told."""
        found = {"authority": self.endpoints.authority}
        if self.client_id:
            found |= {
                "managed_identity_client_id": self.client_id,
                "workload_identity_client_id": self.client_id,
            }
        if self.tenant:
            found |= {"workload_identity_tenant_id": self.tenant}
        return found


class Credential(AsyncTokenCredential):
    """`DefaultAzureCredential` with its errors in the tool's own words, and its tokens kept until they run out."""

    def __init__(self, login: Login) -> None:
        self._tenant = login.tenant
        self._arm = f"{login.endpoints.arm}/.default"
        self._vault = f"https://{login.endpoints.vault_suffix}/.default"
        self._fresh = partial(
            DefaultAzureCredential,
            **login.options(),
            additionally_allowed_tenants=["*"],
            raw_response_hook=_answered,
        )
        self._inner = self._fresh()
        self._replaced: list[DefaultAzureCredential] = []
        self._tokens: dict[tuple[str, ...], AccessToken] = {}

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """A token for the scopes. Raises DeniedError where it is refused, OutOfReachError for no answer."""
        challenge = kwargs.get("claims")
        known = self._tokens.get(scopes)
        if known and not challenge and known.expires_on - time.time() > 300:
            return known
        if self._tenant:
            kwargs.setdefault("tenant_id", self._tenant)
        answers = list[str]()
        before = _ANSWERS.set(answers)
        try:
            token = await signed_in(scopes[0], lambda: self._inner.get_token(*scopes, **kwargs))
        finally:
            _ANSWERS.reset(before)
        self._tokens[scopes] = token
        # The answer that brought it was the last; a token of another program, as of the Azure CLI, was in none.
        _log.info("Signed in for %s", scopes[0], extra={"request_id": answers[-1] if answers else ""})
        return token

    async def identity(self) -> Identity:
        """Who signed in, by the claims of the token for ARM. Raises DeniedError where it names nobody."""
        return _identity((await self.get_token(self._arm)).token)

    async def tenant(self) -> str:
        """The Entra tenant that the token for ARM is from; empty where it does not say."""
        return str(_claims((await self.get_token(self._arm)).token).get("tid") or "")

    @property
    def data_scopes(self) -> tuple[str, str]:
        """What tokens for the data planes are asked for: storage's and the vaults'."""
        return STORAGE_SCOPE, self._vault

    def forget(self, authorization: str) -> None:
        """Drops the token of an `Authorization` header that a service has refused, unless that was done already.

        azure-identity keeps tokens too, and has no way to make it forget one: another one takes its place.
        """
        refused = [scopes for scopes, kept in self._tokens.items() if authorization == f"Bearer {kept.token}"]
        for scopes in refused:
            del self._tokens[scopes]
            self._replaced.append(self._inner)
            self._inner = self._fresh()

    async def close(self) -> None:
        """Ends the connections."""
        for one in (*self._replaced, self._inner):
            await one.close()

    async def __aenter__(self) -> Credential:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _answered(found: Any) -> None:
    """Logs an answer to a sign-in, with the service's id of it (AZ-ARM-23). Its query and body hold secrets."""
    asked, answer = found.http_request, found.http_response
    answers, given = _ANSWERS.get(), request_id(answer.headers)
    if answers is not None:
        answers.append(given)
    _log.info(
        "%s %s was answered %s",
        asked.method,
        without_query(asked.url),
        answer.status_code,
        extra={"request_id": given},
    )


def _identity(token: str) -> Identity:
    """Claims `oid`, `tid`, of a person `upn` or `unique_name`, of an application `appid` (version 2: `azp`).

    The token came from Entra over TLS just now, so its signature is not checked again. Never part of a message.
    """
    try:
        claims = _claims(token)
        object_id = str(claims["oid"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise DeniedError(
            "The token does not say who signed in: it has no object id.",
            remedy="Sign in with an identity of the Entra tenant of the workspace.",
        ) from None
    person = next((claims[key] for key in ("upn", "unique_name", "preferred_username") if claims.get(key)), "")
    app = str(claims.get("appid") or claims.get("azp") or "")
    return Identity(object_id, str(person), app, str(claims.get("tid") or ""))


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def signed(by: By, credential: Credential) -> By:
    """The same with who signed in; without where the token names nobody, as one of another issuer than Entra."""
    try:
        return by.signed(await credential.identity())
    except DeniedError:
        # Whoever may not sign in at all is refused at the first call.
        return by
