"""Guardrails: Azure Policy that reports, and later refuses, workspaces of protected data without their own key."""
