"""The query parameters of the blob service: those that nobody knows are refused, those that are not built too."""

from __future__ import annotations

from collections.abc import Mapping

from azsandbox.calls import Answer, Call
from azsandbox.knownqueries import blob_shape, known
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
# Azurite takes them and does as if they were not there.
_NOT_BUILT = frozenset({"versionid", "deletetype", "startfrom", "endbefore"})
# Documented reads that the client has not: learn.microsoft.com/rest/api/storageservices/get-blob-metadata and
# get-container-metadata. In place of the operation's own.
_READ_AS = {"blob :metadata": "blob :", "container container:metadata": "container container:"}


def unknown_parameter(call: Call) -> Answer | None:
    """The refusal of a query that the operation has not; an operation that is not known is Azurite's to refuse.

    `UnsupportedQueryParameter` is documented (common-rest-api-error-codes). Inferred: that the service answers so
    whenever it does not know a name; it may pass some over.
    """
    query = {name.lower(): value for name, value in call.query.items()}
    shape = blob_shape(_about(call.path, query), query.get("restype", ""), query.get("comp", ""))
    if call.method in ("GET", "HEAD"):
        shape = _READ_AS.get(shape, shape)
    names = known("blob", f"{call.method} {shape}")
    if not names:
        return None
    given = query.keys() - _SIGNED
    if strange := sorted(given - names - {"comp", "restype", "timeout"}):
        return _refused(400, "UnsupportedQueryParameter", strange)
    if strange := sorted(given & _NOT_BUILT):
        return _refused(501, "NotImplemented", strange)
    return None


def _about(path: str, query: Mapping[str, str]) -> str:
    container, _, blob = path.strip("/").partition("/")
    if container and not blob and "restype" in query:
        return "container"
    # A name alone is that of a blob in the root container.
    return "blob" if container else "account"


def _refused(status: int, code: str, names: list[str]) -> Answer:
    text = "One of the query parameters specified in the request URI is not supported"
    return storage_error(status, code, f"{text}: {', '.join(names)}.")
