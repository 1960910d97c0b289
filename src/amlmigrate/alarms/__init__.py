"""The alarms on keys, vaults and workspaces, as values: their conditions and the bodies of their rules."""
