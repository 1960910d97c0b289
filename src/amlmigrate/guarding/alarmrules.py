"""What alarms are made of, as resources of Azure Monitor: who is told, of what, from which logs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from amlmigrate.alarms.context import AlarmContext
from amlmigrate.alarms.rules import ALARMS, resources
from amlmigrate.core.armid import ArmId
from amlmigrate.core.documents import Document
from amlmigrate.guarding.wanted import Alarms, Guardrail
from amlmigrate.policies.marks import MARK

EVERY_RULE = tuple(rule.id for rule in ALARMS)
_INSIGHTS = "providers/Microsoft.Insights"
# So many signs has the short name of an action group at most (AZ-MONITOR-21).
_SHORT = 12


@dataclass(frozen=True, slots=True)
class AlarmBody:
    """A resource for alarms: its ARM id, what a reader calls it, and the body of its PUT."""

    id: str
    what: str
    body: Document


def context(guardrail: Guardrail, alarms: Alarms) -> AlarmContext:
    """What the rules are made for. Of a management group only the subscription of the alarms is watched."""
    return AlarmContext(
        group=alarms.group,
        name=alarms.name,
        scope=alarms.subscription if guardrail.at_management_group else guardrail.scope,
        action_group_id=alarms.action_group_id,
        log_workspace_id=alarms.logs,
        location=alarms.location,
        vaults=alarms.vaults,
        callers=tuple(alarms.callers),
    )


def rules(guardrail: Guardrail, alarms: Alarms) -> Iterator[AlarmBody]:
    """Every rule that lacks nothing and that the file does not leave out."""
    for one in resources(context(guardrail, alarms)):
        if one.rule.id in alarms.without or (one.rule.kind == _ON_LOGS and not alarms.logs):
            continue
        told = _also(one.body, alarms.action_groups)
        yield AlarmBody(one.id, f"alarm '{one.rule.title}'", {**told, "tags": marked(guardrail)})


def lacking(guardrail: Guardrail, alarms: Alarms) -> Iterator[str]:
    """Of what the file has nobody told, and why: a rule that is there all the same stays."""
    about = context(guardrail, alarms)
    for rule in ALARMS:
        why = "the file leaves it out" if rule.id in alarms.without else rule.lacks(about)
        if rule.kind == _ON_LOGS and not alarms.logs:
            why = why or "the file names no place for the audit logs (`alarms.logs`)"
        if why:
            yield f"{rule.title}: {why}"
    if guardrail.at_management_group:
        yield f"What happens in other subscriptions than {alarms.subscription}: have a file for each"


_ON_LOGS = "scheduledQueryRules"


def _also(body: Document, groups: tuple[str, ...]) -> Document:
    """The body of a rule that tells those action groups, too: its three types name them in three ways."""
    properties = body["properties"]
    actions = properties["actions"]
    if isinstance(actions, list):
        more: object = [*actions, *({"actionGroupId": one} for one in groups)]
    else:
        named = actions["actionGroups"]
        bare = named and isinstance(named[0], str)
        more = {**actions, "actionGroups": [*named, *(one if bare else {"actionGroupId": one} for one in groups)]}
    return {**body, "properties": {**properties, "actions": more}}


def action_group(guardrail: Guardrail, alarms: Alarms) -> AlarmBody:
    """The action group: who is told (AZ-MONITOR-21)."""
    properties = {
        "groupShortName": alarms.name[:_SHORT],
        "enabled": True,
        "emailReceivers": [
            {"name": one, "emailAddress": one, "useCommonAlertSchema": True} for one in alarms.emails
        ],
        "armRoleReceivers": [
            {"name": f"role {one}", "roleId": one, "useCommonAlertSchema": True} for one in alarms.roles
        ],
    }
    body = {"location": "Global", "tags": marked(guardrail), "properties": properties}
    return AlarmBody(alarms.action_group_id, "action group", body)


def marked(guardrail: Guardrail) -> dict[str, str]:
    """The tag that says for which guardrail it was made."""
    return {MARK: guardrail.scope}


def settings(alarms: Alarms) -> Iterator[AlarmBody]:
    """The settings by which audit logs get to Log Analytics, in tables of their own where Azure has any.

    They bear no tags: nothing shows later who made one (AZ-MONITOR-22).
    """
    for what, ids in (("vault", alarms.vaults), ("workspace", alarms.workspaces)):
        for one in ids if alarms.logs else ():
            properties = {
                "workspaceId": alarms.logs,
                "logAnalyticsDestinationType": "Dedicated",
                # Also of a workspace (AZ-LOG-18).
                "logs": [{"categoryGroup": "audit", "enabled": True}],
            }
            at = f"{one}/{_INSIGHTS}/diagnosticSettings/{alarms.name}"
            yield AlarmBody(at, f"audit log of the {what} {ArmId.of(one).name}", {"properties": properties})


def everything(guardrail: Guardrail, alarms: Alarms) -> Iterator[AlarmBody]:
    """All of it, in the order in which it is made."""
    yield from settings(alarms)
    yield action_group(guardrail, alarms)
    yield from rules(guardrail, alarms)


def elsewhere(guardrail: Guardrail, alarms: Alarms) -> tuple[str, ...]:
    """What lies in another subscription than the rules, which watch the log of their own (AZ-MONITOR-1)."""
    return context(guardrail, alarms).elsewhere
