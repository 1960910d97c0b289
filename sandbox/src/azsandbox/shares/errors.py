"""What the file service refuses, in its own codes and words (learn.microsoft.com, "Azure Files error codes")."""

from __future__ import annotations

from azsandbox.calls import Answer
from azsandbox.messages import BEING_DELETED
from azsandbox.refusals import storage_error

# Status and text by code; those not seen in recordings of Azure/azure-sdk-for-python are the documented ones.
_TEXTS = {
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
        "correctly including the signature.",
    ),
    "AuthorizationPermissionMismatch": (
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    "AuthorizationProtocolMismatch": (
        403,
        "This request is not authorized to perform this operation using this protocol.",
    ),
    "AuthorizationResourceTypeMismatch": (
        403,
        "This request is not authorized to perform this operation using this resource type.",
    ),
    "AuthorizationServiceMismatch": (
        403,
        "This request is not authorized to perform this operation using this service.",
    ),
    "Crc64Mismatch": (
        400,
        "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.",
    ),
    "DirectoryNotEmpty": (409, "The specified directory is not empty."),
    "InvalidContinuationToken": (400, "The specified continuation token is invalid."),
    "InvalidFileOrDirectoryPathName": (400, "The file or directory path is too long."),
    "InvalidHeaderValue": (400, "The value for one of the HTTP headers is not in the correct format."),
    "InvalidInput": (400, "One of the request inputs is not valid."),
    "InvalidMetadata": (
        400,
        "The metadata specified is invalid. It has characters that are not permitted.",
    ),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    # Misspelled by the service.
    "InvalidResourceName": (400, "The specifed resource name contains invalid characters."),
    "Md5Mismatch": (
        400,
        "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    ),
    "LeaseAlreadyPresent": (409, "There is already a lease present."),
    "LeaseIdMismatchWithLeaseOperation": (
        409,
        "The lease ID specified did not match the lease ID for the resource with the specified lease operation.",
    ),
    "LeaseIdMismatchWithFileOperation": (
        412,
        "The lease ID specified did not match the lease ID for the file.",
    ),
    "LeaseIdMissing": (
        412,
        "There is currently a lease on the resource and no lease ID was specified in the request.",
    ),
    "LeaseNotPresentWithLeaseOperation": (409, "There is currently no lease on the resource."),
    "MissingRequiredHeader": (400, "An HTTP header that's mandatory for this request is not specified."),
    "NotImplemented": (501, "The requested operation is not implemented on the specified resource."),
    "OutOfRangeInput": (400, "One of the request inputs is out of range."),
    "OutOfRangeQueryParameterValue": (
        400,
        "One of the query parameters specified in the request URI is outside the permissible range.",
    ),
    "ParentNotFound": (404, "The specified parent path does not exist."),
    "ReadOnlyAttribute": (409, "The specified resource is read-only and cannot be modified at this time."),
    "RequestBodyTooLarge": (413, "The request body is too large and exceeds the maximum permissible limit."),
    "ResourceAlreadyExists": (409, "The specified resource already exists."),
    "ResourceNotFound": (404, "The specified resource does not exist."),
    "ResourceTypeMismatch": (
        409,
        "The specified resource type does not match the type of the existing resource.",
    ),
    "ShareAlreadyExists": (409, "The specified share already exists."),
    "ShareBeingDeleted": (409, BEING_DELETED.format("share")),
    "ShareNotFound": (404, "The specified share does not exist."),
    "SourceConditionNotMet": (
        412,
        "The source condition specified using HTTP conditional header(s) is not met.",
    ),
    "UnsupportedHeader": (400, "One of the headers specified in the request is not supported."),
}


class ShareError(Exception):
    """A call that the service does not carry out; `details` are elements of the error beside its message."""

    def __init__(self, code: str, **details: str) -> None:
        super().__init__(code)
        self.code, self.details = code, details

    def answer(self) -> Answer:
        """The error as it is sent."""
        status, text = _TEXTS[self.code]
        return storage_error(status, self.code, text, details=self.details)


def bad_header(name: str, value: str) -> ShareError:
    """400 that names a header and the value that is none."""
    return ShareError("InvalidHeaderValue", HeaderName=name, HeaderValue=value)


def missing_header(name: str) -> ShareError:
    """400 that names the header that is missing."""
    return ShareError("MissingRequiredHeader", HeaderName=name)
