"""A program that waits for orders as `ready` does, and whose `migrate` moves the kinds to come as well.

Their folder comes before the product's own, so that each takes the place of the file of its name; the code of the
product is as it is.
"""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path

from tests.acceptance import ready

PROGRAM = Path(__file__)
_FOLDER = Path(__file__).parents[1] / "contract" / "kinds" / "to_come"


def _add_kinds() -> None:
    """Imports the package of kinds with one more folder; it looks for them when it is imported."""
    spec = importlib.util.find_spec("amlmigrate.kinds")
    assert spec and spec.loader and spec.submodule_search_locations is not None
    spec.submodule_search_locations.insert(0, str(_FOLDER))
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
    sys.modules["amlmigrate"].kinds = sys.modules[spec.name]  # type: ignore[attr-defined] - as an import does


if __name__ == "__main__":
    _add_kinds()
    ready.serve(socket.socket(fileno=int(sys.argv[1])))
