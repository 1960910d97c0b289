"""What Log Analytics workspaces keep of vaults' audit logs, and the part of the query language that is known."""
