"""Carries out a plan: the walker, and the life of one step."""
