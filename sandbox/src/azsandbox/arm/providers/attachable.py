"""What a customer attaches to a workspace as a compute: stored, so that it shows whether it is still there."""

from __future__ import annotations

from azsandbox.arm.registry import register
from azsandbox.arm.tracked import TrackedKind


@register
class ManagedClusters(TrackedKind):
    """`Microsoft.ContainerService/managedClusters`: Kubernetes clusters; nothing runs in them."""

    type = "Microsoft.ContainerService/managedClusters"


@register
class VirtualMachines(TrackedKind):
    """`Microsoft.Compute/virtualMachines`; nothing runs on them."""

    type = "Microsoft.Compute/virtualMachines"
