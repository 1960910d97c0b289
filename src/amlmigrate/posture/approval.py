"""The claim that whoever changes the key has to ask first: roles are only eligible, activating one needs approval.

Privileged Identity Management has rules of activation for each role at each scope, which are not inherited
(AZ-PIM-1). Inferred (AZ-PIM-7): those of the scope at which somebody is eligible count, wherever below it is
activated. Who approved what they do not tell: that is in Entra's audit log. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from amlmigrate.core.armid import name_of
from amlmigrate.core.claim import Claim
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.roleends import NO_LICENCE, shows
from amlmigrate.posture.assignments import role_name, scope
from amlmigrate.posture.authority import rules_key
from amlmigrate.posture.facts import KeyRef, PostureFacts
from amlmigrate.posture.holders import HeldDuty, managing_duties, managing_policies
from amlmigrate.posture.reading import Read
from amlmigrate.posture.rightswords import (
    READ_DEFINITIONS,
    READ_DENIALS,
    READ_ELIGIBLE,
    READ_ROLES,
    READ_RULES,
    READ_SCHEDULES,
    READ_VAULT,
    THE_DENIALS,
    THE_ELIGIBLE,
    THE_ROLES,
    unknown,
)
from amlmigrate.posture.unproven import first_unread, unread

NAME = "duties.approval"
_APPROVAL = "Approval_EndUser_Assignment"
_ACTIVATED = "which roles on the vault are activated for now (Privileged Identity Management)"
_EMIT = "migrate guard emit writes the requests for it (docs/how-to/guardrails.md)"
_UNLICENSED = (
    "The tenant has no licence for Privileged Identity Management. Have changes of keys approved by file (migrate"
    " approve), and watch all others by an alert: docs/how-to/guardrails.md."
)


def approval_claims(facts: PostureFacts, ref: KeyRef) -> Iterator[Claim]:
    """That nobody may manage the key without having a role activated, with the approval of somebody else."""
    lacking = list(
        first_unread(
            (NAME,),
            ref.vault_id,
            (("the vault", facts.vault, READ_VAULT), (THE_ROLES, facts.on_vault, READ_ROLES)),
        )
    )
    found = lacking or [_of(facts, ref)]
    yield from found


def _of(facts: PostureFacts, ref: KeyRef) -> Claim:
    duties = list(managing_duties(facts, ref))
    now = [one for one in duties if not one.later]
    standing = [one for one in now if _activation(facts, one) is None]
    return (
        _refuted_by_standing(facts, ref, now, standing)
        or _not_known(facts, ref, now, standing)
        or _of_rules(facts, ref, [one for one in duties if one.later])
    )


def _refuted_by_standing(
    facts: PostureFacts, ref: KeyRef, now: list[HeldDuty], standing: list[HeldDuty]
) -> Claim | None:
    """That somebody has the duty all the time."""
    known = standing if facts.timed.value is not None else []
    roles = _by_holder(facts, (one for one in known if one.surely))
    by_policy = {whom: ["access policy"] for whom in managing_policies(facts)}
    if roles and not by_policy and facts.denials.value is None:
        what = f"whether {THE_DENIALS} keep {', '.join(sorted(roles))} from changing the key"
        return _unread(ref, what, facts.denials, READ_DENIALS)
    if not (always := roles | by_policy):
        return None
    first = min(always)
    return Claim(
        NAME,
        False,
        "warning",
        ref.vault_id,
        f"May manage the key at any time, without asking anybody: {', '.join(sorted(always))}.",
        "Make them eligible only, with approval, and take the standing right away (az role assignment list --all"
        f" --assignee {first} --output table; an access policy knows no approval: use Azure roles). {_EMIT}.",
        {"standing": always},
    )


def _not_known(facts: PostureFacts, ref: KeyRef, now: list[HeldDuty], standing: list[HeldDuty]) -> Claim | None:
    if any(facts.definition(one) is None for read in (facts.on_vault, facts.eligible) for one in read.value or ()):
        return _unread(ref, "a role definition", Read(), READ_DEFINITIONS)
    if now and facts.timed.value is None:
        return _unread(ref, _ACTIVATED, facts.timed, READ_SCHEDULES)
    if standing:
        who = ", ".join(sorted({one.whom for one in standing}))
        return unknown(NAME, ref, f"conditions or deny assignments decide whether {who} may manage the key")
    if facts.eligible.value is None:
        return _unread(ref, THE_ELIGIBLE, facts.eligible, READ_ELIGIBLE)
    if lost := sorted({one.whom for one in now if not _from_eligible(facts, one)}):
        return unknown(
            NAME, ref, f"what {', '.join(lost)} had to be eligible for, to activate a role, is not listed"
        )
    return None


def _of_rules(facts: PostureFacts, ref: KeyRef, eligible: list[HeldDuty]) -> Claim:
    """By the rules of what may be activated."""
    open_ = [one for one in eligible if _approved(facts, one) is False]
    if open_:
        who = _by_holder(facts, open_)
        return Claim(
            NAME,
            False,
            "warning",
            ref.vault_id,
            f"May activate a role that manages the key without approval: {', '.join(sorted(who))}.",
            f"Have PIM ask for approval when the role is activated at {scope(open_[0].assignment)}; {_EMIT}.",
            {"eligible": _by_holder(facts, eligible), "without_approval": who},
        )
    for one in eligible:
        if _approved(facts, one) is None:
            what = (
                f"the rules by which '{role_name(facts, one.assignment)}' is activated at {scope(one.assignment)}"
            )
            return _unread(ref, what, replace(_rules(facts, one), value=None), READ_RULES)
    said = "Whoever may activate a role that manages the key needs approval for it, and nobody has one otherwise."
    return Claim(
        NAME,
        True,
        "warning",
        ref.vault_id,
        said if eligible else "No role that manages the key is given to anybody.",
        "",
        {"eligible": _by_holder(facts, eligible), "approvers": sorted(_approvers(facts, eligible))},
    )


def _activation(facts: PostureFacts, one: HeldDuty) -> Document | None:
    """The instance that shows an assignment as activated for now (AZ-PIM-4); None for what is given."""
    told = [each for each in facts.timed.value or () if shows(each, one.assignment)]
    given = any(properties_of(each).get("assignmentType") != "Activated" for each in told)
    return None if given or not told else told[0]


def _from_eligible(facts: PostureFacts, one: HeldDuty) -> bool:
    """Whether what an activation came from is among what may be activated, whose rules are read."""
    told = properties_of(_activation(facts, one))
    linked = name_of(told.get("linkedRoleEligibilityScheduleInstanceId"))
    schedule = name_of(told.get("linkedRoleEligibilityScheduleId"))
    return any(
        (linked and name_of(each.get("id")) == linked)
        or (schedule and name_of(properties_of(each).get("roleEligibilityScheduleId")) == schedule)
        for each in facts.eligible.value or ()
    )


def _rules(facts: PostureFacts, one: HeldDuty) -> Read[list[Document]]:
    return facts.rules.get(rules_key(one.assignment), Read())


def _approved(facts: PostureFacts, one: HeldDuty) -> bool | None:
    """Whether activating it needs approval; None where that is not known."""
    setting = _setting(_rules(facts, one).value or ())
    return None if setting is None else setting.get("isApprovalRequired") is True


def _setting(rules: Iterable[Document]) -> dict[str, Any] | None:
    found = next((one for one in rules if one.get("id") == _APPROVAL), None)
    return None if found is None else found.get("setting") or {}


def _approvers(facts: PostureFacts, eligible: Iterable[HeldDuty]) -> set[str]:
    """Object ids; PIM asks nobody else (AZ-PIM-2)."""
    settings = (_setting(_rules(facts, one).value or ()) or {} for one in eligible)
    stages = (stage for setting in settings for stage in setting.get("approvalStages") or ())
    return {str(one.get("id")) for stage in stages for one in stage.get("primaryApprovers") or ()}


def _by_holder(facts: PostureFacts, duties: Iterable[HeldDuty]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for one in duties:
        found.setdefault(one.whom, set()).add(role_name(facts, one.assignment))
    return {who: sorted(roles) for who, roles in sorted(found.items())}


def _unread(ref: KeyRef, what: str, read: Read[Any], action: str) -> Claim:
    [claim] = unread((NAME,), ref.vault_id, what, read, action)
    return replace(claim, remedy=_UNLICENSED) if read.code == NO_LICENCE else claim
