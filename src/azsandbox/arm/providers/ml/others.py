"""Collections of a workspace of which nothing is modelled: they are there, and empty."""

from __future__ import annotations

from azsandbox.arm.kinds import register
from azsandbox.arm.providers.ml.base import NAMESPACE, WorkspaceKind


@register
class PrivateEndpointConnections(WorkspaceKind):
    """`workspaces/privateEndpointConnections`."""

    type = f"{NAMESPACE}/workspaces/privateEndpointConnections"
