"""What is to be done with one blob, and what came of it: plain values, which another process may be handed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from amlmigrate.bytes.searching import SearchResult
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Blob
from amlmigrate.core.file_rewrite import AnewFile
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import Copied
from amlmigrate.core.places import Places
from amlmigrate.core.workspace import Location


@dataclass(frozen=True, slots=True)
class RewriteTask:
    """A file that is written anew as a whole: what was planned of it, and what it is worked out with."""

    file: AnewFile
    mapping: Mapping


@dataclass(frozen=True, slots=True)
class CopyTask:
    """Bring a blob to the target. `blob` is the source's as it shall be there, with the ETag that was listed.

    `replaces` is the ETag of the tool's own copy that may be written over; without it nothing is. `data`: what is
    written in place of the source's bytes. `asked_before`: an earlier run asked for it and was cut off, so that
    what appears there is its own.
    """

    source: Location
    blob: Blob
    target: Location
    replaces: str | None = None
    data: bytes | None = None
    anew: RewriteTask | None = None
    asked_before: bool = False


@dataclass(frozen=True, slots=True)
class RelabelTask:
    """Give a copy of the tool's own, `twin`, the tier and the tags of its source."""

    blob: Blob
    target: Location
    twin: Blob


@dataclass(frozen=True, slots=True)
class CompareTask:
    """Read both, and see whether they hold the same bytes; `known` is what that shows to be the tool's own."""

    source: Location
    blob: Blob
    target: Location
    twin: Blob
    known: Copied | None = None


@dataclass(frozen=True, slots=True)
class DeleteTask:
    """Delete what is in the target, if it still is the version that was listed."""

    target: Location
    etag: str


@dataclass(frozen=True, slots=True)
class DigestTask:
    """Read a blob of one side and hash it; with `places` also count what of it leads to places of the source.

    `md5`: whether its MD5 is wanted too.
    """

    place: Location
    blob: Blob
    of_source: bool
    places: Places | None = None
    md5: bool = True


Task = CopyTask | RelabelTask | CompareTask | DeleteTask | DigestTask


class End(StrEnum):
    """How a task ended. What is about no single blob is no end: it is raised."""

    DONE = "done"
    # Another one is there, or the service refuses this one: it is left alone.
    LEFT = "left"
    # Nobody reads it.
    SHUT = "shut"
    # It was to stop, and goes on from there another time.
    HALFWAY = "halfway"


@dataclass(frozen=True, slots=True)
class Digested:
    """SHA-256 in hex, MD5 in base64 where it was wanted; `found` is what searching came to."""

    sha256: str
    md5: str | None
    found: SearchResult | None = None
    # A file with all that no list shows of it.
    shown: Blob | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a task. `path` is the target's, of a digest that of the blob; `why` says why it is not done.

    `copied` is what is the tool's own by now; `false_label`: the blob is not what its label in the source says.
    """

    path: str
    end: End = End.DONE
    why: str = ""
    copied: Copied | None = None
    false_label: bool = False
    digested: Digested | None = None
    # Of what could not be read for want of a right: the answer.
    refused: ServiceError | None = None
