"""`*.file.core.windows.net`: file shares, of which the sandbox has none."""

from __future__ import annotations

from multidict import CIMultiDict

from azsandbox.calls import Answer, Call
from azsandbox.refusals import storage_error
from azsandbox.tokens import BadToken, Tokens

_EMPTY = (
    '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://{host}/">'
    "<Shares /><NextMarker /></EnumerationResults>"
)


class FileShares:
    """Lists no shares; whatever is asked of a share is not there."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def serve(self, call: Call) -> Answer:
        """Answers one call of the file service."""
        try:
            self._tokens.check(call.headers.get("Authorization"))
        except BadToken as problem:
            return storage_error(401, "InvalidAuthenticationInfo", problem.message)
        if call.path == "/" and call.query.get("comp") == "list":
            headers = CIMultiDict({"Content-Type": "application/xml", "x-ms-version": "2023-11-03"})
            return Answer(200, headers, _EMPTY.format(host=call.host).encode())
        if call.method in {"PUT", "POST", "PATCH"}:
            return storage_error(501, "NotImplemented", "The local Azure has no file shares.")
        return storage_error(404, "ShareNotFound", "The specified share does not exist.")
