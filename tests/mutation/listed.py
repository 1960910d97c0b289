"""The checked-in lists: which modules are changed, and which survivors are excused."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"


@dataclass(frozen=True, slots=True)
class Excuse:
    """One mutant by its name, and why no test can see it."""

    mutant: str
    reason: str


def modules() -> list[str]:
    """The listed modules by their dotted names. SystemExit where a pattern names none."""
    found = set()
    listed = tomllib.loads((HERE / "modules.toml").read_text())["modules"]
    for pattern in (one for patterns in listed.values() for one in patterns):
        paths = [path for path in SOURCE.glob(pattern) if path.name != "__init__.py"]
        if not paths:
            raise SystemExit(f"tests/mutation/modules.toml: {pattern} names no module. Correct it.")
        found |= {".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in paths}
    return sorted(found)


def excuses(path: Path = HERE / "excuses.toml") -> list[Excuse]:
    """The excused survivors. SystemExit where one has no reason."""
    found = []
    for one in tomllib.loads(path.read_text()).get("excuse", []):
        name = f"{one['module']}:{one['function']}:{one['operator']}:{one['text']}:{one.get('again', 0)}"
        if not one.get("reason", "").strip():
            raise SystemExit(f"{path}: {name} has no reason.")
        found.append(Excuse(name, one["reason"]))
    return found


def path_of(module: str) -> Path:
    """The file of a module."""
    return SOURCE / Path(*module.split(".")).with_suffix(".py")
