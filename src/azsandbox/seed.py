"""`azsandbox seed`: fills a workspace of the running sandbox through its proxy, as any client would."""

from __future__ import annotations

import argparse

from azsandbox.state import StateFolder


def main(state: StateFolder, arguments: argparse.Namespace) -> int:
    """Seeds what the arguments name."""
    raise NotImplementedError(f"{state.root} {arguments.what}")
