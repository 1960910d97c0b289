"""What Azure predicts policies to refuse of a plan's steps: one question for all that is judged alike."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.few import few, many
from amlmigrate.core.finding import Finding
from amlmigrate.core.parallel import in_order
from amlmigrate.core.plan import Step
from amlmigrate.kinds import moving_kinds
from amlmigrate.policies import restrictions
from amlmigrate.policies.restrictions import PolicyAnswer, PolicyQuestion, PolicyRefusal
from amlmigrate.posture.reading import missing_action

# Questions of one type: a workspace in which each item is judged by itself would take thousands.
MOST = 20
_PARALLEL = 8


@dataclass(frozen=True, slots=True)
class Alike:
    """Steps that write one type with the same fields that a policy can go by."""

    type: str
    steps: tuple[Step, ...]

    @property
    def question(self) -> PolicyQuestion:
        """Asked of the first of them."""
        return PolicyQuestion(self.steps[0].target_id, self.steps[0].body or {})

    @property
    def addresses(self) -> list[str]:
        """The addresses of all of them."""
        return [str(one.address) for one in self.steps]


async def predicted(arm: Arm, steps: Iterable[Step], target: str) -> list[Finding]:
    """An error for each assignment that is predicted to refuse steps, and a warning for what was not checked.

    `target` is the workspace's ARM id.
    """
    asked, left = chosen(alike(steps))
    answers = [
        (one, answer) async for one, answer in in_order(asked, lambda one: _asked(arm, one), parallel=_PARALLEL)
    ]
    return [*refused(answers), *not_checked(answers, left, target)]


async def _asked(arm: Arm, one: Alike) -> tuple[Alike, PolicyAnswer]:
    return one, await restrictions.ask(arm, one.question)


def alike(steps: Iterable[Step]) -> list[Alike]:
    """The steps that write a resource, those together that are judged alike; the most first. Pure."""
    found: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in steps:
        if not step.action.writes or step.is_bytes or step.comes_with_version or not step.body:
            continue
        if moving_kinds()[step.address.kind].in_vault:
            # Azure Resource Manager has no part in it.
            continue
        type_ = ArmId.of(step.target_id).spelled_type
        fields = moving_kinds()[step.address.kind].policy_fields(step.body)
        found[type_, json.dumps(fields, sort_keys=True)].append(step)
    together = [Alike(type_, tuple(those)) for (type_, _), those in found.items()]
    return sorted(together, key=lambda one: -len(one.steps))


def chosen(together: Iterable[Alike]) -> tuple[list[Alike], list[Alike]]:
    """What is asked, and what is left since too much of its type differs. Pure."""
    asked, left, counts = list[Alike](), list[Alike](), defaultdict[str, int](int)
    for one in together:
        counts[one.type] += 1
        (asked if counts[one.type] <= MOST else left).append(one)
    return asked, left


def refused(answers: Iterable[tuple[Alike, PolicyAnswer]]) -> Iterator[Finding]:
    """By assignment, what it is predicted to refuse. Pure."""
    found: dict[str, tuple[PolicyRefusal, list[str]]] = {}
    for one, answer in answers:
        for refusal in answer.refusals:
            found.setdefault(key_of(refusal.assignment), (refusal, []))[1].extend(one.addresses)
    for refusal, addresses in found.values():
        yield Finding(
            "error",
            refusal.assignment,
            f"Azure predicts that {refusal} refuses {many(len(addresses), 'step')}: {few(addresses)}.",
            "Ask whoever owns the policy for an exemption of the target, or leave these out with --exclude; then"
            " plan again.",
            code="policy-refuses",
        )


def not_checked(
    answers: Iterable[tuple[Alike, PolicyAnswer]], left: Iterable[Alike], target: str
) -> Iterator[Finding]:
    """What Azure gave no prediction of, by its words, and what it was not asked. Pure."""
    found: dict[str, list[str]] = defaultdict(list)
    for one, answer in answers:
        for why in (answer.unasked, *answer.not_checked):
            if why:
                found[why].extend(one.addresses)
    for one in left:
        found[f"more than {MOST} sets of fields differ in {one.type}, and no more were asked about"] += (
            one.addresses
        )
    for why, addresses in found.items():
        yield Finding(
            "warning",
            target,
            f"Not checked: whether a policy refuses {many(len(addresses), 'step')} ({few(addresses)}): {why}",
            f"Grant '{missing_action(why, restrictions.RIGHT)}' at {ArmId.of(target).group_id}, or have somebody"
            " check it who has the right.",
            code="not-checked",
        )
