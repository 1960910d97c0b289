"""Walks every kind over a workspace: all that it holds."""

from amlmigrate.inventory.walk import read_contents, take

__all__ = ["read_contents", "take"]
