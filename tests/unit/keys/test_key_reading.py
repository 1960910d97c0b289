"""What is read of keys: which are selected, what is told of what could not be read, and what is refused."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.keys.keyed import GROUP, NEW, NOW, OLD, SUB, VAULT, VAULT_ID, account, registry, version, workspace

from amlmigrate.cli.views.key import KeyStatusView
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.core.errors import BadInputError, DeniedError, MigrateError
from amlmigrate.core.keys import Rotation, key_of_document
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.keys import judging, reading
from amlmigrate.keys.model import Adoption, DependantKind, KeyName, KeySurvey
from amlmigrate.keys.reading import KeyRules
from amlmigrate.keys.scope import KeyScope, key_name
from amlmigrate.posture.reading import Read
from amlmigrate.posture.tagging import ENVIRONMENT
from amlmigrate.scanning.standing import StandingDecision, StandingDecisions

_TYPES = {
    "MachineLearningServices/workspaces": [workspace(version=NEW)],
    "Storage/storageAccounts": [account(current=NEW)],
    "ContainerRegistry/registries": [registry(current=NEW)],
}
OTHER = SUB.replace("1", "2")


def refusal(status: int, code: str = "Code") -> ServiceError:
    return ServiceError(status, code, "no", method="GET", url="https://u")


class Arm:
    """Lists by the end of their path, and documents by id; an exception is raised."""

    def __init__(self, lists: dict[str, Any] | None = None, **documents: Any) -> None:
        # What a test says comes first.
        shown: dict[str, Any] = {
            **{f"/subscriptions/{SUB}/providers/Microsoft.{name}": items for name, items in _TYPES.items()},
            "/subscriptions": [{"subscriptionId": SUB}],
            f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/vaults": [{"id": VAULT_ID, "name": "kv"}],
        }
        self.lists = [*(lists or {}).items(), *shown.items()]
        self.documents = {VAULT_ID: {"id": VAULT_ID, "properties": {"enableRbacAuthorization": True}}, **documents}
        self.asked: list[str] = []

    async def pages(self, path: str, query: Any = None) -> Any:
        self.asked.append(path)
        found = next((items for end, items in self.lists if path.endswith(end)), [])
        if isinstance(found, Exception):
            raise found
        for one in found:
            yield one

    async def get(self, path: str) -> Any:
        found = self.documents.get(path)
        if isinstance(found, Exception):
            raise found
        return found


class Vaults:
    """A vault with one key; an exception is raised."""

    suffix = "vault.azure.net"

    def __init__(self, versions: Any = None, rotation: Any = None) -> None:
        self._versions = [version(NEW, 5), version(OLD, 400)] if versions is None else versions
        self.newest: Any = None
        self._rotation = rotation or Rotation(expires_in="P1Y", after_create="P11M")

    async def versions(self, vault: str, name: str) -> Any:
        if isinstance(self._versions, Exception):
            raise self._versions
        return self._versions

    async def key(self, vault: str, name: str) -> Any:
        if isinstance(self.newest, Exception):
            raise self.newest
        return self.newest

    async def rotation(self, vault: str, name: str) -> Any:
        if isinstance(self._rotation, Exception):
            raise self._rotation
        return self._rotation


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs, rights and names have tests of their own."""

    async def empty(*_: object) -> Any:
        return Read(refused="not asked")

    async def names(self: object, ids: object) -> dict[str, str]:
        return {}

    monkeypatch.setattr(reading.auditlog, "read", empty)
    monkeypatch.setattr(reading, "rights_of", empty)
    monkeypatch.setattr(reading.Directory, "names", names)


class Roles:
    """What the caller may do in each whole subscription: everything, or what is said; an exception is raised."""

    def __init__(self, may: Any = ("*/read",)) -> None:
        self._may = may

    async def permissions(self, scope: str) -> Any:
        assert scope.startswith("/subscriptions/")
        if isinstance(self._may, Exception):
            raise self._may
        return [{"actions": list(self._may)}]


def read(
    arm: Arm | None = None,
    vaults: Vaults | None = None,
    roles: Roles | None = None,
    held: KeyRules | None = None,
    **scope: Any,
) -> KeySurvey:
    login = SimpleNamespace(endpoints=SimpleNamespace(graph="https://graph", vault_suffix=Vaults.suffix))
    side: Any = SimpleNamespace(
        arm=arm or Arm(), vaults=vaults or Vaults(), roles=roles or Roles(), login=login, credential=None
    )
    return asyncio.run(reading.read(side, KeyScope(**scope), NOW, held or KeyRules()))


def test_all_that_lies_under_a_key_is_found_by_it() -> None:
    [key] = read().keys
    assert (key.name, key.vault_id) == (KeyName(VAULT, "cmk"), VAULT_ID)
    assert {one.kind.value for one in key.dependants} == {"workspace", "storage account", "container registry"}
    assert (goal := key.goal(NOW)) and goal.version == NEW


def test_what_owners_decided_counts_and_what_is_not_known_of_it_is_told() -> None:
    one = StandingDecision("prod", "ana", date(2026, 11, 20), "SCAN-1.jsonl")
    found = {(workspace()["id"].lower(), ENVIRONMENT): one}
    survey = read(held=KeyRules(decisions=StandingDecisions("old", NOW - timedelta(days=2), found)))
    levels = {each.kind: each.levels for each in survey.keys[0].dependants}
    assert levels[DependantKind.WORKSPACE].as_dict(ENVIRONMENT)["owner"] == "ana"
    assert ["2 days old" in survey.notes[0], "no scan in 'old' has it" in survey.notes[1]] == [True, True]
    [view] = [
        event.data
        for event in KeyStatusView(survey, judging.judged(survey)).as_json()
        if event.name == "key.status"
    ]
    [told] = [each for each in view["dependants"] if each["kind"] == "workspace"]
    assert (told["levels"][ENVIRONMENT], told["told_by"][ENVIRONMENT]["by"]) == ("prod", "decision")
    assert read().notes[0].startswith("What owners decided is not known: there is no scan")


def test_what_two_pages_of_a_list_show_is_one() -> None:
    again = workspace(version=NEW)
    twice = [again, {**again, "id": again["id"].upper()}]
    [key] = read(Arm({"MachineLearningServices/workspaces": twice})).keys
    assert [one.kind for one in key.dependants].count(DependantKind.WORKSPACE) == 1


def test_an_encryption_scope_of_an_account_under_microsofts_key_is_found() -> None:
    plain = account()
    plain["properties"]["encryption"]["keySource"] = "Microsoft.Storage"
    named = {"keyUri": f"{VAULT}/keys/cmk"}
    scope = {
        "id": f"{plain['id']}/encryptionScopes/s",
        "properties": {"source": "Microsoft.KeyVault", "keyVaultProperties": named},
    }
    path = f"/subscriptions/{SUB}/providers/Microsoft.Storage/storageAccounts"
    [key] = read(Arm({path: [plain], "/encryptionScopes": [scope]})).keys
    assert "acct/s" in {one.name for one in key.dependants}


def test_an_account_of_files_alone_is_asked_for_no_scopes() -> None:
    arm = Arm({"Microsoft.Storage/storageAccounts": [account(kind="FileStorage")]})
    read(arm)
    assert not [path for path in arm.asked if path.endswith("/encryptionScopes")]


@pytest.mark.parametrize("what", ["MachineLearningServices/workspaces", "/encryptionScopes"])
@pytest.mark.parametrize(
    "error",
    [*(refusal(status) for status in (401, 403, 404, 429, 500)), OutOfReachError("broke", method="GET", url="u")],
    ids=["401", "403", "404", "429", "500", "dropped"],
)
def test_a_list_that_cannot_be_had_is_told_and_the_rest_is_read(what: str, error: Exception) -> None:
    survey = read(Arm({what: error}))
    assert [one.id.endswith(what) for one in survey.unread] == [True]
    assert len(survey.keys) == 1 and not survey.complete


_READS = [f"Microsoft.{name}/read" for name in _TYPES]


@pytest.mark.parametrize(
    ("may", "parts"),
    [
        (("*",), []),
        (_READS, []),
        (_READS[1:], ["MachineLearningServices/workspaces"]),
        (("Microsoft.KeyVault/*",), list(_TYPES)),
        ((), list(_TYPES)),
        (refusal(403), list(_TYPES)),
        (refusal(404), list(_TYPES)),
    ],
    ids=["owner", "reader-of-three", "without-workspaces", "of-vaults", "of-a-group", "403", "404"],
)
def test_a_list_of_what_may_be_read_is_no_list_of_all_that_there_is(may: Any, parts: list[str]) -> None:
    """Whoever has a role on one group alone is shown what lies there, and of the rest nothing."""
    survey = read(roles=Roles(may))
    told = [f"/subscriptions/{SUB}/providers/Microsoft.{name}" for name in parts]
    assert sorted(one.id for one in survey.unread) == sorted(told)
    assert all("only what you may read" in one.reason for one in survey.unread)
    assert len(survey.keys) == 1 and survey.complete is not bool(parts)


@pytest.mark.parametrize(
    "error",
    [refusal(429), refusal(500), OutOfReachError("broke", method="GET", url="u")],
    ids=["429", "500", "dropped"],
)
def test_rights_that_could_not_be_read_are_told_once_and_as_that(error: Exception) -> None:
    survey = read(roles=Roles(error))
    assert [one.id for one in survey.unread] == [f"/subscriptions/{SUB}: your rights"]
    assert len(survey.keys) == 1 and not survey.complete


def test_of_nothing_under_a_key_in_a_part_nobody_says_that_there_is_none() -> None:
    with pytest.raises(DeniedError, match="not every place could be read: The list shows only what you may read"):
        read(Arm({f"Microsoft.{name}": [] for name in _TYPES}), roles=Roles(()))


@pytest.mark.parametrize(
    ("error", "wanted"),
    [(refusal(403), DeniedError), (refusal(401), DeniedError), (refusal(404), BadInputError), (refusal(500), MigrateError)],
    ids=["403", "401", "404", "500"],
)  # fmt: skip
def test_where_no_list_can_be_had_there_is_nothing_to_tell(error: Exception, wanted: type[MigrateError]) -> None:
    with pytest.raises(wanted, match="not every place could be read"):
        read(Arm({f"Microsoft.{name}": error for name in _TYPES}))


@pytest.mark.parametrize(
    "error",
    [*(refusal(status) for status in (401, 403, 429, 500)), OutOfReachError("broke", method="GET", url="u")],
    ids=["401", "403", "429", "500", "dropped"],
)
def test_versions_that_neither_vault_nor_arm_shows_are_not_known(error: Exception) -> None:
    survey = read(Arm({"/versions": error}), Vaults(versions=error))
    [verdict] = judging.judged(survey)
    assert {standing.adoption for _, standing in verdict.standings} == {Adoption.NOT_KNOWN}
    assert any("versions" in one.id for one in verdict.unread) and not verdict.good


def test_versions_that_the_vault_refuses_are_read_through_arm() -> None:
    shown = {
        "tags": {"rotation": "r"},
        "properties": {
            "keyUri": f"{VAULT}/keys/cmk",
            "keyUriWithVersion": f"{VAULT}/keys/cmk/{NEW}",
            "attributes": {"enabled": True, "created": 1_700_000_000},
        },
    }
    [key] = read(Arm({"/versions": [shown]}), Vaults(versions=refusal(403))).keys
    assert (goal := key.goal(NOW)) and (goal.version, goal.tags) == (NEW, {"rotation": "r"})


@pytest.mark.parametrize("newest", [OLD, NEW])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("by_arm", [False, True])
def test_of_two_versions_of_one_second_the_vault_says_which_is_the_newest(
    newest: str, order: int, *, by_arm: bool
) -> None:
    vaults = Vaults(versions=[version(NEW, 5), version(OLD, 5)][::order])
    shown = {"properties": {"keyUriWithVersion": f"{VAULT}/keys/cmk/{newest}", "attributes": {}}}
    vaults.newest = refusal(403) if by_arm else key_of_document(shown)
    [key] = read(Arm(**{f"{VAULT_ID}/keys/cmk": shown}), vaults).keys
    assert (goal := key.goal(NOW)) and goal.version == newest


@pytest.mark.parametrize("versions", [[], refusal(404, "KeyNotFound")], ids=["empty", "not-found"])
def test_a_key_that_is_not_in_its_vault_is_an_issue(versions: Any) -> None:
    [verdict] = judging.judged(read(vaults=Vaults(versions=versions)))
    assert [one.code for one in verdict.issues] == ["gone"]
    assert not any("versions" in one.id for one in verdict.unread)


@pytest.mark.parametrize("versions", [[], refusal(404, "KeyNotFound")], ids=["empty", "not-found"])
def test_a_key_that_was_named_and_is_not_there_is_refused(versions: Any) -> None:
    with pytest.raises(BadInputError, match="has no key 'cmk'"):
        read(vaults=Vaults(versions=versions), key=KeyName(VAULT, "cmk"))


def test_a_key_in_a_vault_that_nobody_sees_is_refused() -> None:
    with pytest.raises(BadInputError, match="in no subscription that you see"):
        read(key=KeyName("https://other.vault.azure.net", "cmk"))


def test_a_key_that_nothing_is_under_can_be_named() -> None:
    [key] = read(Arm({f"Microsoft.{name}": [] for name in _TYPES}), key=KeyName(VAULT, "cmk")).keys
    assert key.dependants == () and key.vault_id == VAULT_ID


def test_a_rotation_policy_that_cannot_be_read_is_not_none() -> None:
    key_id = f"{VAULT_ID}/keys/cmk"
    [verdict] = judging.judged(read(Arm(**{key_id: refusal(403)}), Vaults(rotation=refusal(403))))
    assert any("rotation policy" in one.id for one in verdict.unread)
    assert not any("no rotation policy" in note for note in verdict.notes)


def test_the_key_of_a_managed_hsm_is_told_and_not_read() -> None:
    document = workspace()
    named = document["properties"]["encryption"]["keyVaultProperties"]
    named |= {"keyIdentifier": f"https://h.managedhsm.azure.net/keys/cmk/{OLD}", "keyVaultArmId": ""}
    lists: dict[str, Any] = {"MachineLearningServices/workspaces": [document]}
    lists |= {f"Microsoft.{name}": [] for name in _TYPES}
    [verdict] = judging.judged(read(Arm(lists)))
    assert [one.code for one in verdict.issues] == ["managed-hsm"]
    assert len(verdict.unread) == 5 and not verdict.good


def test_a_workspace_selects_its_own_key_and_those_of_its_account_and_registry() -> None:
    document = workspace()
    document["properties"]["storageAccount"] = account()["id"].upper()
    far = account(name="far")
    far["properties"]["encryption"]["keyvaultproperties"]["keyname"] = "other"
    arm = Arm({"Microsoft.Storage/storageAccounts": [account(), far]}, **{document["id"]: document})
    survey = read(arm, workspaces=(WorkspaceRef(SUB, "rg", "ws"),))
    assert [one.name.name for one in survey.keys] == ["cmk"]


def test_a_workspace_that_is_not_there_or_has_no_key_is_refused() -> None:
    with pytest.raises(BadInputError, match="no such workspace"):
        read(workspaces=(WorkspaceRef(SUB, "rg", "none"),))
    plain = {"id": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/plain", "properties": {}}
    with pytest.raises(BadInputError, match="Nothing of rg/plain is under a customer's key"):
        read(Arm(**{plain["id"]: plain}), workspaces=(WorkspaceRef(SUB, "rg", "plain"),))


@pytest.mark.parametrize(("group", "found"), [(GROUP, 1), (GROUP.upper(), 1), (f"{GROUP}2", 0)])
def test_a_group_selects_what_lies_in_it(group: str, found: int) -> None:
    if not found:
        with pytest.raises(BadInputError):
            read(groups=(group,))
    else:
        assert len(read(groups=(group,)).keys) == found


def test_only_named_subscriptions_are_looked_in_and_else_all_that_are_seen() -> None:
    lists = {"/subscriptions": [{"subscriptionId": SUB}, {"subscriptionId": OTHER}]}
    assert read(Arm(lists), subscriptions=(SUB,)).looked == (SUB,)
    assert read(Arm(lists)).looked == (SUB, OTHER)
    assert read(Arm(lists), key=KeyName(VAULT, "cmk")).looked == (SUB, OTHER)
    # Who changes a key selects it by subscriptions, and has to know what is under it in all others.
    assert read(Arm(lists), subscriptions=(SUB,), everywhere=True).looked == (SUB, OTHER)


@pytest.mark.parametrize(
    "text",
    [f"{VAULT}/keys/CMK", f"{VAULT}/keys/cmk/{OLD}", f"{VAULT}:443/keys/cmk/", f"{VAULT_ID}/keys/cmk", " https://KV.vault.azure.net/keys/cmk "],
)  # fmt: skip
def test_the_forms_in_which_a_key_is_named(text: str) -> None:
    assert key_name(text, "vault.azure.net") == KeyName(VAULT, "cmk")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cmk", "is not a key"),
        (VAULT, "is not a key"),
        (f"{VAULT}/secrets/cmk", "is not a key"),
        (f"{VAULT}/keys/cmk/short", "is not a key"),
        (VAULT_ID, "is not a key"),
        (f"{VAULT_ID}.evil.example?/keys/cmk", "is not a key"),
        (f"{VAULT_ID}@evil.example/keys/cmk", "is not a key"),
        (f"{VAULT_ID}/keys/c?mk", "is not a key"),
        ("https://h.managedhsm.azure.net/keys/cmk", "managed HSM"),
        ("https://kv.vault.azure.cn/keys/cmk", "of this cloud"),
        ("https://kv.vault.azure.net.evil.example/keys/cmk", "of this cloud"),
    ],
)
def test_what_is_no_key_of_a_vault_is_refused(text: str, told: str) -> None:
    with pytest.raises(BadInputError, match=told):
        key_name(text, "vault.azure.net")
