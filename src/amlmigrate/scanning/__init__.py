"""Finds the workspaces of many subscriptions, and says of each how it stands and what a move would meet."""
