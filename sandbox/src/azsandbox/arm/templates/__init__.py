"""Deployment templates: their language, and what a deployment makes of them."""
