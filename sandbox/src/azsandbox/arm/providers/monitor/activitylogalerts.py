"""Microsoft.Insights/activityLogAlerts: rules on the activity log, which fire as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azsandbox.arm.calls import Call
from azsandbox.arm.monitor.activityrules import FIELDS, PROPERTIES
from azsandbox.arm.providers.monitor.base import MonitorKind, bad, check_group
from azsandbox.arm.registry import register
from azsandbox.arm.store import Record

Leaf = dict[str, Any]
_ADMINISTRATIVE = "administrative"
_MOST = 100


@register
class ActivityLogAlerts(MonitorKind):
    """`activityLogAlerts`, answered as they are sent (AZ-MONITOR-49).

    A rule has one scope (AZ-MONITOR-3), of its own subscription (AZ-MONITOR-1). It names its category, and of the
    category Administrative something more (AZ-MONITOR-50); an operation by `equals` (AZ-MONITOR-2). A leaf has a
    field and either `equals` or `containsAny`, a group of leaves nothing else (AZ-MONITOR-51).
    """

    type = "Microsoft.Insights/activityLogAlerts"
    shown_type = "Microsoft.Insights/ActivityLogAlerts"
    place = "Global"

    def filled(self, call: Call, properties: dict[str, Any], old: Record | None) -> dict[str, Any]:
        """With `enabled`, and a list of actions, if only an empty one."""
        scopes, own = [str(one) for one in properties["scopes"]], f"/subscriptions/{call.subscription}".lower()
        if len(scopes) != 1:
            raise bad("ScopeIsInvalid", "The rule scope must contain only one item")
        if not f"/{scopes[0].strip('/')}/".lower().startswith(f"{own}/"):
            text = f"The scope {scopes[0]} is not in the subscription of the rule."
            raise bad("ScopeIsInvalid", text)  # words ours (AZ-LOCAL-2)
        others = self.context.store.of_type(self.key_type, own)
        if old is None and sum(1 for _ in others) >= _MOST:
            text = f"The subscription has the {_MOST} activity log alerts that it may have."
            raise bad("Conflict", text, 409)  # AZ-MONITOR-67; words ours (AZ-LOCAL-2)
        leaves = list(_leaves(properties["condition"]["allOf"]))
        categories = [leaf for leaf in leaves if str(leaf["field"]).lower() == "category"]
        if not categories:
            raise bad("UnsupportedCondition", "A condition on the category is required.")  # AZ-LOCAL-2
        wanted = str(categories[0].get("equals"))
        if wanted.lower() == _ADMINISTRATIVE and len(leaves) == len(categories):
            raise bad("UnsupportedCondition", f"Specify additional conditions for this category: {wanted}.")
        if any(leaf.get("containsAny") for leaf in leaves if str(leaf["field"]).lower() == "operationname"):
            raise bad("UnsupportedCondition", "The operation name provided is null or empty")
        actions = properties.get("actions") or {}
        for one in actions.get("actionGroups") or ():
            check_group(call, str(one["actionGroupId"]), anywhere=True)
        groups = list(actions.get("actionGroups") or ())
        return {
            **properties,
            "actions": {"actionGroups": groups},
            "enabled": properties.get("enabled") is not False,
        }


def _leaves(parts: list[Leaf], *, within: bool = False) -> Iterator[Leaf]:
    """All leaves of a condition. Raises ArmError 400 for a part that is neither leaf nor group."""
    if not parts:
        raise bad("UnsupportedCondition", "A condition must not be empty.")  # AZ-LOCAL-2
    for part in parts:
        given = {name for name, value in part.items() if value is not None}
        if given == {"anyOf"} and not within:
            yield from _leaves(part["anyOf"], within=True)
        elif given in ({"field", "equals"}, {"field", "containsAny"}):
            field = str(part["field"]).lower()
            if field not in FIELDS and not field.startswith(PROPERTIES):
                raise bad("UnsupportedCondition", f"The field '{part['field']}' is not supported.")  # AZ-LOCAL-2
            yield part
        else:
            raise bad("UnsupportedCondition", f"The condition {part} is not supported.")  # AZ-LOCAL-2
