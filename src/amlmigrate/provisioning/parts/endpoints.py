"""Private access: an endpoint to a resource, and its names in private DNS zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.desired import ownership
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.posture.accountusers import AccountUsers
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.wanted import EndpointWanted, same


class Endpoint(ProvisioningPart):
    """A private endpoint."""

    kind = "privateEndpoint"

    def __init__(self, wanted: EndpointWanted, location: str, tags: Mapping[str, str]) -> None:
        self.id, self.wanted = wanted.id, wanted
        self.what = f"private endpoint ({wanted.group})"
        connection = {
            "name": name_of(wanted.id),
            "properties": {"privateLinkServiceId": wanted.target, "groupIds": [wanted.group]},
        }
        told = {"subnet": {"id": wanted.subnet}, "privateLinkServiceConnections": [connection]}
        self._body = {"location": location, "tags": dict(tags), "properties": told}

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """Made where it is not; one to something else is refused."""
        if found is None:
            return self.create(self._body, f"leads to {name_of(self.wanted.target)}")
        told = properties_of(found)
        leads = _leads(told)
        reasons = []
        if not any(same(id_, self.wanted.target) and self.wanted.group in groups for id_, groups in leads):
            there = ", ".join(f"{id_} ({', '.join(groups)})" for id_, groups in leads)
            reasons.append(f"It leads to {there or 'nothing'}.")
        subnet = (told.get("subnet") or {}).get("id")
        if not same(subnet, self.wanted.subnet):
            reasons.append(f"It is in the subnet {subnet}.")
        return self.refuse(*reasons) if reasons else self.exists()

    def touches(self, step: DesiredStep) -> Iterable[ownership.Change]:
        """It opens a way into what it leads to."""
        return [(self.wanted.target, ownership.ENDPOINTS)] if step.verb is DesiredVerb.CREATE else ()

    async def more_users(self, port: DesiredPort, document: Document) -> AccountUsers:
        """What it leads to, and whose subnet it lies in."""
        told = properties_of(document)
        return AccountUsers(
            [f"leads to {id_}" for id_, _ in _leads(told)] + [f"in {(told.get('subnet') or {}).get('id')}"]
        )


def _leads(told: Document) -> list[tuple[str, list[str]]]:
    """What an endpoint leads to, each with its groups."""
    return [
        (str(properties_of(each).get("privateLinkServiceId")), properties_of(each).get("groupIds") or [])
        for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
        for each in told.get(name) or ()
    ]


class ZoneGroup(ProvisioningPart):
    """The endpoint's names in private DNS zones, which the file names by their ids and are others'."""

    def __init__(self, wanted: EndpointWanted) -> None:
        self.what = f"private DNS zone group ({wanted.group})"
        self._endpoint = wanted.id
        self.id, self._zones = f"{wanted.id}/privateDnsZoneGroups/default", wanted.dns_zones

    def decide(self, found: Document | None, known: KnownValues) -> DesiredStep:
        """Made where it is not; zones that are missing are added."""
        configs = list(properties_of(found).get("privateDnsZoneConfigs") or ())
        there = [properties_of(each).get("privateDnsZoneId") for each in configs]
        missing = [zone for zone in self._zones if not any(same(zone, each) for each in there)]
        if not missing:
            return self.exists()
        added = [
            {"name": name_of(zone).replace(".", "-"), "properties": {"privateDnsZoneId": zone}} for zone in missing
        ]
        body = {"properties": {"privateDnsZoneConfigs": [*configs, *added]}}
        return self.create(body, *(name_of(zone) for zone in missing))

    def touches(self, step: DesiredStep) -> Iterable[ownership.Change]:
        """Names that are added are the endpoint's."""
        return [(self._endpoint, ownership.ENDPOINTS)] if step.verb.writes else ()

    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        """What it writes into zones that are others'."""
        if not step.verb.writes:
            return ()
        return tuple(
            f"names of what {name_of(self._endpoint)} leads to are written into {zone}" for zone in step.notes
        )
