"""`azsandbox seed`: what is seeded, from files or the demo, and how that is told."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from azsandbox import demobank, demodata
from azsandbox.client import Client, Refused
from azsandbox.seed import Seeder, read_lines
from azsandbox.settings import environment
from azsandbox.state import StateFolder


async def _from_files(state: StateFolder, arguments: argparse.Namespace) -> str:
    def rows(path: Path | None) -> list[dict[str, Any]]:
        return read_lines(path) if path else []

    workspace = arguments.workspace
    async with Client(environment(state, state.announced()["port"]), seeding=True) as azure:
        seeder = await Seeder.of(azure, workspace)
        blobs = await seeder.blobs(rows(arguments.blobs))
        files = await seeder.files(rows(arguments.files))
        resources = await seeder.resources(rows(arguments.resources))
    return f"in {workspace}: resources: {resources}, blobs: {blobs}, files: {files}"


def main(state: StateFolder, arguments: argparse.Namespace) -> int:
    """Seeds what the arguments name; 1 where the sandbox refuses a request, which is then told."""
    try:
        return _seed(state, arguments)
    except* Refused as refusals:
        first: BaseException = refusals
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        sys.stderr.write(f"azsandbox seed: {first}\n")
    return 1


def _seed(state: StateFolder, arguments: argparse.Namespace) -> int:
    if arguments.what == "demo":
        made = asyncio.run(demodata.seed(state, notebooks=arguments.notebooks if arguments.realistic else None))
        text = demodata.as_json(made) if arguments.json else demodata.as_text(made, state)
        sys.stdout.write(text + "\n")
        return 0
    if arguments.what == "bank":
        sys.stdout.write(asyncio.run(demobank.seed(state)) + "\n")
        return 0
    if arguments.workspace is None:
        sys.stderr.write("azsandbox seed: give `demo`, or --workspace with --resources, --blobs or --files\n")
        return 2
    sys.stdout.write(asyncio.run(_from_files(state, arguments)) + "\n")
    return 0
