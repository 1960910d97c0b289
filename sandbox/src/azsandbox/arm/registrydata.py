"""The data plane of container registries, behind `*.azurecr.io`: tokens, and a list of repositories without any.

A registry's tokens are opaque to its clients; here they are those of Entra. Which words it refuses with while its
key cannot be used is not known (AZ-LOCAL-2); that it refuses lists too is inferred (AZ-KEY-42).
"""

from __future__ import annotations

from urllib.parse import parse_qs

from azsandbox.arm import following
from azsandbox.arm.context import Context
from azsandbox.arm.customerkeys import principal_of
from azsandbox.arm.store import Record
from azsandbox.messages import Request, Response

_TYPE = "microsoft.containerregistry/registries"
_PULL = "Microsoft.ContainerRegistry/registries/pull/read"
_TOKENS = {
    "/oauth2/exchange": ("access_token", "refresh_token"),
    "/oauth2/token": ("refresh_token", "access_token"),
}


class RegistryData:
    """Answers for every registry."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def handle(self, request: Request) -> Response:
        """The answer to one request."""
        registry = self._registry(request.host)
        if registry is None:
            return _refused(404, "NOT_FOUND", "The registry is not found.")
        if request.method == "POST" and request.path in _TOKENS:
            return _exchanged(request)
        if request.method != "GET" or request.path != "/acr/v1/_catalog":
            return _refused(404, "NOT_FOUND", "The sandbox's registries have no images.")
        why = self._why_not(request, registry)
        return _refused(*why) if why else Response.of_json(200, {"repositories": None})

    def _why_not(self, request: Request, registry: Record) -> tuple[int, str, str] | None:
        """Why the repositories are not listed."""
        if request.principal is None:
            return 401, "UNAUTHORIZED", "authentication required, visit https://aka.ms/acr/authorization"
        self._context.access.welcome(request.principal.object_id)
        if not self._context.access.granted(request.principal.object_id, _PULL, registry.key):
            return 403, "DENIED", "requested access to the resource is denied"
        return (
            (403, "DENIED", "The registry's customer-managed key is not accessible.")
            if self._shut(registry)
            else None
        )

    def _registry(self, host: str) -> Record | None:
        every = self._context.store.of_type(_TYPE)
        return next((one for one in every if one.properties["loginServer"] == host and not one.gone), None)

    def _shut(self, registry: Record) -> bool:
        key = (registry.properties.get("encryption") or {}).get("keyVaultProperties") or {}
        if not key.get("keyIdentifier"):
            return False
        told = following.shown(
            self._context, key["keyIdentifier"], key, following.REGISTRY_SHOWN, following.REGISTRY_SECONDS
        )
        used = str(told.get(following.REGISTRY_SHOWN) or key["keyIdentifier"])
        who = principal_of(self._context, registry.document, None, key.get("identity"))
        return self._context.keys.trouble(used, who, "unwrapKey") is not None


def _exchanged(request: Request) -> Response:
    """A token for another: what is sent comes back by its other name."""
    takes, gives = _TOKENS[request.path]
    form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    if form.get("grant_type") != takes or form.get("service") != request.host or not form.get(takes):
        return _refused(400, "BAD_REQUEST", "The request is not valid.")
    return Response.of_json(200, {gives: form[takes]})


def _refused(status: int, code: str, message: str) -> Response:
    return Response.of_json(status, {"errors": [{"code": code, "message": message}]})
