"""Who may do what: role definitions, role assignments, and the one place in which they are evaluated."""
