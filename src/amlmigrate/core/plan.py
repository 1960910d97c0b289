"""A plan: its header, its steps, and the actions that a step can have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from sys import intern
from typing import Any, Literal

from amlmigrate.core.address import BYTES, Address
from amlmigrate.core.allowed import Allowed
from amlmigrate.core.asked import Asked
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.file_rewrite import AnewFile
from amlmigrate.core.finding import Finding
from amlmigrate.core.identity import Identity
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.packed_documents import OptionalPackedDocument
from amlmigrate.core.switched import Switched
from amlmigrate.core.workspace import Location, WorkspaceRef

FORMAT = 1
# The header's member that says that the cutover gives rights elsewhere.
GRANTS = "grants"
Stage = Literal["run", "cutover"]
RUN: Stage = "run"
CUTOVER: Stage = "cutover"


def stage_of(text: str) -> Stage:
    """Reads a stage. Raises ValueError: what nobody knows is never taken for something that a run may do."""
    if text == RUN:
        return RUN
    if text == CUTOVER:
        return CUTOVER
    raise ValueError(f"'{text}' is not a stage")


class Action(StrEnum):
    """What a step does."""

    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    COPY = "copy"
    DELETE = "delete"
    MANUAL = "manual"
    SKIP = "skip"
    CONFLICT = "conflict"

    @property
    def writes(self) -> bool:
        """Whether carrying it out changes the target."""
        return self in (Action.CREATE, Action.UPDATE, Action.COPY, Action.DELETE)

    @property
    def carried_out(self) -> bool:
        """Whether `run` has anything to do for it: adopting is a fresh comparison."""
        return self.writes or self is Action.ADOPT


MOVED = (Action.CREATE, Action.UPDATE, Action.ADOPT)


@dataclass(frozen=True, slots=True)
class Bytes:
    """What a step that copies blobs copies: from where, to where, how many, how many bytes."""

    source: Location
    target: Location
    blobs: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A copy of the tool's own in the target whose source is no longer there: its path, its ETag, its length."""

    path: str
    etag: str
    length: int

    def as_dict(self) -> dict[str, Any]:
        """Its form in a step."""
        return {"path": self.path, "etag": self.etag, "bytes": self.length}

    @classmethod
    def of_dict(cls, line: dict[str, Any]) -> Gone:
        """Reads that form."""
        return cls(line["path"], line["etag"], line["bytes"])


@dataclass(frozen=True)
class Step:
    """One line of a plan."""

    address: Address
    action: Action
    reason: str = ""
    source_id: str = ""
    target_id: str = ""
    source_sha256: str = ""
    # Of an update: the digest of the target's document that it takes the place of, in the form for comparing. Of a
    # conflict: of what the target has instead, so that whoever lets it go decides about just that.
    target_sha256: str = ""
    after: tuple[Address, ...] = ()
    body: OptionalPackedDocument = OptionalPackedDocument()  # noqa: RUF009 - a descriptor
    rewrites: tuple[Rewrite, ...] = ()
    files: tuple[AnewFile, ...] = ()
    bytes: Bytes | None = None
    # Whether `bytes` is the blob of exactly that name, and nothing that lies below it.
    blob: bool = False
    # Of what is deleted: all of it. Of a copy: what stays in the target beside it.
    gone: tuple[Gone, ...] = ()
    # What the target calls the item, where that is another name.
    target: Address | None = None
    # `cutover`: goes live only when the old workspace stops, and no run carries it out.
    stage: Stage = RUN
    # Of what is for the cutover: the JSON pointers of all that it sets. All else stays as it is then.
    changes: tuple[str, ...] = ()

    @property
    def called(self) -> Address:
        """What the target calls the item."""
        return self.target or self.address.item

    @property
    def run(self) -> bool:
        """Whether a run has anything to do for it: nothing is made in it that is for the cutover."""
        return self.action.carried_out and not self.for_cutover

    @property
    def for_cutover(self) -> bool:
        """Whether it waits for the cutover, which makes it, or at which a person does."""
        return self.stage == CUTOVER and (self.action.writes or self.action is Action.MANUAL)

    @property
    def cut_over(self) -> bool:
        """Whether the cutover itself makes it."""
        return self.stage == CUTOVER and self.action.writes

    def as_dict(self) -> dict[str, Any]:
        """Its line in `plan.jsonl`."""
        line: dict[str, Any] = {
            "record": "step",
            "address": str(self.address),
            "action": self.action.value,
            "reason": self.reason,
            "source_id": self.source_id,
            "target_id": self.target_id,
            "source_sha256": self.source_sha256,
            "after": [str(address) for address in self.after],
        }
        if self.target_sha256:
            line["target_sha256"] = self.target_sha256
        if self.bytes:
            amount = self.bytes
            line |= {"blobs": amount.blobs, "bytes": amount.bytes}
            line |= {"from": amount.source.parts, "to": amount.target.parts}
            line |= {"blob": True} if self.blob else {}
        else:
            line["body"] = self.body
        line["rewrites"] = [{"where": r.where, "from": r.before, "to": r.after} for r in self.rewrites]
        if self.files:
            line["files"] = [file.as_dict() for file in self.files]
        line |= {"stage": self.stage} if self.stage != RUN else {}
        line |= {"changes": list(self.changes)} if self.changes else {}
        line |= {"target": str(self.target)} if self.target else {}
        if self.gone:
            line["gone"] = [one.as_dict() for one in self.gone]
        return line

    @classmethod
    def of_dict(cls, line: dict[str, Any], parse: Callable[[str], Address] = Address.parse) -> Step:
        """Reads a line. Raises BadInputError when it is no step. `parse` may give one address for one text."""
        try:
            amount = None
            if "blobs" in line:
                source, target = (Location.of_parts(line[name]) for name in ("from", "to"))
                amount = Bytes(source, target, line["blobs"], line["bytes"])
            return _checked(
                cls(
                    address=parse(line["address"]),
                    action=Action(line["action"]),
                    # Most steps have one of a few reasons.
                    reason=intern(line["reason"]),
                    source_id=line["source_id"],
                    target_id=line["target_id"],
                    source_sha256=line["source_sha256"],
                    target_sha256=line.get("target_sha256", ""),
                    after=tuple(parse(text) for text in line["after"]),
                    body=line.get("body"),
                    rewrites=tuple(Rewrite(r["where"], r["from"], r["to"]) for r in line.get("rewrites", ())),
                    files=tuple(AnewFile.of_dict(file) for file in line.get("files", ())),
                    bytes=amount,
                    blob=line.get("blob", False),
                    gone=tuple(Gone.of_dict(one) for one in line.get("gone", ())),
                    target=parse(line["target"]) if "target" in line else None,
                    stage=stage_of(line.get("stage", RUN)),
                    changes=tuple(line.get("changes", ())),
                )
            )
        except (KeyError, ValueError, TypeError) as error:
            raise BadInputError(
                f"A step of the plan cannot be read: {error}.", remedy="Make a new plan."
            ) from error

    @property
    def comes_with_version(self) -> bool:
        """Whether it is a name that its first version brings along, so that nothing is written for it."""
        return self.action is Action.CREATE and any(
            one.version is not None and one.container == self.address for one in self.after
        )

    @property
    def is_bytes(self) -> bool:
        """Whether the step is about the bytes of a container or a share."""
        return self.address.kind in BYTES and bool(self.address.path)

    @property
    def prefix(self) -> Bytes | None:
        """The bytes of a step that stands for all that lies below a place, but for the blobs apart."""
        return None if self.blob or self.action is Action.DELETE else self.bytes

    @property
    def apart(self) -> bool:
        """Whether it is a blob of the target that nobody touches: whatever lies around it moves."""
        return self.blob and self.action is Action.CONFLICT


def _checked(step: Step) -> Step:
    """Raises ValueError for a conflict over a folder: let go, it would let all that lies there go."""
    if step.prefix and step.action is Action.CONFLICT:
        raise ValueError(f"'{step.address}' is in conflict as a folder, which only a single blob can be")
    return step


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a plan; the names of its members are those of the plan file's reference."""

    name: str
    tool: str
    created: str
    source: dict[str, Any]
    target: dict[str, Any]
    inventory_sha256: str
    counts: dict[str, dict[str, int]]
    blobs: int
    bytes: int
    estimate: dict[str, float]
    findings: tuple[Finding, ...] = ()
    format: int = FORMAT
    extra: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The header's line in `plan.jsonl`."""
        return {
            "record": "header",
            "format": self.format,
            "tool": self.tool,
            "name": self.name,
            "created": self.created,
            "source": self.source,
            "target": self.target,
            "inventory_sha256": self.inventory_sha256,
            "counts": self.counts,
            "blobs": self.blobs,
            "bytes": self.bytes,
            "estimate": self.estimate,
            "findings": [finding.as_dict() for finding in self.findings],
            **self.extra,
        }

    @classmethod
    def of_dict(cls, line: dict[str, Any]) -> Header:
        """Reads the first line. Raises BadInputError when it is no header or of a newer format."""
        if line.get("record") != "header" or not isinstance(line.get("format"), int):
            raise BadInputError("The plan does not start with a header.", remedy="Make a new plan.")
        if line["format"] > FORMAT:
            raise BadInputError(
                f"The plan has format {line['format']}; this version reads up to {FORMAT}.",
                remedy="Use the version of migrate that wrote it, or make a new plan.",
            )
        known = set(cls.__dataclass_fields__) | {"record"}
        try:
            return cls(
                **{key: line[key] for key in cls.__dataclass_fields__ if key not in ("findings", "extra")},
                findings=tuple(Finding.of_dict(finding) for finding in line["findings"]),
                extra={key: value for key, value in line.items() if key not in known},
            )
        except (KeyError, TypeError) as error:
            raise BadInputError(f"The plan's header lacks {error}.", remedy="Make a new plan.") from error

    @property
    def example(self) -> bool:
        """Whether the plan is shipped as an example and never carried out."""
        return bool(self.extra.get("example"))

    @property
    def require_approval(self) -> bool:
        """Whether somebody other than the planner has to approve the plan before it is run."""
        return bool(self.extra.get("require_approval"))

    @property
    def asks_approval(self) -> bool:
        """Whether an approval of it counts for anything: of all that is done, or of the rights that it gives."""
        return self.require_approval or bool(self.extra.get(GRANTS))

    @property
    def planner(self) -> Identity | None:
        """Who made the plan, as far as the token said."""
        found = (self.extra.get("planned_by") or {}).get("identity")
        return Identity(**found) if found else None

    @property
    def target_tenant(self) -> str:
        """The Entra tenant that the target is of, else that of the planner; '' where neither token named one."""
        found = str(self.extra.get("target_tenant") or "")
        return found or (self.planner.tenant_id if self.planner else "")

    def takes_tenant(self, tenant_id: str) -> bool:
        """Whether an approval by an identity of that tenant counts; '' is of a token that named none."""
        if not tenant_id:
            return not self.extra.get("target_tenant")
        return not self.target_tenant or self.target_tenant.lower() == tenant_id.lower()

    @property
    def switched(self) -> tuple[Switched, ...]:
        """What a cutover that stood when the plan was made has changed of its source. Raises BadInputError."""
        return tuple(map(Switched.of_dict, self.extra.get("switched") or ()))

    @property
    def asked(self) -> Asked:
        """What moves only since the plan asks for it."""
        found = self.extra.get("asked") or {}
        return Asked({Address.parse(address): str(way) for address, way in found.items()})

    @property
    def allowed(self) -> Allowed:
        """What the plan was asked to let move beside what moves anyway. Raises BadInputError."""
        return Allowed.of_dict(self.extra.get("allowed"))

    @property
    def source_ref(self) -> WorkspaceRef:
        """The source workspace."""
        return WorkspaceRef.parse(self.source["id"])

    @property
    def target_ref(self) -> WorkspaceRef:
        """The target workspace."""
        return WorkspaceRef.parse(self.target["id"])


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it was read: `sha256` is that of its lines but the last."""

    header: Header
    steps: tuple[Step, ...]
    sha256: str

    def places(self, *, source: bool) -> dict[Location, str]:
        """Where the bytes of its steps lie on one side, and the address of each: the prefix's before a blob's."""
        alone = [(step.bytes, str(step.address)) for step in self.steps if step.blob]
        amounts = [*alone, *((step.prefix, str(step.address)) for step in self.steps)]
        return {(amount.source if source else amount.target): text for amount, text in amounts if amount}

    def apart(self) -> frozenset[Location]:
        """Where the blobs of the target lie that have an item of their own, or stay, or go after the copies."""
        alone = {step.bytes.target for step in self.steps if step.blob and step.bytes}
        goals = ((step.bytes.target, step.gone) for step in self.steps if step.bytes)
        return frozenset(alone | {goal.at(one.path) for goal, gone in goals for one in gone})

    def names(self) -> dict[Address, Address]:
        """What the target calls items of the source that have another name there."""
        return {step.address.item: step.target for step in self.steps if step.target}

    def called(self, address: Address) -> Address:
        """What the target calls an item."""
        step = self.step(address)
        return step.called if step else address

    def step(self, address: Address) -> Step | None:
        """The step of that address, or None."""
        return next((step for step in self.steps if step.address == address), None)


# Fewer versions of a name are each read by themselves: a list would spare nothing.
_MANY = 3


def read_in_lists(steps: Iterable[Step]) -> Counter[Address]:
    """The names of which a list shows the source, since many versions are to be made: how many looks."""
    open_ = [step.address for step in steps if step.run and not step.is_bytes and step.address.version]
    versions = Counter(address.container for address in open_ if not address.phase)
    looks = Counter(address.container for address in open_)
    return Counter({name: looks[name] for name, count in versions.items() if count >= _MANY})
