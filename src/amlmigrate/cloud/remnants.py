"""What a container holds that a listing of its blobs does not show: snapshots, versions, holds."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

from amlmigrate.cloud.blobs import Blobs
from amlmigrate.core.workspace import Location

_ASKED = {"restype": "container", "include": "snapshots,versions,immutabilitypolicy,legalhold"}


async def remnants(blobs: Blobs, place: Location) -> Counter[str]:
    """How many of what; empty when there is nothing but what a listing shows, or no container.

    Raises ServiceError 404 `ContainerNotFound`.
    """
    found = _of_container(await blobs.listed(Location(place.account, ""), {"prefix": place.container}), place)
    marker = ""
    while True:
        page = _root(await blobs.listed(Location(place.account, place.container), {**_ASKED, "marker": marker}))
        for blob in page.iterfind("Blobs/Blob"):
            found += _of_blob(blob)
        marker = page.findtext("NextMarker") or ""
        if not marker:
            return found


def _of_container(page: bytes, place: Location) -> Counter[str]:
    names = {"HasLegalHold": "legal holds on it", "HasImmutabilityPolicy": "immutability policies on it"}
    return Counter(
        what
        for one in _root(page).iterfind("Containers/Container")
        if one.findtext("Name") == place.container
        for tag, what in names.items()
        if one.findtext(f"Properties/{tag}") == "true"
    )


def _of_blob(blob: ElementTree.Element) -> Counter[str]:
    # With versioning switched on each blob has a version that is the blob itself.
    older = blob.find("VersionId") is not None and blob.findtext("IsCurrentVersion") != "true"
    return +Counter(
        {
            "snapshots": int(blob.find("Snapshot") is not None),
            "earlier versions": int(older),
            "blobs under a legal hold": int(blob.findtext("Properties/LegalHold") == "true"),
            "blobs under an immutability policy": int(
                blob.find("Properties/ImmutabilityPolicyUntilDate") is not None
            ),
        }
    )


def _root(data: bytes) -> ElementTree.Element:
    # The service's own answer over TLS; expat bounds what its entities may grow to.
    return ElementTree.fromstring(data)  # noqa: S314
