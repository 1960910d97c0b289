"""What rules are made for: the place, whom they tell, and what they watch."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.armid import ArmId


@dataclass(frozen=True, slots=True)
class AlarmContext:
    """The rules of one subscription. All but `name`, `location` and `callers` (object ids) are ARM ids.

    `group` is the resource group in which the rules lie. `scope` is what is guarded, the subscription of that
    group or a group in it: an activity log is a subscription's, and so are the rules over it (AZ-MONITOR-1).
    `location` is the region of the Log Analytics workspace. `name` begins the name of every rule.
    """

    group: str
    name: str
    scope: str
    action_group_id: str
    log_workspace_id: str
    location: str
    vaults: tuple[str, ...]
    callers: tuple[str, ...] = ()

    @property
    def watched(self) -> tuple[str, ...]:
        """Where the activity log is watched for what happens to vaults: the scope, and the vaults outside it."""
        return (self.scope, *(one for one in self.vaults if not ArmId.of(one).within(ArmId.of(self.scope))))

    @property
    def alarmed(self) -> tuple[str, ...]:
        """Where it is watched for what happens to alarms: the scope, and their group where that is outside it."""
        return (self.scope, *(() if ArmId.of(self.group).within(ArmId.of(self.scope)) else (self.group,)))

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """What is of another subscription, whose activity log no rule of this group can watch."""
        own = ArmId.of(self.group).subscription_id
        return tuple(one for one in self.watched if not ArmId.of(one).within(own))
