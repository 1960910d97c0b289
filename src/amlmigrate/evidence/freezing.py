"""The reports of a freeze: each deed, and what a command came to. By the deeds alone rights are given back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from amlmigrate.core.freeze_record import FreezeState
from amlmigrate.evidence.base import ReportContent
from amlmigrate.evidence.members import Part, Sha256, Text
from amlmigrate.evidence.values import Assigned, Found

# What is written for people, beside the evidence.
FILE: Literal["freeze.json"] = "freeze.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenSource(Part):
    """The workspace whose writers lost their rights, and the ARM id of its storage account.

    Rights are given back nowhere else; the account is empty where it is not known.
    """

    id: Text
    workspace_id: Annotated[Text, Field(alias="workspaceId")]
    storage_account: Annotated[Text, Field(alias="storageAccount")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewFile(Part):
    """The file for people that says the same, and its SHA-256."""

    name: Literal["freeze.json"]
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class OfFreeze(ReportContent):
    """A report about the rights of others on the source, and the file that shows them."""

    source: FrozenSource
    file: ViewFile

    @property
    def workspaces(self) -> dict[str, str]:
        """The ids of the workspaces that it is about, by their side of the plan."""
        return {"source": self.source.workspace_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed(OfFreeze):
    """One role assignment was to be taken or given, or was: `deed` says how it stands from now on."""

    record: ClassVar[str] = "deed"

    deed: FreezeState
    assignment: Assigned


@dataclass(frozen=True, slots=True, kw_only=True)
class NotGiven(Part):
    """A role assignment that could not be given back, and why."""

    id: Text
    address: Text
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(OfFreeze):
    """What a freeze came to: how every assignment stands; `failed` is the error that ended it early."""

    record: ClassVar[str] = "freeze"

    state: Literal["frozen", "back"]
    assignments: tuple[Assigned, ...]
    findings: tuple[Found, ...]
    failed: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBackRecord(OfFreeze):
    """What giving back came to: how every assignment stands, and what could not be given."""

    record: ClassVar[str] = "back"

    state: Literal["frozen", "back"]
    assignments: tuple[Assigned, ...]
    failed: tuple[NotGiven, ...]
