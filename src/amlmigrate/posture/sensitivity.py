"""Whether a workspace has the highest sensitivity that the tagging standard knows."""

from __future__ import annotations

from amlmigrate.core.workspace import Workspace
from amlmigrate.posture import tagging


def most_sensitive(*workspaces: Workspace) -> bool:
    """Whether any of them has it, by the standard that is shipped: a target may not have its source's tags yet."""
    standard = tagging.read()
    highest = standard.facts[tagging.SENSITIVITY].levels[-1]
    return any(standard.level(tagging.SENSITIVITY, _subject(one)) == highest for one in workspaces)


def _subject(workspace: Workspace) -> tagging.TaggingSubject:
    ref = workspace.ref
    tags = {str(name): str(value) for name, value in (workspace.document.get("tags") or {}).items()}
    hbi = workspace.properties.get("hbiWorkspace") is True
    return tagging.TaggingSubject(ref.name, ref.group, ref.subscription, tags, hbi)
