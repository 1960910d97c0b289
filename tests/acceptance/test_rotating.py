"""`migrate key rotate`, as its users run it: by two identities with an approval, by one, after kills and lost answers."""

from __future__ import annotations

import json
import signal
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance import alone
from tests.acceptance.keyregistry import REGISTRY, registry_under
from tests.acceptance.world import Result, World, make_world
from tests.builders import fault

from azsandbox import Sandbox, provision, timeahead
from azsandbox.client import Client
from azsandbox.state import StateFolder

sandbox = alone.sandbox
STORAGE = "2023-05-01"
ROTATION = "aml-cmk-migrate-rotation"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
KEY_VAULT_READER = "21090545-7ca7-4776-b22c-e363652d74d2"
DAY = 86400


@dataclass
class Keys:
    """The target of a world, its account and its key."""

    world: World

    @property
    def workspace(self) -> str:
        return str(self.world.documents["target"]["id"])

    @property
    def account(self) -> str:
        return self.world.storage_id("target")

    @property
    def named(self) -> dict[str, Any]:
        """What the workspace names now."""
        found = self.world.arm("GET", self.workspace)["properties"]["encryption"]["keyVaultProperties"]
        return dict(found)

    @property
    def vault(self) -> str:
        return str(self.named["keyVaultArmId"])

    @property
    def key(self) -> str:
        """The key's identifier without a version."""
        return str(self.named["keyIdentifier"]).rpartition("/")[0]

    def tag(self, environment: str) -> None:
        for id_, version in ((self.workspace, "2025-12-01"), (self.account, STORAGE)):
            self.world.arm("PATCH", id_, version, {"tags": {"environment": environment}})

    def versions(self) -> list[dict[str, Any]]:
        """All versions of the key, oldest first."""

        async def work(client: Client) -> list[dict[str, Any]]:
            url = f"{self.key}/versions?api-version=7.4"
            _, _, text = await client.send("GET", url, "https://vault.azure.net")
            found: list[dict[str, Any]] = json.loads(text)["value"]
            return found

        made: list[dict[str, Any]] = self.world.azure(work)
        return made

    def in_use(self) -> str:
        """The version that the account reports."""
        encryption = self.world.arm("GET", self.account, STORAGE)["properties"]["encryption"]
        return str(encryption["keyvaultproperties"]["currentVersionedKeyIdentifier"])

    def follow(self) -> None:
        """Has the account name its key without a version."""
        encryption = self.world.arm("GET", self.account, STORAGE)["properties"]["encryption"]
        key = {**encryption["keyvaultproperties"], "keyversion": ""}
        body = {"properties": {"encryption": {**encryption, "keyvaultproperties": key}}}
        self.world.arm("PATCH", self.account, STORAGE, body)

    def rotate(self, *arguments: str, **env: str) -> Result:
        return self.world.migrate("key", "rotate", *arguments, "--json", **env)

    def of_key(self, *arguments: str, **env: str) -> Result:
        return self.rotate("--key", self.key, *arguments, **env)

    def reports(self, state: str = "ended") -> list[dict[str, Any]]:
        """The reports in the chain, oldest first."""
        paths = sorted((self.world.folder / "keys" / "evidence").glob("[0-9]*.json"))
        read = [json.loads(one.read_text()) for one in paths]
        return [one for one in read if one["state"] == state]

    def writes(self, since: str) -> list[str]:
        return [
            f"{row['method']} {row['path']}"
            for row in self.world.log(since)
            if row["method"] in ("PUT", "PATCH", "DELETE") or row["path"].endswith(("/create", "/rotate"))
        ]


@pytest.fixture
def keys(sandbox: Sandbox, tmp_path: Path) -> Keys:
    return Keys(make_world(sandbox, tmp_path))


@pytest.fixture
def dev(keys: Keys) -> Keys:
    keys.tag("dev")
    return keys


def done(result: Result, code: int = 0) -> dict[str, Any]:
    assert result.code == code, f"{result.code}\n{result.out[-3000:]}\n{result.err[-3000:]}"
    return result.event("key.rotate.end")


def test_one_identity_rotates_a_key_of_development_and_the_same_command_changes_nothing_more(dev: Keys) -> None:
    old = dev.named["keyIdentifier"]
    told = dev.of_key("--dry-run").event("key.rotate.plan")
    assert [step["action"] for step in told["steps"]] == ["create", "update", "update"]
    assert any("DESTROY" in line for line in told["set_back"])
    assert len(dev.versions()) == 1

    ended = done(dev.of_key())
    assert ended["complete"]
    assert any("duties were not apart" in line for line in ended["lines"])
    assert any("stays enabled" in line for line in ended["lines"])
    first, second = dev.versions()
    assert (first["kid"], second["kid"]) == (old, ended["version"])
    assert second["tags"][ROTATION] == ended["rotation"]
    assert all(one["attributes"]["enabled"] for one in (first, second))
    assert dev.named["keyIdentifier"] == dev.in_use() == second["kid"]
    assert second["attributes"]["exp"] > first["attributes"]["created"]

    [report] = dev.reports()
    assert (report["duties"], report["made"], report["complete"]) == ("not apart", True, True)
    assert (report["replaced"], report["version"]) == (old, second["kid"])
    assert {one["end"] for one in report["dependants"]} == {"adopted"}

    since = dev.world.now()
    assert done(dev.of_key())["changed"] == 0
    assert dev.writes(since) == []
    assert len(dev.reports()) == 1
    # Another version only under another id.
    assert done(dev.of_key("--rotation", "ticket-7"))["rotation"] == "ticket-7"
    assert done(dev.of_key("--rotation", "ticket-7"))["changed"] == 0
    assert len(dev.versions()) == 3


def test_what_its_owner_decided_to_be_production_takes_an_approval_whatever_its_tag_says(dev: Keys) -> None:
    owners = dev.world.folder / "owners.csv"
    owners.write_text(f"workspace,level,owner,date\n{dev.workspace},prod,ana,{datetime.now(UTC).date()}\n")
    dev.world.ok("scan", "--decisions", str(owners))

    refused = dev.of_key()
    assert refused.code == 4 and "in production" in refused.event("error")["summary"]
    told = refused.event("key.rotate.plan")
    [by] = [one for one in told["environment_by"] if one["by"] == "decision"]
    assert (told["environment"], by["level"], by["owner"], by["otherwise"]) == ("prod", "prod", "ana", "dev")
    drill = dev.world.migrate("key", "drill", "--key", dev.key, "--dry-run", "--json").event("key.drill.plan")
    assert any("is production (prod by a decision of its owner (ana," in one for one in drill["reasons"])

    [scan] = (dev.world.folder / "scans").glob("*.jsonl")
    whole = scan.read_bytes()
    scan.write_bytes(whole[:-9])
    assert dev.of_key().code == 2, "what cannot be read is no missing decision"
    assert len(dev.versions()) == 1


def test_in_production_two_identities_carry_out_what_a_third_has_approved(keys: Keys) -> None:
    keys.tag("prod")
    world, key = keys.world, keys.key
    refused = keys.of_key()
    assert (refused.code, "has to approve" in refused.event("error")["summary"]) == (4, True)
    assert len(keys.versions()) == 1

    custodian, of_keys = world.principal("custodian")
    platform, of_resources = world.principal("platform")
    approver, of_approval = world.principal("approver")
    group = keys.workspace.partition("/providers/")[0]
    world.assign(keys.vault, provision.KEY_VAULT_CRYPTO_OFFICER, custodian.object_id)
    world.assign(group, CONTRIBUTOR, platform.object_id)
    world.assign(keys.vault, KEY_VAULT_READER, platform.object_id)
    world.assign(keys.vault, READER, approver.object_id)

    dry = keys.of_key("--dry-run", "--out", "rotation.json")
    digest = dry.event("key.rotate.plan")["sha256"]
    assert keys.rotate("rotation.json", "--make", **of_keys).code == 4
    own = world.migrate("approve", "rotation.json", "--digest", digest[:16], "--json")
    assert own.code == 4
    approved = world.migrate("approve", "rotation.json", "--digest", digest[:16], "--json", **of_approval)
    assert approved.code == 0, approved.out
    # Who approved does not carry it out; who may not make a version is told so.
    assert keys.rotate("rotation.json", **of_approval).code in (4, 6)
    assert keys.rotate("rotation.json", "--adopt", **of_resources).code == 4

    made = done(keys.rotate("rotation.json", "--make", **of_keys))
    assert made["next"] == "migrate key rotate rotation.json --adopt"
    assert done(keys.rotate("rotation.json", "--make", **of_keys))["changed"] == 0
    assert len(keys.versions()) == 2
    assert keys.named["keyIdentifier"] == keys.versions()[0]["kid"]

    since = world.now()
    adopted = done(keys.rotate("rotation.json", "--adopt", **of_resources))
    assert (adopted["version"], adopted["complete"]) == (made["version"], True)
    assert not [one for one in keys.writes(since) if "/keys/" in one]
    assert keys.named["keyIdentifier"] == keys.in_use() == made["version"]
    reports = keys.reports()
    assert [(one["half"], one["duties"]) for one in reports if one["state"] == "ended"][-1] == ("adopt", "apart")
    assert reports[-1]["approval"]["object_id"] == approver.object_id
    assert key == keys.key


def test_registries_and_encryption_scopes_go_over_too_each_in_its_way(dev: Keys) -> None:
    first, number = dev.named["keyIdentifier"], dev.world.group.removeprefix("rg")
    fixed = registry_under(dev.world, f"fix{number}", first)
    follows = registry_under(dev.world, f"fol{number}", dev.key)
    for name, url in (("fixed", first), ("follows", dev.key)):
        dev.world.azure(provision.encryption_scope, dev.account, name, key=provision.Key(dev.vault, url))
    ended = done(dev.of_key(), 3)
    ends = {one["id"].lower(): one["end"] for one in ended["dependants"]}
    scopes = f"{dev.account}/encryptionScopes".lower()
    assert ends == {
        dev.workspace.lower(): "adopted",
        dev.account.lower(): "adopted",
        f"{scopes}/fixed": "adopted",
        f"{scopes}/follows": "waiting",
        fixed.lower(): "adopted",
        follows.lower(): "waiting",
    }
    shown = dev.world.arm("GET", fixed, REGISTRY)["properties"]["encryption"]["keyVaultProperties"]
    assert shown["keyIdentifier"] == shown["versionedKeyIdentifier"] == ended["version"]
    scope = dev.world.arm("GET", f"{dev.account}/encryptionScopes/fixed", STORAGE)["properties"]
    assert scope["keyVaultProperties"]["keyUri"] == ended["version"]
    timeahead.move(StateFolder(Path(dev.world.env["AZSANDBOX_STATE"])), DAY + 1)
    assert done(dev.of_key())["complete"]


def test_what_follows_by_itself_is_waited_for_and_the_same_command_goes_on(dev: Keys) -> None:
    dev.follow()
    first = done(dev.of_key(), 3)
    [waiting] = [one for one in first["dependants"] if one["end"] == "waiting"]
    assert (waiting["id"], bool(waiting["until"])) == (dev.account, True)
    assert first["next"] == f"migrate key rotate --key {dev.key}"
    assert dev.named["keyIdentifier"] == first["version"] != dev.in_use()
    since = dev.world.now()
    assert done(dev.of_key(), 3)["changed"] == 0
    assert dev.writes(since) == []
    # --overdue stops at it: it is not shown adopted.
    assert dev.rotate("--overdue", "--subscription", dev.account.split("/")[2]).code in (3, 4)
    timeahead.move(StateFolder(Path(dev.world.env["AZSANDBOX_STATE"])), DAY + 1)
    last = done(dev.of_key())
    assert (last["complete"], dev.in_use()) == (True, first["version"])
    assert [one["complete"] for one in dev.reports()] == [False, True]


STEPS = {
    "version": fault(method="POST", path="/create$", host="vault", kill="after"),
    "workspace": fault(method="PATCH", path="/workspaces/", kill="after"),
    "account": fault(method="PATCH", path="/storageAccounts/", kill="after"),
}


def test_a_kill_after_any_step_is_resumed_and_makes_no_second_version(dev: Keys) -> None:
    for rule in STEPS.values():
        with dev.world.faults(rule):
            assert dev.of_key().code == -signal.SIGKILL
    ended = done(dev.of_key())
    assert (ended["complete"], ended["changed"], len(dev.versions())) == (True, 0, 2)
    assert dev.named["keyIdentifier"] == dev.in_use() == dev.versions()[1]["kid"]


LOST = [
    fault(method="POST", path="/create$", host="vault", drop="after"),
    fault(method="PATCH", path="/workspaces/", drop="after"),
    fault(method="PATCH", path="/storageAccounts/", drop="after"),
    fault(method="PATCH", path="/storageAccounts/", stale=2, nth=2),
    fault(method="POST", path="/create$", host="vault", status=500, nth=2),
    fault(method="PATCH", path="/workspaces/", status=429, nth=2, headers={"Retry-After": "1"}),
]


def test_where_not_all_can_be_read_nobody_says_that_it_is_no_production(dev: Keys) -> None:
    unlisted = fault(method="GET", path="/encryptionScopes$", status=403, times=0)
    with dev.world.faults(unlisted):
        refused = dev.of_key()
        overdue = dev.rotate("--overdue")
    assert (refused.code, "nothing shows" in refused.event("error")["summary"]) == (4, True)
    assert (overdue.code, "not known" in overdue.event("error")["summary"]) == (4, True)
    assert len(dev.versions()) == 1


def test_a_lost_answer_makes_no_second_version(dev: Keys) -> None:
    with dev.world.faults(*LOST):
        assert done(dev.of_key())["complete"]
    assert len(dev.versions()) == 2


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (fault(method="POST", path="/create$", host="vault", status=403, times=0), 6),
        (fault(method="PATCH", path="/workspaces/", status=403, times=0), 6),
        (fault(method="PATCH", path="/storageAccounts/", status=409, times=0), 1),
        (fault(method="GET", path="/keys/", host="vault", status=401, times=0), 6),
    ],
    ids=["make", "workspace", "account", "read"],
)
def test_a_refusal_stops_and_is_told_and_the_same_command_goes_on(
    dev: Keys, rule: dict[str, Any], code: int
) -> None:
    with dev.world.faults(rule):
        refused = dev.of_key()
    assert refused.code == code, refused.out
    before = len(dev.versions())
    ended = done(dev.of_key())
    assert (ended["complete"], len(dev.versions())) == (True, 2)
    assert before <= 2
    assert all(one["attributes"]["enabled"] for one in dev.versions())


def test_overdue_keys_go_one_at_a_time_development_first_and_stop_at_what_is_not_adopted(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    state = StateFolder(Path(sandbox.env["AZSANDBOX_STATE"]))
    timeahead.move(state, -40 * DAY)
    later, first = _estate(sandbox, tmp_path)
    timeahead.move(state, 40 * DAY)
    profiles = tmp_path / "profiles.yaml"
    reasons = "reasons: {type: t, size: t, expires: t, rotate: t, notify: t}"
    profiles.write_text(f"SHORT: {{type: RSA, size: 2048, expires: P30D, rotate: P10D, notify: P7D, {reasons}}}\n")
    assert first.rotate("--overdue").event("key.rotate.none")["keys"] == 2
    overdue = ("--overdue", "--profile", "SHORT", "--profiles", str(profiles))
    # One key at a time: that of development first, which is waited for and keeps the other from its turn.
    for _ in range(2):
        ended = done(first.rotate(*overdue), 3)
        assert (ended["key"], ended["environment"]) == (first.key, "dev")
    assert len(later.versions()) == 1
    timeahead.move(state, DAY + 1)
    assert done(first.rotate(*overdue))["key"] == later.key
    assert (len(first.versions()), len(later.versions())) == (2, 2)
    assert first.rotate(*overdue, "--max", "5").event("key.rotate.none")["keys"] == 2


def test_nothing_is_pointed_back_from_a_version_that_was_disabled(dev: Keys) -> None:
    key, ended = dev.key, done(dev.of_key("--rotation", "r1"))

    async def work(client: Client) -> None:
        url, body = f"{ended['version']}?api-version=7.4", {"attributes": {"enabled": False}}
        await client.send("PATCH", url, "https://vault.azure.net", json=body)

    dev.world.azure(work)
    since = dev.world.now()
    by_id, adopting = dev.rotate("--key", key, "--rotation", "r1"), dev.rotate("--key", key, "--adopt")
    assert (by_id.code, "is disabled" in by_id.event("error")["summary"]) == (4, True), by_id.out
    # A workspace whose key is disabled shows nothing of itself.
    assert (adopting.code, "Enable that version again" in adopting.out) == (6, True), adopting.out
    assert dev.writes(since) == []
    told = dev.world.migrate("key", "status", "--key", key, "--json").event("key.status")["issues"]
    assert {one["code"] for one in told} == {"disabled"}


def test_what_is_production_in_another_subscription_is_seen_by_who_names_only_theirs(dev: Keys) -> None:
    """The same key encrypts an account elsewhere: nobody rotates it as one of development."""
    shown = dev.world.arm("GET", dev.account, STORAGE)
    name = f"prod{dev.world.group.removeprefix('rg')}".lower()[:24]
    group = f"/subscriptions/{uuid.uuid4()}/resourceGroups/{dev.world.group}"
    encryption = shown["properties"]["encryption"]
    dev.world.arm("PUT", group, "2021-04-01", {"location": shown["location"]})
    body = {
        "location": shown["location"],
        "kind": shown["kind"],
        "sku": {"name": shown["sku"]["name"]},
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": {encryption["identity"]["userAssignedIdentity"]: {}},
        },
        "tags": {"environment": "prod"},
        "properties": {"encryption": encryption},
    }
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/{name}"
    dev.world.arm("PUT", account, STORAGE, body)
    # The other keys of a shared subscription are in the way of --subscription alone: only this one is looked for.
    told = dev.rotate("--subscription", group.split("/")[2], "--dry-run").event("key.rotate.plan")
    assert (told["key"], told["environment"]) == (dev.key, "prod")
    assert {step["action"] for step in told["steps"]} == {"create", "update"} and told["changes"] == 4
    refused = dev.rotate("--subscription", group.split("/")[2])
    assert (refused.code, "has to approve" in refused.out) == (4, True)
    assert len(dev.versions()) == 1


def _estate(sandbox: Sandbox, folder: Path) -> tuple[Keys, Keys]:
    """Two keys in a subscription of their own: one of test, one of development whose account follows by itself."""
    subscription, made = str(uuid.uuid4()), []
    for environment in ("test", "dev"):
        world = make_world(sandbox, folder)
        world.env = {**world.env, "AZURE_SUBSCRIPTION_ID": subscription}
        pair = world.azure(
            provision.pair, world.group, world.source, world.target, suffix=f"r{world.group.removeprefix('rg')}"
        )
        world.documents = {"source": pair.source, "target": pair.target}
        made.append(Keys(world))
        made[-1].tag(environment)
    made[1].follow()
    return made[0], made[1]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--key", "https://hsm.managedhsm.azure.net/keys/k"], 2, "managed HSM"),
        (["--key", "k"], 2, "not a key"),
        (["--out", "x.json"], 2, "dry run"),
        (["--overdue", "--rotation", "x"], 2, "by itself"),
        (["missing.json"], 2, "proposal"),
        (["missing.json", "--key", "https://kv.vault.azure.net/keys/k"], 2, "by itself"),
        (["--key", "https://kv-nowhere.vault.azure.net/keys/k"], 2, "no subscription"),
        (["--rotation", " x", "--key", "https://kv.vault.azure.net/keys/k"], 2, "no id"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    keys: Keys, arguments: list[str], code: int, told: str
) -> None:
    since = keys.world.now()
    result = keys.rotate(*arguments)
    error = result.event("error")
    assert told in error["summary"], error
    assert result.code == code, result.out
    assert keys.writes(since) == []


def test_a_chain_that_was_changed_is_refused_before_anything_is_changed(dev: Keys) -> None:
    done(dev.of_key())
    [path] = (dev.world.folder / "keys" / "evidence").glob("*0002-rotation.json")
    path.write_text(path.read_text().replace('"complete": true', '"complete": false'))
    since = dev.world.now()
    refused = dev.of_key("--rotation", "again")
    assert (refused.code, "cannot be trusted" in refused.event("error")["summary"]) == (4, True)
    assert dev.writes(since) == []


def test_nothing_is_set_back_where_the_key_has_a_newer_version_than_the_proposals(dev: Keys) -> None:
    dry = dev.of_key("--dry-run", "--out", "rotation.json").event("key.rotate.plan")
    dev.world.azure(provision.key, dev.vault, dev.key.rpartition("/")[2])
    refused = dev.rotate("rotation.json")
    assert (refused.code, dry["changes"]) == (4, 3)
    assert "made since" in refused.out
