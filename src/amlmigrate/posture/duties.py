"""The claim that nobody manages the key and writes to the workspace. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from amlmigrate.core.claim import Claim
from amlmigrate.core.documents import Document
from amlmigrate.core.rights import granted
from amlmigrate.posture import vaultrights
from amlmigrate.posture.assignments import (
    below_other,
    by_roles,
    conditional,
    entries,
    holder,
    policies,
    principal,
    role_name,
    singles,
)
from amlmigrate.posture.facts import Facts, KeyRef
from amlmigrate.posture.reading import Read
from amlmigrate.posture.rights import READ_DEFINITIONS, READ_ROLES, THE_ROLES
from amlmigrate.posture.unproven import beside, unread

NAME = "duties.separate"
_WS = "Microsoft.MachineLearningServices/workspaces"
_WRITES = (
    *(f"{_WS}/{name}/write" for name in ("models/versions", "data/versions", "components/versions", "jobs")),
    f"{_WS}/write",
    f"{_WS}/delete",
)


@dataclass(frozen=True, slots=True)
class Holders:
    """Who has a duty: each principal's roles, by all of its assignments and by those without a condition."""

    all: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    surely: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, who: str, by: str, *, surely: bool) -> None:
        """One more right."""
        self.all[who].add(by)
        if surely:
            self.surely[who].add(by)


def duty_claims(facts: Facts, ref: KeyRef) -> Iterator[Claim]:
    """That no principal manages the key and writes to the workspace."""
    for what, read in (
        ("the vault", facts.vault),
        (THE_ROLES, facts.on_vault),
        ("who may write", facts.on_workspace),
    ):
        if read.refused:
            action = "Microsoft.KeyVault/vaults/read" if read is facts.vault else READ_ROLES
            yield from unread((NAME,), ref.vault_id, what, Read(refused=read.refused), action)
            return
        if read.value is None:
            yield from beside((NAME,), ref.vault_id, f"{what} is not there")
            return
    managers, writers = _managers(facts, ref), _writers(facts)
    if both := sorted(set(managers.surely) & set(writers.surely)):
        yield _refuted(ref, both, managers, writers)
    elif _unread_role(facts):
        yield from unread((NAME,), ref.vault_id, "a role definition", Read(), READ_DEFINITIONS)
    elif why := _not_known(facts, managers, writers):
        yield Claim(
            NAME,
            None,
            "warning",
            ref.vault_id,
            f"Not shown: {why}",
            "Look who is meant: az ad group member list --group OBJECT-ID,"
            " az role assignment list --all --assignee OBJECT-ID --output table",
        )
    else:
        said = "Nobody who may manage the key may also write to the workspace."
        yield Claim(NAME, True, "warning", ref.vault_id, said)


def _refuted(ref: KeyRef, both: list[str], managers: Holders, writers: Holders) -> Claim:
    return Claim(
        NAME,
        False,
        "warning",
        ref.vault_id,
        f"Whoever writes to the workspace may also manage its key: {', '.join(both)}.",
        "Give keys and workspaces to different people: take one of the roles from each"
        f" (az role assignment list --all --assignee {both[0]} --output table).",
        {who: {"vault": sorted(managers.all[who]), "workspace": sorted(writers.all[who])} for who in both},
    )


def _not_known(facts: Facts, managers: Holders, writers: Holders) -> str:
    """Why somebody may have both duties after all; empty where nobody can."""
    if both := sorted(set(managers.all) & set(writers.all)):
        return f"conditions decide whether {', '.join(both)} may both manage the key and write to the workspace."
    if not managers.all or not writers.all:
        return ""
    several = sorted((set(managers.all) | set(writers.all)) - singles(facts))
    if not several:
        return ""
    return (
        f"a member of {', '.join(several)} may both manage the key and write to the workspace; who is in a group"
        " is not looked up."
    )


def _managers(facts: Facts, ref: KeyRef) -> Holders:
    data = by_roles(facts)
    here = [one for one in facts.on_vault.value or () if not below_other(one, ref)]
    found = _with(facts, here, lambda one: bool(vaultrights.manages(entries(facts, one), data=data)))
    for policy in () if data else policies(facts):
        if vaultrights.policy_manages(policy):
            found.add(holder(policy), "access policy", surely=True)
    return found


def _writers(facts: Facts) -> Holders:
    def writes(one: Document) -> bool:
        return any(granted(entries(facts, one), name) for name in _WRITES)

    return _with(facts, facts.on_workspace.value or [], writes)


def _with(facts: Facts, assignments: list[Document], has: Callable[[Document], bool]) -> Holders:
    found = Holders()
    for one in assignments:
        if has(one):
            found.add(principal(one), role_name(facts, one), surely=not conditional(one))
    return found


def _unread_role(facts: Facts) -> bool:
    some = (*(facts.on_vault.value or ()), *(facts.on_workspace.value or ()))
    return any(facts.definition(one) is None for one in some)
