"""Private access: an endpoint to a resource, and its names in private DNS zones."""

from __future__ import annotations

from collections.abc import Mapping

from amlmigrate.cmk.provisioning.known import Known
from amlmigrate.cmk.provisioning.parts.base import Part, properties
from amlmigrate.cmk.provisioning.steps import Step
from amlmigrate.cmk.provisioning.wanted import EndpointWanted, name_of, same
from amlmigrate.core.documents import Document


class Endpoint(Part):
    """A private endpoint."""

    def __init__(self, wanted: EndpointWanted, location: str, tags: Mapping[str, str]) -> None:
        self.id, self.wanted = wanted.id, wanted
        self.what = f"private endpoint ({wanted.group})"
        connection = {
            "name": name_of(wanted.id),
            "properties": {"privateLinkServiceId": wanted.target, "groupIds": [wanted.group]},
        }
        told = {"subnet": {"id": wanted.subnet}, "privateLinkServiceConnections": [connection]}
        self._body = {"location": location, "tags": dict(tags), "properties": told}

    def decide(self, found: Document | None, known: Known) -> Step:
        """Made where it is not; one to something else is refused."""
        if found is None:
            return self.create(self._body, f"leads to {name_of(self.wanted.target)}")
        told = properties(found)
        leads = [
            (properties(each).get("privateLinkServiceId"), properties(each).get("groupIds") or [])
            for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
            for each in told.get(name) or ()
        ]
        reasons = []
        if not any(same(id_, self.wanted.target) and self.wanted.group in groups for id_, groups in leads):
            there = ", ".join(f"{id_} ({', '.join(groups)})" for id_, groups in leads)
            reasons.append(f"It leads to {there or 'nothing'}.")
        subnet = (told.get("subnet") or {}).get("id")
        if not same(subnet, self.wanted.subnet):
            reasons.append(f"It lies in the subnet {subnet}.")
        return self.refuse(*reasons) if reasons else self.exists()


class ZoneGroup(Part):
    """The endpoint's names in private DNS zones."""

    def __init__(self, wanted: EndpointWanted) -> None:
        self.what = f"private DNS zone group ({wanted.group})"
        self.id, self._zones = f"{wanted.id}/privateDnsZoneGroups/default", wanted.dns_zones

    def decide(self, found: Document | None, known: Known) -> Step:
        """Made where it is not; zones that are missing are added."""
        configs = list(properties(found).get("privateDnsZoneConfigs") or ())
        there = [properties(each).get("privateDnsZoneId") for each in configs]
        missing = [zone for zone in self._zones if not any(same(zone, each) for each in there)]
        if not missing:
            return self.exists()
        added = [
            {"name": name_of(zone).replace(".", "-"), "properties": {"privateDnsZoneId": zone}} for zone in missing
        ]
        body = {"properties": {"privateDnsZoneConfigs": [*configs, *added]}}
        return self.create(body, *(name_of(zone) for zone in missing))
