"""Role assignments as Azure keeps them, and what may go wrong with calls about some of them; a book of deeds."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.builders.world import OLD, SOURCE, plan

from amlmigrate.cloud.roles import Removed
from amlmigrate.core.authorship import By
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.events import ignore
from amlmigrate.core.freeze_record import Assignment, FreezeState
from amlmigrate.evidence.freezing import NotGiven
from amlmigrate.freezing import freeze, give_back, record
from amlmigrate.freezing.record import Deeds
from amlmigrate.ledger import Ledger, decisions
from amlmigrate.ledger.evidence import Evidence, EvidenceFile

PLAN = plan()
ACCOUNT = SOURCE.storage_account_id
BY = By("ann", "host", "1")
ROLE = f"/subscriptions/{OLD.subscription}/providers/Microsoft.Authorization/roleDefinitions/{uuid.UUID(int=7)}"


def guid(name: str) -> str:
    """A GUID that stands for a name of the test's."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def id_of(name: str, scope: str = OLD.id) -> str:
    """The id of an assignment."""
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{guid(name)}"


def document(name: str, scope: str = OLD.id, **more: str) -> dict[str, Any]:
    """An assignment as ARM answers it."""
    told = {"principalId": guid(f"principal {name}"), "principalType": "User", "roleDefinitionId": ROLE}
    return {"id": id_of(name, scope), "properties": {**told, "scope": scope, **more}}


def one(name: str, state: FreezeState = FreezeState.LISTED, scope: str = OLD.id, **more: str) -> Assignment:
    """The same as a value."""
    return replace(Assignment.of(document(name, scope, **more), "writer"), state=state)


class Killed(BaseException):
    """The process ends here."""


class Azure:
    """The assignments that there are. `before` and `after` a call of a method about a name something is raised.

    What is stale reads as it was for so many looks more. `log` has the changing calls.
    """

    def __init__(self, *there: dict[str, Any]) -> None:
        self.there = {found["id"]: found for found in there}
        self.before: dict[tuple[str, str], BaseException] = {}
        self.after: dict[tuple[str, str], BaseException] = {}
        self.changes: dict[tuple[str, str], dict[str, Any] | None] = {}
        self.stale: dict[str, list[dict[str, Any] | None]] = {}
        self.doubtful: set[str] = set()
        self.log: list[tuple[str, str]] = []

    def names(self) -> set[str]:
        """The ids that there are."""
        return set(self.there)

    async def get(self, id_: str) -> dict[str, Any] | None:
        """One, or None; a stale look shows what was before."""
        self._raise(self.before, "get", id_)
        found = self.stale[id_].pop(0) if self.stale.get(id_) else self.there.get(id_)
        if ("get", id_) in self.changes:
            self._change("get", id_)
        return found

    async def remove(self, id_: str) -> Removed:
        """Takes one away."""
        self.log.append(("remove", id_))
        self._raise(self.before, "remove", id_)
        if ("remove", id_) in self.changes:
            self._change("remove", id_)
        gone = self.there.pop(id_, None)
        self._raise(self.after, "remove", id_)
        return Removed(gone, id_ in self.doubtful, gone is not None)

    async def assign(self, id_: str, properties: dict[str, Any]) -> bool:
        """Makes one; not where the principal has the role at the scope under another name."""
        self.log.append(("assign", id_))
        self._raise(self.before, "assign", id_)
        scope = id_.partition("/providers/Microsoft.Authorization/")[0]
        same = {"scope": scope, **{name: properties[name] for name in ("principalId", "roleDefinitionId")}}
        if any(each != id_ and same.items() <= there["properties"].items() for each, there in self.there.items()):
            return False
        self.there[id_] = {"id": id_, "properties": {**properties, "scope": scope}}
        self._raise(self.after, "assign", id_)
        return True

    async def directly(self, scope: str, object_id: str) -> list[dict[str, Any]]:
        """Those that a principal has itself around a scope."""
        self._raise(self.before, "directly", scope)
        return [each for each in self.there.values() if each["properties"]["principalId"] == object_id]

    def _change(self, method: str, id_: str) -> None:
        """Somebody else is at work in the same moment."""
        changed = self.changes.pop((method, id_))
        self.there.pop(id_, None)
        self.there |= {id_: changed} if changed else {}

    def _raise(self, faults: dict[tuple[str, str], BaseException], method: str, id_: str) -> None:
        fault = faults.get((method, id_))
        if isinstance(fault, Killed):
            del faults[method, id_]
        if fault:
            raise fault


async def no_end(listed: Assignment, there: dict[str, Any]) -> str:
    """Nothing ends."""
    return listed.end


class Folder:
    """A plan's folder: commands in it, each with its own look at the evidence, as processes have."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with Ledger(path) as ledger:
            ledger.bind(PLAN)

    def freeze(self, azure: Azure, *ones: Assignment, end: freeze.End = no_end) -> freeze.TakenRights:
        """What `freeze` does once it knows whom to take rights from."""
        with Ledger(self.path) as ledger:
            book = self._book(ledger)
            came = asyncio.run(freeze.take_away(azure, book, list(ones), end, ignore))
            book.frozen(())
            return came

    def back(
        self,
        azure: Azure,
        source: give_back.Source | None = None,
        *give: str,
        end: freeze.End = no_end,
        **let_go: str,
    ) -> give_back.Back:
        """What `freeze --back` does; `give` are names that somebody decided to be given."""
        with Ledger(self.path) as ledger:
            book = self._book(ledger)
            decided = give_back.LetGo(
                {f"frozen/{guid(name)}": why for name, why in let_go.items()},
                {f"frozen/{guid(name)}": "decided by ann" for name in give},
            )
            found = source or give_back.Source(OLD.id)
            came = asyncio.run(give_back.give_back(azure, book, found, decided, end, ignore, ledger.moment()))
            book.given_back(_left(came))
            return came

    def _book(self, ledger: Ledger) -> Deeds:
        reports = Evidence(self.path, ledger).reports()
        known = record.trusted(ledger, PLAN, reports)
        if known:
            record.show(ledger, reports, known)
        book = Deeds(ledger, PLAN, BY, known, ACCOUNT)
        record.refuse_strange(self.path, book.record, OLD.id, ACCOUNT)
        return book

    def reports(self) -> list[EvidenceFile]:
        """The chain, checked."""
        with Ledger(self.path) as ledger:
            return Evidence(self.path, ledger).reports()

    def problems(self) -> list[str]:
        """What is wrong with the folder, by ledger and evidence."""
        with Ledger(self.path) as ledger:
            return decisions.problems(ledger, Evidence(self.path, ledger).reports())

    def states(self) -> dict[str, FreezeState]:
        """How each stands by the evidence, by id."""
        known = record.read(self.reports(), self.path)
        return {each.id: each.state for each in (known.assignments if known else ())}

    def deeds(self) -> list[tuple[str, str]]:
        """Each deed in order: the last part of the id, and what was done."""
        found = [each.content for each in self.reports() if each.content.record == "deed"]
        return [(content.assignment.id, content.deed) for content in found]


def frozen(folder: Folder, *names: str) -> Azure:
    """An Azure from which these were taken."""
    azure = Azure(*map(document, names))
    folder.freeze(azure, *map(one, names))
    azure.log.clear()
    return azure


def attempt(folder: Folder, azure: Azure, *ones: Assignment) -> MigrateError | Killed | None:
    """A freeze that may not come to its end."""
    try:
        folder.freeze(azure, *ones)
    except (MigrateError, Killed) as found:
        return found
    return None


def _left(came: give_back.Back) -> list[NotGiven]:
    return [NotGiven(id=each.id, address=each.address, reason=why) for each, why in came.left]
