"""Log Analytics and Application Insights; encrypting them takes a dedicated cluster (AZ-KEY-10)."""

from __future__ import annotations

from collections.abc import Mapping

from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.few import many
from amlmigrate.desired.steps import DesiredStep
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.wanted import Named

_MICROSOFTS = "under Microsoft's keys: a key of one's own takes a dedicated cluster"


class _Monitoring(ProvisioningPart):
    def __init__(self, wanted: Named, body: Document) -> None:
        self.id, self._given, self._body, self._wanted = wanted.id, wanted.given, body, wanted

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """Made where it is not."""
        if found is not None:
            return self.exists(*self._stays(properties_of(found)))
        if self._given:
            return self.refuse(f"There is no such {self.what}.")
        return self.create(self._body, _MICROSOFTS)

    def _stays(self, found: Document) -> list[str]:
        """What of it is other than the file says, and stays."""
        days, asked = found.get("retentionInDays"), self._wanted.more.get("retentionDays")
        kept = "a time that it does not tell" if days is None else many(int(days), "day")
        return [f"it stays to keep what it is sent for {kept}"] if asked and days != asked else []


class LogAnalyticsPart(_Monitoring):
    """A Log Analytics workspace."""

    what = "Log Analytics workspace"
    kind = "logAnalytics"
    # learn.microsoft.com, rest/api/loganalytics/workspaces/delete: made again in its place it comes back, with its
    # logs, which are others'.
    recovered = "deletedWorkspaces"

    def __init__(self, wanted: Named, location: str, tags: Mapping[str, str]) -> None:
        told = {"sku": {"name": "PerGB2018"}, "retentionInDays": wanted.more.get("retentionDays", 30)}
        super().__init__(wanted, {"location": location, "tags": dict(tags), "properties": told})


class Insights(_Monitoring):
    """Application Insights, based on a Log Analytics workspace."""

    what = "Application Insights"
    kind = "applicationInsights"

    def __init__(self, wanted: Named, analytics: Named | None, location: str, tags: Mapping[str, str]) -> None:
        told = {"Application_Type": "web", "WorkspaceResourceId": analytics.id if analytics else None}
        body = {"location": location, "tags": dict(tags), "kind": "web", "properties": told}
        super().__init__(wanted, body)
