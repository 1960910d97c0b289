"""The views: the only modules that print."""
