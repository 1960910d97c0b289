"""What oav says of captured traffic, against the list of what is known to go beyond the descriptions."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.traffic import VERSION

HERE = Path(__file__).parent
# Addresses at which a client waits: no description has them.
_POLLED = re.compile(r"/locations/[^/]+/(\w+Operations(Status|Results)?|\w*[oO]perationResults)/")
# Paths of registries, which the local Azure has none of.
_REGISTRIES = "/registries/"


@dataclass
class Judgement:
    """How many exchanges were held to a description, and what was wrong with them."""

    held: int = 0
    operations: set[str] = field(default_factory=set)
    allowed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)


def validated(node: str, tools: Path, specs: Path, capture: Path) -> Iterator[dict[str, Any]]:
    """oav's word on each exchange. Raises RuntimeError where it cannot say any."""
    command = [node, str(HERE / "validate.cjs"), str(specs), str(capture)]
    done = subprocess.run(command, cwd=tools, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"oav ended with {done.returncode}: {done.stderr}")
    yield from map(json.loads, done.stdout.splitlines())


def judged(lines: Iterator[dict[str, Any]]) -> Judgement:
    """All of them: what is not on the list is wrong, and so is what is on the list and never met."""
    extras = json.loads((HERE / "extras.json").read_text())
    met: Counter[tuple[int, str]] = Counter()
    found = Judgement()
    for line in lines:
        if f"api-version={VERSION}" not in line["url"] or _POLLED.search(line["url"]):
            continue
        found.held += 1
        found.operations.add(line["operation"])
        for side in ("request", "response"):
            for issue in line[side]:
                told = f"{line['operation']} {side}: {issue['code']} {issue['message']} at {', '.join(issue['paths'])}"
                if (known := _known(extras, line, side, issue)) is None:
                    found.wrong[re.sub(r"\[\d+\]", "[]", told)] += 1
                else:
                    met[known] += 1
    for number, extra in enumerate(extras):
        for name in extra["names"] or [""]:
            count = met[(number, name)]
            into = found.allowed if count else found.wrong
            into[
                f"{extra['operations']} {extra['code']} {name}: {extra['why'] if count else 'listed and not met'}"
            ] += count or 1
    return found


def _known(
    extras: list[dict[str, Any]], line: dict[str, Any], side: str, issue: dict[str, Any]
) -> tuple[int, str] | None:
    """Its place in the list; of a request only what oav itself gets wrong is in it."""
    for number, extra in enumerate(extras):
        if issue["code"] != extra["code"] or not re.fullmatch(extra["operations"], line["operation"]):
            continue
        names = extra["names"] or [""]
        name = next(
            (
                name
                for name in names
                if name in map(str, [*issue["params"], *re.findall(r"'(\d+)'", issue["message"])])
            ),
            None,
        )
        if not extra["names"]:
            return number, ""
        if name is not None and (side == "response" or name == "credentials"):
            return number, name
    return None


def described(specs: Path) -> dict[str, str]:
    """Each operation of the descriptions for a workspace, and its path."""
    folder = (
        specs
        / f"specification/machinelearningservices/resource-manager/Microsoft.MachineLearningServices/stable/{VERSION}"
    )
    found = {}
    for name in ("machineLearningServices", "mfe", "workspaceFeatures"):
        for path, methods in json.loads((folder / f"{name}.json").read_text())["paths"].items():
            for method, operation in methods.items():
                if method != "parameters" and _REGISTRIES not in path:
                    found[operation["operationId"]] = (
                        f"{method.upper()} {path.rpartition('MachineLearningServices')[2]}"
                    )
    return found
