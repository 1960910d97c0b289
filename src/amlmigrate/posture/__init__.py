"""What is proven about a workspace's keys, storage and identity."""

from amlmigrate.core.claim import findings
from amlmigrate.posture.proof import before_removal, prove

__all__ = ["before_removal", "findings", "prove"]
