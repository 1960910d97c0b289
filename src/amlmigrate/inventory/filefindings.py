"""What is said of files that may name places of the old workspace, and could not be read or followed.

Each function takes what is known of the file, and gives what to say of an asset that has it among its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from amlmigrate.bytes.contents import LARGEST
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Asset
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.few import few, many
from amlmigrate.core.finding import Finding, Severity
from amlmigrate.core.workspace import Location

Say = Callable[[Asset], Finding]


def _saying(severity: Severity, summary: str, remedy: str, *, code: str) -> Say:
    return lambda asset: Finding(severity, str(asset.address), summary, remedy, code=code)


def _named(file: Location) -> str:
    return f"'{file.container}/{file.path}'"


def archived(file: Location) -> Say:
    """Nothing can be read from the archive tier."""
    return _saying(
        "error",
        f"{_named(file)} may name places of the old workspace, but is archived and not readable.",
        "Bring it back from the archive tier in the source, or leave the asset out with --exclude.",
        code="file-archived",
    )


def unreadable(file: Location, error: ServiceError, why: str) -> Say:
    """It is there, and nobody gets its bytes: no copy either."""
    if error.code == "BlobArchived":
        return archived(file)
    return _saying(
        "error",
        f"{_named(file)} may name places of the old workspace, and cannot be read: {why}.",
        "Have it readable in the source, as by writing it again without a key of its own, and plan again; or"
        " leave the asset out with --exclude.",
        code="file-unreadable",
    )


def encoded(file: Location, encoding: str) -> Say:
    """What is stored is not the text itself, which is nowhere undone."""
    return _saying(
        "blocks",
        f"{_named(file)} may name places of the old workspace, but is stored under the Content-Encoding"
        f" '{encoding}': it is copied as it is, and nothing in it is rewritten.",
        "Store it in the source without that encoding and plan again, or write the target's by hand.",
        code="file-encoded",
    )


def too_large(file: Location, length: int, largest: int) -> Say:
    """It is not read to be written anew; `verify` searches it all the same."""
    return _saying(
        "blocks",
        f"{_named(file)} may name places of the old workspace, but is copied as it is: it has"
        f" {many(length, 'byte')}, and up to {largest // 2**20} MiB are rewritten.",
        "Split it in the source and plan again, or waive this finding: `verify` says whether it names the source.",
        code="file-too-large",
    )


def not_json(file: Location, error: ValueError) -> Say:
    """It has addresses of the source, and is copied as it is."""
    return _saying(
        "blocks",
        f"{_named(file)} may name the old workspace, and cannot be rewritten since it is not valid JSON: {error}.",
        "Fix it in the source and plan again, or waive this finding if nobody reads it.",
        code="file-not-json",
    )


def signed(file: Location, count: int) -> Say:
    """What it says of the old account opens nothing in the new one."""
    return _saying(
        "error",
        f"{_named(file)} names the old workspace with a secret, as a signature, in {_addresses(count)}.",
        "Take the secrets out of the file in the source, or leave the asset out with --exclude.",
        code="signed-lines",
    )


def one_version(file: Location, count: int) -> Say:
    """Its place moves, and the version or snapshot does not."""
    return _saying(
        "blocks",
        f"{_named(file)} names one version or snapshot of a blob in {_addresses(count)}, and none moves: in the"
        " target these answer nothing.",
        "Make of each a blob of its own in the source and let the file name that, or waive this finding.",
        code="one-version",
    )


def not_text(file: Location) -> Say:
    """It is too large, or no text in UTF-8, as a file that was compressed."""
    return _saying(
        "error",
        f"{_named(file)} may name places of the old workspace, but is not text in UTF-8 of up to"
        f" {LARGEST // 2**20} MiB.",
        "Save it as UTF-8 in the source, or leave the asset out with --exclude.",
        code="file-not-text",
    )


def not_yaml(file: Location, error: ValueError) -> Say:
    """It is copied as it is, and whether it names anything is not known."""
    return _saying(
        "blocks",
        f"{_named(file)} is not valid YAML, so that what it reads is not known and not followed: {error}.",
        "Fix it in the source and plan again, or waive this finding if nobody reads it.",
        code="file-not-yaml",
    )


def not_read(file: Location, error: MigrateError) -> Say:
    """Somebody else's account did not give it."""
    return _saying(
        "blocks",
        f"{_named(file)} in the account '{file.account}' may name places of the old workspace, and could not be"
        f" read: {error.summary}",
        "Read it by hand, or let the identity read that account and plan again.",
        code="file-unread",
    )


def log_names_source(logs: Mapping[Location, int]) -> Say:
    """Its checksums and checkpoints say the same as a log, so that none of them is written anew."""
    files = sum(logs.values())
    return _saying(
        "blocks",
        f"The log of a Delta table names files by their address in the source ({files} in all), and is not"
        f" rewritten: {_few(logs)}. They are copied, and the table looks for them where they were.",
        "Make the table in the source a deep clone (CREATE TABLE ... DEEP CLONE) and plan again, or write the"
        " target's log again from what was copied and waive this finding.",
        code="delta-log-names-source",
    )


def log_unread(logs: Collection[Location]) -> Say:
    """Whether it names files elsewhere is not known."""
    return _saying(
        "blocks",
        f"The log of a Delta table cannot be read, so that it is not known where its files lie: {_few(logs)}.",
        "Look into it by hand, bring it back from an archive tier where it lies there and plan again, or waive"
        " this finding.",
        code="delta-log-unread",
    )


def log_cut(logs: Collection[Location]) -> Say:
    """A checkpoint says in Parquet what its first logs said, and may name files elsewhere as those may."""
    return _saying(
        "blocks",
        "The log of a Delta table has lost its beginning to a checkpoint, which is not read, so that it is not"
        f" known where all its files lie: {_few(logs)}.",
        "Look in the source whether the table is a shallow clone, or names files by absolute paths; if it does"
        " not, waive this finding.",
        code="delta-log-unread",
    )


def _few(files: Collection[Location]) -> str:
    return few([_named(file) for file in sorted(files, key=str)])


def leaves_container(file: Location, texts: Sequence[str]) -> Say:
    """Paths above the root of the container that a table lies in."""
    return _saying(
        "blocks",
        f"{_named(file)} reads what its paths lead to out of its container, for which nothing is copied:"
        f" {_quoted(texts)}.",
        "Write the addresses of what it reads in the source and plan again, or waive this finding.",
        code="table-reads-unknown",
    )


def outside(file: Location, texts: Sequence[str]) -> Say:
    """Places that are not in the workspace's storage, nor any that a datastore may lead to."""
    return _saying(
        "warning",
        f"{_named(file)} reads what is at no place of the workspace's storage: {_quoted(texts)}.",
        "It is left as it is; the bytes are neither copied nor checked.",
        code="bytes-outside",
    )


def _quoted(texts: Sequence[str]) -> str:
    return few([f"'{text}'" for text in texts])


def absent(file: Location) -> Say:
    """Without the file the asset is a folder; datasets of v1 keep what they are in a service that ARM lacks."""
    return _saying(
        "blocks",
        f"It is a table without its file: {_named(file)} is not there. So look datasets made with SDK v1, whose"
        " definition the service keeps to itself: neither it nor what it reads moves.",
        "Look in the studio for what it reads, and register a table with an MLTable file in the source or"
        " target; then plan again, or waive this finding.",
        code="table-absent",
    )


def _addresses(count: int) -> str:
    return many(count, "address", "addresses")
