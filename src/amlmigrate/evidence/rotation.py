"""The report of a key's rotation: which version was made, and what was seen to use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from amlmigrate.evidence.base import ReportContent
from amlmigrate.evidence.members import EnvironmentTold, Flag, Part, Sha256, Text, Time


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedDependant(Part):
    """One thing under the key.

    `before` and `version` are the versions that Azure reported, empty where it reported none. `until` is when it
    has gone over by itself at the latest.
    """

    id: Text
    kind: Text
    before: Text
    version: Text
    end: Literal["adopted", "waiting", "not adopted"]
    until: Time = ""
    note: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedBy(Part):
    """The approval by which it was carried out: the digest of the proposal, who approved it and when."""

    sha256: Sha256
    object_id: Text
    by: Text
    at: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationRecord(ReportContent):
    """A rotation of one key, or a half of it; one report when it begins, one when it ends.

    `plan` is the rotation: its id, and the digest of what was to be done. `version` is the identifier of the
    version that everything is to be on, empty where it is not there yet; `replaced` that of the one before, which
    stays enabled. `made`: by this very command. `duties` says whether two identities made and adopted it, as far
    as the reports in this folder tell. `looked_at` are the kinds of things that were looked for under the key:
    `dependants` and `complete` tell of no others. `looked_in` are the subscriptions in which they were looked for:
    one in which whoever ran it has no role is not among them, and not told. `unread` are the places where nobody
    could look for more of them. `environment` is the gravest of `environment_by`; `notes` say what kept owners'
    decisions from counting.
    """

    record: ClassVar[str] = "rotation"

    tool: Text
    state: Literal["begun", "ended"]
    key: Text
    vault: Text
    environment: Text
    half: Literal["make", "adopt", "both"]
    version: Text
    replaced: Text
    made: Flag
    dependants: tuple[RotatedDependant, ...]
    duties: Literal["apart", "not apart", "not known"]
    complete: Flag
    looked_at: tuple[Text, ...] = ()
    looked_in: tuple[Text, ...] = ()
    unread: tuple[Text, ...] = ()
    environment_by: tuple[EnvironmentTold, ...] = ()
    notes: tuple[Text, ...] = ()
    approval: ApprovedBy | None = None
    failed: Text = ""
