"""Lets a Service, which takes and gives whole bodies, answer for a host."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from multidict import CIMultiDict

from azsandbox.calls import Answer, HttpCall, TooLarge
from azsandbox.messages import TENANT_ID, Request, Response, Service
from azsandbox.refusals import arm_error, too_large
from azsandbox.tokens import BadToken, Tokens

BODY_LIMIT = 4 * 1024 * 1024  # what ARM takes at most, by its documented limits

_UNKNOWN = "x-azsandbox-unknown-route"  # how a service says, for the log only, that nothing of it answers there


class ServiceEndpoint:
    """Reads the body, asks the service, adds the headers that every answer of Azure has."""

    def __init__(
        self,
        service: Service,
        tokens: Tokens,
        *,
        location: str = "eastus2",
        refuse: Callable[[BadToken], Answer] | None = None,
    ) -> None:
        self._service, self._tokens, self._location = service, tokens, location
        self._refuse = refuse or _bad_token

    async def serve(self, call: HttpCall) -> Answer:
        """Answers one call; a token that does not hold is refused here, in ARM's words or by `refuse`."""
        try:
            principal = self._tokens.check(call.headers.get("Authorization"))
        except BadToken as problem:
            return _dressed(call, self._refuse(problem), self._location)
        try:
            body = await call.body(BODY_LIMIT)
        except TooLarge:
            return _dressed(call, too_large(call.host, BODY_LIMIT), self._location)
        response = await self._service.handle(
            Request(
                method=call.method,
                host=call.host,
                path=call.path,
                query=call.query,
                headers={name.lower(): value for name, value in call.headers.items()},
                body=body,
                principal=principal,
                raw_target=call.target,
            )
        )
        return _dressed(call, _from(response), self._location)


def _from(response: Response) -> Answer:
    return Answer(response.status, CIMultiDict(response.headers), response.body)


def vault_bad_token(problem: BadToken) -> Answer:
    """401 of a vault, with the challenge that its clients learn tenant and resource from."""
    challenge = (
        f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://vault.azure.net"'
    )
    message = f"[BearerReadAccessTokenFailed] Error validating token: {problem.message}"
    return arm_error(401, "Unauthorized", message, {"WWW-Authenticate": challenge})


def _bad_token(problem: BadToken) -> Answer:
    challenge = 'Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token"'
    return arm_error(401, problem.code, problem.message, {"WWW-Authenticate": challenge})


def _dressed(call: HttpCall, answer: Answer, location: str) -> Answer:
    if answer.headers.popall(_UNKNOWN, None):
        call.note["unknown_route"] = True
    request_id = str(uuid.uuid4())
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    defaults = {
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": call.headers.get("x-ms-correlation-request-id", request_id),
        "x-ms-routing-request-id": f"{location.upper()}:{stamp}:{request_id}",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
    }
    if "x-ms-client-request-id" in call.headers and call.headers.get("x-ms-return-client-request-id") == "true":
        defaults["x-ms-client-request-id"] = call.headers["x-ms-client-request-id"]
    for name, value in defaults.items():
        answer.headers.setdefault(name, value)
    return answer
