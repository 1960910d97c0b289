"""Microsoft.Insights/actionGroups: who is told of an alert; test notifications and what became of them."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import asset_time
from azsandbox.arm.errors import ArmError
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.providers.monitor.base import MonitorKind, bad, checked
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.messages import Response

_TYPE = "microsoft.insights/actionGroups"
# As answers have them: in this order, and each (AZ-MONITOR-42).
_RECEIVERS = {
    "emailReceivers": "Email",
    "smsReceivers": "Sms",
    "webhookReceivers": "Webhook",
    "eventHubReceivers": "EventHub",
    "itsmReceivers": "Itsm",
    "azureAppPushReceivers": "AzureAppPush",
    "automationRunbookReceivers": "AutomationRunbook",
    "voiceReceivers": "Voice",
    "logicAppReceivers": "LogicApp",
    "azureFunctionReceivers": "AzureFunction",
    "armRoleReceivers": "ArmRole",
}
_WITH_STATUS = ("emailReceivers", "smsReceivers")
_AAD = {"useAadAuth": False, "objectId": None, "identifierUri": None, "tenantId": None}
# learn.microsoft.com/rest/api/monitor/action-groups: the alerts that a test may look like.
_ALERTS = frozenset(
    (
        *("servicehealth", "metricstaticthreshold", "metricsdynamicthreshold", "logalertv2", "smartalert"),
        *("webtestalert", "logalertv1numresult", "logalertv1metricmeasurement", "resourcehealth", "activitylog"),
        *("actualcostbudget", "forecastedbudget", "budget"),
    )
)


@register
class ActionGroups(MonitorKind):
    """`actionGroups`. Receivers are never told anything: nothing leaves the machine."""

    type = _TYPE
    shown_type = "Microsoft.Insights/ActionGroups"
    place = "Global"
    own_rate = "resource-requests"

    def view(self, call: Call, record: Record) -> dict[str, Any]:
        """With what is null in every answer."""
        return {"kind": None, "tags": None, "identity": None} | super().view(call, record)

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """Every sort of receiver, if only as an empty list; names are unique (AZ-MONITOR-42)."""
        named = [one["name"] for sort in _RECEIVERS for one in properties.get(sort) or ()]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise bad("InvalidReceiver", f"Receiver names must be unique: {twice[0]}.")  # words ours (AZ-LOCAL-2)
        lists = {sort: [_shown(sort, one) for one in properties.get(sort) or ()] for sort in _RECEIVERS}
        return {"groupShortName": properties["groupShortName"], "enabled": properties["enabled"], **lists}

    @action("POST", "createNotifications")
    async def create_notifications(self, call: Call) -> Response:
        """202 with a `Location`: who is in the body is told, whether in the group or not (AZ-MONITOR-43).

        Receivers by a role are refused (AZ-MONITOR-44), and so is a test of nobody (AZ-LOCAL-2).
        """
        group, body = self.require(call), call.body()
        checked(self.key_type, body, None, "createnotifications")
        if str(body["alertType"]).lower() not in _ALERTS:
            raise bad("InvalidAlertType", f"The alert type '{body['alertType']}' is not supported.")  # AZ-LOCAL-2
        if body.get("armRoleReceivers"):
            raise bad("NotSupportedArmRole", "NotSupportedArmRole")
        told = [(how, one) for sort, how in _RECEIVERS.items() for one in body.get(sort) or ()]
        if not told:
            raise bad("NoReceivers", "At least one receiver is required.")  # AZ-LOCAL-2
        name = str(secrets.randbelow(9 * 10**13) + 10**13)
        at = asset_time(call.tick())
        document = {
            "context": {
                "notificationSource": "Microsoft.Insights/TestNotification",
                "contextType": f"Microsoft.Insights/{body['alertType']}",
            },
            "state": "Completed",
            "completedTime": at,
            "createdTime": at,
            "actionDetails": [_detail(how, one, at) for how, one in told],
        }
        parent, id_ = group.key, f"{group.id}/notificationStatus/{name}"
        type_ = NotificationStatus.type.lower()
        key = f"{parent}/notificationstatus/{name}"
        self.context.store.put(Record(key, type_, parent, id_, name, document, {"polls": 0}))
        return Response(202, b"", {"Location": _link(call, id_)})


def _shown(sort: str, receiver: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in receiver.items() if name != "status"}
    if sort == "webhookReceivers":
        shown = {**shown, **{name: shown.get(name, usual) for name, usual in _AAD.items()}}
    if sort not in ("azureAppPushReceivers", "smsReceivers", "voiceReceivers", "itsmReceivers"):
        shown.setdefault("useCommonAlertSchema", False)
    return {**shown, "status": "Enabled"} if sort in _WITH_STATUS else shown


def _detail(how: str, receiver: dict[str, Any], at: str) -> dict[str, Any]:
    """What became of one: it fails for an address that cannot be, one below `.invalid`."""
    address = str(receiver.get("emailAddress") or receiver.get("serviceUri") or "")
    host = urlsplit(address).hostname or address.rpartition("@")[2]
    failed = host.lower().endswith(".invalid")
    secure = how == "Webhook" and receiver.get("useAadAuth")
    return {
        "MechanismType": "SecureWebhook" if secure else how,
        "Name": receiver.get("name"),
        "Status": "Failed" if failed else "Completed",
        "SubState": "Default",
        "SendTime": at,
        "Detail": f"Nobody answers at {host}." if failed else None,
    }


def _link(call: Call, id_: str) -> str:
    return f"https://{call.request.host}{id_}?api-version={call.api_version}"


@register
class NotificationStatus(Kind):
    """`notificationStatus/{id}` of an action group: what became of a test.

    Inferred (AZ-MONITOR-45): while it is under way the answer is 202, as of other operations that are polled at
    their `Location`, or 200 with another state than `Completed`. Here the first answer is the one, the second the
    other.
    """

    type = f"{_TYPE}/notificationStatus"

    def missing(self, call: Call) -> ArmError:
        """404."""
        return bad("NotificationNotFound", f"Could not find notification {call.name}.", 404)  # AZ-LOCAL-2

    async def get(self, call: Call) -> Response:
        """The state, and of each receiver whether it was reached."""
        record = self.require(call)
        polls = record.hidden["polls"] = record.hidden["polls"] + 1
        self.context.store.put(record)
        if polls == 1:
            return Response(202, b"", {"Location": _link(call, record.id)})
        if polls == 2:
            details = [{**one, "Status": "InProgress", "Detail": None} for one in record.document["actionDetails"]]
            return answer(200, {**record.document, "state": "InProgress", "actionDetails": details})
        return answer(200, record.document)

    async def list(self, call: Call) -> Response:
        """None are listed."""
        raise self.unsupported(call)

    async def delete(self, call: Call) -> Response:
        """None are deleted."""
        raise self.unsupported(call)
