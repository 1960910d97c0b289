"""Azure Resource Manager, locally: `build` makes the service that answers for management.azure.com."""

from azsandbox.arm.service import Arm, build

__all__ = ["Arm", "build"]
