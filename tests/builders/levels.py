"""Levels of resources, as tags and owners tell them."""

from __future__ import annotations

from amlmigrate.posture.levels import Levels
from amlmigrate.posture.tagging import ENVIRONMENT, LevelTeller, ToldLevel


def tagged(environment: str | None) -> Levels:
    """What the tag `environment` calls so; nothing tells it where that is empty."""
    return Levels({ENVIRONMENT: ToldLevel(environment, LevelTeller.TAG, "environment")} if environment else {})


def owned(environment: str = "prod", otherwise: str | None = "dev") -> Levels:
    """What its owner decided to be so, while its tag says otherwise."""
    told = ToldLevel(environment, LevelTeller.DECISION, None, "ana@contoso.com", "2026-05-20", otherwise)
    return Levels({ENVIRONMENT: told})
