"""`by-hand/`: the whole definition of each item left to do by hand, and the commands that make it anew."""

from amlmigrate.planning.byhand.folder import FOLDER, write

__all__ = ["FOLDER", "write"]
