"""The file of `migrate guard` as a model: every member, its form and what it is. Each may be left out."""

from __future__ import annotations

from typing import Annotated, Literal

from amlmigrate.core.filemodel import (
    FileModel,
    Form,
    ObjectId,
    VaultId,
    Whole,
    arm_group,
    arm_id,
    arm_scope,
    may,
    needed,
)
from amlmigrate.guarding.alarmrules import EVERY_RULE
from amlmigrate.guarding.members import MEMBERS

Scope = Annotated[str, arm_scope()]
# Names of assignments have 24 characters at most at management groups (AZ-POLICY-30).
Name = Annotated[
    str,
    Form(
        "[a-zA-Z0-9][a-zA-Z0-9-]{0,22}[a-zA-Z0-9]",
        "a name of 2 to 24 letters, digits and hyphens, without a hyphen at either end",
        "aml-cmk",
    ),
]
Day = Annotated[str, Form(r"\d{4}-\d{2}-\d{2}", "a day as YEAR-MONTH-DAY", "2027-03-31")]
Number = Annotated[int, Whole]
Group = Annotated[str, arm_group()]
WorkspaceId = Annotated[str, arm_id("a workspace", "Microsoft.MachineLearningServices", "workspaces")]
LogsId = Annotated[str, arm_id("a Log Analytics workspace", "Microsoft.OperationalInsights", "workspaces")]
ActionGroupId = Annotated[str, arm_id("an action group", "Microsoft.Insights", "actionGroups")]
Mail = Annotated[str, Form(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+", "an e-mail address", "keys@example.com")]
Region = Annotated[
    str, Form("[a-z][a-z0-9]*", "a region as Azure spells it, in lower case and without blanks", "eastus2")
]


class Exemptions(FileModel):
    """Until when the old workspaces are exempt at stage `deny-new`."""

    until: Day = may("The last day, in UTC, for each workspace whose wave has none. Needed at stage `deny-new`.")
    waves: dict[Annotated[str, Form("[1-9][0-9]*", "the number of a wave", "1")], Day] = may(
        "The last day of each wave of `fleet`, by its number."
    )
    requested_by: str = may("Who asked for them; kept in each exemption.")
    ticket: str = may("A change or a ticket that they belong to; kept in each exemption.")


class Keys(FileModel):
    """What the built-in definitions about keys ask for."""

    days_before_expiry: Number = may("Report a key that expires within so many days. Default 30.", ge=1, le=3650)
    rsa_size: Annotated[Literal[2048, 3072, 4096], Whole] = may("Report a smaller RSA key. Default 3072.")
    rotate_within_days: Number = may(
        "Report a key whose rotation policy is later than that. Default 365.", ge=1, le=3650
    )


class Approver(FileModel):
    """Who approves that a custodian activates a role."""

    id: ObjectId = needed("Object id.")
    type: Literal["User", "Group"] = needed("What it is the id of.")


class Custodians(FileModel):
    """Who may change keys, once somebody else has approved it: written by `emit`, and sent by nobody here."""

    vaults: list[VaultId] = needed("ARM ids of the vaults.", min_length=1)
    eligible: list[ObjectId] = needed("Object ids of users or groups who may activate a role there.", min_length=1)
    approvers: list[Approver] = needed("Who approves that; two or more are better than one.", min_length=1)
    roles: list[ObjectId] = may("GUIDs of the roles that change keys. Default: Key Vault Crypto Officer.")
    hours: Number = may("For how many hours a role is activated. Default 4.", ge=1, le=23)
    days: Annotated[Literal[15, 30, 90, 180, 365], Whole] = may(
        "For how many days they are eligible. Default 365."
    )


class ExpectedCaller(FileModel):
    """Who may use the keys without an alarm."""

    id: ObjectId = needed("Object id of the identity, as the vault's audit log has it.")
    what: str = may("Whose it is, for whoever reads the file.")


class AlarmsModel(FileModel):
    """Who is told of what happens to keys, vaults and workspaces. Without a receiver nobody is told anything."""

    emails: list[Mail] = may("Who is told by mail. Default: nobody.")
    roles: list[ObjectId] = may(
        "GUIDs of built-in roles: who has one at the subscription is told by mail. Default: none."
    )
    action_groups: list[ActionGroupId] = may(
        "ARM ids of action groups of others that are told too, as one that opens tickets. Default: none.",
        max_length=4,
    )
    vaults: list[VaultId] = may(
        "ARM ids of the vaults with the keys. Default: those of `custodians`.", min_length=1
    )
    workspaces: list[WorkspaceId] = may("ARM ids of workspaces whose audit log is kept, too. Default: none.")
    logs: LogsId = may(
        "ARM id of the Log Analytics workspace for the audit logs. Default: none, and without it nobody is told of"
        " who uses or changes keys, nor of keys that expire."
    )
    location: Region = may("Region of that workspace. Default: the one that Azure tells; `emit` needs it.")
    resource_group: Group = may(
        "ARM id of the resource group for action group and rules, in the vaults' subscription. Default: the"
        " scope where it is a resource group, else the one of the first vault."
    )
    name: Name = may("What the action group is called, and the names of the rules begin with. Default: `name`.")
    callers: list[ExpectedCaller] = may(
        "Who uses the keys, and is expected to. Default: nobody, and every use is told."
    )
    without: list[Literal[EVERY_RULE]] = may("Rules to leave out, by their names here.")  # type: ignore[valid-type] # made from the table


class GuardModel(FileModel):
    """A file of `migrate guard`."""

    format: Annotated[Literal[1], Whole] = may("1.")
    scope: Scope = may(
        "ARM id of the subscription, resource group or management group that is guarded. Default: the subscription"
        " of AZURE_SUBSCRIPTION_ID."
    )
    stage: Literal["audit", "dry-deny", "deny-new", "deny"] = may(
        "`audit` reports; `dry-deny` reports what would be refused, and refuses nothing; `deny-new` refuses, and"
        " exempts each old workspace until its wave's day; `deny` refuses, without exemptions. Default `audit`."
    )
    name: Name = may("Name of the definition, the initiative and the assignment. Default `aml-cmk`.")
    harmless: list[str] = may(
        "Levels of sensitivity that need no customer's key. Default: those of the tagging standard below"
        " `confidential`."
    )
    untagged: Literal["deny", "allow"] = may(
        "Whether a workspace without the tag of its sensitivity needs a customer's key. Default `deny`: it does."
    )
    tagging: str = may(
        "Path of the tagging standard; a relative one is relative to this file. Default: the shipped one."
    )
    without: list[Literal[tuple(MEMBERS)]] = may("Built-in definitions to leave out, by their names here.")  # type: ignore[valid-type] # made from the table
    keys: Keys = may("What is asked of keys.")
    exemptions: Exemptions = may("Until when the old workspaces are exempt.")
    custodians: Custodians = may("Who may change keys, with approval (Privileged Identity Management).")
    alarms: AlarmsModel = may("Who is told of what happens to keys, vaults and workspaces.")
    message: str = may(
        "What somebody is told whose workspace is refused, as where to ask.", min_length=1, max_length=400
    )
