"""The report of a drill of a key: when its version was disabled and enabled, and what was seen to refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from amlmigrate.evidence.base import ReportContent
from amlmigrate.evidence.members import EnvironmentTold, Flag, Part, Text, Time

Seconds = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrilledPart(Part):
    """One thing under the key, or its vault, with the call by which it was measured.

    `refused_after` is when the first refusal came, in seconds after the version was disabled ("in other words":
    with 401 or 403, and without naming the key);
    `answered_until` when the last answer before it. `back_after` is when it was first seen to answer again, in
    seconds after the version was enabled, `silent_until` when the last call before it was made that it did not
    answer: none, where the first call was answered. Without both it is not known when the version was enabled.
    """

    id: Text
    kind: Text
    call: Text
    down: Literal[
        "refused",
        "refused in other words",
        "still answered at the limit",
        "still answered when the drill was ended",
        "not known",
        "not measured",
    ]
    refused_after: Seconds | None = None
    answered_until: Seconds | None = None
    back: Literal["answers", "not seen to answer again", "not measured"]
    silent_until: Seconds | None = None
    back_after: Seconds | None = None
    note: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRecord(ReportContent):
    """A drill of one version of a key; one report when it begins, one when it ends.

    `by_tag`: it was ended by what the version's tag says (`--restore`), so that nothing but that is known of it.

    `plan` is the drill: its id, and the digest of what was to be done. It shows how soon what is under the key
    refuses without it, and nothing of shredding. `version_end` is how the version stood in the end, and by whom.
    What services answer may come from an unwrapped key that they keep: "still answered" never means that it was
    refused. `environment` is the gravest of what is under the key; `environment_by` are of that and of each
    workspace that stops with it; `notes` say what kept owners' decisions from counting.
    """

    record: ClassVar[str] = "drill"

    tool: Text
    state: Literal["begun", "ended"]
    key: Text
    vault: Text = ""
    version: Text
    environment: Text = ""
    environment_by: tuple[EnvironmentTold, ...] = ()
    notes: tuple[Text, ...] = ()
    limit: Text = ""
    until: Time = ""
    disabled_at: Time = ""
    enabled_at: Time = ""
    version_end: Literal[
        "",
        "enabled by this command",
        "enabled by the watcher or somebody else",
        "enabled, and by whom is not known",
        "left as somebody else changed it",
        "not shown to be enabled",
        "never disabled",
    ] = ""
    measured: tuple[DrilledPart, ...] = ()
    interrupted: Flag = False
    note: Text = ""
    failed: Text = ""
    by_tag: Flag = False
