"""Findings about blobs that a plan copies: each is looked at as it goes by, and only the first few are named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from amlmigrate.bytes.listings import goal_path, renamed_on_the_way
from amlmigrate.core.asset import ARCHIVE_TIER, Blob
from amlmigrate.core.few import many
from amlmigrate.core.finding import Finding, Severity
from amlmigrate.core.limits import LARGEST_BLOB
from amlmigrate.core.plan import Bytes
from amlmigrate.core.workspace import Service, address_of

_NAMED = 3
_ONE = {"are": "is", "have": "has", "would": "would"}
# learn.microsoft.com, "Naming and referencing containers, blobs, and metadata".
_LONGEST, _DEEPEST = 1_024, 254
_SHOWN = 60
_LEAVE_OUT = "or leave out what refers to them with --exclude."
_LONGEST_URL, _LONGEST_SUFFIX = 2_048, "core.usgovcloudapi.net"


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said of some blobs below a place, as `are in the archive tier`, and how each is named.

    `says` begins with a verb of `_ONE`, which one blob has another form of. `named` gives '' for all other blobs.
    """

    severity: Severity
    named: Callable[[Bytes, Blob], str]
    says: str
    remedy: str
    code: str

    def of(self, amount: Bytes, blobs: Iterable[Blob]) -> list[Finding]:
        """What is to be told of some blobs."""
        seen = SeenBlobs(self, amount)
        for blob in blobs:
            seen.look(blob)
        return list(seen.findings())


@dataclass(slots=True)
class SeenBlobs:
    """Those of the blobs seen so far of which it is said: how many, and how the first few are named."""

    remark: Remark
    amount: Bytes
    count: int = 0
    # By rank: the first few of one are named before those of the next.
    first: dict[int, list[str]] = field(default_factory=dict)

    def look(self, blob: Blob, rank: int = 0) -> None:
        """The next blob."""
        if name := self.remark.named(self.amount, blob):
            self.count += 1
            known = self.first.setdefault(rank, [])
            known += [name] if len(known) < _NAMED else []

    def findings(self) -> Iterator[Finding]:
        """What is to be told of them."""
        if not self.count:
            return
        place, remark = self.amount.source, self.remark
        first = [name for rank in sorted(self.first) for name in self.first[rank]]
        verb, rest = remark.says.split(" ", 1)
        said = _ONE[verb] if self.count == 1 else verb
        summary = f"{many(self.count, 'blob')} {said} {rest}: {', '.join(first[:_NAMED])}"
        address = str(address_of(place))
        yield Finding(remark.severity, address, summary, remark.remedy, code=remark.code)


def _no_block_blob(amount: Bytes, blob: Blob) -> str:
    return blob.path if amount.source.service is Service.BLOB and blob.kind != "BlockBlob" else ""


def _archived(_: Bytes, blob: Blob) -> str:
    return blob.path if blob.tier == ARCHIVE_TIER else ""


def _under_sent_key(_: Bytes, blob: Blob) -> str:
    return blob.path if blob.sent_key else ""


def _large(_: Bytes, blob: Blob) -> str:
    return f"{blob.path} ({many(blob.length, 'byte')})" if blob.length > LARGEST_BLOB else ""


def _dotted(_: Bytes, blob: Blob) -> str:
    return blob.path if renamed_on_the_way(blob.path) else ""


def _of_long_url(amount: Bytes, blob: Blob) -> str:
    source = amount.source
    start = len(f"https://{source.account}.blob.{_LONGEST_SUFFIX}/{source.container}/")
    # A letter takes twelve signs at the most: of a short name nothing is to be worked out.
    if start + 12 * len(blob.path) <= _LONGEST_URL:
        return ""
    return f"{blob.path[:_SHOWN]}…" if start + len(quote(blob.path, safe="~/")) > _LONGEST_URL else ""


def _long(amount: Bytes, blob: Blob) -> str:
    path = goal_path(amount.source, amount.target, blob.path)
    return f"{path[:_SHOWN]}…" if len(path) > _LONGEST or path.rstrip("/").count("/") >= _DEEPEST else ""


# Put Blob From URL makes a block blob of whatever it reads (AZ-BLOB-10).
OTHER_TYPES = Remark(
    "warning",
    _no_block_blob,
    "are of the append or page type: byte for byte block blobs in the target",
    "Nothing is needed if they are only read; what appends to them needs new ones.",
    code="blob-type-changed",
)
# Nothing can be read from the archive tier, by the service neither: 409 `BlobArchived`.
OFFLINE = Remark(
    "error",
    _archived,
    "are in the archive tier and cannot be read",
    f"Rehydrate them to an online tier in the source, which takes hours, {_LEAVE_OUT}",
    code="blobs-archived",
)
# Nothing reads them without that key, by the service neither (Learn, customer-provided keys).
UNDER_SENT_KEYS = Remark(
    "error",
    _under_sent_key,
    "are encrypted with a key that their writer sent along, which Azure does not keep, and cannot be read",
    f"Write them again in the source without that key, {_LEAVE_OUT}",
    code="blobs-customer-key",
)
# No list of blocks makes a block blob of them, which a copy is whatever its source was.
TOO_LARGE = Remark(
    "error",
    _large,
    f"are longer than the {LARGEST_BLOB} bytes that a block blob can have",
    f"Split them in the source, {_LEAVE_OUT}",
    code="blobs-too-large",
)
# The copy would get another name.
DOTTED = Remark(
    "error",
    _dotted,
    "have '.' or '..' between slashes in their names, and cannot be copied under them",
    f"Rename them in the source, {_LEAVE_OUT}",
    code="blob-names-dotted",
)
# The copy's name would be refused: what lies in a folder of its own in the target has a longer one there.
TOO_LONG = Remark(
    "error",
    _long,
    f"would have names of more than {_LONGEST:,} characters or {_DEEPEST} segments in the target, which Azure"
    " refuses",
    f"Shorten them in the source, {_LEAVE_OUT}",
    code="blob-names-long",
)
# The service copies from a URL of up to 2 KiB, in which a letter beside the Latin ones takes six or more
# (learn.microsoft.com/rest/api/storageservices/put-blob-from-url, `x-ms-copy-source`).
URL_TOO_LONG = Remark(
    "error",
    _of_long_url,
    "have names that take too long a URL, from which Azure copies nothing",
    f"Shorten them in the source, {_LEAVE_OUT}",
    code="blob-names-long",
)
# Of what a copy reads.
OF_COPIES = (OFFLINE, UNDER_SENT_KEYS, TOO_LARGE, DOTTED, TOO_LONG, URL_TOO_LONG)
