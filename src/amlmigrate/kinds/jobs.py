"""Jobs: one item with their list, since there are thousands and none can be moved."""

from __future__ import annotations

from collections.abc import Sequence

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Many
from amlmigrate.core.documents import Document, digest, properties_of
from amlmigrate.core.few import few, many
from amlmigrate.core.json_strings import document_references
from amlmigrate.core.reference import Reference
from amlmigrate.kinds._listed import EVERY_STATE, Listed, Way, WorkspacePort
from amlmigrate.kinds._losses import Loss

# All else may go on or come back: `NotResponding` can become any other, and what is new is not known here.
_ENDED = frozenset({"completed", "failed", "canceled"})
_KEPT = ("displayName", "experimentName", "jobType", "status", "isArchived", "parentJobName")


class Jobs(Listed):
    """All jobs of a workspace, archived ones too: a line each, where their outputs lie, and what they name."""

    name = "jobs"
    way = Way.KEEP
    worked_on = True
    after = ("components", "environments", "codes", "data", "models", "datastores", "computes")
    manual = "Runs, metrics and lineage stay behind: export what you need before the workspace is removed."
    shown = False
    writes = True
    # What ran needs nothing any more.
    needs_on = False
    query = EVERY_STATE

    async def scan(self, source: WorkspacePort, parents: Sequence[Asset] = ()) -> list[Asset]:
        lines: list[Document] = []
        named: dict[str, Reference] = {}
        outputs: dict[tuple[str, str], str] = {}
        async for item in self._items(source):
            lines.append(_line(item))
            named |= {one.text: one for one in document_references(properties_of(item))}
            outputs |= _outputs(item)
        return [self._all(lines, tuple(named.values()), outputs)] if lines else []

    def _all(
        self, lines: list[Document], names: tuple[Reference, ...], outputs: dict[tuple[str, str], str]
    ) -> Asset:
        """The one item that stands for all of them."""
        lines = sorted(lines, key=lambda line: str(line["name"]))
        running = sum(map(_runs, lines))
        document = {"count": len(lines), "running": running, "sha256": digest(lines)}
        writers = frozenset(str(line["name"]) for line in lines)
        return Asset(
            Address(self.name),
            document,
            reason=f"{many(len(lines), 'job')}, listed in jobs.jsonl (SHA-256 {document['sha256']}):"
            " jobs cannot be moved",
            remedy=self.manual,
            many=Many(tuple(lines), names, outputs, writers),
        )

    def live(self, asset: Asset) -> str:
        if not (running := asset.document.get("running")):
            return ""
        named = few([str(line["name"]) for line in asset.many.lines if _runs(line)])
        return f"{many(int(running), 'job is', 'jobs are')} running{named and f': {named}'}."

    def lost(self, asset: Asset) -> Loss | None:
        running = asset.document.get("running")
        ended = many(int(running or 0), "job that has not ended", "jobs that have not ended")
        return Loss("jobs", running, f"are lost for good: {ended}" if running else "")

    def example(self) -> Asset:
        line = {"name": "calm_sand_1", "jobType": "Command", "status": "Running", "createdBy": None}
        return self._all([{**line, "createdAt": "2026-03-26T19:14:58.1234567+00:00"}], (), {})


def _runs(line: Document) -> bool:
    return str(line.get("status")).lower() not in _ENDED


def _line(item: Document) -> Document:
    properties = properties_of(item)
    system = item.get("systemData") or {}
    line = {"name": item["name"], **{key: properties[key] for key in _KEPT if properties.get(key) is not None}}
    return line | {"createdAt": system.get("createdAt"), "createdBy": system.get("createdBy")}


def _outputs(item: Document) -> dict[tuple[str, str], str]:
    outputs = properties_of(item).get("outputs") or {}
    return {
        (item["name"], name): str(output["uri"])
        for name, output in outputs.items()
        if isinstance(output, dict) and output.get("uri")
    }


KIND = Jobs()
