"""Which permissions are missing, of those that the stages need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Set

from amlmigrate.core.finding import Finding, Severity
from amlmigrate.doctor.effective import Rights
from amlmigrate.doctor.need import ROLE, Need, SideName, Where


async def missing_rights(
    wanted: Iterable[Need],
    at: Mapping[Where, str],
    rights: Mapping[SideName, Rights],
    *,
    holds: Set[str] = frozenset(),
    worst: Severity = "error",
) -> list[Finding]:
    """A finding for each need that is not granted, or of which that cannot be told.

    What is needed always, or under a condition of `holds`, is as severe as `worst`; all else is a warning.
    """
    asked = [need for need in wanted if need.where in at and need.signed_in in rights]
    granted = await asyncio.gather(*(_granted(need, at[need.where], rights[need.signed_in]) for need in asked))
    found: dict[tuple[str, str, int], Finding] = {}
    for need, answer in zip(asked, granted, strict=True):
        if answer is True:
            continue
        needed = need.always or need.only in holds
        severity: Severity = worst if needed and answer is False else "warning"
        found.setdefault(
            (need.where, need.action, id(rights[need.signed_in])), _finding(need, at[need.where], answer, severity)
        )
    return list(found.values())


async def _granted(need: Need, scope: str, rights: Rights) -> bool | None:
    answers = []
    plain = await rights.at(scope, data=False)
    for operation in need.operations:
        answer = plain.allows(operation, data=need.data)
        if answer is not True and (need.data or answer is None):
            answer = (await rights.at(scope, data=True)).allows(operation, data=need.data)
        answers.append(answer)
    if all(answer is True for answer in answers):
        return True
    return False if any(answer is False for answer in answers) else None


def _finding(need: Need, scope: str, answer: bool | None, severity: Severity) -> Finding:
    kind = "data action" if need.data else "action"
    stages = ", ".join(need.stages)
    only = f"; only if {need.only}" if need.only else ""
    by = f" of the {need.signed_in}'s sign-in" if need.signed_in != need.where.side else ""
    told = "is missing" if answer is False else "could not be looked up"
    # What is in no role of its stages is printed by itself; elsewhere a role may not be assignable yet.
    apart, role = (f" --for {need.apart}", f"{ROLE}: {need.apart}") if need.apart else ("", ROLE)
    elsewhere = " (with its subscription among AssignableScopes)" if need.where is Where.NAMED else ""
    late = "" if answer is None else ". An assignment that was just made takes some minutes to count."
    return Finding(
        severity,
        scope,
        f"The {kind} '{need.action}'{by} on the {need.where} {told}; {stages} needs it ({need.why}{only}).",
        f"migrate doctor --print-role{apart} > role.json; az role definition create --role-definition @role.json;"
        f" az role assignment create --role '{role}' --assignee IDENTITY --scope {scope}{elsewhere}" + late,
        code="right-missing",
    )
