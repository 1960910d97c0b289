"""What a file of `migrate guard` asks for, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from amlmigrate.core.armid import ArmId
from amlmigrate.posture.tagging import SENSITIVITY, Standard

_AUTHORIZATION = "providers/Microsoft.Authorization"
_INSIGHTS = "providers/Microsoft.Insights"


class Stage(StrEnum):
    """How far a guardrail is, from the least strict to the strictest."""

    AUDIT = "audit"
    DRY_DENY = "dry-deny"
    DENY_NEW = "deny-new"
    DENY = "deny"

    @property
    def rank(self) -> int:
        """A stricter one has a higher."""
        return list(Stage).index(self)

    @property
    def effect(self) -> str:
        """The effect of the definition by classification."""
        return "Audit" if self is Stage.AUDIT else "Deny"

    @property
    def enforcement(self) -> str:
        """The assignment's `enforcementMode`."""
        return "DoNotEnforce" if self is Stage.DRY_DENY else "Default"

    @property
    def refuses(self) -> bool:
        """Whether anything is refused."""
        return self.rank >= Stage.DENY_NEW.rank

    @property
    def next(self) -> Stage | None:
        """The next stricter one."""
        return next((one for one in Stage if one.rank == self.rank + 1), None)


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What is asked of keys: days, bits, days."""

    days_before_expiry: int = 30
    rsa_size: int = 3072
    rotate_within_days: int = 365


@dataclass(frozen=True, slots=True)
class ExemptionTerms:
    """Until when old workspaces are exempt: a day for all, and for waves by their number."""

    until: date | None = None
    waves: Mapping[int, date] = field(default_factory=dict)
    requested_by: str = ""
    ticket: str = ""

    def of(self, wave: int | None) -> date | None:
        """The last day of a workspace of that wave; None where the file tells none."""
        return self.waves.get(wave, self.until) if wave is not None else self.until


@dataclass(frozen=True, slots=True)
class KeyApprover:
    """Who approves that a role is activated: an object id, and `User` or `Group`."""

    id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Custody:
    """Who may become a custodian of keys: on which vaults (ARM ids), by which roles (GUIDs), approved by whom.

    A role is activated for `hours`; who is `eligible` (object ids) is so for `days`.
    """

    vaults: tuple[str, ...]
    eligible: tuple[str, ...]
    approvers: tuple[KeyApprover, ...]
    roles: tuple[str, ...]
    hours: int
    days: int


@dataclass(frozen=True, slots=True)
class Alarms:
    """Who is told of what: ARM ids of vaults, workspaces, Log Analytics (`logs`), and the group for what is made.

    Receivers are `emails`, GUIDs of `roles`, and `action_groups` of others. `callers` are the object ids that are
    expected to use the keys, each with whose it is. `location` is the region of `logs`; empty: not known yet.
    """

    group: str
    name: str
    vaults: tuple[str, ...]
    workspaces: tuple[str, ...] = ()
    logs: str = ""
    location: str = ""
    emails: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    action_groups: tuple[str, ...] = ()
    callers: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def subscription(self) -> str:
        """The ARM id of the subscription that the rules are in."""
        return str(ArmId.of(self.group).subscription_id)

    @property
    def action_group_id(self) -> str:
        """The action group that is made."""
        return f"{self.group}/{_INSIGHTS}/actionGroups/{self.name}"

    @property
    def told(self) -> tuple[str, ...]:
        """All action groups that the rules name."""
        return (self.action_group_id, *self.action_groups)

    @property
    def receives(self) -> bool:
        """Whether the file names anybody who is told."""
        return bool(self.emails or self.roles or self.action_groups)


@dataclass(frozen=True, slots=True)
class Guardrail:
    """The values of a file. `scope` is an ARM id; levels of sensitivity that are `harmless` need no key."""

    scope: str
    stage: Stage
    name: str
    standard: Standard
    harmless: tuple[str, ...]
    untagged_needs_key: bool
    members: tuple[str, ...]
    keys: KeyLimits
    exemptions: ExemptionTerms
    message: str
    custody: Custody | None = None
    alarms: Alarms | None = None

    @property
    def tag(self) -> str:
        """The tag of a workspace's sensitivity."""
        return self.standard.facts[SENSITIVITY].tag

    @property
    def at_management_group(self) -> bool:
        """Whether it is assigned above subscriptions."""
        return ArmId.of(self.scope).is_management_group

    @property
    def defined_at(self) -> str:
        """Where the definitions lie: they cannot lie in a resource group (AZ-POLICY-31)."""
        return self.scope if self.at_management_group else str(ArmId.of(self.scope).subscription_id)

    @property
    def definition_id(self) -> str:
        """The custom definition by classification."""
        return f"{self.defined_at}/{_AUTHORIZATION}/policyDefinitions/{self.name}"

    @property
    def initiative_id(self) -> str:
        """The initiative."""
        return f"{self.defined_at}/{_AUTHORIZATION}/policySetDefinitions/{self.name}"

    @property
    def assignment_id(self) -> str:
        """Its assignment."""
        return f"{self.scope}/{_AUTHORIZATION}/policyAssignments/{self.name}"

    def exemption_id(self, workspace: str) -> str:
        """The exemption of a workspace, by its ARM id."""
        return f"{workspace}/{_AUTHORIZATION}/policyExemptions/{self.name}"

    def needs_key(self, tags: Mapping[str, str]) -> bool:
        """Whether a workspace of these tags needs a customer's key: what the definition by classification says."""
        value = next((value for name, value in tags.items() if name.lower() == self.tag.lower()), None)
        if value is None:
            return self.untagged_needs_key
        return value.lower() not in {one.lower() for one in self.harmless}
