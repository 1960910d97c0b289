"""Which keys are due, in which order, whose rotation another identity approves, and what a proposal binds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rotations import GROUP, KEY, NEW, NOW, OLD, SUBSCRIPTION, account, key, version, workspace

from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.desired.deciding import PlannedPart
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.keys.model import KeyInUse, KeyName
from amlmigrate.posture import tagging
from amlmigrate.rotating import order, proposing, stage
from amlmigrate.rotating.aim import aim
from amlmigrate.rotating.proposing import RotationProposing
from amlmigrate.rotating.stage import Half, RotateRequest, RotationPlan

STANDARD = tagging.read()


def named(name: str, one: KeyInUse) -> KeyInUse:
    return replace(one, name=KeyName("https://kv.vault.azure.net", name))


def old(*environments: str) -> KeyInUse:
    """An overdue key."""
    under = tuple(workspace(OLD, one, f"ws{number}") for number, one in enumerate(environments))
    return key(version(OLD, 200), under=under)


@pytest.mark.parametrize(
    ("one", "environment", "approved"),
    [
        (old("dev"), "dev", False),
        (old("dev", "test"), "test", False),
        (old("dev", "prod"), "prod", True),
        (old("dev", ""), order.UNKNOWN_ENVIRONMENT, True),
        (old(), order.UNKNOWN_ENVIRONMENT, True),
    ],
)
def test_what_is_not_shown_to_be_no_production_counts_as_production(
    one: KeyInUse, environment: str, approved: bool
) -> None:
    assert order.environment(one, STANDARD) == environment
    assert order.needs_approval(environment, STANDARD) is approved


def test_due_keys_go_development_first_and_what_is_under_way_is_due() -> None:
    keys = [
        named("p", old("prod")),
        named("u", old("")),
        named("t", old("test")),
        named("d", old("dev")),
        named("fine", key(version(NEW, 1), under=(workspace(NEW),))),
        named("behind", key(version(NEW, 1), version(OLD, 60), under=(workspace(OLD),))),
        named("waits", key(version(NEW, 0.5), version(OLD, 60), under=(account(OLD),))),
    ]
    assert [one.name.name for one in order.due(keys, STANDARD, NOW)] == ["behind", "d", "waits", "t", "p", "u"]


def plan(one: KeyInUse, rotation: str = "", half: Half = Half.BOTH) -> RotationPlan:
    return RotationPlan(RotateRequest(one, half, NOW, rotation), aim(one, rotation, NOW), ())


ABOUT = RotationProposing("prod", "t", By("u", "h", "0", Identity("o")), "2026-06-01T00:00:00+00:00")


def refused(before: KeyInUse, now: KeyInUse, half: Half = Half.BOTH) -> str:
    """Why a proposal about a key as it was is not carried out as it is; empty where it is."""
    proposed = proposing.proposal(plan(before), ABOUT)
    _, rotation = proposing.rotation_of(proposed)
    try:
        proposing.refuse_other("p.json", proposed, plan(now, rotation, half))
    except RefusedError as error:
        return "; ".join(error.reasons)
    return ""


def test_a_proposal_is_carried_out_as_long_as_nothing_else_would_be_done() -> None:
    before = old("prod")
    rotation = aim(before, "", NOW).rotation
    made = key(version(NEW, 0, made=rotation), version(OLD, 200), under=before.dependants)
    assert (refused(before, before), refused(before, made)) == ("", "")
    # Who keeps the key need not see what is under it.
    assert refused(before, key(version(OLD, 200)), Half.MAKE) == ""


def test_a_proposal_binds_what_is_under_the_key_and_the_version_that_is_replaced() -> None:
    before = old("prod")
    assert "does not name it" in refused(before, old("prod", "prod"))
    other = key(version(NEW, 1), version(OLD, 200), under=before.dependants)
    assert "was made since" in refused(before, other)
    behind = key(version(NEW, 3), version(OLD, 60), under=before.dependants)
    newer = key(version("c" * 32, 1), version(NEW, 3), version(OLD, 60), under=before.dependants)
    assert (refused(behind, behind), "newer than what was proposed" in refused(behind, newer)) == ("", True)
    follows = replace(before.dependants[0], follows=account().follows)
    assert "by now" in refused(before, replace(before, dependants=(follows,)))


def steps(*ids: str, create: dict[str, Any] | None = None) -> tuple[PlannedPart[Any], ...]:
    """A step that makes a version as told, and one for each id."""
    made = (
        [DesiredStep(DesiredVerb.CREATE, "new version", KEY, (), ArmCall("POST", KEY, create))] if create else []
    )
    moved = [DesiredStep(DesiredVerb.UPDATE, "workspace", one, (), ArmCall("PATCH", one, {})) for one in ids]
    return tuple(PlannedPart(None, None, one) for one in (*made, *moved))  # type: ignore[arg-type]  # its part is not read


BODY = {"kty": "RSA", "key_size": 3072, "key_ops": ["wrapKey"], "expires": "2027-01-01", "tags": {}}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (steps("/WS0", create={**BODY, "expires": "2027-01-02"}), ""),
        (steps("/ws0"), ""),
        (steps("/ws0", "/ws1", create=BODY), "not show this change: update workspace /ws1"),
        (steps(create={**BODY, "kty": "RSA-HSM", "key_size": 2048}), "another kty and key_size"),
    ],
    ids=["same", "half", "more", "otherwise"],
)
def test_only_changes_that_were_shown_are_carried_out(now: tuple[PlannedPart[Any], ...], told: str) -> None:
    """As of a proposal of `--make` alone, or of a file whose list somebody cut."""
    one = plan(old("prod"))
    proposed = proposing.proposal(replace(one, planned=steps("/ws0", create=BODY)), ABOUT)
    if not told:
        proposing.refuse_other("p.json", proposed, replace(one, planned=now))
        return
    with pytest.raises(RefusedError) as refused_:
        proposing.refuse_other("p.json", proposed, replace(one, planned=now))
    assert told in "; ".join(refused_.value.reasons)
    # Right before it is done, too: by then another step may be due than when it was approved and looked at.
    with pytest.raises(RefusedError, match="it was not done") as late:
        for step in now:
            proposing.refuse_unshown("p.json", proposed, step)
    assert told in "; ".join(late.value.reasons)


@pytest.mark.parametrize(
    "forged",
    [
        {"scope": f"{GROUP}/providers/Microsoft.KeyVault/vaults/mine"},
        {"scope": GROUP},
        {"given": {"key": f"{KEY}2"}},
    ],
    ids=["vault", "group", "key"],
)
def test_a_proposal_that_says_another_key_or_vault_than_it_binds_is_refused(forged: dict[str, Any]) -> None:
    """Whoever approves has to be able to read the vault: of another scope that shows nothing."""
    one = plan(old("prod"))
    proposed = replace(proposing.proposal(one, ABOUT), **forged)
    with pytest.raises(RefusedError) as refused_:
        proposing.refuse_other("p.json", proposed, one)
    assert "approved as one about" in "; ".join(refused_.value.reasons)


async def test_a_key_that_no_workspace_can_have_is_refused_before_anything_is_read() -> None:
    hsm = replace(key(), name=KeyName("https://h.managedhsm.azure.net", "cmk"))
    elsewhere = key(under=(workspace(subscription=SUBSCRIPTION.replace("1", "9")),))
    for one, told in ((hsm, "managed HSM"), (elsewhere, "another subscription")):
        with pytest.raises(BadInputError, match=told):
            await stage.plan(None, RotateRequest(one, Half.BOTH, NOW), None)  # type: ignore[arg-type]  # nothing is asked before it is refused
    assert KEY.endswith("cmk")
    assert GROUP
