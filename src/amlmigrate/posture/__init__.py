"""What Azure reports about a workspace's keys, storage and identity."""

from amlmigrate.core.claim import findings
from amlmigrate.posture.places import BytePlaces, Held
from amlmigrate.posture.proof import before_removal, let_go, prove

__all__ = ["BytePlaces", "Held", "before_removal", "findings", "let_go", "prove"]
