"""Makes the shipped example: the demo's plan, with all that differs from run to run made the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.plan import Header, Plan, Step
from amlmigrate.kinds import moving_kinds
from amlmigrate.planning import byhand, manual, planfile
from amlmigrate.planning.graph import ordered

EXAMPLE = Path(__file__).parents[2] / "plans" / "example"
BIN = Path(sys.executable).parent
NAMES = ("--source", "demo-rg/demo-source", "--target", "demo-rg/demo-target")

_TIME = "2026-01-05T09:00:00"
_KEY_VERSION = re.compile(r"(/keys/[\w-]+/)[0-9a-f]{32}")
_TIMES = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(\+00:00|Z)")
_ENDS = re.compile(r"(expires on )20\d\d-\d\d-\d\d")
_ZEROS = "0" * 64
_SHA_IN_TEXT = re.compile(r"\(SHA-256 [0-9a-f]{64}\)")
_SHA = re.compile(r"\b[0-9a-f]{64}\b")
# Of findings about identities, of the source and of the target.
_OLD_ID = re.compile(r" [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} -> ")
_NEW_ID = re.compile(r" -> [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LAST = 99
_PLANNER = {
    "user": "ann",
    "identity": {"object_id": "4" * 8 + "-4444-4444-4444-" + "4" * 12, "name": "ann@example.com", "app_id": "",
                 "tenant_id": "5" * 8 + "-5555-5555-5555-" + "5" * 12},
    "host": "workstation",
    "version": "0.1.0",
}  # fmt: skip


def made_anew(env: dict[str, str], folder: Path) -> Path:
    """Seeds the demo, plans it, and returns the plan's folder."""
    environment = {**os.environ, **env}
    for command in (("azsandbox", "seed", "demo"), ("migrate", "plan", *NAMES, "--out", "example")):
        subprocess.run(
            [BIN / command[0], *command[1:]], cwd=folder, env=environment, check=True, capture_output=True
        )
    return folder / "example"


def normalised(folder: Path, into: Path) -> None:
    """Writes a plan as the example is shipped."""
    plan = planfile.read(folder)
    text = "\n".join(
        json.dumps(line) for line in (plan.header.as_dict(), *(step.as_dict() for step in plan.steps))
    )
    lines = [json.loads(line) for line in _steady(text, plan).splitlines()]
    header = Header.of_dict(
        lines[0] | {"name": "example", "inventory_sha256": _ZEROS, "example": True, "planned_by": _PLANNER}
    )
    steps = [replace(Step.of_dict(line), source_sha256=_ZEROS) for line in lines[1:]]
    planfile.write(into, header, _in_order(steps))
    manual.write(into, header, planfile.read(into).steps)
    for listing in sorted(folder.glob("*.jsonl")):
        if listing.name != planfile.FILE:
            (into / _steady(listing.name, plan)).write_text(_listing(listing, plan), encoding="utf-8")
    for path in sorted(found for found in (folder / byhand.FOLDER).rglob("*") if found.is_file()):
        goal = into / _steady(str(path.relative_to(folder)), plan)
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.write_text(_SHA.sub(_ZEROS, _steady(path.read_text("utf-8"), plan)), encoding="utf-8")


def _listing(path: Path, plan: Plan) -> str:
    rows: list[dict[str, Any]] = [json.loads(line) for line in _steady(path.read_text("utf-8"), plan).splitlines()]
    steady = ({key: value for key, value in row.items() if key != "etag"} for row in rows)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in steady)


def _steady(text: str, plan: Plan) -> str:
    """The text with ids, times and digests that are the same in every run."""
    for number, side in ((1, plan.header.source), (2, plan.header.target)):
        text = text.replace(side["workspaceId"], "-".join(str(number) * n for n in (8, 4, 4, 4, 12)))
    text = _TIMES.sub(rf"{_TIME}\1", text)
    text = _ENDS.sub(r"\g<1>2027-01-05", text)
    text = _OLD_ID.sub(" OLD-ID -> ", _NEW_ID.sub(" -> NEW-ID", text))
    text = _SHA_IN_TEXT.sub(f"(SHA-256 {_ZEROS})", text)
    return _KEY_VERSION.sub(rf"\g<1>{'3' * 32}", text)


def _in_order(steps: list[Step]) -> list[Step]:
    """An order of execution that does not lean on times: the demo's assets are made several at a time."""
    by_address = {step.address: step for step in steps}
    kinds = ["blobs", *moving_kinds()]

    def rank(address: Address) -> tuple[int, str]:
        place = kinds.index(address.kind) if address.kind in kinds else len(kinds)
        return (_LAST if address.phase else place, str(address))

    after = {address: frozenset(step.after) for address, step in by_address.items()}
    return [by_address[address] for address in ordered(after, {address: rank(address) for address in after})]


def main() -> None:
    """Makes the example anew inside a running sandbox."""
    shutil.rmtree(EXAMPLE, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        normalised(made_anew({}, Path(folder)), EXAMPLE)
    sys.stdout.write(f"Written to {EXAMPLE.relative_to(EXAMPLE.parents[1])}.\n")


if __name__ == "__main__":
    main()
