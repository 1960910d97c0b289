"""What nobody foresaw, of one item of many: it is told without the exception's own words, and the others go on."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from amlmigrate.core.errors import MigrateError, UnforeseenError

_log = logging.getLogger(__name__)


def known(address: str, error: Exception, remedy: str = "") -> MigrateError:
    """The error to tell of one of many: itself where it is this tool's, else what nobody foresaw."""
    return error if isinstance(error, MigrateError) else unforeseen(address, error, remedy)


def unforeseen(address: str, error: Exception, remedy: str = "") -> UnforeseenError:
    """The error to tell, with where it happened, but not the exception's own text, where a secret may stand."""
    frames = _logged(address, error)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return UnforeseenError(
        f"Something unexpected happened: {type(error).__name__} in {where}.",
        address=address,
        remedy=remedy or "Run the same command again; --verbose shows where, for a report.",
    )


def said(address: str, error: Exception) -> str:
    """Why a file of somebody else cannot be read, without its own words where they are not this tool's.

    Where it happened is logged for those: --verbose shows it.
    """
    if isinstance(error, MigrateError):
        return error.summary
    _logged(address, error)
    return f"{type(error).__name__}."


def _logged(address: str, error: Exception) -> traceback.StackSummary:
    frames = traceback.extract_tb(error.__traceback__)
    _log.info("%s: %s\n%s", address, type(error).__name__, "".join(traceback.format_list(frames)))
    return frames
