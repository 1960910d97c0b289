"""Which test notifications were sent, and who got them: kept beside the guardrail's file, a line for each.

Azure keeps no list of them. `FILE.alarm-tests.jsonl` is as good as its folder: who may write there may forge one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from amlmigrate.core.armid import key_of
from amlmigrate.core.clock import SKEW, moment
from amlmigrate.core.documents import Document, digest
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.escapes import as_json
from amlmigrate.ledger import exclusive, files

_FORMAT = 1
# An address that nobody has written to for so long may be nobody's any more.
VALID = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ReceiverTest:
    """A receiver: its name and kind, whether Azure says that it was sent there, and what it says of that.

    `digest` is of what it is reached by, which may be a secret: a name may come to stand for another address.
    """

    name: str
    kind: str
    sent: bool
    told: str
    digest: str


@dataclass(frozen=True, slots=True)
class AlarmTest:
    """One test of an action group (its ARM id): when, by whom, to whom; `refused` says why nothing is known."""

    at: str
    by: str
    action_group: str
    receivers: tuple[ReceiverTest, ...]
    refused: str = ""

    @property
    def whole(self) -> bool:
        """Whether Azure says of each receiver that it was sent there."""
        return not self.refused and bool(self.receivers) and all(one.sent for one in self.receivers)


def place(file: Path) -> Path:
    """The records beside a guardrail's file."""
    return file.with_name(f"{file.name}.alarm-tests.jsonl")


def add(file: Path, tests: Iterable[AlarmTest]) -> Path:
    """Adds tests to the records, all or none. Raises FileError, BadInputError for records that cannot be read."""
    folder = file.absolute().parent
    try:
        with exclusive.alone(folder):
            before = b"".join(map(_line, read(file)))
            return files.write(place(file), before + b"".join(map(_line, tests)))
    except OSError as error:
        raise files.FileError(error, folder) from error


def check_writable(file: Path) -> None:
    """Finds out before anybody is written to whether that can be recorded. Raises FileError and like `read`."""
    read(file)
    try:
        files.probe(file.absolute().parent)
    except OSError as error:
        raise files.FileError(error, place(file)) from error


def _line(test: AlarmTest) -> bytes:
    return as_json({"format": _FORMAT, **asdict(test)}).encode() + b"\n"


def read(file: Path) -> tuple[AlarmTest, ...]:
    """All that were recorded; none where there are no records. Raises BadInputError for what cannot be read."""
    path = place(file)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path) from error
    try:
        return tuple(_test(json.loads(line)) for line in text.splitlines() if line.strip())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unreadable(path) from error


def _test(line: Any) -> AlarmTest:
    if line.pop("format") != _FORMAT or moment(line["at"]) is None:
        raise ValueError("another form")
    receivers = tuple(ReceiverTest(**one) for one in line.pop("receivers"))
    return AlarmTest(receivers=receivers, **line)


def _unreadable(path: Path) -> BadInputError:
    return BadInputError(
        "The records of test notifications cannot be read.",
        address=str(path),
        remedy="Put the original file back, or move it elsewhere and test anew: migrate guard test FILE",
    )


def digest_of(receiver: Document) -> str:
    """Of what a receiver is reached by: all of it but its name and what Azure says of it."""
    own = {name: value for name, value in receiver.items() if name not in ("name", "status") and value is not None}
    return digest(own)


def untested(
    tests: Iterable[AlarmTest], action_group: str, receivers: Iterable[tuple[str, Document]], now: datetime
) -> Iterator[str]:
    """The names of the receivers (each with its kind) to which no test was sent for too long. Pure."""
    sent = {
        (one.kind.lower(), one.digest)
        for test in tests
        if key_of(test.action_group) == key_of(action_group) and _counts(test, now)
        for one in test.receivers
        if one.sent
    }
    for kind, one in receivers:
        if (kind.lower(), digest_of(one)) not in sent:
            yield str(one.get("name"))


def _counts(test: AlarmTest, now: datetime) -> bool:
    at = moment(test.at)
    return at is not None and now - VALID <= at <= now + SKEW
