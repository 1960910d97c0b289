"""A name is no ownership: what does not bear the tag of the file's workspace is changed by its owner's word alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders.errors import refusal
from tests.unit.provisioning.provisioned import KNOWN, part, uri, wanted

from amlmigrate.cloud.retrying import retrying
from amlmigrate.cloud.twice import HARMLESS
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.events import ignore
from amlmigrate.desired import deciding, ownership, usage
from amlmigrate.desired.deciding import Looker, PlannedPart
from amlmigrate.desired.ownership import TAG, OtherOwner, Word
from amlmigrate.desired.steps import ArmCall, DesiredStep, DesiredVerb
from amlmigrate.posture.accountusers import AccountUsers
from amlmigrate.provisioning.assemble import parts
from amlmigrate.provisioning.known import KnownValues, ProvisioningPart
from amlmigrate.provisioning.parts import keys
from amlmigrate.provisioning.progress import REFUSED
from amlmigrate.provisioning.progress import events as provision_events

ZONE = (
    "/subscriptions/s/resourceGroups/n/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
)
ENDPOINT = {"name": "pe-one", "subnet": "/subscriptions/s/subnets/x", "dnsZones": [ZONE]}
FULL = wanted(
    keyVault={"name": "kv-keys", "access": "policies", "privateEndpoint": ENDPOINT},
    storage={"name": "stone", "sharedKey": False, "network": {"publicAccess": "Disabled"}},
    workspace={"name": "one", "keyVault": {"name": "kv-secrets"}, "systemDatastoresAuthMode": "Identity"},
)
OWNER = f"{FULL.subscription}/g/one"
ALL = parts(FULL, uri)
NAMED = [each for each in ALL if each.kind]
KINDS = ["encryption", "network", "sharedKey", "purgeProtection", "grants", "keys", "rotation", "endpoints"]
MEMBERS = [
    "encryption",
    "publicNetworkAccess",
    "networkAcls",
    "allowSharedKeyAccess",
    "enablePurgeProtection",
    "x",
]


class _Found(ProvisioningPart):
    """A part of which is found what a test says, and which decides as the test says."""

    def __init__(self, like: ProvisioningPart, document: dict[str, Any] | None, step: DesiredStep) -> None:
        self.id, self.what, self.kind, self.owner = like.id, like.what, like.kind, like.owner
        self._like, self._document, self._step = like, document, step

    async def read(self, port: Any, known: KnownValues) -> Any:
        return self._document

    def decide(self, found: Any, known: KnownValues) -> DesiredStep:
        return self._step

    def touches(self, step: DesiredStep) -> Any:
        return self._like.touches(step)


def _looked(
    part: ProvisioningPart, word: Word, known: KnownValues = KNOWN, monkeypatch: Any = None
) -> PlannedPart:
    async def users(*_: Any) -> AccountUsers:
        return AccountUsers(["the workspace /x"], ["subscription s"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usage, "users", users)
        looker = Looker(SimpleNamespace(), word, provision_events(ignore), KnownValues())  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
        return asyncio.run(looker.look(part, known))


def _written(like: ProvisioningPart, verb: DesiredVerb, members: tuple[str, ...] = ()) -> DesiredStep:
    body = {"properties": dict.fromkeys(members)}
    return DesiredStep(verb, like.what, like.id, (), ArmCall("PATCH", like.id, body))


_tags = st.sampled_from([None, {}, {"team": "risk"}, {TAG: "another/g/w"}, {TAG.upper(): f"{OWNER}x"}, {TAG: ""}])


@given(
    st.sampled_from(NAMED),
    _tags,
    st.sets(st.sampled_from(MEMBERS), min_size=1),
    st.booleans(),
    st.sets(st.sampled_from(KINDS)),
)
def test_what_is_others_is_written_only_as_far_as_was_said(
    like: ProvisioningPart, tags: Any, members: set[str], adopted: bool, allowed: set[str]
) -> None:
    step = _written(like, DesiredVerb.UPDATE, tuple(members))
    id_ = like.id.lower()
    word = Word(OWNER, frozenset({id_} if adopted else ()), {id_: frozenset(allowed)})
    planned = _looked(_Found(like, {"tags": tags}, step), word)
    changed = {kind for _, kind in ownership.changes(like, step.change.body if step.change else None)}
    assert planned.others is not None
    if adopted and changed <= allowed:
        assert planned.step.verb is DesiredVerb.UPDATE and (planned.asks or not changed)
        assert "used by: the workspace /x" in planned.step.facts
    else:
        assert planned.step.verb is DesiredVerb.REFUSE
        told = " ".join(planned.step.told)
        # What was seen is no reason that somebody could settle.
        assert not any("used by" in one or "adopted as" in one for one in planned.step.notes)
        assert adopted or (f"--adopt {like.address}" in told and "/x" in told and "subscription s" in told)


@pytest.mark.parametrize("like", NAMED, ids=lambda one: one.what)
def test_what_is_others_is_never_replaced(like: ProvisioningPart) -> None:
    step = _written(like, DesiredVerb.CREATE)
    word = Word(OWNER, frozenset({like.id.lower()}), {like.id.lower(): frozenset(KINDS)})
    planned = _looked(_Found(like, {"tags": {TAG: "another/g/w"}}, step), word)
    assert planned.step.verb is DesiredVerb.REFUSE and "nothing allows that" in " ".join(planned.step.notes)


@pytest.mark.parametrize("like", NAMED, ids=lambda one: one.what)
def test_what_bears_the_tag_is_the_files_own_in_whatever_case(like: ProvisioningPart) -> None:
    step = _written(like, DesiredVerb.UPDATE, ("encryption",))
    planned = _looked(_Found(like, {"tags": {TAG.upper(): OWNER.upper()}}, step), Word(OWNER))
    assert (planned.step, planned.others) == (step, None)


def test_whatever_a_part_makes_bears_the_tag_with_the_very_call_that_makes_it() -> None:
    named = set()
    for each in ALL:
        empty = keys.FoundKey(None) if each.what == "key" else _nothing(each)
        step = each.decide(empty, KNOWN)
        if step.verb is DesiredVerb.CREATE and each.kind:
            assert step.change and step.change.body and step.change.method == "PUT"
            assert step.change.body["tags"][TAG] == OWNER, each.what
            named.add(each.kind)
        if step.verb is DesiredVerb.GRANT and step.change and "roleAssignments" in step.change.path:
            assert step.change.body and step.change.body["properties"]["description"] == f"{TAG} {OWNER}"
    assert named == {each.kind for each in NAMED}


def _nothing(each: ProvisioningPart) -> Any:
    from amlmigrate.provisioning.parts import storage, vaults

    empty: dict[str, Any] = {"keyVault": vaults.FoundVault(None), "storage": storage.FoundStorage(None)}
    return [] if "for the identity" in each.what else empty.get(each.kind)


def _others(*names: str, allowed: frozenset[str] = frozenset()) -> KnownValues:
    found = {
        each.id.lower(): OtherOwner(each.what, each.address, "", True, allowed)
        for each in NAMED
        if each.kind in names
    }
    return replace(KNOWN, others=found)


GRANTING = [each for each in ALL if "for the identity" in each.what]


@pytest.mark.parametrize("each", GRANTING, ids=lambda one: f"{one.what} {one.id.rsplit('/', 1)[-1]}")
def test_no_right_is_given_on_what_is_others_without_a_word(each: ProvisioningPart) -> None:
    """A role where the thing goes by roles; an access policy counts for its whole vault."""
    every = _others(*{one.kind for one in NAMED})
    planned = _looked(_Bare(each), Word(OWNER), every)
    assert planned.step.verb is DesiredVerb.REFUSE and "(grants)" in " ".join(planned.step.notes)
    allowed = _looked(
        _Bare(each), Word(OWNER), _others(*{one.kind for one in NAMED}, allowed=frozenset({"grants"}))
    )
    assert allowed.step.verb is DesiredVerb.GRANT and any("(grants)" in one for one in allowed.asks)


class _Bare(_Found):
    """A part as it is, of which nothing is found."""

    def __init__(self, like: ProvisioningPart) -> None:
        super().__init__(like, None, like.decide([], KNOWN))
        self.kind = ""


def test_a_key_in_anothers_vault_an_endpoint_to_it_and_its_zones_take_a_word() -> None:
    for what, verb, others in (
        ("key", DesiredVerb.CREATE, "keyVault"),
        ("rotation policy", DesiredVerb.UPDATE, "key"),
        ("private endpoint (vault)", DesiredVerb.CREATE, "keyVault"),
        ("private DNS zone group (vault)", DesiredVerb.CREATE, "privateEndpoint"),
    ):
        [each] = [one for one in ALL if one.what == what]
        found = _Found(each, None, _written(each, verb))
        assert _looked(found, Word(OWNER), _others(others)).step.verb is DesiredVerb.REFUSE, what
        assert _looked(found, Word(OWNER)).step.verb is verb, what


def test_a_key_is_the_files_own_by_any_of_its_versions_unless_they_disagree() -> None:
    """Nothing says that a rotation carries tags on."""
    key, ours, other = part("key"), {"tags": {TAG: OWNER}}, {"tags": {TAG: "another/g/w"}}
    bare: dict[str, Any] = {"tags": {}}
    assert key.bearer(keys.FoundKey(bare, versions=(bare, ours))) == ours
    assert key.bearer(keys.FoundKey(bare, versions=(bare, ours, other))) == bare
    assert key.bearer(keys.FoundKey(None)) is None


def test_names_are_taken_by_themselves_with_their_kind_and_as_ids_and_nothing_else() -> None:
    twice = parts(wanted(storage={"name": "one"}, identity={"name": "One"}), uri)
    ids = {each.address: each.id.lower() for each in twice if each.kind}
    for name in ("storage/one", "STORAGE/One", ids["storage/one"]):
        assert ownership.word(OWNER, twice, [name], {}, "f").adopted == {ids["storage/one"]}
    with pytest.raises(BadInputError, match="several things") as caught:
        ownership.word(OWNER, twice, ["one"], {}, "f")
    assert "identity/One, storage/one, workspace/one" in caught.value.remedy
    for wrong in ("", "kv", "kv-keys ", "vaults/kv-keys", "g", "keyVault/", "../kv-keys"):
        with pytest.raises(BadInputError, match="names nothing"):
            ownership.word(OWNER, twice, [wrong], {}, "f")
        with pytest.raises(BadInputError, match="names nothing"):
            ownership.word(OWNER, twice, [], {wrong: frozenset({"grants"})}, "f")


def test_what_an_owner_allows_stands_below_one_name() -> None:
    """Of two the last would count, and what the first allows would not."""
    allowed = {"stone": frozenset({"network"}), "Storage/STONE": frozenset({"grants"})}
    with pytest.raises(BadInputError, match="another name of `adopted` names too"):
        ownership.word(OWNER, ALL, [], allowed, "f")


def test_what_was_not_agreed_to_is_not_done() -> None:
    from amlmigrate.core.errors import RefusedError
    from amlmigrate.desired.applying import _as_agreed

    vault = part("key vault")
    shown = PlannedPart(vault, None, _written(vault, DesiredVerb.UPDATE, ("networkAcls",)))
    _as_agreed(shown, shown, REFUSED)
    with pytest.raises(RefusedError, match="more than that would be done"):
        _as_agreed(shown, replace(shown, asks=("purge protection",)), REFUSED)
    with pytest.raises(RefusedError, match=r"cannot be provisioned as it stands\.$"):
        _as_agreed(shown, replace(shown, step=vault.refuse("It is another's by now.")), REFUSED)


def test_a_plan_knows_what_is_others_for_the_parts_that_come_later() -> None:
    vault = part("key vault")
    planned = PlannedPart(vault, None, vault.exists(), OtherOwner("key vault", "keyVault/kv-keys", "", True))
    assert deciding.PlannedPart.learned(replace(planned, found=_nothing(vault)), KNOWN).others.keys() == {
        vault.id.lower()
    }


LEARNING = "11111111-0000-0000-0000-000000000009"


def test_a_role_on_a_whole_subscription_is_asked_about() -> None:
    mode = {"mode": "classic", "cosmosDbPrincipalId": LEARNING, "machineLearningPrincipalId": LEARNING}
    asked = parts(wanted(workspace={"name": "one", "encryption": mode}), uri)
    [wide] = [one for one in asked if one.what == "Contributor for Azure Machine Learning"]
    [note] = _looked(_Asking(wide), Word(OWNER)).asks
    assert LEARNING in note and note.endswith(f"on the whole of /subscriptions/{FULL.subscription}")
    narrow = [one for one in asked if "for Azure Cosmos DB" in one.what or "for the identity" in one.what]
    assert narrow and not any(_looked(_Asking(one), Word(OWNER)).asks for one in narrow)


class _Asking(_Bare):
    def forever(self, step: DesiredStep) -> tuple[str, ...]:
        return self._like.forever(step)


class _Listed:
    """ARM and its roles, of which `seen` is what the list of subscriptions says; None: refused."""

    actions: tuple[str, ...] = ("*",)
    things: tuple[dict[str, Any], ...] = ()

    def __init__(self, seen: list[str] | None) -> None:
        self.seen, self.asked, self.roles, self.arm = seen, list[str](), self, self

    async def pages(self, path: str) -> Any:
        self.asked.append(path)
        if path == "/subscriptions" and self.seen is None:
            raise refusal(403, "AuthorizationFailed", "no", url=path)
        for name in (self.seen or ()) if path == "/subscriptions" else ():
            yield {"subscriptionId": name}
        for one in self.things if path.endswith("LearningServices/workspaces") else ():
            yield one

    async def permissions(self, scope: str) -> list[Any]:
        return [{"actions": list(self.actions), "notActions": []}]

    async def assignments(self, scope: str) -> list[Any]:
        return []


def test_subscriptions_that_cannot_be_listed_are_told_as_not_known() -> None:
    listed = _Listed(None)
    _, unseen = asyncio.run(usage.Estate(listed).documents("S1"))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    [told] = unseen
    assert told.startswith("the subscriptions could not be listed")
    assert any(path.startswith("/subscriptions/s1/") for path in listed.asked)


def test_every_subscription_that_things_of_the_file_lie_in_is_looked_into_once() -> None:
    listed = _Listed(["S1"])
    estate = usage.Estate(listed)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    for first in ("s1", "S2", "s1", "s2"):
        assert asyncio.run(estate.documents(first))[1] == []
    for one in ("s1", "s2"):
        path = f"/subscriptions/{one}/providers/Microsoft.MachineLearningServices/workspaces"
        assert listed.asked.count(path) == 1
    assert (estate.subscriptions, listed.asked.count("/subscriptions")) == (["s1", "s2"], 1)


def test_a_fault_of_the_tools_own_says_how_many_steps_were_done_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from amlmigrate.core.errors import ExitCode, UnforeseenError
    from amlmigrate.desired import applying

    asked = [one for one in ALL if one.what in ("resource group", "identity", "key vault")]
    planned = [PlannedPart(one, None, _written(one, DesiredVerb.CREATE)) for one in asked]

    async def look(self: Any, part: ProvisioningPart, known: KnownValues) -> PlannedPart:
        return next(one for one in planned if one.part is part)

    async def done(self: Any, step: DesiredStep, patience: float) -> PlannedPart:
        if step.what == planned[-1].part.what:
            raise KeyError("a secret")
        return replace(next(one for one in planned if one.step is step), found=_nothing(self._part))

    monkeypatch.setattr(Looker, "look", look)
    monkeypatch.setattr(applying._Doing, "done", done)
    looker = Looker(SimpleNamespace(), Word(OWNER), provision_events(ignore), KnownValues())  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    with pytest.raises(UnforeseenError) as caught:
        asyncio.run(applying.apply(planned, looker, patience=0))
    assert "2 of 3 steps were done: " in caught.value.summary
    assert caught.value.exit_code is ExitCode.UNEXPECTED and "secret" not in caught.value.summary
    assert caught.value.address == planned[-1].part.id


def test_what_may_not_be_read_whole_is_told_as_not_known() -> None:
    listed = _Listed(["s1"])
    listed.actions = ("Microsoft.Storage/*",)
    _, unseen = asyncio.run(usage.Estate(listed).documents("s1"))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert len(unseen) == 4 and all(one.startswith("no right to read every one of") for one in unseen)
    assert not any("storageAccounts" in one for one in unseen)


def test_users_are_all_but_what_was_made_for_the_very_same_workspace() -> None:
    identity = part("identity")
    listed = _Listed([FULL.subscription])
    named = {"identity": {"userAssignedIdentities": {identity.id.upper(): {}}}}
    listed.things = (
        {"id": "/ours", "tags": {TAG: OWNER.upper()}, **named},
        {"id": "/others", "tags": {TAG: "another/g/w"}, **named},
        {"id": "/bare", **named},
        {"id": "/elsewhere", "identity": {"userAssignedIdentities": {f"{identity.id}2": {}}}},
    )

    async def none(*_: Any) -> AccountUsers:
        return AccountUsers()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(identity), "more_users", none)
        port = SimpleNamespace(estate=usage.Estate(listed), side=listed)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
        found = asyncio.run(usage.users(port, identity, {}, KNOWN))  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert found.known == ["the workspace /bare", "the workspace /others"] and found.unknown == []


def test_a_step_that_by_now_does_more_than_was_agreed_to_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    from amlmigrate.core.errors import RefusedError
    from amlmigrate.desired import applying

    vault = part("key vault")
    shown = PlannedPart(vault, None, _written(vault, DesiredVerb.UPDATE, ("networkAcls",)))

    async def look(self: Any, part: ProvisioningPart, known: KnownValues) -> PlannedPart:
        return replace(shown, asks=("purge protection",))

    async def done(self: Any, step: DesiredStep, patience: float) -> PlannedPart:
        pytest.fail("nobody agreed to it")

    monkeypatch.setattr(Looker, "look", look)
    monkeypatch.setattr(applying._Doing, "done", done)
    looker = Looker(SimpleNamespace(), Word(OWNER), provision_events(ignore), KnownValues())  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    with pytest.raises(RefusedError) as caught:
        asyncio.run(applying.apply([shown], looker, patience=0))
    assert "0 of 1 step was done." in caught.value.summary and caught.value.reasons == ("purge protection",)


CLOSED = [each for each in NAMED if each.kind in ("storage", "keyVault", "registry")]


@pytest.mark.parametrize("like", CLOSED, ids=lambda one: one.what)
@pytest.mark.parametrize("member", MEMBERS)
def test_what_is_the_files_own_is_not_closed_before_a_yes_to_whom_it_shuts_out(
    like: ProvisioningPart, member: str
) -> None:
    planned = _looked(
        _Found(like, {"tags": {TAG: OWNER}}, _written(like, DesiredVerb.UPDATE, (member,))), Word(OWNER)
    )
    closes = member in ("publicNetworkAccess", "networkAcls", "allowSharedKeyAccess")
    named = [one for one in planned.asks if one.endswith("which may shut out: the workspace /x")]
    assert (planned.step.verb, len(named), planned.others) == (DesiredVerb.UPDATE, int(closes), None)
    assert ("used by: the workspace /x" in planned.step.facts) is closes


LATE = refusal(403, "ForbiddenByRbac", "no access to the key", method="PUT")


class _Late(_Found):
    """Refused once, as for want of a right; meanwhile `then` came to be there, and whoever looks decides `step`."""

    awaits_grants = True

    def __init__(
        self,
        then: dict[str, Any] | None,
        step: DesiredStep | None = None,
        wrong: Exception = LATE,
        verb: DesiredVerb = DesiredVerb.CREATE,
    ) -> None:
        like = part("storage account")
        super().__init__(like, None, _written(like, verb))
        self.then, self.by_then, self.acts, self.wrong = then, step or self._step, list[ArmCall](), wrong

    async def read(self, port: Any, known: KnownValues) -> Any:
        return self.then if self.acts else None

    def decide(self, found: Any, known: KnownValues) -> DesiredStep:
        if len(self.acts) > 1:
            return self.exists()
        return self.by_then if self.acts else self._step

    async def call(self, method: str, path: str, body: Any, twice: Any, first: Any) -> None:
        """Azure's: a call, which the client repeats by itself where that may help."""

        assert twice is HARMLESS

        async def once() -> None:
            await first()
            self.acts.append(ArmCall(method, path, body))
            if len(self.acts) == 1:
                raise self.wrong

        await retrying(once)

    async def finish(self, *_: Any) -> None:
        return None


def _carried_out(one: _Late) -> int:
    from amlmigrate.desired import applying

    async def users(*_: Any) -> AccountUsers:
        return AccountUsers(["the workspace /x"])

    async def settled(*_: Any, **__: Any) -> None:
        return None

    @dataclass
    class Ports:
        resources: Any

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usage, "users", users)
        port = Ports(SimpleNamespace(settled=settled, arm=one))
        looker = Looker(port, Word(OWNER), provision_events(ignore), KnownValues())  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
        shown = asyncio.run(looker.look(one, KNOWN))
        return asyncio.run(applying.apply([shown], looker, patience=60)).changed


def test_a_right_that_is_late_repeats_the_very_step() -> None:
    ours = {"tags": {TAG: OWNER}, "properties": {"provisioningState": "Failed"}}
    for then in (None, ours):
        one = _Late(then, None if then is None else part("storage account").refuse("It is not under the key."))
        assert _carried_out(one) == 1 and one.acts == [one._step.change] * 2


THROTTLED = refusal(429, "TooManyRequests", "later", method="PUT", retry_after=0)


@pytest.mark.parametrize("wrong", [LATE, THROTTLED, refusal(503, "Busy", "no", method="PUT")], ids=str)
@pytest.mark.parametrize("tag", ["", "another/g/w"])
def test_what_others_made_between_two_attempts_is_not_written_over(tag: str, wrong: Exception) -> None:
    from amlmigrate.core.errors import RefusedError

    there = {"tags": {TAG: tag} if tag else {}, "properties": {"provisioningState": "Failed"}}
    one = _Late(there, wrong=wrong)
    with pytest.raises(RefusedError) as caught:
        _carried_out(one)
    assert len(one.acts) == 1 and any("does not belong to this file" in reason for reason in caught.value.reasons)


def test_what_came_to_be_as_asked_while_a_right_was_late_is_left() -> None:
    one = _Late({"tags": {TAG: OWNER}}, part("storage account").exists())
    assert _carried_out(one) == 1 and len(one.acts) == 1


def test_a_change_that_others_made_between_two_attempts_is_part_of_the_next_one() -> None:
    """As of a firewall, of which a PATCH takes the place: a rule that was added meanwhile is kept."""
    ours, like = {"tags": {TAG: OWNER}}, part("storage account")
    added = replace(
        _written(like, DesiredVerb.UPDATE),
        change=ArmCall("PATCH", like.id, {"properties": {"x": "theirs too"}}),
    )
    one = _Late(ours, added, THROTTLED, DesiredVerb.UPDATE)
    assert _carried_out(one) == 1 and one.acts == [one._step.change, added.change]
