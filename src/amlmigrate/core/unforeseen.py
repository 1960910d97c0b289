"""What nobody foresaw, of one item of many: it is told without the exception's own words, and the others go on."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from amlmigrate.core.errors import UnforeseenError

_log = logging.getLogger(__name__)


def unforeseen(address: str, error: Exception, remedy: str = "") -> UnforeseenError:
    """The error to tell, with where it happened, but not the exception's own text, where a secret may stand."""
    frames = traceback.extract_tb(error.__traceback__)
    kind, where = type(error).__name__, f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    _log.info("%s: %s\n%s", address, kind, "".join(traceback.format_list(frames)))
    return UnforeseenError(
        f"Something unexpected happened: {kind} in {where}.",
        address=address,
        remedy=remedy or "Run the same command again; --verbose shows where, for a report.",
    )
