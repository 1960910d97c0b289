"""Gathers who describes which operation of ARM that the local Azure answers.

    python sandbox/tools/gather_operations.py SPECS CLIENTS...

The arguments are those of `gather_queries.py`. Writes `src/azsandbox/arm/data/operations.json`: `sources` are
names by their number, and `operations` has for each `METHOD shape` (`azsandbox.knownqueries.arm_shape`) the
numbers of its sources. What nobody describes is not in it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from gather_queries import clients, of_openapi

from azsandbox.arm.described import shapes
from azsandbox.arm.registry import kind_classes
from azsandbox.arm.support import operations
from azsandbox.knownqueries import arm_shape

_TARGET = Path(__file__).parents[1] / "src" / "azsandbox" / "arm" / "data" / "operations.json"
_SPECS = "Azure/azure-rest-api-specs"


def described(specs: Path, folders: list[Path]) -> Iterator[tuple[str, str]]:
    """`METHOD shape` and who describes it."""
    for method, path, _ in of_openapi(specs.glob("openapi/specification/*/resource-manager/*/*/*/*.json")):
        yield f"{method} {_shape(path)}", _SPECS
    for folder in folders:
        names = ", ".join(
            f"PyPI {one.metadata['Name']} {one.version}"
            for one in distributions(path=[str(folder)])
            if folder != folders[0] and one.metadata["Name"].startswith("azure-mgmt-")
        )
        for method, path, _ in clients(folder, folders[0]):
            yield f"{method} {_shape(path)}", names or "PyPI azure-ai-ml and azure-mgmt clients of the lock file"


def _shape(path: str) -> str:
    # What is done to a provider itself; its name stands where others' types begin.
    own = "microsoft.resources/subscriptions/{}/providers/{}/"
    return arm_shape(path).replace("{resourceprovidernamespace}/", own)


def main() -> None:
    """Writes the file."""
    specs, *folders = map(Path, sys.argv[1:])
    wanted = {shape for one in operations() for shape in one.shapes}
    # Whether a type can be deleted is read from this very file.
    wanted |= {shape for kind in kind_classes() for shape in shapes(kind, "DELETE")}
    found: dict[str, set[str]] = {}
    for shape, source in described(specs, folders):
        if shape in wanted:
            found.setdefault(shape, set()).add(source)
    sources = sorted({source for each in found.values() for source in each})
    lines = [
        f"  {json.dumps(shape)}: {json.dumps(sorted(map(sources.index, each)))}"
        for shape, each in sorted(found.items())
    ]
    _TARGET.write_text(
        f'{{\n "made_by": "sandbox/tools/gather_operations.py",\n "sources": {json.dumps(sources)},\n'
        f' "operations": {{\n' + ",\n".join(lines) + "\n }\n}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
