"""Which tool, in which version, wrote a file."""

from __future__ import annotations

_NAME = "aml-cmk-migrate"


def tool() -> str:
    """Name and version of the distribution, as in `aml-cmk-migrate 1.2.3`."""
    return f"{_NAME} {version()}"


def version() -> str:
    """The version alone."""
    # Loaded late: it takes a tenth of the time of `migrate --help`.
    from importlib.metadata import version as found

    return found(_NAME)
