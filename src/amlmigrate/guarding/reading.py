"""Reads a file of `migrate guard`: YAML or JSON, checked against its model, then against itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from amlmigrate.core import filechecks
from amlmigrate.core.armid import ArmId
from amlmigrate.core.errors import BadInputError
from amlmigrate.desired import filereading
from amlmigrate.guarding import alarmrules
from amlmigrate.guarding.members import MEMBERS
from amlmigrate.guarding.model import GuardModel
from amlmigrate.guarding.wanted import (
    Alarms,
    Custody,
    ExemptionTerms,
    Guardrail,
    KeyApprover,
    KeyLimits,
    Stage,
)
from amlmigrate.posture import tagging

_REMEDY = "docs/reference/guard-file.md has every member. Fix it and run the same command again."
_TITLE = "A file of `migrate guard`"
_FIRST_PROTECTED = "confidential"
_NAME = "aml-cmk"
# Key Vault Crypto Officer (learn.microsoft.com, built-in roles).
_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"


def schema() -> dict[str, Any]:
    """The JSON Schema of the file (draft 2020-12), for editors and for the documentation."""
    return filechecks.schema(GuardModel, _TITLE)


def read(path: Path, *, subscription: str | None = None) -> Guardrail:
    """What the file asks for. Raises BadInputError, naming each member that is wrong.

    `subscription` stands in where the file names no scope.
    """
    document = filereading.load(path, _REMEDY)
    filereading.refuse(path, _REMEDY, filechecks.problems(document, GuardModel))
    own = document.get("tagging")
    standard = tagging.read((path.parent / own) if own else None)
    levels = standard.facts[tagging.SENSITIVITY].levels
    filereading.refuse(path, _REMEDY, _problems(document, levels))
    scope = document.get("scope") or (f"/subscriptions/{subscription}" if subscription else "")
    if not scope:
        raise BadInputError(
            "The file names no scope, and there is no default.",
            address=str(path),
            remedy="Give `scope` in the file, or set AZURE_SUBSCRIPTION_ID.",
        )
    found = Guardrail(
        scope=str(ArmId.of(scope)),
        stage=Stage(document.get("stage", Stage.AUDIT)),
        name=document.get("name", _NAME),
        standard=standard,
        harmless=tuple(document["harmless"]) if "harmless" in document else _below(levels),
        untagged_needs_key=document.get("untagged", "deny") == "deny",
        members=tuple(name for name in MEMBERS if name not in document.get("without", ())),
        keys=_keys(document.get("keys", {})),
        exemptions=_terms(document.get("exemptions", {})),
        message=document.get("message", ""),
        custody=_custody(document["custodians"]) if "custodians" in document else None,
        alarms=_alarms(document, str(ArmId.of(scope))) if "alarms" in document else None,
    )
    filereading.refuse(path, _REMEDY, _elsewhere(found))
    return found


def _elsewhere(guardrail: Guardrail) -> Iterator[tuple[str, str]]:
    """What no rule in the subscription of the alarms' resource group can watch."""
    if (alarms := guardrail.alarms) is None:
        return
    for one in (*alarmrules.elsewhere(guardrail, alarms), *_other_groups(alarms)):
        yield "alarms", f"'{one}' is in another subscription than {alarms.group}: have a file for each"


def _other_groups(alarms: Alarms) -> Iterator[str]:
    """Action groups that no rule there can name (AZ-MONITOR-41)."""
    own = ArmId.of(alarms.subscription)
    yield from (one for one in alarms.action_groups if not ArmId.of(one).within(own))


def _below(levels: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are less than `confidential`; none, where the standard has no such level: each needs a key."""
    return levels[: levels.index(_FIRST_PROTECTED)] if _FIRST_PROTECTED in levels else ()


def _problems(document: Mapping[str, Any], levels: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What the model cannot say."""
    for number, level in enumerate(document.get("harmless", ())):
        if level not in levels:
            yield f"harmless.{number}", f"'{level}' is not a level of the tagging standard ({', '.join(levels)})"
    if document.get("harmless") and set(document["harmless"]) == set(levels):
        yield "harmless", "each level would be harmless, and nothing would be guarded"
    custodians = document.get("custodians", {})
    # AZ-PIM-6.
    approvers = {one["id"].lower() for one in custodians.get("approvers", ())}
    if approvers and approvers <= {one.lower() for one in custodians["eligible"]}:
        yield "custodians.approvers", "only names those who are eligible, and nobody approves their own request"
    if "alarms" in document and not _vaults(document):
        yield "alarms.vaults", "names no vault, and `custodians` names none either"
    terms = document.get("exemptions", {})
    days = {
        "until": terms.get("until"),
        **{f"waves.{number}": day for number, day in terms.get("waves", {}).items()},
    }
    for place, text in days.items():
        if text is not None and _day(text) is None:
            yield f"exemptions.{place}", f"'{text}' is not a day"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _keys(part: Mapping[str, Any]) -> KeyLimits:
    default = KeyLimits()
    return KeyLimits(
        part.get("daysBeforeExpiry", default.days_before_expiry),
        part.get("rsaSize", default.rsa_size),
        part.get("rotateWithinDays", default.rotate_within_days),
    )


def _custody(part: Mapping[str, Any]) -> Custody:
    return Custody(
        vaults=tuple(str(ArmId.of(one)) for one in part["vaults"]),
        eligible=tuple(part["eligible"]),
        approvers=tuple(KeyApprover(one["id"], one["type"]) for one in part["approvers"]),
        roles=tuple(part.get("roles") or (_OFFICER,)),
        hours=part.get("hours", 4),
        days=part.get("days", 365),
    )


def _vaults(document: Mapping[str, Any]) -> list[str]:
    """The vaults that alarms are about."""
    found: list[str] = document["alarms"].get("vaults") or document.get("custodians", {}).get("vaults", [])
    return found


def _alarms(document: Mapping[str, Any], scope: str) -> Alarms:
    part, vaults = document["alarms"], [str(ArmId.of(one)) for one in _vaults(document)]
    at = scope if ArmId.of(scope).group else str(ArmId.of(vaults[0]).group_id)
    return Alarms(
        group=str(ArmId.of(part.get("resourceGroup", at))),
        name=part.get("name", document.get("name", _NAME)),
        vaults=_once(vaults),
        workspaces=_once(str(ArmId.of(one)) for one in part.get("workspaces", ())),
        logs=str(ArmId.of(part.get("logs"))),
        location=part.get("location", ""),
        emails=_once(part.get("emails", ())),
        roles=_once(one.lower() for one in part.get("roles", ())),
        action_groups=_once(str(ArmId.of(one)) for one in part.get("actionGroups", ())),
        callers={one["id"].lower(): one.get("what", "") for one in part.get("callers", ())},
        without=tuple(part.get("without", ())),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    """Each once, whatever its letter case: Azure takes no receiver twice (AZ-MONITOR-42)."""
    return tuple({one.lower(): one for one in texts}.values())


def _terms(part: Mapping[str, Any]) -> ExemptionTerms:
    return ExemptionTerms(
        until=_day(part["until"]) if "until" in part else None,
        waves={int(number): date.fromisoformat(text) for number, text in part.get("waves", {}).items()},
        requested_by=part.get("requestedBy", ""),
        ticket=part.get("ticket", ""),
    )
