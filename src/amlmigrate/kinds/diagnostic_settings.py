"""Diagnostic settings: where logs and metrics of the workspace go."""

from __future__ import annotations

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document
from amlmigrate.kinds._extension import Extension


class DiagnosticSettings(Extension):
    """A setting at the workspace."""

    name = "diagnosticSettings"
    api_version = "2021-05-01-preview"
    provider = "Microsoft.Insights"
    manual = "Create the setting at the target (`az monitor diagnostic-settings create`)."

    def items(self, workspace: str, found: list[Document]) -> list[Asset]:
        return [self._found(Address.of(self.name, item["name"]), item) for item in found]

    def example(self) -> Asset:
        properties = {"logs": [{"category": "AmlRunEvent", "enabled": True}], "workspaceId": "/w"}
        return self.items("", [{"name": "logs", "properties": properties}])[0]


KIND = DiagnosticSettings()
