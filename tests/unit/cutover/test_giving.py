"""What the target's identities get elsewhere: killed anywhere the same goes on, nothing twice, and back it is gone."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders.elsewhere import Elsewhere
from tests.builders.errors import refusal, silence
from tests.builders.reports import report
from tests.builders.world import NEW, OLD, plan, step
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.cloud.errors import OutOfReachError
from amlmigrate.cloud.roles import assignment_id
from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import IncompleteError, MigrateError
from amlmigrate.core.events import ignore
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.state import NOT_MADE, State
from amlmigrate.core.switched import SOURCE, TARGET
from amlmigrate.cutover import switches
from amlmigrate.cutover.giving import Giving
from amlmigrate.evidence.cutover import SwitchState
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.decision_subjects import failures
from amlmigrate.ledger.evidence import Evidence

AT = f"/subscriptions/{OLD.subscription}/resourceGroups/data/providers"
LAKE, VAULT = f"{AT}/Microsoft.Storage/storageAccounts/lake", f"{AT}/Microsoft.KeyVault/vaults/kv"
DEFINITION = f"/subscriptions/{OLD.subscription}/providers/Microsoft.Authorization/roleDefinitions/reader"
WORKSPACE, CPU = Address.parse("workspace"), Address.parse("computes/cpu")
SENT = ("time", "service_time", "tool", "by", "plan", "source", "target")
ROLE = {"roleDefinitionId": DEFINITION, "principalType": "ServicePrincipal", "condition": "@x", "conditionVersion": "2.0"}  # fmt: skip
NETWORK = {"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4"}], "ipv6Rules": [{"value": "2001:db8::1"}]}


class KilledError(BaseException):
    """The process ended here: nothing catches it."""


def _grant(address: str, scope: str, body: Document, where: str, old: str, holder: Address = WORKSPACE) -> Step:
    return replace(
        step(f"grants{address}", str(holder), action=Action.CREATE),
        stage="cutover",
        target_id=scope,
        body=body,
        rewrites=(Rewrite(where, old, ""),),
    )


OF_WORKSPACE = _grant(f"{LAKE}/Reader", LAKE, {"properties": {**ROLE, "principalId": "new"}}, "/properties/principalId", "old")  # fmt: skip
OF_COMPUTE = _grant(
    f"{LAKE}/Reader/computes/cpu",
    LAKE,
    {"properties": {**ROLE, "principalId": {"$principal": "computes/cpu"}}},
    "/properties/principalId",
    "old-cpu",
    CPU,
)
POLICY = _grant(
    f"{VAULT}/access policy",
    VAULT,
    {
        "properties": {
            "accessPolicies": [{"tenantId": "t", "objectId": "new", "permissions": {"secrets": ["get", "list"]}}]
        }
    },
    "/properties/accessPolicies/0/objectId",
    "old",
)
RULE = _grant(
    f"{LAKE}/resource access rule",
    LAKE,
    {"properties": {"networkAcls": {"resourceAccessRules": [{"tenantId": "t", "resourceId": NEW.id}]}}},
    "/properties/networkAcls/resourceAccessRules/0/resourceId",
    OLD.id,
)
GRANTS = (OF_WORKSPACE, OF_COMPUTE, POLICY, RULE)
PLAN = plan(step("workspace", action=Action.ADOPT), step("computes/cpu", action=Action.CREATE), *GRANTS)


def _arm() -> Elsewhere:
    arm = Elsewhere()
    for name, who in (("a", "old"), ("b", "old-cpu")):
        arm.has(
            f"{LAKE}/providers/Microsoft.Authorization/roleAssignments/{name}", scope=LAKE, principalId=who, **ROLE
        )
    policies = [{"tenantId": "t", "objectId": who, "permissions": {"secrets": ["Get", "List"]}} for who in ("old", "other")]  # fmt: skip
    arm.has(VAULT, accessPolicies=policies)
    rules = [{"tenantId": "t", "resourceId": one} for one in (OLD.id, "/subscriptions/other")]
    arm.has(LAKE, networkAcls={**NETWORK, "resourceAccessRules": rules})
    return arm


@dataclass
class Pair:
    """A plan with grants, what is known of it on the disk, and what there is elsewhere."""

    folder: Path
    arm: Elsewhere = field(default_factory=_arm)
    calls: int = 0
    dying: tuple[int, str] = (-1, "before")

    def __post_init__(self) -> None:
        self.target = InMemory(
            {"": {"identity": {"principalId": "new"}}, str(CPU): {"identity": {"principalId": "new-cpu"}}},
            id=NEW.id,
        )
        self.ledger = Ledger(self.folder)
        self.ledger.bind(PLAN)
        self.evidence = Evidence(self.folder, self.ledger)
        self.arm.before, self.arm.after = self._at("before"), self._at("after")

    def _at(self, when: str) -> Callable[[str, str], None]:
        def called(_: str, __: str) -> None:
            self.calls += when == "before"
            if self.dying == (self.calls, when):
                raise KilledError

        return called

    @property
    def giving(self) -> Giving:
        """That of a process of its own."""
        content = {name: getattr(report("switch"), name) for name in SENT}

        async def nothing(*_: Any) -> None:
            return None

        ports: Any = {SOURCE: InMemory({}), TARGET: self.target}
        every = frozenset(one.address for one in GRANTS)
        arm: Any = self.arm
        return Giving(
            ports,
            self.ledger,
            self.evidence,
            content,
            nothing,
            ignore,
            PLAN.called,
            every,
            nothing,
            arm=arm,
            plan=PLAN,
        )

    async def give(self, *grants: Step) -> None:
        giving = self.giving
        await giving.take_up()
        await giving.give_all(grants or GRANTS)

    async def back(self) -> list[bool]:
        standing = switches.standing(self.evidence.reports())
        return [await self.giving.restore(one) for one in standing]

    def states(self) -> dict[str, SwitchState]:
        return {address: one.state for (_, address), one in switches.newest(self.evidence.reports()).items()}

    def notes(self) -> list[str]:
        return [one.note for one in switches.standing(self.evidence.reports())]

    def policies(self) -> dict[str, Any]:
        return {one["objectId"]: one["permissions"] for one in self.arm.documents[VAULT.lower()]["properties"]["accessPolicies"]}  # fmt: skip

    def rules(self) -> list[str]:
        acls = properties_of(self.arm.documents[LAKE.lower()])["networkAcls"]
        assert {name: acls[name] for name in NETWORK} == NETWORK, "all other rules stay"
        return [one["resourceId"] for one in acls["resourceAccessRules"]]

    def state(self, one: Step) -> State:
        return self.ledger.step(one.address).state


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def _given(pair: Pair) -> None:
    for who in ("new", "new-cpu"):
        [made] = pair.arm.roles(who)
        assert made == assignment_id(LAKE, who, "reader")
        there = properties_of(pair.arm.documents[made.lower()])
        assert {name: there[name] for name in ROLE} == ROLE, "the same role under the same condition"
    assert pair.policies() == {"old": {"secrets": ["Get", "List"]}, "other": {"secrets": ["Get", "List"]}, "new": {"secrets": ["get", "list"]}}  # fmt: skip
    assert pair.rules() == [OLD.id, "/subscriptions/other", NEW.id]


async def test_all_forms_are_given_beside_what_others_have_and_taken_back_again(pair: Pair) -> None:
    before = copy.deepcopy(pair.arm.documents)
    await pair.give()
    _given(pair)
    assert set(pair.states().values()) == {SwitchState.CHANGED} and {pair.state(one) for one in GRANTS} == {
        State.DONE
    }
    changes = len(pair.arm.changes())
    assert changes == len(GRANTS)
    await pair.give()
    assert len(pair.arm.changes()) == changes, "nothing twice"
    assert await pair.back() == [True] * len(GRANTS)
    assert pair.arm.documents == before and pair.arm.roles("old"), "the old one keeps what it has"
    assert {pair.state(one) for one in GRANTS} == {State.PENDING}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 32, 2))
async def test_killed_at_any_call_the_same_goes_on_and_back_is_as_before(pair: Pair, call: int, when: str) -> None:
    before = copy.deepcopy(pair.arm.documents)
    for work, made in ((pair.give, len(GRANTS)), (pair.back, 2 * len(GRANTS))):
        pair.calls, pair.dying = 0, (call, when)
        with contextlib.suppress(KilledError):
            await work()
        pair.dying = (-1, "")
        await work()
        assert len(pair.arm.changes()) <= made + 1
    assert pair.arm.documents == before and switches.standing(pair.evidence.reports()) == ()


async def test_one_scope_that_refuses_fails_alone_and_nothing_else_begins(pair: Pair) -> None:
    pair.arm.refusing = {f"PUT {VAULT}": refusal(403), f"GET {LAKE}/providers": refusal(404, "ResourceNotFound")}
    with pytest.raises(IncompleteError, match="nothing was started yet") as caught:
        await pair.give()
    assert all(str(one.address) in caught.value.summary for one in (OF_WORKSPACE, OF_COMPUTE, POLICY))
    assert [pair.state(one) for one in GRANTS] == [State.PENDING] * 3 + [State.DONE]
    pair.arm.refusing = {}
    await pair.give()
    _given(pair)


async def test_a_token_that_is_not_taken_ends_it(pair: Pair) -> None:
    pair.arm.refusing = {"GET": refusal(401, "InvalidAuthenticationToken")}
    with pytest.raises(Exception, match="401"):
        await pair.give()
    assert pair.arm.changes() == []


@pytest.mark.parametrize("served", [False, True])
async def test_a_call_that_nobody_answers_ends_it_and_the_next_goes_on_with_nothing_twice(
    pair: Pair, served: bool
) -> None:
    def lost(method: str, path: str) -> None:
        if method == "PUT" and path.startswith(VAULT):
            raise silence(method="PUT")

    setattr(pair.arm, "after" if served else "before", lost)
    with pytest.raises(OutOfReachError):
        await pair.give()
    assert ("new" in pair.policies()) is served
    pair.arm.before = pair.arm.after = lambda _, __: None
    await pair.give()
    _given(pair)
    assert len(pair.arm.changes()) == len(GRANTS)
    assert await pair.back() == [True] * len(GRANTS) and "new" not in pair.policies()


@pytest.mark.parametrize("status", [409, 412, 429, 500])
async def test_whatever_a_scope_answers_all_others_are_given_and_that_one_the_next_time(
    pair: Pair, status: int
) -> None:
    pair.arm.refusing = {f"PATCH {LAKE}": refusal(status, "Conflict")}
    with pytest.raises(IncompleteError, match=str(status)):
        await pair.give()
    assert [pair.state(one) for one in GRANTS] == [State.DONE] * 3 + [State.PENDING]
    assert await pair.back() == [True] * len(GRANTS), "what was asked for and never made is no matter"
    pair.arm.refusing = {}
    await pair.give()
    _given(pair)


async def test_what_the_source_has_not_any_more_nobody_is_given(pair: Pair) -> None:
    pair.arm.documents[VAULT.lower()]["properties"]["accessPolicies"][0]["permissions"] = {"secrets": ["get"]}
    del pair.arm.documents[f"{LAKE}/providers/microsoft.authorization/roleassignments/a".lower()]
    properties_of(pair.arm.documents[f"{LAKE}/providers/microsoft.authorization/roleassignments/b".lower()])["condition"] = "@y"  # fmt: skip
    pair.arm.documents[LAKE.lower()]["properties"]["networkAcls"]["resourceAccessRules"] = []
    with pytest.raises(IncompleteError) as caught:
        await pair.give()
    assert caught.value.summary.count("does not have it any more") == 4 and pair.arm.changes() == []


@pytest.mark.parametrize(
    ("timed", "answer", "why"),
    [
        (["a"], None, "it ends by itself, at 2026-08-01T00:00:00Z"),
        # By whose it is: the instance names no assignment, or one of another name.
        (["else"], None, "it ends by itself, at 2026-08-01T00:00:00Z"),
        ([], refusal(400, "InsufficientPermissions"), "whether it ends by itself could not be read"),
        ([], refusal(403, "AuthorizationFailed"), "whether it ends by itself could not be read"),
        ([], refusal(404, "ResourceNotFound"), "whether it ends by itself could not be read"),
    ],
)
async def test_what_ends_by_now_is_not_given_for_good(
    pair: Pair, timed: list[str], answer: Exception | None, why: str
) -> None:
    for name in timed:
        told: dict[str, Any] = {"scope": LAKE, "principalId": "old", "roleDefinitionId": f"/other{DEFINITION}"}
        told["originRoleAssignmentId"] = f"{LAKE}/providers/Microsoft.Authorization/roleAssignments/{name}"
        told["endDateTime"] = "2026-08-01T00:00:00Z"
        pair.arm.timed.append({"id": f"/i/{name}", "properties": told})
    if answer:
        pair.arm.refusing = {
            f"GET {LAKE}/providers/Microsoft.Authorization/roleAssignmentScheduleInstances": answer
        }
    with pytest.raises(IncompleteError, match=why) as caught:
        await pair.give(OF_WORKSPACE)
    assert "has it only so by now" in caught.value.summary and "give it yourself" in caught.value.remedy
    assert pair.arm.changes() == [] and pair.state(OF_WORKSPACE) is State.PENDING


async def test_what_privileged_identity_management_shows_without_an_end_is_given(pair: Pair) -> None:
    told = {"scope": LAKE, "principalId": "old", "roleDefinitionId": DEFINITION, "endDateTime": None}
    others = told | {"principalId": "somebody", "endDateTime": "2026-08-01T00:00:00Z"}
    pair.arm.timed = [{"id": "/i/1", "properties": told}, {"id": "/i/2", "properties": others}]
    await pair.give(OF_WORKSPACE)
    assert pair.arm.roles("new")


async def test_without_the_licence_for_it_no_role_ends(pair: Pair) -> None:
    pair.arm.refusing = {f"GET {LAKE}/providers/Microsoft.Authorization/roleAssignmentScheduleInstances": refusal(400, "AadPremiumLicenseRequired")}  # fmt: skip
    await pair.give(OF_WORKSPACE)
    assert pair.arm.roles("new")


async def test_a_policy_that_would_give_nothing_is_not_said_to_be_given(pair: Pair) -> None:
    properties_of(pair.arm.documents[VAULT.lower()])["enableRbacAuthorization"] = True
    with pytest.raises(IncompleteError, match="goes by roles"):
        await pair.give(POLICY)
    assert pair.arm.changes() == [] and pair.state(POLICY) is State.PENDING
    assert await pair.back() == [True]


async def test_another_identity_than_the_plan_names_is_given_nothing(pair: Pair) -> None:
    pair.target.documents[""] = {"identity": {"principalId": "another"}}
    del pair.target.documents[str(CPU)]
    with pytest.raises(IncompleteError) as caught:
        await pair.give(OF_WORKSPACE, OF_COMPUTE)
    assert "has another identity than the plan names: another" in caught.value.summary
    assert "The target's computes/cpu has no identity of its own" in caught.value.summary
    assert pair.arm.changes() == []


async def test_what_somebody_gave_already_is_left_alone_and_never_taken(pair: Pair) -> None:
    name = f"{LAKE}/providers/Microsoft.Authorization/roleAssignments/theirs"
    pair.arm.has(name, scope=LAKE, principalId="new", **ROLE)
    await pair.give(OF_WORKSPACE)
    assert pair.arm.changes() == [] and pair.state(OF_WORKSPACE) is State.DONE
    assert await pair.back() == [] and pair.arm.roles("new") == [name]


async def test_what_somebody_gives_between_the_look_and_the_write_is_not_taken_either(pair: Pair) -> None:
    name = f"{LAKE}/providers/Microsoft.Authorization/roleAssignments/theirs"

    def meanwhile(method: str, _: str) -> None:
        if method == "PUT" and not pair.arm.roles("new"):
            pair.arm.has(name, scope=LAKE, principalId="new", **ROLE)

    pair.arm.before = meanwhile
    await pair.give(OF_WORKSPACE)
    assert pair.states() == {str(OF_WORKSPACE.address): SwitchState.RESTORED}
    assert pair.state(OF_WORKSPACE) is State.DONE and await pair.back() == [] and pair.arm.roles("new") == [name]
    # Nothing of it was set back: the cutover goes on, and ends.
    assert not switches.going_back(pair.evidence.reports())
    pair.evidence.add(report("cutover", time="2026-01-02T00:00:00+00:00"))
    switches.refuse_unfinished(pair.evidence.reports(), pair.folder)


async def test_the_same_role_under_another_condition_is_a_conflict(pair: Pair) -> None:
    name = f"{LAKE}/providers/Microsoft.Authorization/roleAssignments/theirs"
    pair.arm.has(name, scope=LAKE, principalId="new", **(ROLE | {"condition": "@y"}))
    with pytest.raises(IncompleteError, match=f"under another condition: {name}"):
        await pair.give(OF_WORKSPACE)
    assert pair.arm.changes() == []


async def test_what_could_not_be_given_is_recorded_as_tried_and_all_else_is_not(pair: Pair) -> None:
    name = f"{LAKE}/providers/Microsoft.Authorization/roleAssignments/theirs"
    pair.arm.has(name, scope=LAKE, principalId="new", **(ROLE | {"condition": "@y"}))
    with pytest.raises(IncompleteError):
        await pair.give()
    assert [*failures(pair.ledger)] == [str(OF_WORKSPACE.address)]
    assert NOT_MADE in failures(pair.ledger)[str(OF_WORKSPACE.address)]
    del pair.arm.documents[name.lower()]
    await pair.give(OF_WORKSPACE)
    assert failures(pair.ledger) == {}


@pytest.mark.parametrize(("status", "tried"), [(403, True), (401, False)])
async def test_who_has_no_token_has_tried_nothing(pair: Pair, status: int, tried: bool) -> None:
    pair.arm.refusing = {"PUT": refusal(status)}
    with pytest.raises(MigrateError):
        await pair.give(OF_WORKSPACE)
    assert bool(failures(pair.ledger)) is tried


async def test_permissions_that_were_there_before_stay_when_it_is_taken_back(pair: Pair) -> None:
    held = pair.arm.documents[VAULT.lower()]["properties"]["accessPolicies"]
    held.append({"tenantId": "t", "objectId": "new", "permissions": {"secrets": ["get"], "keys": ["list"]}})
    await pair.give(POLICY)
    assert pair.policies()["new"] == {"secrets": ["get", "list"], "keys": ["list"]}
    assert await pair.back() == [True] and pair.policies()["new"] == {"secrets": ["get"], "keys": ["list"]}


async def test_what_somebody_has_changed_since_is_kept_and_what_is_gone_is_no_matter(pair: Pair) -> None:
    await pair.give()
    [of_workspace] = pair.arm.roles("new")
    properties_of(pair.arm.documents[of_workspace.lower()])["condition"] = "@mine"
    pair.policies()["new"]["secrets"].append("set")
    for gone in (LAKE.lower(), pair.arm.roles("new-cpu")[0].lower()):
        del pair.arm.documents[gone]
    changes = len(pair.arm.changes())
    assert await pair.back() == [False, True, False, True]
    assert len(pair.arm.changes()) == changes and all("somebody has changed it" in one for one in pair.notes())


async def test_what_cannot_be_taken_back_is_told_and_all_else_is(pair: Pair) -> None:
    await pair.give()
    pair.arm.refusing = {"DELETE": refusal(403)}
    assert await pair.back() == [False, False, True, True]
    assert all("403" in one for one in pair.notes())
    pair.arm.refusing = {}
    assert await pair.back() == [True, True]


async def test_rules_that_somebody_else_changes_meanwhile_are_not_overwritten(pair: Pair) -> None:
    reads = []

    def meanwhile(method: str, path: str) -> None:
        reads.append(path)
        if method == "GET" and path == LAKE and reads.count(LAKE) == 4:
            acls = pair.arm.documents[LAKE.lower()]["properties"]["networkAcls"]
            acls["resourceAccessRules"] = [
                *acls["resourceAccessRules"],
                {"tenantId": "t", "resourceId": "/theirs"},
            ]

    pair.arm.before = meanwhile
    with pytest.raises(IncompleteError, match="just changed the network rules"):
        await pair.give(RULE)
    assert pair.arm.changes() == [] and pair.rules()[-1] == "/theirs"
    pair.arm.before = lambda _, __: None
    await pair.give(RULE)
    assert pair.rules()[-2:] == ["/theirs", NEW.id]
