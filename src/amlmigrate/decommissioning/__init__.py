"""Removes the source workspace: the gate, then what blocks the deletion, then the workspace."""
