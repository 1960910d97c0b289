"""Microsoft.Insights/metricAlerts: rules on what a resource's metrics show. They fire by hand alone here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.errors import ArmError
from azsandbox.arm.providers.monitor.base import MonitorKind, bad, check_group, existing, may
from azsandbox.arm.providers.monitor.times import check_severity, check_times
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record

_VAULTS = "microsoft.keyvault/vaults"
# Metrics and their dimensions, in lower case: learn azure/key-vault/general/monitor-key-vault-reference.
_OF_CALLS = frozenset(("activitytype", "activityname", "statuscode", "statuscodeclass"))
_METRICS = {
    _VAULTS: {
        "availability": _OF_CALLS,
        "saturationshoebox": frozenset(("activitytype", "activityname", "transactiontype")),
        "serviceapilatency": _OF_CALLS,
        "serviceapihit": frozenset(("activitytype", "activityname")),
        "serviceapiresult": _OF_CALLS,
    }
}
_FREQUENCIES = frozenset(("PT1M", "PT5M", "PT15M", "PT30M", "PT1H"))
_WINDOWS = _FREQUENCIES | {"PT6H", "PT12H", "P1D", "PT24H"}


@register
class MetricAlerts(MonitorKind):
    """`metricAlerts`. A new one is answered with 200 too; empty lists of dimensions are not kept (AZ-MONITOR-46).

    Scopes have to be there, metrics and dimensions have to be theirs (AZ-MONITOR-47), and so have action groups
    (AZ-MONITOR-41). Of other resources than vaults no metrics are known here: refused with 501.
    """

    type = "Microsoft.Insights/metricAlerts"
    place = "global"
    created_status = 200
    own_rate = "resource-requests"

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """As it is sent, without empty lists of dimensions."""
        check_severity(properties)
        check_times(properties, _FREQUENCIES, _WINDOWS)
        scopes = [self._scope(call, str(id_)) for id_ in properties["scopes"]]
        if not scopes:
            raise bad("BadRequest", "scopes cannot be empty.")  # AZ-LOCAL-2
        criteria = properties["criteria"]
        if len(scopes) > 1 and "multiple" not in str(criteria["odata.type"]).lower().removesuffix(
            "metriccriteria"
        ):
            raise bad("BadRequest", "Several scopes need MultipleResourceMultipleMetricCriteria.")  # AZ-LOCAL-2
        for one in criteria.get("allOf") or ():
            for scope in scopes:
                _check_metric(one, scope)
        for one in properties.get("actions") or ():
            check_group(call, str(one.get("actionGroupId")))
        every = [_without_empty(one) for one in criteria.get("allOf") or ()]
        return {**properties, "criteria": {**criteria, "allOf": every}}

    @staticmethod
    def _scope(call: Call, id_: str) -> Record:
        found = existing(call, id_)
        if found is None:
            raise bad("ResourceNotFound", f"The resource '{id_}' was not found.", 404)  # AZ-MONITOR-47
        may(call, f"{found.type}/read", found)
        return found


def _check_metric(criterion: dict[str, Any], scope: Record) -> None:
    if scope.type not in _METRICS:
        text = f"The sandbox knows no metrics of '{scope.type}'."
        raise ArmError(501, {"code": "NotImplemented", "message": text})
    namespace, name = criterion.get("metricNamespace"), str(criterion["metricName"])
    if namespace is not None and str(namespace).lower() != scope.type:
        text = (
            f"Detect invalid value: {namespace} for query parameter: 'metricnamespace', the value must be: "
            f"{scope.type} if the query parameter is provided, you can also skip this optional query parameter."
        )
        raise bad("BadRequest", text)
    known = _METRICS[scope.type].get(name.lower())
    if known is None and not criterion.get("skipMetricValidation"):
        text = (
            f"Couldn't find a metric named {name}. Make sure the name is correct. If this metric hasn't been"
            " reported yet, use the -skipMetricValidation flag."
        )
        raise bad("BadRequest", text)
    if wrong := [each for each in _dimensions(criterion) if known is not None and each.lower() not in known]:
        raise bad("BadRequest", f"The dimension {wrong[0]} is not valid for the metric {name}.")  # AZ-LOCAL-2


def _dimensions(criterion: dict[str, Any]) -> Iterator[str]:
    for one in criterion.get("dimensions") or ():
        yield str(one["name"])


def _without_empty(criterion: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in criterion.items() if name != "dimensions" or value}
