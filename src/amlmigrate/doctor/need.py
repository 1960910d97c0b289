"""One permission that a command needs, and where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

PLAN, RUN, VERIFY, DECOMMISSION = STAGES = ("plan", "run", "verify", "decommission")
# What it needs beside what a verification does.
CUTOVER = "cutover"
DOCTOR = "doctor"

WS = "Microsoft.MachineLearningServices/workspaces"
ACCOUNT = "Microsoft.Storage/storageAccounts"
FILE = f"{ACCOUNT}/fileServices"
VAULT = "Microsoft.KeyVault/vaults"
AUTHORIZATION = "Microsoft.Authorization"
# The duties whose printed roles alone have rights with which whoever holds them gets at more than the move needs.
ASSIGN, DESTINATIONS = "assign", "destinations"
# The name of the printed role with everything else, and the beginning of all others'.
ROLE = "Azure ML key migration"

SideName = Literal["source", "target"]


class Where(StrEnum):
    """The scopes at which permissions are asked for."""

    SOURCE = "source workspace"
    SOURCE_ACCOUNT = "source storage account"
    SOURCE_GROUP = "source resource group"
    SOURCE_SUBSCRIPTION = "source subscription"
    SOURCE_ACCOUNT_SUBSCRIPTION = "source storage account's subscription"
    SOURCE_SECRETS = "source workspace's own key vault"
    TARGET = "target workspace"
    TARGET_ACCOUNT = "target storage account"
    TARGET_GROUP = "target resource group"
    TARGET_VAULT = "target key vault"
    TARGET_SECRETS = "target workspace's own key vault"
    TARGET_IDENTITY = "target identity"
    TARGET_REGISTRY = "target container registry"
    TARGET_INSIGHTS = "target Application Insights"
    TARGET_LOGS = "target Log Analytics"
    TARGET_SUBSCRIPTION = "target subscription"
    # Whatever its items name: of the sign-in that writes them.
    NAMED = "resource that an item names"

    @property
    def side(self) -> SideName:
        """Which workspace it belongs to."""
        return "source" if self.value.startswith("source") else "target"


@dataclass(frozen=True, slots=True)
class Need:
    """One permission. `action` is as a role has it; `asks` are the operations that stand for its `*`.

    `only` says where it is needed; what is needed always is an error when it is missing, all else a warning.
    `by` is the sign-in that needs it: the copies read the source with the target's.
    """

    where: Where
    action: str
    stages: tuple[str, ...]
    why: str
    data: bool = False
    only: str = ""
    asks: tuple[str, ...] = ()
    by: SideName | None = None
    # The duty whose printed role alone has it, '' of one that is in those of its stages.
    apart: str = ""

    @property
    def operations(self) -> tuple[str, ...]:
        """What is looked up in the rights of whoever signed in."""
        return self.asks or (self.action,)

    @property
    def always(self) -> bool:
        """Whether a stage cannot do without it."""
        return not self.only

    @property
    def signed_in(self) -> SideName:
        """Whose sign-in needs it."""
        return self.by or self.where.side


# Its missing rights are told by the check that could not be made, once.
BEFORE = (PLAN, DOCTOR)
