"""Compares the secrets that the service gives of both sides, in memory, by digests of no meaning afterwards."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Container, Iterable
from dataclasses import dataclass

import rfc8785

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Session
from amlmigrate.core.documents import Document
from amlmigrate.core.given import given_in
from amlmigrate.core.parallel import in_order
from amlmigrate.core.plan import Plan, Step
from amlmigrate.core.translation import Difference
from amlmigrate.kinds import Kind, moving_kinds

_PARALLEL = 8


@dataclass(frozen=True, slots=True)
class SecretComparison:
    """In what secrets differ, and of which they could not be compared, a sentence each."""

    differences: tuple[Difference, ...] = ()
    not_compared: tuple[str, ...] = ()


async def compare_secrets(clouds: Session, plan: Plan, same: Iterable[Step]) -> SecretComparison:
    """Of the steps whose documents are the same on both sides: whether they sign in by the same secrets too."""
    source, target = (
        clouds.source.workspace(plan.header.source_ref),
        clouds.target.workspace(plan.header.target_ref),
    )

    async def alike(step: Step) -> tuple[Step, bool | None, str]:
        kind = moving_kinds()[step.address.kind]
        try:
            left = await kind.secret_of(source, step.address)
            right = await kind.secret_of(target, step.called)
        except ServiceError as error:
            if error.status != 403:
                raise
            return step, None, error.code
        if not left and not right:
            return step, None, "the service gives none of either"
        # The key is for this one comparison, and kept nowhere.
        key = secrets.token_bytes(32)
        return step, hmac.compare_digest(_digest(key, left), _digest(key, right)), ""

    found = [one async for one in in_order(same, alike, parallel=_PARALLEL)]
    return SecretComparison(
        tuple(
            Difference(str(step.address), _field(step), "the source's", "others, or none")
            for step, told, _ in found
            if told is False
        ),
        tuple(
            f"the secret of {step.address}: it was not given ({why})" for step, told, why in found if told is None
        ),
    )


def compared(plan: Plan, same: frozenset[str]) -> list[Step]:
    """The steps of a plan whose documents are the same and whose secrets can be compared."""
    kinds = moving_kinds()
    return [
        step
        for step in plan.steps
        if str(step.address) in same
        and not step.address.phase
        and step.body is not None
        and kinds[step.address.kind].compares_secrets(step.body)
    ]


def unseen(plan: Plan, by_hand: Container[str]) -> tuple[str, ...]:
    """The secrets that nobody compares, a sentence each: of what a person says to have made, and given ones."""
    kinds = moving_kinds()
    made = (
        f"the secret of {step.address}: it was made by hand"
        for step in plan.steps
        if str(step.address) in by_hand and (kind := kinds.get(step.address.kind)) and _gives(kind)
    )
    given = (
        f"the secret of {step.address}: it was given, and no answer shows the source's"
        for step in plan.steps
        if not step.address.phase and step.action.carried_out and any(given_in(step.body, step.address))
    )
    return (*made, *given)


def _field(step: Step) -> str:
    return moving_kinds()[step.address.kind].hidden_field


def _gives(kind: Kind) -> bool:
    return kind.compares_secrets(kind.example().document)


def _digest(key: bytes, secret: Document) -> bytes:
    return hmac.digest(key, rfc8785.dumps(secret), hashlib.sha256)
