"""Alerts: which rules fire, on what, and what is kept of it."""
