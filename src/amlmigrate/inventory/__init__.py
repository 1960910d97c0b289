"""Walks every kind over a workspace: all that it holds."""

from amlmigrate.inventory.contents import read_contents
from amlmigrate.inventory.jsonfiles import read_json
from amlmigrate.inventory.walk import take

__all__ = ["read_contents", "read_json", "take"]
