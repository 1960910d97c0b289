"""What is proven about a workspace's keys and storage."""

from amlmigrate.posture.proof import prove

__all__ = ["prove"]
