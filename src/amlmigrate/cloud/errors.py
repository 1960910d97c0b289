"""What Azure answers when it does not do what it was asked, in one shape for ARM and storage."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud import keytrouble
from amlmigrate.core.errors import ExitCode, MigrateError

_CUT_OFF = 408
THROTTLED = 429
_TRANSIENT = frozenset({_CUT_OFF, THROTTLED, 500, 502, 503, 504})
# Who asks for so many seconds is told of it: nobody runs the same command again at once.
_LONG = 60.0
# How Azure ML says that an asset is there and cannot become the one that was sent: by code and text, since the
# status is 400 or 409 as it pleases (AZ-ARM-2).
_TAKEN = re.compile(
    r"already exists|already registered and cannot be changed|Asset paths cannot be updated|is immutable|"
    r"ResourceExists|VersionExists|conflict restoring the secret",
    re.IGNORECASE,
)
# How it says that something else of the region has the name, in whichever workspace (AZ-WS-19).
_NAME_TAKEN = re.compile(
    r"is not available\. Reason: AlreadyExists|names? (?:needs to|must) be unique (?:with)?in|"
    r"Compute with this name already exists",
    re.IGNORECASE,
)
# Refusals for the moment that do not have a status to say so.
_FOR_NOW = frozenset({"RetryableErrorDueToAnotherOperation", "AnotherOperationInProgress", "OperationInProgress"})
# What storage says of a blob whose bytes nobody gets (`unreadable` has the words).
_SHUT = frozenset(
    (
        *("BlobArchived", "BlobBeingRehydrated"),
        *("BlobUsesCustomerSpecifiedEncryption", "BlobCustomerSpecifiedEncryptionMismatch"),
    )
)
READABLE = (
    "Have the blob readable in the source (by another tier, or written again without a key of its own) and plan"
    " again, or leave out what refers to it with --exclude."
)
_REMEDIES = {
    400: "It will be refused again as it is: fix what the service names, then run the command again.",
    401: "Sign in again, or check the tenant, client id and secret of the identity.",
    403: "Grant the identity access to this resource, or open its firewall to this machine.",
    404: "This answer does not show that it is not there: see in the portal that its subscription and group"
    " are, and that no proxy answers for Azure; wait some minutes, then run the same command again.",
}
# Of a PUT, and of a DELETE (AZ-POLICY-67).
_BY_POLICY = "RequestDisallowedByPolicy"
_EXEMPT = (
    "A policy refused it, so granting a right does not help: have whoever owns its assignment exempt this"
    " resource, then run the same command again. The assignment: {assignment}."
)
# By the code, whatever the status.
_BY_CODE = {
    **dict.fromkeys(_SHUT, READABLE),
    # AZ-RIGHT-39.
    "RoleAssignmentLimitExceeded": "The subscription has as many role assignments as it may have. Take some that"
    " nobody needs, as those of identities that were deleted (az role assignment list --all shows them without a"
    " name), then run the same command again.",
}
_ACTION = re.compile(r"perform action '([^']+)' over scope '([^']+)'")


class ServiceError(MigrateError):
    """An answer that is an error: HTTP status, the service's code and text, what was asked of what.

    `retry_after` is in seconds; None where the answer named no time. `codes` are all that the answer has: `code`,
    those of its details and those of its chain of inner errors. `cause` is `x-ms-failure-cause`: `gateway` where
    ARM itself answered.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        method: str,
        url: str,
        retry_after: float | None = None,
        codes: tuple[str, ...] = (),
        cause: str = "",
        request_id: str = "",
        policies: tuple[str, ...] = (),
    ) -> None:
        self.request_id = request_id
        self.status = status
        self.code = code
        self.codes = (code, *codes)
        self.cause = cause
        self.message = message
        self.method = method
        self.url = url
        self.retry_after = retry_after
        # Whether an attempt before this answer may have been served.
        self.doubtful = False
        # The assignments of policies that refused it, by the details of the answer.
        self.policies = policies
        # What it says of a key that cannot be used, which has the status of a missing right.
        self.key_trouble = keytrouble.of_answer(self.codes, message, url) if status == 403 else None
        remedy = self.key_trouble.remedy if self.key_trouble else self._remedy()
        super().__init__(self._sentence(), address=url, remedy=remedy)

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]  # of a variable, by what only the answer says
        """6 where the identity, a permission or the use of a key was refused, else 1."""
        return ExitCode.DENIED if self.status in (401, 403) else ExitCode.UNEXPECTED

    @property
    def transient(self) -> bool:
        """Whether the same call may go through later."""
        return self.status in _TRANSIENT or self.code in _FOR_NOW

    @property
    def unsettled(self) -> bool:
        """Whether it leaves open what was done: a refusal does not."""
        return self.status >= 500 or self.status == _CUT_OFF

    @property
    def shut(self) -> bool:
        """Whether nobody gets the bytes of the blob that was to be read, or of the source of a copy."""
        return not _SHUT.isdisjoint(self.codes)

    @property
    def taken(self) -> bool:
        """Whether something is there already that the call would change: settled by reading it."""
        return self.status in (400, 409) and bool(_TAKEN.search(f"{self.code} {self.message}"))

    @property
    def name_taken(self) -> bool:
        """Whether something else of the region has the name."""
        return self.status in (400, 409) and bool(_NAME_TAKEN.search(self.message))

    @property
    def action(self) -> str:
        """The ARM action that was refused; empty where the answer names none."""
        match = _ACTION.search(self.message)
        return match[1] if match else ""

    def _sentence(self) -> str:
        if self.key_trouble:
            return f"{self.key_trouble.says} ({self.method} was answered {self.status} {self.code})."
        if match := _ACTION.search(self.message):
            return f"Azure refused the action '{match[1]}' on '{match[2]}' ({self.status} {self.code})."
        unnamed = [one for one in self.policies if one.lower() not in self.message.lower()]
        by = f" (policy assignment {', '.join(unnamed)})" if unnamed else ""
        return f"{self.method} was answered {self.status} {self.code}: {self.message.strip().rstrip('.')}{by}."

    def _remedy(self) -> str:
        if match := _ACTION.search(self.message):
            return f"Grant a role with '{match[1]}' at '{match[2]}', wait some minutes, and run it again."
        if found := next(filter(None, map(_BY_CODE.get, self.codes)), None):
            return found
        if _BY_POLICY in self.codes:
            named = ", ".join(self.policies) or "the message names it"
            return _EXEMPT.format(assignment=named)
        if self.status in _REMEDIES and not self.transient:
            return _REMEDIES[self.status]
        if self.transient and self.retry_after and self.retry_after > _LONG:
            return f"Run the same command again in {math.ceil(self.retry_after)} s, as the service asks."
        return "Run the same command again; with --verbose it shows the whole answer."


class OutOfReachError(MigrateError):
    """No answer came: the connection failed, broke or took too long."""

    def __init__(self, reason: str, *, method: str, url: str, retried: bool = False) -> None:
        self.retried = retried
        super().__init__(
            f"{method} got no answer: {reason}.",
            address=url,
            remedy="Check the network and any proxy, then run the same command again.",
        )


class OtherBytesError(OutOfReachError):
    """A read was answered as a success, with something else than the bytes that it asked for."""

    def __init__(self, found: str, *, url: str) -> None:
        MigrateError.__init__(
            self,
            f"GET was answered with other bytes than it asked for: {found}.",
            address=url,
            remedy="Look whether a proxy on the way changes answers, then run the same command again.",
        )


class ProvisioningFailedError(ServiceError):
    """What was accepted and then did not come about, by its operation or its resource, in the service's words.

    Its status is that of a conflict, which no answer had: nothing is to be read from it.
    """

    @classmethod
    def of(cls, error: Any, *, word: str, url: str) -> ProvisioningFailedError:
        """From the `error` that the service gives, if any; `word` is the state that was told."""
        body = {"error": error} if isinstance(error, dict) and error else {}
        told = _told(body)
        code = told.code or word
        return cls(409, code, told.message, method="GET", url=without_query(url), codes=told.codes)

    def _sentence(self) -> str:
        return f"Azure accepted it, but it failed: {self.code}: {self.message.strip().rstrip('.')}."


class NotSettledError(OutOfReachError):
    """What was accepted is still under way when its time is over, or tells nothing: how it ended is not known."""

    def __init__(self, summary: str, *, url: str, told: str = "") -> None:
        self.retried = True
        word = f", and is still '{told}'" if told else ""
        MigrateError.__init__(
            self,
            f"How it ends is not known: {summary}{word}.",
            address=without_query(url),
            remedy="Look at it in the Azure portal, then run the same command again: it continues to wait.",
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """What an error answer says: code (empty: none), text, and all other codes."""

    code: str
    message: str
    codes: tuple[str, ...]
    policies: tuple[str, ...] = ()


def _told(body: Any) -> _Told:
    """Reads an ARM error answer of any of its three shapes (AZ-ARM-1)."""
    error = body.get("error", body) if isinstance(body, dict) else {}
    if not isinstance(error, dict):
        error = {}
    message = str(error.get("message") or "no message")
    details = [detail for detail in error.get("details") or () if isinstance(detail, dict)]
    for detail in details:
        if detail.get("message"):
            message = f"{message.rstrip('.')}: {detail.get('code', '')} {detail['message']}"
    codes = (*(str(detail.get("code") or "") for detail in details), *_inner(error))
    refusals = (*_violations(error), *(id_ for detail in details for id_ in _violations(detail)))
    return _Told(str(error.get("code") or ""), message, codes, tuple(dict.fromkeys(refusals)))


def of_answer(status: int, headers: Mapping[str, str], body: Any, *, method: str, url: str) -> ServiceError:
    """What an answer of ARM that is an error says."""
    told = _told(body)
    return ServiceError(
        status,
        told.code or str(status),
        told.message,
        method=method,
        url=without_query(url),
        retry_after=retry_after(headers),
        codes=told.codes,
        cause=str(headers.get("x-ms-failure-cause") or ""),
        request_id=request_id(headers),
        policies=told.policies,
    )


def _violations(error: Mapping[str, Any]) -> Iterator[str]:
    """The assignments of policies that refused it; where one has a message of its own, that alone is the text."""
    for info in error.get("additionalInfo") or ():
        match info:
            case {"type": "PolicyViolation", "info": {"policyAssignmentId": str() as id_}}:
                yield id_


def _inner(error: Mapping[str, Any]) -> Iterator[str]:
    """The codes of an answer's inner errors, outermost first, in either place that they stand in."""
    told = error.get("innerError")
    for info in error.get("additionalInfo") or ():
        if isinstance(info, dict) and info.get("type") == "InnerError":
            told = (info.get("info") or {}).get("value")
    while isinstance(told, dict):
        yield str(told.get("code") or "")
        told = told.get("innerError")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `Retry-After` or `x-ms-retry-after-ms`; a date or nonsense counts as none.

    Where Cost Management names others in headers of its own, the longest counts (AZ-COST-6).
    """
    return max((*_of_all(headers), *_of_costs(headers)), default=None)


def _of_all(headers: Mapping[str, str]) -> Iterator[float]:
    for name, unit in (("Retry-After", 1.0), ("x-ms-retry-after-ms", 0.001), ("retry-after-ms", 0.001)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0 <= seconds < math.inf:
            yield seconds
            return


def _of_costs(headers: Mapping[str, str]) -> Iterator[float]:
    """One for each of its limits."""
    for limit in ("qpu", "entity", "tenant", "client"):
        with suppress(ValueError):
            seconds = float(headers.get(f"x-ms-ratelimit-microsoft.costmanagement-{limit}-retry-after", ""))
            if 0 <= seconds < math.inf:
                yield seconds


def request_id(headers: Mapping[str, str]) -> str:
    """The service's id of a request, by which Microsoft's support finds it; empty where an answer has none.

    That of the service itself comes first, that of ARM's gateway after it (AZ-ARM-23).
    """
    names = ("x-ms-request-id", "request-id", "x-ms-correlation-request-id")
    return next((found for name in names if (found := headers.get(name))), "")


def without_query(url: str) -> str:
    """A URL without its query, where signatures stand."""
    return url.split("?", 1)[0]
