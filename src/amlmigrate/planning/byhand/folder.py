"""Writes `by-hand/KIND/NAME.yaml` for each item left to do by hand, and beside it the body that it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.escapes import as_json, visible
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Action, Step
from amlmigrate.ledger import files
from amlmigrate.planning.byhand.items import ItemFiles, Teller

FOLDER = "by-hand"
# File systems take names of 255 bytes, with the ending.
_LONGEST = 200
# A command is on one line, to be copied whole.
_NEVER_FOLDED = 10**9


def write(
    folder: Path,
    steps: Iterable[Step],
    items: Iterable[Asset],
    mapping: Mapping,
    suffix: str,
    *,
    shared: bool = False,
    cloud: str = "",
) -> None:
    """Writes all of them; `shared`: the source's account serves others too, or may. Raises FileError.

    `cloud` is named where the Azure CLI has to be told of it first: its commands know no hosts but one cloud's.
    """
    known = {item.address: item for item in items}
    teller = Teller(mapping, suffix, shared)
    by_hand = [step for step in steps if step.action is Action.MANUAL]
    for step, name in zip(by_hand, _names(step.address for step in by_hand), strict=True):
        left, file = known.get(step.address), f"{FOLDER}/{name}.json"
        told = teller.tell(step, left, file)
        if told.body is not None:
            files.write(folder / file, (as_json(told.body, indent=2) + "\n").encode())
        files.write(folder / FOLDER / f"{name}.yaml", (_first(cloud) + _text(step, left, told)).encode())


def _first(cloud: str) -> str:
    # learn.microsoft.com/cli/azure/manage-clouds-azure-cli; AzCopy takes its hosts from the URLs.
    return f"# Before the first command: az cloud set --name {cloud} && az login\n" if cloud else ""


def _names(addresses: Iterable[Address]) -> Iterator[str]:
    """A path for each address; two that differ in case only have two files wherever case does not count."""
    seen: set[str] = set()
    for address in addresses:
        name = "/".join(_segment(part) for part in str(address).split("/"))
        while name.lower() in seen:
            name += "_"
        seen.add(name.lower())
        yield name


def _segment(text: str) -> str:
    """A part of an address as a file's name, whatever stands in it."""
    name = quote(text, safe=" #@+,=()-._~")
    name = name.replace(".", "%2E", 1) if name.startswith(".") else name
    if len(name) <= _LONGEST:
        return name or "_"
    return f"{name[:_LONGEST]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _text(step: Step, left: Asset | None, told: ItemFiles) -> str:
    said: dict[str, Any] = {"address": str(step.address), "reason": step.reason}
    if left and left.owner:
        said["owner"] = left.owner
    said["commands"] = told.commands or ["There is none: see the reason."]
    if told.fill_in:
        said["fill_in"] = told.fill_in
    if told.see:
        said["see_all_texts"] = told.see
    said["definition"] = told.definition
    head = _HEAD if any(place.startswith("/") for place in told.fill_in.values()) else ""
    return head + _yaml(said)


def _yaml(said: dict[str, Any]) -> str:
    """YAML for people; where a character cannot be seen, with an escape for it and for all beyond ASCII."""
    text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=_NEVER_FOLDED)
    if all(map(visible, text.split("\n"))):
        return text
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=False, width=_NEVER_FOLDED)


_HEAD = """\
# `${NAME}` stands for each text that may hold a secret; `fill_in` says where each stands in the document. Run the
# commands in the plan's folder, one after the other in one shell; inside the body, quotes and backslashes of a
# value have a backslash before them.
"""
