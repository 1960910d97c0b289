"""What reports are made of: the members that more than one of them has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, InstanceOf, StrictBool, StrictInt

from amlmigrate.core.filemodel import Form
from amlmigrate.core.plan import Plan
from amlmigrate.core.state import Outcome

# Any text at all: also one with half of a character, as a reason that was typed in another encoding may have.
Text = InstanceOf[str]
Count = Annotated[StrictInt, Field(ge=0)]
Flag = StrictBool
Sha256 = Annotated[str, Form("[0-9a-f]{64}", "a SHA-256 in 64 hexadecimal digits", sha256(b"").hexdigest())]
Time = Annotated[
    str,
    Form(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([+-][0-9]{2}:[0-9]{2}|Z)",
        "a time with its zone (ISO 8601)",
        "2026-11-30T12:00:00+00:00",
    ),
]
# What Azure, or a setting of it, says: in its own form.
Free = dict[str, Any]


class Part:
    """A member that is an object of its own: as with reports, nothing but what is declared."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentTold(Part):
    """The environment of one thing under a key, and who says it: `tag`, `decision` (its owner's) or `rule`.

    `tag` is the tag's name; `owner` and `date` are of a decision, `otherwise` what tags and rules say beside it.
    Where it is not known `level` and `by` are empty, and `not_known` says why.
    """

    id: Text
    level: Text
    by: Literal["", "tag", "decision", "rule"] = ""
    tag: Text = ""
    owner: Text = ""
    date: Text = ""
    otherwise: Text = ""
    not_known: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRef(Part):
    """The plan that it is about: its name, and the SHA-256 of its `plan.jsonl`.

    Of the rotation or the drill of a key: its id, and the digest of what was to be done.
    """

    name: Text
    sha256: Sha256

    @classmethod
    def of(cls, plan: Plan) -> PlanRef:
        """Of a plan."""
        return cls(name=plan.header.name, sha256=plan.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideRecord(Part):
    """One of the two workspaces, as the header of the plan has it."""

    id: Text
    workspace_id: Annotated[Text, Field(alias="workspaceId")]
    location: Text
    encryption: Free | None

    @classmethod
    def of(cls, header: Mapping[str, Any]) -> SideRecord:
        """Of `header.source` or `header.target`."""
        return cls(
            id=header["id"],
            workspace_id=header["workspaceId"],
            location=header["location"],
            encryption=header["encryption"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef(Part):
    """A file beside the report, by its name in the folder, and the SHA-256 of what was written into it."""

    file: Text
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Part):
    """An address, and what is told of it."""

    address: Text
    detail: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(Part):
    """An item that is not settled."""

    address: Text
    outcome: Outcome
    detail: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignBytes(Part):
    """What was moved although some of its bytes are somebody else's.

    `bytes` is the finding that says so, or the item in conflict.
    """

    address: Text
    bytes: Text
    detail: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests(Part):
    """One digest each for the documents and the blob listings of both sides."""

    source_documents: Sha256
    target_documents: Sha256
    source_blobs: Sha256
    target_blobs: Sha256

    def of(self, name: str) -> str:
        """The one of that name (`core.seal.PARTS`)."""
        found: str = getattr(self, name)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBytes(Part):
    """How a look at the code bytes stood: how many prefixes, when copied, when looked at, when a look counts."""

    prefixes: Count
    copied: Time
    looked: Time
    known_from: Time
    settled: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Part):
    """A document or blob of the target that is not as it was at the cutover.

    `now` is its digest or ETag, empty where it is gone; `item` the plan's address where it was proven, else empty;
    `seen` when a report first told of it; `finding` the address under which it is decided, empty for information.
    """

    address: Text
    what: Text
    now: Text
    item: Text
    seen: Text
    finding: Text
