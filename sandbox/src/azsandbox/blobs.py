"""`*.blob.core.windows.net`: Azurite answers, bodies streamed both ways; the front settles who reads."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
from multidict import CIMultiDict

from azsandbox import sealedcalls
from azsandbox.azurite import KNOWN_SCOPES, Azurite
from azsandbox.calls import Answer, HttpCall
from azsandbox.copying import Refusal, Scopes, SourceCheck, delegating, known_scopes, no_scopes
from azsandbox.hierarchy import HIERARCHICAL, Hierarchy
from azsandbox.immutable import Immutability
from azsandbox.madeup import MadeUp
from azsandbox.messages import BEING_DELETED, TENANT_ID, Deletions
from azsandbox.refusals import storage_error
from azsandbox.softdelete import SoftDelete
from azsandbox.storageactions import DELETE_CONTAINER, action_of
from azsandbox.storagequeries import of_blobs
from azsandbox.tokens import BadToken, Tokens

# Bodies up to this length are read before they are passed on: one write instead of many.
_WHOLE = 1024 * 1024
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "expect", "proxy-connection", "te", "upgrade"}
_NOT_PASSED_ON = {*_HOP_BY_HOP, KNOWN_SCOPES, HIERARCHICAL}
_SERVER = "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0"
_CHALLENGE = (
    f"Bearer authorization_uri=https://login.microsoftonline.com/{TENANT_ID}/oauth2/authorize "
    "resource_id=https://storage.azure.com"
)
_UNMET = 412
_ACCEPTED = 202  # what a deletion of a container is answered
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# No name may hold a control character (learn.microsoft.com/rest/api/storageservices/
# naming-and-referencing-containers--blobs--and-metadata; Azure/azure-sdk-for-python#11577). Inferred (AZ-LOCAL-5):
# the code.
# That page forbids U+E000 and its like too. Blobs with such names are reported (Azure/azure-sdk-for-java#17616),
# and a refusal of one as well (Azure/azure-storage-node#385): here they pass.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_SUCH_URI = "The requested URI does not represent any resource on the server."
_SEE_CHALLENGE = (
    "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
)


class BlobEndpoint:
    """Passes calls on to Azurite, which checks shared keys, SAS and the claims of tokens."""

    def __init__(
        self,
        azurite: Azurite,
        tokens: Tokens,
        refuse: Refusal | None = None,
        scopes: Scopes = no_scopes,
        deletions: Deletions | None = None,
        held: Immutability | None = None,
        hierarchy: Hierarchy | None = None,
        kept: SoftDelete | None = None,
        made_up: MadeUp | None = None,
    ) -> None:
        self._made_up = made_up
        self._kept = kept
        self._deletions, self._held, self._hierarchy = deletions, held, hierarchy
        self._azurite, self._tokens, self._refuse, self._scopes = azurite, tokens, refuse, scopes
        self._source = SourceCheck(azurite, tokens, refuse, scopes)

    async def serve(self, call: HttpCall) -> Answer:
        """Answers one call of the blob service."""
        refused = malformed(call) or _unnameable(call) or self._forbidden(call) or of_blobs(call)
        if refused is None and self._made_up is not None and (made := self._made_up.answer(call)):
            return made
        if refused is None and call.method == "PUT" and "x-ms-copy-source" in call.headers:
            refused = await self._source.refusal(call)
        for keeper in (self._held, self._hierarchy, self._kept):
            if refused is None and keeper is not None:
                refused = await keeper.refusal(call)
        refused = refused or self._too_early(call)
        before = await self._kept.before(call) if self._kept and refused is None else None
        answer = refused or await self._forward(call)
        if self._kept is not None:
            await self._kept.after(call, answer, before)
        if self._deletions and answer.status == _ACCEPTED and action_of(call) == DELETE_CONTAINER:
            self._deletions.note(call.host.partition(".")[0], "containers", call.path.strip("/"))
        if self._held is not None:
            await self._held.shown(call, answer)
        if self._hierarchy is not None:
            await self._hierarchy.written(call, answer)
        return answer

    def _too_early(self, call: HttpCall) -> Answer | None:
        """409 for a container that is made anew while the last of its name is being deleted."""
        makes = call.method == "PUT" and call.query.get("restype") == "container" and "comp" not in call.query
        if not makes or self._deletions is None:
            return None
        if not self._deletions.under_way(call.host.partition(".")[0], "containers", call.path.strip("/")):
            return None
        return storage_error(409, "ContainerBeingDeleted", BEING_DELETED.format("container"))

    def _forbidden(self, call: HttpCall) -> Answer | None:
        try:
            principal = self._tokens.check(call.headers.get("Authorization"))
        except BadToken as problem:
            return unauthenticated(problem)
        if "Authorization" not in call.headers and "sig=" not in call.raw_query:
            return anonymous()
        if self._refuse is None:
            return None
        speaker = principal or delegating(call.raw_query)
        container = call.path.strip("/").partition("/")[0]
        refused = self._refuse(
            call.host.partition(".")[0], speaker, action_of(call), container, sealedcalls.of_blobs(call)
        )
        return storage_error(*refused) if refused is not None else None

    async def _forward(self, call: HttpCall) -> Answer:
        body: bytes | AsyncIterator[bytes] | None = None
        if (call.length or 0) > _WHOLE:
            body = call.pieces()
        elif call.length:
            body = await call.body(_WHOLE)
        headers = _passed_on(call.headers)
        headers.update(known_scopes(self._scopes, call.host))
        headers.update(self._hierarchy.headers(call.host) if self._hierarchy else {})
        if call.method not in {"GET", "HEAD"} and call.length == 0:
            headers["Content-Length"] = "0"
        answer = _answer(await self._azurite.request(call.method, call.host, call.target, headers, body))
        if answer.status == _UNMET and await self._nothing_there(call, headers):
            answer.discard()
            return storage_error(404, "BlobNotFound", "The specified blob does not exist.")
        if answer.status >= 400 and answer.length == 0 and call.method != "HEAD":
            return _worded(answer)
        if "x-ms-version" in call.headers:  # Azurite names its own version, Azure the one asked for
            answer.headers["x-ms-version"] = call.headers["x-ms-version"]
        return answer

    async def _nothing_there(self, call: HttpCall, headers: CIMultiDict[str]) -> bool:
        """Whether a read that is held to an ETag is of no blob; Azurite says that it is another (AZ-BLOB-27).

        Asked with a token only: a shared key signs the condition too.
        """
        if call.method not in {"GET", "HEAD"} or not headers.get("Authorization", "").startswith("Bearer "):
            return False
        free = headers.copy()
        free.popall("If-Match", None)
        found = await self._azurite.request("HEAD", call.host, call.target, free)
        found.release()
        return found.status == 404


def malformed(call: HttpCall) -> Answer | None:
    """What the storage services say to a request that is none; None for any other."""
    if _BAD_ESCAPE.search(call.raw_path):
        return storage_error(400, "InvalidUri", _NO_SUCH_URI)
    if call.length is None:
        return storage_error(411, "MissingContentLengthHeader", "Content-Length HTTP header is missing.")
    return None


def _unnameable(call: HttpCall) -> Answer | None:
    return storage_error(400, "InvalidUri", _NO_SUCH_URI) if _CONTROL.search(call.path) else None


def unauthenticated(problem: BadToken) -> Answer:
    """401 for a token that does not hold, as the storage services say it."""
    detail = {
        "ExpiredAuthenticationToken": "Lifetime validation failed. The token is expired.",
        "AudienceValidationFailed": "Audience validation failed. Audience did not match.",
    }
    message = f"{_SEE_CHALLENGE} {detail.get(problem.code, 'Signature validation failed.')}"
    return storage_error(401, "InvalidAuthenticationInfo", message, {"WWW-Authenticate": _CHALLENGE})


def anonymous() -> Answer:
    """401 with a challenge, as since version 2019-12-12; nothing in the sandbox is public."""
    return storage_error(401, "NoAuthenticationInformation", _SEE_CHALLENGE, {"WWW-Authenticate": _CHALLENGE})


def _worded(answer: Answer) -> Answer:
    """Azurite says nothing to some malformed requests; Azure always says what it is about."""
    answer.discard()
    if answer.status >= 500:
        return storage_error(answer.status, "InternalError", "Server encountered an internal error.")
    return storage_error(answer.status, "InvalidInput", "One of the request inputs is not valid.")


def _passed_on(headers: CIMultiDict[str] | aiohttp.typedefs.LooseHeaders) -> CIMultiDict[str]:
    pairs = CIMultiDict(headers)
    for name in _NOT_PASSED_ON:
        pairs.popall(name, None)
    return pairs


def _answer(response: aiohttp.ClientResponse) -> Answer:
    headers = _passed_on(response.headers)
    headers["Server"] = _SERVER
    length = headers.get("Content-Length")
    return Answer(
        response.status,
        headers,
        response.content.iter_any(),
        int(length) if length is not None else None,
        response.close,  # after the whole body was read, the connection is no longer the response's
    )
