"""What was found so far, a line a trial, so that a run that was interrupted goes on: obeyed for the very same code only."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What a trial depends on. An excuse changes no trial.
PLACES = (
    "src",
    "sandbox/src",
    "tests/unit",
    "tests/mutation",
    "tests/*.py",
    "pyproject.toml",
    "requirements.lock",
)
NOT = ("excuses.toml",)


@dataclass(frozen=True, slots=True)
class Found:
    """How the trial of a mutant by its name ended; `begun` and `elapsed`: when its run began, and its seconds by then."""

    mutant: str
    line: int
    control: bool
    killed: bool
    how: str
    tests: int
    seconds: float
    begun: str = ""
    elapsed: float = 0.0

    @property
    def late(self) -> bool:
        """Whether it was killed by its time alone."""
        return self.how == "out of time"


class Kept:
    """The lines of one folder. What other code has left there is removed."""

    def __init__(self, folder: Path, digest: str) -> None:
        folder.mkdir(exist_ok=True)
        self.reach, self._trials, state = folder / "reach.json", folder / "trials.jsonl", folder / "code"
        if not state.exists() or state.read_text() != digest:
            self.reach.unlink(missing_ok=True)
            self._trials.unlink(missing_ok=True)
            state.write_text(digest)
        self._begun = datetime.now(UTC).isoformat()
        self._found = {(one.mutant, one.control): one for one in self._read()}

    def _read(self) -> Iterator[Found]:
        lines = self._trials.read_text().split("\n") if self._trials.exists() else [""]
        whole = "".join(f"{line}\n" for line in lines[:-1])
        if lines[-1]:  # cut short by a kill
            self._trials.write_text(whole)
        yield from (Found(**json.loads(line)) for line in whole.splitlines())

    def get(self, mutant: str, control: bool) -> Found | None:
        """How it ended before, None where it was not tried."""
        return self._found.get((mutant, control))

    def add(self, found: Found, elapsed: float) -> Found:
        """Writes a trial down; `elapsed`: the seconds of this run."""
        stamped = Found(**{**asdict(found), "begun": self._begun, "elapsed": elapsed})
        with self._trials.open("a") as file:
            file.write(json.dumps(asdict(stamped)) + "\n")
        self._found[stamped.mutant, stamped.control] = stamped
        return stamped


def seconds(found: Iterable[Found]) -> float:
    """How long the runs that made these trials took together, each until the last of them."""
    longest: dict[str, float] = {}
    for one in found:
        longest[one.begun] = max(one.elapsed, longest.get(one.begun, 0.0))
    return sum(longest.values())


def code(root: Path = ROOT) -> str:
    """The digest of the code, its tests and what they run on."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(_files(root)):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for place in PLACES:
        for found in root.glob(place):
            inside = found.rglob("*") if found.is_dir() else [found]
            yield from (path for path in inside if path.is_file() and _counts(path))


def _counts(path: Path) -> bool:
    return path.suffix != ".pyc" and path.name not in NOT and ".egg-info" not in str(path)
