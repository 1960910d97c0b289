"""Jobs: one item with their list, since they come in thousands and none can be moved."""

from __future__ import annotations

from dataclasses import dataclass, field

from amlmigrate.cloud.workspaces import WorkspacePort
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Leftover
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.members import document_references
from amlmigrate.core.reference import Reference

# All else may go on or come back: `NotResponding` can become any other, and what is new is not known here.
_ENDED = frozenset({"completed", "failed", "canceled"})
_KEPT = ("displayName", "experimentName", "jobType", "status", "isArchived", "parentJobName")


@dataclass(slots=True)
class Jobs:
    """All jobs of a workspace: a line each, and where their outputs lie."""

    lines: list[Document] = field(default_factory=list)
    outputs: dict[tuple[str, str], str] = field(default_factory=dict)
    # What they name, by its text: each once.
    named: dict[str, Reference] = field(default_factory=dict)

    def leftover(self) -> Leftover | None:
        """The one item that stands for all of them; None where there are none."""
        if not self.lines:
            return None
        lines = sorted(self.lines, key=lambda line: str(line["name"]))
        running = sum(1 for line in lines if str(line.get("status")).lower() not in _ENDED)
        document = {"count": len(lines), "running": running, "sha256": digest(lines)}
        return Leftover(
            Address.of("jobs"),
            f"{len(lines)} jobs, listed in jobs.jsonl (SHA-256 {document['sha256']}): jobs cannot be moved",
            "Runs, metrics and lineage stay behind: export what you need before the workspace is removed.",
            document,
            tuple(lines),
        )


async def read_jobs(port: WorkspacePort) -> Jobs:
    """Reads all jobs, archived ones too."""
    found = Jobs()
    async for item in port.pages("jobs", {"listViewType": "All"}):
        properties = properties_of(item)
        system = item.get("systemData") or {}
        line = {"name": item["name"], **{key: properties[key] for key in _KEPT if properties.get(key) is not None}}
        found.lines.append(line | {"createdAt": system.get("createdAt"), "createdBy": system.get("createdBy")})
        found.named |= {one.text: one for one in document_references(properties)}
        for name, output in (properties.get("outputs") or {}).items():
            if isinstance(output, dict) and output.get("uri"):
                found.outputs[item["name"], name] = str(output["uri"])
    return found
