"""The claim that nobody manages the key and writes to the workspace. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.core.claim import Claim
from amlmigrate.posture.assignments import singles
from amlmigrate.posture.facts import KeyRef, PostureFacts
from amlmigrate.posture.holders import Holders, managers_of, writers_of
from amlmigrate.posture.reading import Read
from amlmigrate.posture.rightswords import (
    READ_DEFINITIONS,
    READ_DENIALS,
    READ_ELIGIBLE,
    READ_IDENTITY,
    READ_ROLES,
    READ_VAULT,
    THE_DENIALS,
    THE_ELIGIBLE,
    THE_ROLES,
)
from amlmigrate.posture.unproven import first_unread, unread

NAME = "duties.separate"


def duty_claims(facts: PostureFacts, ref: KeyRef) -> Iterator[Claim]:
    """That no principal manages the key and writes to the workspace, the workspace's identities among them."""
    lacking = list(
        first_unread(
            (NAME,),
            ref.vault_id,
            (
                ("the vault", facts.vault, READ_VAULT),
                (THE_ROLES, facts.on_vault, READ_ROLES),
                ("who may write", facts.on_workspace, READ_ROLES),
            ),
        )
    )
    yield from lacking or _of(facts, ref, managers_of(facts, ref), writers_of(facts))


def _of(facts: PostureFacts, ref: KeyRef, managers: Holders, writers: Holders) -> Iterator[Claim]:
    both = sorted(set(managers.surely) & set(writers.surely))
    denials = next((one for one in (facts.denials, facts.denials_on_workspace) if one.value is None), None)
    eligible = next((one for one in (facts.eligible, facts.eligible_on_workspace) if one.value is None), None)
    lost = next((one for one in facts.identities if not one.principal_id and one.refused), None)
    if both and denials is None:
        yield _refuted(ref, both, managers, writers)
    elif both and denials is not None:
        what = f"whether {THE_DENIALS} or the workspace keep {', '.join(both)} from one of its two duties"
        yield from unread((NAME,), ref.vault_id, what, denials, READ_DENIALS)
    elif _unread_role(facts):
        yield from unread((NAME,), ref.vault_id, "a role definition", Read(), READ_DEFINITIONS)
    elif why := _not_known(facts, managers, writers):
        yield _unknown(ref, why)
    elif eligible is not None:
        yield from unread((NAME,), ref.vault_id, THE_ELIGIBLE, eligible, READ_ELIGIBLE)
    elif lost is not None:
        read: Read[None] = Read(refused=lost.refused)
        yield from unread((NAME,), ref.vault_id, "the workspace's identity", read, READ_IDENTITY)
    else:
        said = "Nobody who may manage the key may also write to the workspace."
        yield Claim(NAME, True, "warning", ref.vault_id, said)


def _unknown(ref: KeyRef, why: str) -> Claim:
    return Claim(
        NAME,
        None,
        "warning",
        ref.vault_id,
        f"Not shown: {why}",
        "Check who is meant: az ad group member list --group OBJECT-ID, az role assignment list --all"
        " --assignee OBJECT-ID --output table",
    )


def _refuted(ref: KeyRef, both: list[str], managers: Holders, writers: Holders) -> Claim:
    def told(who: str) -> str:
        later = managers.only_later(who) or writers.only_later(who)
        return f"{who} (once it has activated a role)" if later else who

    return Claim(
        NAME,
        False,
        "warning",
        ref.vault_id,
        f"Whoever writes to the workspace may also manage its key: {', '.join(map(told, both))}.",
        "Give keys and workspaces to different people: take one of the roles from each"
        f" (az role assignment list --all --assignee {both[0]} --output table).",
        {who: {"vault": sorted(managers.all[who]), "workspace": sorted(writers.all[who])} for who in both},
    )


def _not_known(facts: PostureFacts, managers: Holders, writers: Holders) -> str:
    """Why somebody may have both duties after all; empty where nobody can."""
    if both := sorted(set(managers.all) & set(writers.all)):
        return (
            f"conditions or deny assignments decide whether {', '.join(both)} may both manage the key and write to"
            " the workspace."
        )
    if not managers.all or not writers.all:
        return ""
    several = sorted((set(managers.all) | set(writers.all)) - singles(facts))
    if not several:
        return ""
    return (
        f"a member of {', '.join(several)} may both manage the key and write to the workspace; who is in a group"
        " is not looked up."
    )


def _unread_role(facts: PostureFacts) -> bool:
    lists = (facts.on_vault, facts.on_workspace, facts.eligible, facts.eligible_on_workspace)
    return any(facts.definition(one) is None for read in lists for one in read.value or ())
