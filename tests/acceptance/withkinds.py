"""A program that waits for orders as `ready` does, and whose `migrate` moves the kinds to come as well.

Their folder comes before the product's own, so that each takes the place of the file of its name; the code of the
product is as it is. What the target is to call what cannot keep its name stands in the environment.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.acceptance import ready

PROGRAM = Path(__file__)
# As {"onlineEndpoints/old": "onlineEndpoints/new"}.
NAMES = "TEST_NAMES_IN_TARGET"
_FOLDER = Path(__file__).parents[1] / "contract" / "kinds" / "to_come"


def _add_kinds() -> None:
    """Imports the package of kinds with one more folder; it looks for them when it is imported."""
    spec = importlib.util.find_spec("amlmigrate.kinds")
    assert spec and spec.loader and spec.submodule_search_locations is not None
    spec.submodule_search_locations.insert(0, str(_FOLDER))
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
    sys.modules["amlmigrate"].kinds = sys.modules[spec.name]  # type: ignore[attr-defined] - as an import does


def _add_names() -> None:
    """No option gives names yet: they are handed to what makes the plan."""
    from amlmigrate.cli import plan
    from amlmigrate.core.address import Address

    make = plan.create_plan

    async def renaming(clouds: Any, wanted: Any, emit: Any) -> Any:
        told = json.loads(os.environ.get(NAMES, "{}"))
        names = {Address.parse(old): Address.parse(new) for old, new in told.items()}
        return await make(clouds, replace(wanted, names=names), emit)

    plan.create_plan = renaming


if __name__ == "__main__":
    _add_kinds()
    _add_names()
    ready.serve(socket.socket(fileno=int(sys.argv[1])))
