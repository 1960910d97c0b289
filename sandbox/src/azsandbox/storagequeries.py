"""Query parameters of the blob and the file service: those that nobody knows are refused, those not built too."""

from __future__ import annotations

from collections.abc import Mapping

from azsandbox.calls import Answer, HttpCall
from azsandbox.knownqueries import known, storage_shape
from azsandbox.refusals import storage_error

# What a shared access signature is made of (learn.microsoft.com/rest/api/storageservices: create-account-sas,
# create-service-sas, create-user-delegation-sas).
_SIGNED = frozenset(
    (
        *("sv", "ss", "srt", "sp", "se", "st", "spr", "sig", "sip", "si", "sr", "ses", "sdd", "saoid", "suoid"),
        *("scid", "skoid", "sktid", "skt", "ske", "sks", "skv", "sduoid", "skdutid"),
        *("rscc", "rscd", "rsce", "rscl", "rsct"),
    )
)
# Known, and nobody here looks at them.
_NOT_BUILT = frozenset({"versionid", "deletetype", "startfrom", "endbefore", "sharesnapshot", "prevsharesnapshot"})


def of_blobs(call: HttpCall) -> Answer | None:
    """The refusal of a query that an operation of the blob service has not, or that is not built.

    An operation that is not known is Azurite's to refuse.
    """
    query = {name.lower(): value for name, value in call.query.items()}
    container, _, blob = call.path.strip("/").partition("/")
    # A name alone is that of a blob in the root container.
    about = ("container" if not blob and "restype" in query else "blob") if container else "account"
    return _refusal("blob", call, about, query)


def of_shares(call: HttpCall) -> Answer | None:
    """The same of the file service, whose operation is known to be there."""
    kind, path = call.query.get("restype", ""), call.path.strip("/")
    return _refusal("share", call, kind or ("file" if path else "account"), call.query)


def _refusal(part: str, call: HttpCall, about: str, query: Mapping[str, str]) -> Answer | None:
    """`UnsupportedQueryParameter` is documented (common-rest-api-error-codes).

    Inferred (AZ-LOCAL-7): the services answer so whenever they do not know a name; they may pass some over.
    """
    comp = query.get("comp", "")
    if comp == "metadata" and call.method in ("GET", "HEAD"):
        # Documented reads that the clients have not, with what the other reads have (learn.microsoft.com/rest/api/
        # storageservices: get-blob-metadata, get-container-metadata, get-share-metadata and so on).
        comp = ""
    names = known(part, f"{call.method} {storage_shape(about, query.get('restype', ''), comp)}")
    if not names:
        return None
    given = {name.lower(): name for name in call.query if name.lower() not in _SIGNED}
    if strange := sorted(given.keys() - names - {"comp", "restype", "timeout"}):
        return _refused(400, "UnsupportedQueryParameter", strange)
    # Whoever reads them here reads their names in lower case.
    if strange := sorted(name for lower, name in given.items() if lower in _NOT_BUILT or name != lower):
        return _refused(501, "NotImplemented", strange)
    return None


def _refused(status: int, code: str, names: list[str]) -> Answer:
    text = "One of the query parameters specified in the request URI is not supported"
    return storage_error(status, code, f"{text}: {', '.join(names)}.")
