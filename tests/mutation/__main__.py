"""`python -m tests.mutation`: draws a seeded sample of mutants, holds each to the unit tests that reach it, and tells."""

from __future__ import annotations

import argparse
import fnmatch
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from tests.mutation import listed, operators, reach, trial
from tests.mutation.kept import Found, Kept, code, seconds
from tests.mutation.mutants import Mutant, mutants, sample
from tests.mutation.verdict import Verdict

FOLDER = Path(".mutation")


def main() -> int:
    """0 where enough are killed and every survivor is excused, 1 otherwise."""
    options, begun = _options(), time.monotonic()
    operators.check()
    all_ = [mutant for module in listed.modules() for mutant in mutants(module)]
    drawn = sample(
        [one for one in all_ if fnmatch.fnmatchcase(one.name, options.only)], options.size, options.seed
    )
    print(f"{len(all_)} mutants; {len(drawn)} drawn with seed {options.seed}.", flush=True)
    kept = Kept(FOLDER, code())
    ended = list(_ended(drawn, kept, options, begun))
    tried = [one for one in ended if not one.control]
    killed, survived = ([one.mutant for one in tried if one.killed is which] for which in (True, False))
    failed = [one.mutant.split(":")[0] for one in ended if one.control and one.killed]
    verdict = Verdict(killed, survived, listed.excuses(), failed)
    wrong = list(verdict.wrong(one.name for one in all_))
    for line in wrong:
        print(line)
    print(
        f"{len(tried)} mutants, seed {options.seed}: {len(killed)} killed ({sum(one.late for one in tried)} by their"
        f" time), {len(survived)} survived, {len(verdict.excused)} of them excused. {_minutes(seconds(ended))}."
    )
    return 1 if wrong else 0


def _ended(drawn: list[Mutant], kept: Kept, options: argparse.Namespace, begun: float) -> Iterator[Found]:
    """How each ended: what the kept lines do not tell is tried now."""
    known = _reach(kept, options.jobs)
    print(f"Which tests reach which line is known after {_minutes(time.monotonic() - begun)}.", flush=True)
    trials = list(_trials(drawn, known))
    before = [found for one in trials if (found := kept.get(one.mutant.name, one.control))]
    left = [one for one in trials if not kept.get(one.mutant.name, one.control)]
    print(f"{len(before)} trials were made before, {len(left)} are left.", flush=True)
    yield from _told(before, options.verbose)
    if left:
        trial.load_libraries()
        now = trial.hold(left, options.jobs)
        yield from _told((kept.add(_found(one), time.monotonic() - begun) for one in now), options.verbose)


def _found(one: trial.Ended) -> Found:
    mutant, tests = one.trial.mutant, len(one.trial.tests)
    took = round(one.seconds, 1)
    return Found(mutant.name, mutant.line, one.trial.control, one.killed, one.how, tests, took)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which sample is drawn")
    parser.add_argument("--size", type=int, default=400, help="how many mutants are drawn")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at once")
    parser.add_argument("--only", default="*", help="draw among mutants of such names: 'amlmigrate.leasing.*'")
    parser.add_argument("--verbose", action="store_true", help="tell of killed ones too")
    return parser.parse_args()


def _reach(kept: Kept, jobs: int) -> reach.Reach:
    if not kept.reach.exists():
        reach.measure(Path("tests/unit"), listed.SOURCE / "amlmigrate", jobs, FOLDER).save(FOLDER / "reach.part")
        (FOLDER / "reach.part").rename(kept.reach)
    return reach.Reach.load(kept.reach)


def _trials(drawn: list[Mutant], known: reach.Reach) -> Iterator[trial.Trial]:
    """A trial for each, and before the first of each module one of its tests without a change."""
    held = set()
    for mutant in drawn:
        tests = known.tests(mutant.module, mutant.line)
        made = trial.Trial(mutant, tests, 30 + 5 * sum(known.seconds.get(test, 0.0) for test in tests))
        if tests and mutant.module not in held:
            held.add(mutant.module)
            yield replace(made, control=True)
        yield made


def _told(ended: Iterable[Found], verbose: bool) -> Iterator[Found]:
    for one in ended:
        if not one.control and (verbose or not one.killed):
            word = "killed" if one.killed else "survived"
            where = f"line {one.line}, {one.how}, {one.tests} tests, {one.seconds} s"
            print(f"{word}: {one.mutant} ({where})", flush=True)
        yield one


def _minutes(took: float) -> str:
    minutes, left = divmod(int(took), 60)
    return f"{minutes} min {left} s"


if __name__ == "__main__":
    sys.exit(main())
