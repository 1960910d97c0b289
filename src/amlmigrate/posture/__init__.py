"""What is proven about a workspace's keys, storage and identity."""

from amlmigrate.core.claim import findings
from amlmigrate.posture.proof import prove

__all__ = ["findings", "prove"]
