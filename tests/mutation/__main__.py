"""`python -m tests.mutation`: draws a seeded sample of mutants, holds each to the unit tests that reach it, and tells."""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from tests.mutation import listed, operators, reach, trial
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
    known = _reach(options)
    print(f"Which tests reach which line is known after {_since(begun)}.", flush=True)
    trial.load_libraries()
    ended = list(_told(trial.hold(_trials(drawn, known), options.jobs), options.verbose))
    tried = [one for one in ended if not one.trial.control]
    (FOLDER / "last.json").write_text(json.dumps([asdict(one) for one in tried], indent=1))
    killed, survived = ([one.trial.mutant.name for one in tried if one.killed is which] for which in (True, False))
    failed = [one.trial.mutant.module for one in ended if one.trial.control and one.killed]
    verdict = Verdict(killed, survived, listed.excuses(), failed)
    wrong = list(verdict.wrong(one.name for one in all_))
    print(*wrong, sep="\n")
    print(
        f"{len(tried)} mutants, seed {options.seed}: {len(killed)} killed, {len(survived)} survived,"
        f" {len(verdict.excused)} of them excused. {_since(begun)}."
    )
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which sample is drawn")
    parser.add_argument("--size", type=int, default=400, help="how many mutants are drawn")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at once")
    parser.add_argument("--only", default="*", help="draw among mutants of such names: 'amlmigrate.leasing.*'")
    parser.add_argument(
        "--reuse", action="store_true", help="which tests reach which line, as the last run measured it"
    )
    parser.add_argument("--verbose", action="store_true", help="tell of killed ones too")
    return parser.parse_args()


def _reach(options: argparse.Namespace) -> reach.Reach:
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "reach.json"
    if not (options.reuse and path.exists()):
        reach.measure(Path("tests/unit"), listed.SOURCE / "amlmigrate", options.jobs, FOLDER).save(path)
    return reach.Reach.load(path)


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


def _told(ended: Iterator[trial.Ended], verbose: bool) -> Iterator[trial.Ended]:
    for one in ended:
        of = one.trial
        if not of.control and (verbose or not one.killed):
            word = "killed" if one.killed else "survived"
            where = f"line {of.mutant.line}, {one.how}, {len(of.tests)} tests, {one.seconds:.1f} s"
            print(f"{word}: {of.mutant.name} ({where})", flush=True)
        yield one


def _since(begun: float) -> str:
    minutes, seconds = divmod(int(time.monotonic() - begun), 60)
    return f"{minutes} min {seconds} s"


if __name__ == "__main__":
    sys.exit(main())
