"""Which identity uses the key, and that what it and the others may do is judged for each by itself."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.posture.exemplary import (
    DOCUMENT,
    GROUP,
    KEY_ID,
    NOW,
    PRINCIPAL,
    REF,
    UAMI,
    VAULT,
    assignment,
    exemplary,
    stored,
    with_roles,
)

from amlmigrate.cloud.session import Side
from amlmigrate.core.claim import Claim
from amlmigrate.core.workspace import Workspace
from amlmigrate.posture import authority
from amlmigrate.posture.facts import PostureFacts
from amlmigrate.posture.identities import BY_CLIENT, SYSTEM, identities_of, identity_of
from amlmigrate.posture.proof import claims
from amlmigrate.posture.reading import Read

STORED = stored()
SECOND = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/second"
OTHER, OWN = "bbbbbbbb-0000-4000-8000-00000000000b", "cccccccc-0000-4000-8000-00000000000c"


def workspace(
    named: str | None = None, client: str | None = None, *, shown: bool = True, own: bool = True
) -> Workspace:
    """One with two user-assigned identities, the first of which is primary, and with `own` its own."""
    document: dict[str, Any] = copy.deepcopy(DOCUMENT)
    ids = {UAMI: {"principalId": PRINCIPAL, "clientId": "c1"}, SECOND: {"principalId": OTHER, "clientId": "c2"}}
    document["identity"] = {"userAssignedIdentities": ids if shown else {key: {} for key in ids}}
    if own:
        document["identity"]["principalId"] = OWN
    key = {"keyVaultArmId": VAULT, "keyIdentifier": KEY_ID, "identityClientId": client}
    encryption: dict[str, Any] = {"status": "Enabled", "keyVaultProperties": key}
    if named:
        encryption["identity"] = {"userAssignedIdentity": named}
    document["properties"] |= {"encryption": encryption, "primaryUserAssignedIdentity": UAMI}
    return Workspace(REF, document)


@pytest.mark.parametrize(
    ("named", "client", "how", "principal"),
    [
        (SECOND, None, "encryption.identity", OTHER),
        (SECOND.upper(), "c1", "encryption.identity", OTHER),
        (None, "C2", BY_CLIENT, OTHER),
        (None, None, SYSTEM, OWN),
        (None, "nobody's", BY_CLIENT, ""),
    ],
)
def test_the_encryption_names_the_identity_and_no_other_stands_in(
    named: str | None, client: str | None, how: str, principal: str
) -> None:
    found = identity_of(workspace(named, client))
    assert found and (found.how, found.principal_id) == (how, principal)
    every = identities_of(workspace(named, client))
    assert every[0] == found and {one.principal_id for one in every} == {PRINCIPAL, OTHER, OWN} | {principal}
    assert len(every) == len({(one.id.lower(), one.how) for one in every}) == (4 if not principal else 3)


def test_without_a_name_and_without_its_own_nobody_is_known() -> None:
    assert identity_of(workspace(own=False)) is None
    assert len(identities_of(workspace(own=False))) == 2


class _Arm:
    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers, self.asked = answers, []  # type: ignore[var-annotated]  # lists that a test fills

    async def get(self, path: str) -> Any:
        self.asked.append(path)
        return self.answers.get(path)


def _side(arm: _Arm) -> Side:
    made = object.__new__(Side)
    made.arm = arm  # type: ignore[assignment]  # a stand-in: it has what is asked of it
    return made


async def test_an_identity_that_the_workspace_does_not_show_is_read() -> None:
    answers = {UAMI: {"properties": {"principalId": PRINCIPAL, "clientId": "c1"}},
               SECOND: {"properties": {"principalId": OTHER, "clientId": "c2"}}}  # fmt: skip
    arm = _Arm(answers)
    bare = workspace(client="c2", shown=False)
    found = identity_of(bare, await authority.users(_side(arm), bare))
    assert found and found.principal_id == OTHER and set(arm.asked) == {UAMI, SECOND}
    arm = _Arm(answers)
    assert await authority.users(_side(arm), workspace(SECOND)) and arm.asked == []


async def test_an_identity_that_is_gone_has_no_principal() -> None:
    bare = workspace(SECOND, shown=False)
    found = identity_of(bare, await authority.users(_side(_Arm({})), bare))
    assert found and (found.principal_id, found.refused) == ("", "")


def facts_of(one: Workspace, **held: list[str]) -> PostureFacts:
    """With rights by the identity's name."""
    names = {"first": PRINCIPAL, "second": OTHER, "own": OWN}
    return replace(
        exemplary(),
        workspace=one,
        identity=identity_of(one),
        identities=identities_of(one),
        held={names[name]: Read({id_.lower() for id_ in held.get(name, [])}) for name in names},
        held_on_workspace={},
    )


def of_name(facts: PostureFacts, name: str) -> list[Claim]:
    """The claims of a name."""
    return [claim for claim in claims(facts, STORED, NOW) if claim.name == name]


def test_rights_are_judged_for_the_second_identity_where_the_encryption_names_it() -> None:
    """The first has all rights on the key, which helps nobody."""
    service = exemplary().on_vault.value or []
    lacking = facts_of(workspace(SECOND), first=[service[0]["id"]])
    [found] = of_name(lacking, "identity.rights")
    assert found.holds is False and found.evidence["principalId"] == OTHER and OTHER in found.remedy
    second = assignment("Key Vault Crypto Service Encryption User", OTHER)
    [found] = of_name(
        with_roles(facts_of(workspace(SECOND), second=[second["id"]]), second, own=False), "identity.rights"
    )
    assert found.holds is True and found.evidence["identity"] == SECOND


def test_a_client_id_of_nobody_is_not_proven_and_never_another_identity() -> None:
    [found] = of_name(facts_of(workspace(client="nobody's")), "identity.rights")
    assert found.holds is None and "identityClientId" in found.summary


def test_every_identity_is_held_to_the_least_rights() -> None:
    group = assignment("Azure AI Administrator", OWN, GROUP)
    facts = with_roles(facts_of(workspace(SECOND), own=[group["id"]]), group, own=False)
    [told] = of_name(facts, "identity.least")
    assert told.holds is False and told.evidence["principalId"] == OWN
    assert "system-assigned identity" in told.summary and "Azure AI Administrator" in told.summary
    [good] = of_name(facts_of(workspace(SECOND)), "identity.least")
    assert good.holds is True and set(good.evidence["principals"].values()) == {PRINCIPAL, OTHER, OWN}


def test_one_identity_whose_roles_could_not_be_read_is_not_proven() -> None:
    facts = facts_of(workspace(SECOND))
    facts = replace(facts, held={**facts.held, PRINCIPAL: Read(refused="403")})
    assert [claim.holds for claim in of_name(facts, "identity.least")] == [None]


def test_an_identity_that_manages_the_key_through_a_group_and_writes_has_both_duties() -> None:
    team = "eeeeeeee-0000-4000-8000-000000000005"
    manages = assignment("Key Vault Crypto Officer", team, kind="Group")
    writes = assignment("AzureML Data Scientist", OWN, REF.id)
    facts = replace(
        facts_of(workspace(SECOND), own=[manages["id"]]), on_vault=Read([manages]), on_workspace=Read([writes])
    )
    [found] = of_name(facts, "duties.separate")
    assert found.holds is False and OWN in found.summary


@pytest.mark.parametrize(
    ("identity", "holds"),
    [
        ({"type": "UserAssigned", "userAssignedIdentities": {UAMI: {}}}, False),
        ({"type": "SystemAssigned,UserAssigned", "principalId": OWN, "userAssignedIdentities": {UAMI: {}}}, True),
        ({"type": "SystemAssigned", "principalId": OWN}, True),
        ({}, True),
    ],
)
def test_with_user_assigned_identities_only_a_workspace_cannot_be_recovered(
    identity: dict[str, Any], holds: bool
) -> None:
    one = workspace(SECOND)
    facts = replace(facts_of(one), workspace=Workspace(REF, {**one.document, "identity": identity}))
    [found] = of_name(facts, "identity.recovery")
    assert found.holds is holds and found.severity == "warning"
    assert holds or ("cannot be recovered" in found.summary and "migrate provision" in found.remedy)
