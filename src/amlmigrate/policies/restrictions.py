"""Asks Azure which policies would refuse a PUT before it is made (`checkPolicyRestrictions`).

Azure predicts refusals, and promises nothing: that none is predicted is never told as "allowed" (AZ-POLICY-22).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from amlmigrate.cloud.arm import Arm, api_version
from amlmigrate.core.armid import ArmId, key_of, name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.policies.asking import answered
from amlmigrate.policies.denials import NOT_DENYING

# Documented among the operations of the provider, though it is a POST (AZ-POLICY-60).
RIGHT = "Microsoft.PolicyInsights/checkPolicyRestrictions/read"
# The type of a resource group in policies (learn.microsoft.com, governance/policy, definition-structure).
GROUP = "Microsoft.Resources/subscriptions/resourceGroups"
# What an evaluation by a policy that was not complied with comes to.
_JUDGED = "noncompliant"
_DENY = "deny"


@dataclass(frozen=True, slots=True)
class PolicyQuestion:
    """Whether a PUT of `body` to `id` would be refused, asked at `scope`: a group, or the subscription.

    Secret markers in the body stay as they are: a secret is sent nowhere but where it belongs. Without a name
    (`named`) no exemption of the resource itself counts (AZ-POLICY-22).
    """

    id: str
    body: Document
    scope: str = ""
    named: bool = True

    @property
    def path(self) -> str:
        """What is asked."""
        scope = self.scope or ArmId.of(self.id).group_id
        return f"{scope}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"

    def as_dict(self) -> Document:
        """The body of the question. What lies in another resource is judged there (AZ-POLICY-61)."""
        id_ = ArmId.of(self.id)
        content = {name: value for name, value in self.body.items() if name != "name"}
        content |= {"type": id_.spelled_type or GROUP}
        if self.named:
            content["name"] = name_of(self.id)
        nested = {"scope": str(id_.parent)} if len(id_.types) > 1 or id_.scope.types else {}
        return {"resourceDetails": {"resourceContent": content, "apiVersion": api_version(self.id), **nested}}


@dataclass(frozen=True, slots=True)
class PolicyRefusal:
    """An assignment that is predicted to refuse: its id, what people call it, and what it says; or ''."""

    assignment: str
    title: str
    message: str = ""

    def __str__(self) -> str:
        """As a sentence names it."""
        said = f", which says: {self.message.rstrip('.')}" if self.message else ""
        return f"the policy '{self.title}' ({self.assignment}){said}"


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What is predicted to refuse, and what was not checked, in words; `unasked`: why there is no prediction."""

    refusals: tuple[PolicyRefusal, ...] = ()
    not_checked: tuple[str, ...] = ()
    unasked: str = ""


async def ask(arm: Arm, question: PolicyQuestion) -> PolicyAnswer:
    """One question. A refusal, no answer, and an answer that says nothing are *not checked*."""
    read = await answered(arm.post(question.path, question.as_dict()))
    if read.value is None:
        return PolicyAnswer(unasked=read.refused or "Azure answered nothing.")
    evaluations = _evaluations(read.value)
    if evaluations is None:
        return PolicyAnswer(unasked="Azure's answer says nothing of it.")
    known = [one for one in evaluations if _readable(one)]
    not_judged = [f"the policy {id_}: Azure answered '{word}'" for id_, word in dict.fromkeys(_unjudged(known))]
    if len(known) < len(evaluations):
        not_judged.append("Azure's answer has evaluations that cannot be read")
    refusals = [
        PolicyRefusal(id_, await _title(arm, id_), message) for id_, message in _by_assignment(known).items()
    ]
    return PolicyAnswer(tuple(refusals), tuple(not_judged))


def _evaluations(answer: Any) -> list[Any] | None:
    """The evaluations of an answer; None where it has none to read.

    Inferred (AZ-POLICY-65): an answer about a content always has them, be it none; without them it says nothing.
    """
    result = answer.get("contentEvaluationResult") if isinstance(answer, dict) else None
    found = result.get("policyEvaluations") if isinstance(result, dict) else None
    return found if isinstance(found, list) else None


def _readable(evaluation: Any) -> bool:
    """Whether an evaluation has the form that is documented and a known effect, and says by which assignment."""
    if not isinstance(evaluation, dict):
        return False
    parts = (evaluation.get(name) or {} for name in ("policyInfo", "effectDetails", "evaluationDetails"))
    if not all(isinstance(one, dict) for one in parts) or not _assignment(evaluation):
        return False
    return _effect(evaluation) in (_DENY, *NOT_DENYING)


def _by_assignment(evaluations: Iterable[Any]) -> dict[str, str]:
    """The assignments by which a resource would be refused, each once, with the first thing that it says."""
    found: dict[str, tuple[str, str]] = {}
    for one in evaluations:
        if _effect(one) == _DENY and _result(one) == _JUDGED:
            id_, said = _assignment(one), str((one.get("evaluationDetails") or {}).get("reason") or "")
            known = found.setdefault(key_of(id_), (id_, said))
            found[key_of(id_)] = (known[0], known[1] or said)
    return dict(found.values())


def _unjudged(evaluations: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """The assignments that Azure could not judge by, each with its word: of errors the specification says that a
    result may be another one than `NonCompliant`."""
    for one in evaluations:
        if _result(one) not in (_JUDGED, "compliant"):
            yield _assignment(one), str(one.get("evaluationResult"))


def _effect(evaluation: Any) -> str:
    """The effect of an evaluation's policy.

    One that tells none denies: before audits could be asked for, each in the list did (azure-rest-api-specs,
    policyinsights 2022-03-01).
    """
    return str((evaluation.get("effectDetails") or {}).get("policyEffect") or _DENY).lower()


def _result(evaluation: Any) -> str:
    return str(evaluation.get("evaluationResult")).lower()


def _assignment(evaluation: Any) -> str:
    return str((evaluation.get("policyInfo") or {}).get("policyAssignmentId") or "")


async def _title(arm: Arm, assignment_id: str) -> str:
    """What people call an assignment; its name where it may not be read."""
    document = (await answered(arm.get(assignment_id))).value
    return str(properties_of(document).get("displayName") or name_of(assignment_id))
