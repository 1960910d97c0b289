"""A role assignment that `freeze` took or gave back, and whether it can have been one of this source. Pure."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.names import GUID
from amlmigrate.core.rights import KEPT

# By which one is decided about.
KIND = "frozen"
_AUTHORIZATION = r"/providers/Microsoft\.Authorization"
# A scope's names are those of groups and resources: no query, no escape, nothing that leads elsewhere.
_ID = re.compile(rf"((?:/[\w.()-]+)+){_AUTHORIZATION}/roleAssignments/{GUID}", re.IGNORECASE)
# Nothing wider than one account is taken for it, whatever a report says that the source's is.
_ACCOUNT = re.compile(
    rf"/subscriptions/{GUID}/resourceGroups/[\w.()-]+/providers/Microsoft\.Storage/storageAccounts/[a-z0-9]{{3,24}}",
    re.IGNORECASE,
)
_ROLE = re.compile(
    rf"(?:/subscriptions/{GUID}|/providers/Microsoft\.Management/managementGroups/[\w.()-]+)?"
    rf"{_AUTHORIZATION}/roleDefinitions/{GUID}",
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
OWED = frozenset({FreezeState.TAKING, FreezeState.TAKEN, FreezeState.UNKNOWN, FreezeState.GIVING})


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
    if not re.fullmatch(GUID, str(one.properties.get("principalId", "")), re.IGNORECASE):
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
