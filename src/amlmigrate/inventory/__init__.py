"""Walks every kind over a workspace: all that it holds."""

from amlmigrate.inventory.walk import take

__all__ = ["take"]
