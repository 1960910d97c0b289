"""Who may make a call of the file service: by bearer token, shared key, or signature."""

from __future__ import annotations

from collections.abc import Callable

from azsandbox import sealedcalls
from azsandbox.blobs import anonymous, unauthenticated
from azsandbox.calls import Answer, HttpCall
from azsandbox.copying import Refusal
from azsandbox.messages import Principal
from azsandbox.refusals import storage_error
from azsandbox.shares import sas, sharedkey
from azsandbox.shares.errors import ShareError, bad_header, missing_header
from azsandbox.shares.places import Place
from azsandbox.shares.rights import right_for
from azsandbox.tokens import BadToken, Tokens

_INTENT = "x-ms-file-request-intent"
# The audiences that storage takes: its own two names, and the account's host.
_AUDIENCES = {"https://storage.azure.com", "e406a681-f3d4-42a8-90b6-c2b029497af1"}


class Authorization:
    """Knows tokens and keys; `refuse` says what roles and the account's own state forbid."""

    def __init__(
        self, tokens: Tokens, keys: Callable[[str], tuple[str, str]], refuse: Refusal | None = None
    ) -> None:
        self._tokens, self._keys, self._refuse = tokens, keys, refuse

    def refusal(self, call: HttpCall, place: Place) -> Answer | None:
        """What a caller without the right is told, else None. Raises Refused, which says the like."""
        try:
            principal = self._tokens.check(call.headers.get("Authorization"))
            self._check(call, place, principal)
        except BadToken as problem:
            return unauthenticated(problem)
        if principal is None and "Authorization" not in call.headers and "sig" not in call.query:
            return anonymous()
        if self._refuse is None:
            return None
        action, sealed = right_for(call, place).action, sealedcalls.of_files(call, place.share)
        refused = self._refuse(place.account, principal, action, place.share, sealed)
        return storage_error(*refused) if refused is not None else None

    def _check(self, call: HttpCall, place: Place, principal: Principal | None) -> None:
        if principal is not None:
            _check_token(call, principal)
        elif "Authorization" in call.headers:
            if not sharedkey.is_signed(call, place.account, self._keys_of(place.account)):
                raise ShareError("AuthenticationFailed")
        elif "sig" in call.query:
            sas.check(call, place, right_for(call, place), self._keys_of(place.account))

    def _keys_of(self, account: str) -> tuple[str, ...]:
        try:
            return self._keys(account)
        except KeyError:
            return ()


def _check_token(call: HttpCall, principal: Principal) -> None:
    """A token has to be for storage, and its bearer has to say that file permissions are to be passed over."""
    if principal.audience.rstrip("/") not in _AUDIENCES | {f"https://{call.host}"}:
        raise BadToken("AudienceValidationFailed", "Audience validation failed. Audience did not match.")
    intent = call.headers.get(_INTENT)
    if not intent:
        raise missing_header(_INTENT)
    if intent.lower() != "backup":
        raise bad_header(_INTENT, intent)
