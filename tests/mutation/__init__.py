"""Mutation testing of what decides over life and death: `make mutation` (docs/explanation/mutation-testing.md)."""
