"""What every report of the evidence has in common, and how one is written and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from amlmigrate.core.filemodel import FORM
from amlmigrate.evidence.members import FileRef, PlanRef, SideRecord, Text, Time
from amlmigrate.evidence.values import Signed

FORMAT = 1


class NotAReportError(ValueError):
    """What was read is no report of its record."""


class Stored:
    """A frozen dataclass that is kept as an object of JSON with the number of its format.

    A member that has a default is left out while it has it; what has a member that no type declares is refused.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def as_dict(self) -> dict[str, Any]:
        """The form in which it is kept; of a report that is the file, but for its place in the chain."""
        told: dict[str, Any] = _adapter(type(self)).dump_python(self, exclude_defaults=True, by_alias=True)
        return {"format": FORMAT, **told}

    @classmethod
    def of_dict(cls, found: Mapping[str, Any]) -> Self:
        """Reads that form. Raises NotAReportError, which says where it is none."""
        newer = found.get("format")
        if isinstance(newer, int) and newer > FORMAT:
            raise NotAReportError(f"it has format {newer}, and this version reads up to {FORMAT}")
        if newer != FORMAT or isinstance(newer, bool):
            raise NotAReportError("it has no format")
        try:
            made = _adapter(cls).validate_python({name: one for name, one in found.items() if name != "format"})
        except ValidationError as error:
            raise NotAReportError(_told(error)) from None
        assert isinstance(made, cls)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent(Stored):
    """What a report says: of which plan, by whom, and when (UTC) by the clock of the machine that wrote it."""

    # What the file's name and its member `record` say that it is a report of.
    record: ClassVar[str]

    time: Time
    plan: PlanRef
    by: Signed

    @property
    def moment(self) -> str:
        """When it was made, by Azure's clock where it has that (ISO 8601)."""
        return self.time

    @property
    def workspaces(self) -> dict[str, str]:
        """The ids of the workspaces that it is about, by their side of the plan."""
        return {}

    @property
    def files(self) -> tuple[FileRef, ...]:
        """The files beside it that it names."""
        return ()

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The JSON Schema of a whole file: this form, with its record and its place in the chain."""
        made = _adapter(cls).json_schema(by_alias=True, schema_generator=_Schema)
        chain = {
            "record": {"const": cls.record},
            "number": {"type": "integer", "minimum": 1, "description": "Its number in the chain."},
            "format": {"const": FORMAT},
            "previous": {
                "type": ["string", "null"],
                "pattern": "^[0-9a-f]{64}$",
                "description": "The SHA-256 of the report before; null in the first.",
            },
        }
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"A report of the evidence: {cls.record}",
            "description": (cls.__doc__ or "").strip(),
            **{name: one for name, one in made.items() if name not in ("title", "description")},
            "properties": chain | made["properties"],
            "required": sorted({*chain, *made["required"]}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPair(ReportContent):
    """A report about both workspaces."""

    source: SideRecord
    target: SideRecord

    @property
    def workspaces(self) -> dict[str, str]:
        """The ids of the workspaces that it is about, by their side of the plan."""
        return {"source": self.source.workspace_id, "target": self.target.workspace_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed(OfPair):
    """One with the time by Azure's clock too, left out where that is not known, and the tool that wrote it."""

    service_time: Time = ""
    tool: Text

    @property
    def moment(self) -> str:
        """When it was made, by Azure's clock where it has that (ISO 8601)."""
        return self.service_time or self.time


class _Schema(GenerateJsonSchema):
    """Without the titles that are made up from names; a member with a default is left out, and never null."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        inner = schema["schema"]
        if schema.get("default", ...) is None and inner["type"] == "nullable":
            inner = inner["schema"]
        return self.generate_inner(inner)


# What pydantic puts before the words of a ValueError.
_PREFIX = "Value error, "
_ADAPTERS: dict[type[Stored], TypeAdapter[Any]] = {}


def _adapter(of: type[Stored]) -> TypeAdapter[Any]:
    """Made when it is first used: it takes a while, and most commands read some records only."""
    if of not in _ADAPTERS:
        _ADAPTERS[of] = TypeAdapter(of)
    return _ADAPTERS[of]


def _told(error: ValidationError) -> str:
    """Where it is no report, and why: not what stands there, which may be anything."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = "/".join(map(str, first["loc"]))
    told = f"it is not {first['ctx']['form']}" if first["type"] == FORM else first["msg"].removeprefix(_PREFIX)
    return f"{where or 'it'}: {told}"
