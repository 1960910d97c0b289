"""Whether a run is good: enough killed, every survivor excused, few of them, and no excuse without its mutant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.mutation.listed import Excuse

KILLED, EXCUSED = 0.95, 0.02


@dataclass(frozen=True, slots=True)
class Verdict:
    """The names of the mutants that were tried, by how they ended; `failed`: modules whose tests fail unchanged."""

    killed: Sequence[str]
    survived: Sequence[str]
    excuses: Sequence[Excuse]
    failed: Sequence[str] = ()

    @property
    def excused(self) -> list[str]:
        """The survivors that may survive."""
        names = {one.mutant for one in self.excuses}
        return [name for name in self.survived if name in names]

    def wrong(self, known: Iterable[str]) -> Iterator[str]:
        """What is wrong, a line each; `known` are all mutants, drawn or not."""
        drawn, names = len(self.killed) + len(self.survived), set(known)
        yield from (f"Nothing is shown of {one}: its tests fail without any change." for one in self.failed)
        for excuse in self.excuses:
            if excuse.mutant not in names:
                yield f"{excuse.mutant} is excused, and there is no such mutant. Remove the excuse."
            elif excuse.mutant in self.killed:
                yield f"{excuse.mutant} is excused, and a test kills it. Remove the excuse."
        yield from (f"{name} survives and is not excused." for name in self.survived if name not in self.excused)
        if len(self.killed) < KILLED * drawn:
            yield f"{len(self.killed)} of {drawn} are killed: at least {KILLED:.0%} have to be."
        if len(self.excused) > EXCUSED * drawn:
            yield f"{len(self.excused)} of {drawn} are excused: at most {EXCUSED:.0%} may be."
