"""The service for `*.vault.azure.net`: who asks, which vault, which operation, may they; then it is done."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from azsandbox.arm.context import Context
from azsandbox.arm.firewall import CLIENT_ADDRESS
from azsandbox.arm.keystore.errors import VaultError, bad_parameter, unauthenticated
from azsandbox.arm.keystore.keys import find_vault
from azsandbox.arm.keystore.rights import check_network, may_use, not_authorized
from azsandbox.arm.logs.rows import VaultUse, note
from azsandbox.arm.store import Record
from azsandbox.arm.vault.calls import VaultCall, operation_of
from azsandbox.arm.vault.keychanges import ChangingKeys
from azsandbox.arm.vault.operations import RULES, VaultRule
from azsandbox.arm.vault.secret_operations import SECRET_RULES
from azsandbox.arm.vault.transfers import TRANSFERS, named_by
from azsandbox.calls import Gone
from azsandbox.knownqueries import known, path_shape
from azsandbox.messages import Principal, Request, Response

_log = logging.getLogger(__name__)
_VERSION = re.compile(r"(7\.\d+|\d{4}-\d{2}-\d{2})(-preview[.\d]*)?$")
_RULES = {**RULES, **TRANSFERS, **SECRET_RULES}
# What of a path is no part of a key's or secret's identifier.
_BELOW = re.compile(
    r"/(?:deleted)?(?:keys|secrets)/[^/]+(/[0-9a-f]{32})?/(versions|create|rotate|rotationpolicy|backup|recover|encrypt|decrypt|sign|verify"
    r"|wrapkey|unwrapkey)/?$",
    re.IGNORECASE,
)
_LISTS = re.compile(r"/(?:deleted)?secrets(?:/[^/]+/versions)?/?")
_AUDIENCES = ("https://vault.azure.net", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093")


class VaultService:
    """Answers for every vault."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def handle(self, request: Request) -> Response:
        """The answer to one request. Raises Gone where no vault is: such a host cannot be resolved."""
        vault = find_vault(self._context, request.host.partition(".")[0])
        if vault is None:
            raise Gone
        try:
            response = await self._answer(request, vault)
        except VaultError as error:
            response = error.response()
        except Exception:  # noqa: BLE001 (a client never sees a traceback, and the sandbox goes on)
            _log.exception("%s %s", request.method, request.path)
            response = VaultError(500, "InternalServerError", "An internal error occurred.").response()
        response.headers |= {
            "x-ms-keyvault-region": str(vault.document["location"]),
            "x-ms-keyvault-service-version": "1.9.0.0",
            "x-ms-keyvault-network-info": f"conn_type=Ipv4;addr={CLIENT_ADDRESS};act_as_addr_family=InterNetwork;",
        }
        return response

    async def _answer(self, request: Request, vault: Record) -> Response:
        principal = _authenticated(request)
        query = {name.lower(): value for name, value in request.query.items()}
        if not _VERSION.match(query.get("api-version", "")):
            raise bad_parameter("api-version must be specified")  # AZ-LOCAL-6
        operation = operation_of(request.method, request.path)
        _check_query(request.method, request.path, query)
        rule = _RULES.get(operation.shape)
        if rule is None:
            raise VaultError(405, "MethodNotAllowed", f"{request.method} is not allowed there.")  # AZ-LOCAL-6
        try:
            self._check(vault, principal, rule, operation.name)
            keys, now = ChangingKeys(self._context, vault), self._context.clock.now()
            response = await rule.handler(VaultCall(request, principal, keys, operation, now))
        except VaultError as error:
            self._note(request, vault, principal, rule, error.status)
            raise
        self._note(request, vault, principal, rule, response.status)
        return response

    def _note(self, request: Request, vault: Record, principal: Principal, rule: VaultRule, status: int) -> None:
        """Writes the call to the vault's audit log; its key is named as the path names it (AZ-LOG-7).

        A restore is named by what is in the backup.
        """
        uri = f"https://{request.host}{request.path}"
        named = request.path.rpartition("/")[0] if _BELOW.search(request.path) else request.path
        if rule.logged in ("KeyRestore", "SecretRestore"):
            named = f"/{rule.area}/{named_by(self._context, request) or 'restore'}"
        use = VaultUse(
            rule.logged,
            f"https://{request.host}{named}",
            principal.object_id,
            principal.app_id,
            status,
            uri,
            request.headers.get("user-agent", ""),
        )
        note(self._context, vault, use)

    def _check(self, vault: Record, principal: Principal, rule: VaultRule, key: str) -> None:
        access, who = self._context.access, principal.object_id
        access.welcome(who)
        check_network(vault, principal)
        if not may_use(access, vault, who, rule.action, rule.permission, key=key, area=rule.area):
            raise not_authorized(access, vault, principal, rule.action, rule.permission, key, rule.area)


def _check_query(method: str, path: str, query: Mapping[str, str]) -> None:
    """Raises VaultError 400 for a parameter that the operation does not have.

    Inferred (AZ-LOCAL-7): a vault refuses it, and its words.
    """
    names = known("vault", f"{method} {path_shape(path)}")
    if method == "GET" and _LISTS.fullmatch(path.lower()):
        names |= {"maxresults"}  # learn rest/api/keyvault/secrets
    paging = {"$skiptoken"} if "maxresults" in names else set()  # of the vault's own links to the next page
    for name in query:
        if name not in names | paging | {"api-version"}:
            raise bad_parameter(f"The query parameter '{name}' is not supported.")


def _authenticated(request: Request) -> Principal:
    """The caller. Raises VaultError 401 with the challenge."""
    if request.principal is None:
        raise unauthenticated("AKV10000: Request is missing a Bearer or PoP token.")
    if request.principal.audience.rstrip("/") not in _AUDIENCES:
        raise unauthenticated(
            f"AKV10022: Invalid audience. Expected https://vault.azure.net, found: {request.principal.audience}."
        )
    return request.principal
