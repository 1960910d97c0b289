"""What `freeze` took and gave back: deeds, each a report of its own, and how each role assignment stands by them.

Pure. Nothing here is read from `freeze.json`: that file is written for people, by what the deeds say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.escapes import as_json
from amlmigrate.core.rights import KEPT

DEED = "deed"
# Each sums up what a command came to.
SUMMARIES = ("freeze", "back")
FORMAT = 1
# By which one is decided about.
KIND = "frozen"
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_AUTHORIZATION = r"/providers/Microsoft\.Authorization"
# A scope's names are those of groups and resources: no query, no escape, nothing that leads elsewhere.
_ID = re.compile(rf"((?:/[\w.()-]+)+){_AUTHORIZATION}/roleAssignments/{_GUID}", re.IGNORECASE)
# Nothing wider than one account is taken for it, whatever a report says that the source's is.
_ACCOUNT = re.compile(
    rf"/subscriptions/{_GUID}/resourceGroups/[\w.()-]+/providers/Microsoft\.Storage/storageAccounts/[a-z0-9]{{3,24}}",
    re.IGNORECASE,
)
_ROLE = re.compile(
    rf"(?:/subscriptions/{_GUID}|/providers/Microsoft\.Management/managementGroups/[\w.()-]+)?"
    rf"{_AUTHORIZATION}/roleDefinitions/{_GUID}",
    re.IGNORECASE,
)


class FreezeState(StrEnum):
    """How one stands by the last deed about it. `taking` and `giving back` are written before the call."""

    LISTED = "there"
    TAKING = "taking"
    TAKEN = "taken"
    # It went before it could be taken: somebody else took it.
    GONE = "gone before"
    # It is gone (or was to be given back and is not there), and nothing shows whether that was done by the tool.
    UNKNOWN = "not known by whom"
    GIVING = "giving back"
    GIVEN = "given back"
    # Given for a time that is over: there is nothing to give back.
    ENDED = "ended"


# What is still to be given back, or to be decided.
_OWED = frozenset({FreezeState.TAKING, FreezeState.TAKEN, FreezeState.UNKNOWN, FreezeState.GIVING})


@dataclass(frozen=True, slots=True)
class Assignment:
    """One role assignment: its ARM id (its name is the last part), where it applies, and what it gives whom.

    `end` is when it ends by itself, as Azure writes it, else ''. `since` is when taking it away began, `note` what
    is to be known of the last deed, `created` when Azure says that it was made: one made anew is another.
    """

    id: str
    scope: str
    role: str
    properties: Document
    state: FreezeState = FreezeState.LISTED
    end: str = ""
    since: str = ""
    note: str = ""
    created: str = ""

    @classmethod
    def of(cls, document: Document, role: str) -> Assignment:
        """Of a document as ARM answers it."""
        properties = properties_of(document)
        kept = {key: properties[key] for key in KEPT if properties.get(key) is not None}
        created = str(properties.get("createdOn") or "")
        return cls(str(document["id"]), str(properties.get("scope", "")), role, kept, created=created)

    @classmethod
    def of_dict(cls, found: Document) -> Assignment:
        """One of a report. Raises KeyError, TypeError, ValueError for what is none."""
        texts = {name: found.get(name, "") for name in ("end", "since", "note", "created")}
        must = {name: found[name] for name in ("id", "scope", "role")}
        if not all(isinstance(one, str) for one in (*must.values(), *texts.values())):
            raise TypeError("a text is none")
        return cls(**must, **texts, properties=dict(found["properties"]), state=FreezeState(found["state"]))

    @property
    def key(self) -> str:
        """By which two are one: ARM ids do not mind letter case."""
        return key_of(self.id)

    @property
    def address(self) -> str:
        """By which it is decided about: `frozen/GUID`."""
        return f"{KIND}/{name_of(self.key)}"

    def within(self, scope: str) -> bool:
        """Whether it is at a scope or below it."""
        return bool(scope) and ArmId.of(self.scope).within(ArmId.of(scope))

    def __str__(self) -> str:
        kind = self.properties.get("principalType") or "principal"
        end = f", until {self.end}" if self.end else ""
        return f"{self.role} of {kind} {self.properties.get('principalId')} at {self.scope}{end}"

    def as_dict(self) -> dict[str, Any]:
        """Its form in `freeze.json`, events and evidence."""
        return asdict(self) | {"state": self.state.value}

    def decided(self) -> dict[str, Any]:
        """What a decision about it is about: this very taking of this very assignment."""
        return {"id": self.key, "properties": self.properties, "end": self.end, "since": self.since}


def strange(one: Assignment, source: str, account: str) -> str | None:
    """Why an assignment is none that could have been taken of this source, or be given back; None for one that is.

    Whoever gives it rights by a made-up report gives none above the workspace `source` or its storage `account`.
    """
    return _misplaced(one, source, account) or _misshapen(one)


def _misplaced(one: Assignment, source: str, account: str) -> str | None:
    found = _ID.fullmatch(one.id)
    if not found or {".", ".."} & set(ArmId(one.id).parts):
        return "its id is none of a role assignment"
    if ArmId.of(found[1]) != ArmId.of(one.scope):
        return f"its id is not at its scope '{one.scope}'"
    if not (one.within(source) or (one.within(account) and _ACCOUNT.fullmatch(account.rstrip("/")))):
        return f"'{one.scope}' is neither the source nor its storage account"
    return None


def _misshapen(one: Assignment) -> str | None:
    if not _ROLE.fullmatch(str(one.properties.get("roleDefinitionId", ""))):
        return "its role is none"
    if not re.fullmatch(_GUID, str(one.properties.get("principalId", "")), re.IGNORECASE):
        return "its principal is none"
    if not (one.properties.keys() <= set(KEPT) and all(isinstance(each, str) for each in one.properties.values())):
        return "it has members that are none of a role assignment"
    return None


def differing(one: Assignment, other: Assignment) -> list[str]:
    """The members in which two differ, of those that make an assignment what it is."""

    def text(of: Assignment, key: str) -> str:
        found = str(of.properties.get(key, ""))
        # Ids mind no letter case; a condition or a description may.
        return found.lower() if key.endswith(("Id", "Type")) else found

    return [key for key in KEPT if text(one, key) != text(other, key)]


@dataclass(frozen=True, slots=True)
class FreezeRecord:
    """All that `freeze` had to do with, by plan: what each assignment is and how it stands."""

    plan: dict[str, str]
    source: dict[str, Any]
    by: dict[str, Any]
    time: str = ""
    found: Mapping[str, Assignment] = field(default_factory=dict)

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        """All of them, in the order in which they came."""
        return tuple(self.found.values())

    @property
    def owed(self) -> tuple[Assignment, ...]:
        """What is to be given back, or decided, as far as the deeds say."""
        return tuple(one for one in self.assignments if one.state in _OWED)

    @property
    def account(self) -> str:
        """The ARM id of the source's storage account; '' where a version before deeds wrote it."""
        return str(self.source.get("storageAccount") or "")

    @property
    def state(self) -> str:
        """`frozen` while anything is taken away, `back` once nothing is."""
        return "frozen" if self.owed else "back"

    def state_of(self, one: Assignment) -> FreezeState:
        """How an assignment stands; as `there` where nothing was done about it."""
        known = self.found.get(one.key)
        return known.state if known else FreezeState.LISTED

    def after(self, one: Assignment) -> FreezeRecord:
        """The same once that is so of one."""
        return replace(self, found={**self.found, one.key: one})

    def data(self) -> bytes:
        """The file for people."""
        return as_json(self.as_dict(), indent=1).encode() + b"\n"

    def as_dict(self) -> dict[str, Any]:
        """Its form in the file and in the reports that sum up."""
        return {
            "format": FORMAT,
            "state": self.state,
            "plan": self.plan,
            "source": self.source,
            "by": self.by,
            "time": self.time,
            "assignments": [one.as_dict() for one in self.assignments],
        }


def of_reports(contents: Iterable[Mapping[str, Any]]) -> FreezeRecord | None:
    """How all stands by the reports of a chain, oldest first; None where nothing was ever frozen.

    Raises KeyError, TypeError, ValueError, AttributeError for a report that says no such thing.
    """
    record: FreezeRecord | None = None
    for content in contents:
        if content["record"] == DEED:
            _check(content)
            record = _told(content, record.found if record else {}).after(
                Assignment.of_dict(content["assignment"])
            )
        elif content["record"] in SUMMARIES:
            _check(content)
            found = record.found if record else {}
            if {str(one["id"]).lower() for one in content["assignments"]} != set(found):
                raise ValueError("a report sums up other assignments than its deeds are of")
            record = _told(content, found) if record else None
    return record


def _check(content: Mapping[str, Any]) -> None:
    if content["format"] > FORMAT:
        raise ValueError(f"a report has format {content['format']}, this version reads up to {FORMAT}")


def _told(content: Mapping[str, Any], found: Mapping[str, Assignment]) -> FreezeRecord:
    by = {name: value for name, value in content["by"].items() if name != "options"}
    return FreezeRecord(dict(content["plan"]), dict(content["source"]), by, content["time"], found)
