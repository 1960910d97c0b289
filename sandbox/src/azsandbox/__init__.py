"""A local Azure behind a forward proxy, for trying real clients against production host names."""

from azsandbox.sandbox import Sandbox
from azsandbox.settings import Options

__all__ = ["Options", "Sandbox"]
