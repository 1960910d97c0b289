"""Reading a file: the schema, the profiles, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.unit.provisioning.provisioned import FILE

from amlmigrate.core.durations import days
from amlmigrate.core.errors import BadInputError
from amlmigrate.desired.ownership import TAG
from amlmigrate.posture import profiles
from amlmigrate.provisioning import checks, reading

EXAMPLE = Path(__file__).parents[3] / "docs" / "how-to" / "provision-example.yaml"
SUBSCRIPTION = str(FILE["subscription"])
VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"
KEYS = f"{VAULT}-keys"
LOGS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/logs"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(reading.schema())


def test_the_documented_example_is_accepted() -> None:
    wanted = reading.read(EXAMPLE, subscription=SUBSCRIPTION)
    assert (wanted.key.profile, wanted.key.size) == ("HIPAA", 3072)


@pytest.mark.parametrize("name", profiles.shipped())
def test_every_shipped_profile(name: str, tmp_path: Path) -> None:
    profile = profiles.shipped()[name]
    assert set(profile["reasons"]) == set(profile) - {"reasons"}
    path = tmp_path / "f.json"
    path.write_text(json.dumps({**FILE, "key": {"name": "k", "profile": name.lower()}}))
    key = reading.read(path).key
    assert (key.kind, key.size, key.expires) == (profile["type"], profile["size"], profile["expires"])
    assert key.rotation and key.rotation.after_create == profile["rotate"]


def test_profiles_of_ones_own(tmp_path: Path) -> None:
    table, file = tmp_path / "p.yaml", tmp_path / "f.yaml"
    table.write_text(
        yaml.safe_dump({"house": {"type": "RSA", "size": 4096}, "NIST": {"type": "RSA", "size": 2048}})
    )
    for name, size in (("house", 4096), ("NIST", 2048)):
        file.write_text(yaml.safe_dump({**FILE, "key": {"name": "k", "profile": name}}))
        assert reading.read(file, table=table).key.size == size
    own = {"NIST": {"type": "RSA", "size": 3072}}
    file.write_text(yaml.safe_dump({**FILE, "profiles": own, "key": {"name": "k", "profile": "NIST"}}))
    assert reading.read(file, table=table).key.size == 3072
    # The table is looked up without letter case, so it is replaced without it.
    table.write_text(yaml.safe_dump({"hipaa": {"type": "RSA", "size": 4096}}))
    for name in ("hipaa", "HIPAA"):
        file.write_text(yaml.safe_dump({**FILE, "key": {"name": "k", "profile": name}}))
        assert reading.read(file, table=table).key.size == 4096
    file.write_text(
        yaml.safe_dump(
            {
                **FILE,
                "profiles": {"Hipaa": {"type": "RSA", "size": 2048}},
                "key": {"name": "k", "profile": "HIPAA"},
            }
        )
    )
    assert reading.read(file, table=table).key.size == 2048
    table.write_text("house: {type: EC, size: 256}\n")
    with pytest.raises(BadInputError, match=r"profiles\.house\.size"):
        reading.read(file, table=table)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"subscription": ""}, "subscription"),
        ({"key": {"name": "k", "expires": "P20D"}}, "key.expires"),
        ({"key": {"name": "k", "rotate": "P3D"}}, "key.rotate"),
        ({"key": {"name": "k", "expires": "P90D", "rotate": "P85D"}}, "key.rotate"),
        ({"key": {"name": "k", "notify": "P10D"}}, "key.notify"),
        ({"keyVault": {"id": "/subscriptions/other/x"}}, "keyVault.id"),
        ({"storage": {"name": "stx", "sharedKey": False}}, "workspace.systemDatastoresAuthMode"),
        (
            {"keyVault": {"name": "kv", "network": {"defaultAction": "Deny", "trustedServices": False}}},
            "keyVault.network.trustedServices",
        ),
        ({"workspace": {"name": "w", "keyVault": {"name": "kv-keys"}}}, "workspace.keyVault.name"),
        ({"workspace": {"name": "w", "keyVault": {"id": KEYS.upper()}}}, "workspace.keyVault.id"),
        (
            {"keyVault": {"id": VAULT}, "workspace": {"name": "w", "keyVault": {"id": VAULT}}},
            "workspace.keyVault.id",
        ),
        (
            {"keyVault": {"id": KEYS}, "workspace": {"name": "w", "keyVault": {"name": "KV-keys"}}},
            "workspace.keyVault.name",
        ),
        ({"workspace": {"name": "w", "managedNetwork": "AllowInternetOutbound"}}, "workspace.keyVault"),
        (
            {"storage": {"name": "stx", "privateEndpoints": {"blob": {"name": "pe"}, "file": {"name": "PE"}}}},
            "privateEndpoint.name",
        ),
    ],
)
def test_members_that_contradict(changed: dict[str, Any], place: str) -> None:
    assert place in [where for where, _ in checks.problems({**FILE, **changed}, profiles.shipped())]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"key": {"name": "k", "profile": "NIST", "size": 2048}}, "key.size: not together with `profile`"),
        (
            {"logAnalytics": {"id": LOGS, "retentionDays": 90}},
            "logAnalytics.retentionDays: not together with `id`",
        ),
        (
            {"keyVault": {"id": VAULT, "privateEndpoint": {"name": "pe", "subnet": "/s"}}},
            "keyVault.privateEndpoint: not together with `id`",
        ),
        ({"keyVault": {"id": VAULT, "softDeleteDays": 30}}, "keyVault.softDeleteDays: not together with `id`"),
        ({"colour": "blue"}, "the member 'colour' is unknown"),
        ({"identity": {}}, "identity: give either `name` or `id`"),
        ({"storage": {"name": "stx", "sku": "Premium_LRS"}}, "storage.sku: 'Premium_LRS' is not one of"),
        ({"workspace": {"name": "abc", "encryption": "none"}}, "workspace.encryption: write `service-side`"),
    ],
)
def test_the_schema_names_the_place(changed: dict[str, Any], told: str, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps({**FILE, **changed}))
    with pytest.raises(BadInputError) as caught:
        reading.read(path)
    assert told in caught.value.summary
    assert caught.value.address == str(path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"location": "east/us"}, "location: is not a region"),
        ({"location": "eastus2\n"}, "location: is not a region"),
        ({"subscription": "sub"}, "subscription: is not a subscription id (a GUID)"),
        ({"subscription": f"{SUBSCRIPTION}\n"}, "subscription: is not a subscription id"),
        ({"resourceGroup": ".."}, "resourceGroup: is not a valid name of a resource group"),
        ({"resourceGroup": "g\n"}, "resourceGroup: 'g\\n' is not a name of 1 to 90"),
        ({"key": {"name": "k\n"}}, "key.name: 'k\\n' is not a name of 1 to 127"),
        ({"keyVault": {"name": "kv-keys\n"}}, "keyVault.name: "),
        ({"keyVault": {"id": VAULT.replace("/g/", "/../")}}, "keyVault.id: "),
        ({"keyVault": {"id": f"{VAULT}?x=y"}}, "keyVault.id: "),
        ({"keyVault": {"id": f"{VAULT}\n"}}, "keyVault.id: "),
        ({"keyVault": {"id": VAULT.replace(SUBSCRIPTION, "x")}}, "keyVault.id: "),
        ({"logAnalytics": {"id": LOGS.replace("logs", "a%2f..")}}, "logAnalytics.id: "),
        ({"applicationInsights": {"name": "a#b"}}, "applicationInsights.name: 'a#b' is not a valid name"),
        ({"applicationInsights": {"name": "a\n"}}, "applicationInsights.name: "),
        (
            {"workspace": {"name": "one", "encryption": {"mode": "classic", "cosmosDbPrincipalId": "-" * 36}}},
            "workspace.encryption.cosmosDbPrincipalId: '------------------------------------' is not a GUID (example: ",
        ),
        ({"tags": {**FILE["tags"], "Env": "a", "env": "b"}}, "tags: 'env' is given twice, in other letter cases"),
        ({"key": {"name": "k", "expires": "P90D\n"}}, "key.expires: "),
    ],
)
def test_names_are_taken_whole(changed: dict[str, Any], told: str, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps({**FILE, **changed}))
    with pytest.raises(BadInputError) as caught:
        reading.read(path)
    assert told in caught.value.summary


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("location: a\nkey: {name: k}\nlocation: b\n", "'location' is given twice, in line 1 and in line 3"),
        ("key:\n  name: k\n  size: 2048\n  size: 4096\n", "'size' is given twice, in line 3 and in line 4"),
        ("defaults: &d {name: k}\nkey: *d\n", "line 1 has an anchor"),
        ("a: [1\nb: 2\n", "it is not valid YAML: did not find expected ',' or ']', in line 2"),
        ("tags: {country: NO, since: 2026-01-01}\n", "'location' is missing"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_its_line(text: str, told: str, tmp_path: Path) -> None:
    for name in ("f.yaml", "f.json"):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(BadInputError) as caught:
            reading.read(path)
        assert told in caught.value.summary
    table, file = tmp_path / "p.yaml", tmp_path / "g.json"
    table.write_text("house: {size: 4096}\nhouse: {size: 2048}\n")
    file.write_text(json.dumps(FILE))
    with pytest.raises(BadInputError, match="'house' is given twice, in line 1 and in line 2") as caught:
        reading.read(file, table=table)
    assert caught.value.address == str(table)


def test_texts_that_other_readers_take_for_something_else_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    bare = yaml.safe_dump({name: part for name, part in FILE.items() if name != "tags"})
    owned = "owner: risk, contact: NO"
    path.write_text(f"{bare}tags: {{{owned}, country: NO, since: 2026-01-01, on: off, at: 12:30}}\n")
    own = {TAG: f"{SUBSCRIPTION}/g/one"}
    given = {"country": "NO", "since": "2026-01-01", "on": "off", "at": "12:30"}
    assert reading.read(path).tags == {"owner": "risk", "contact": "NO", **given, **own}


def test_the_tag_that_says_whose_a_thing_is_is_not_given(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps({**FILE, "tags": {**FILE["tags"], TAG.upper(): "mine"}}))
    with pytest.raises(BadInputError, match="is this tool's own tag"):
        reading.read(path)


@pytest.mark.parametrize(
    "tags", [None, {}, {"owner": "risk"}, {"contact": "x"}, {"Owner": "risk", "contact": "x"}]
)
def test_whose_it_is_and_whom_to_call_has_to_be_said(tags: Any, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    given = {**FILE, "tags": tags} if tags is not None else {n: p for n, p in FILE.items() if n != "tags"}
    path.write_text(json.dumps(given))
    with pytest.raises(BadInputError, match=r"(tags|owner|contact)' is missing"):
        reading.read(path)


def test_insights_need_log_analytics() -> None:
    file = {name: part for name, part in FILE.items() if name != "logAnalytics"}
    assert [where for where, _ in checks.problems(file, profiles.shipped())] == ["logAnalytics"]


def test_closed_vault_and_classic() -> None:
    file = {
        **FILE,
        "keyVault": {"name": "kv-keys", "network": {"publicAccess": "Disabled"}},
        "workspace": {"name": "w", "encryption": {"mode": "classic", "cosmosDbPrincipalId": SUBSCRIPTION}},
    }
    assert "keyVault.network.publicAccess" in [where for where, _ in checks.problems(file, profiles.shipped())]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *(("P90D", 90), ("P1Y", 365), ("P1Y6M", 545), ("P2W", 14), ("P1Y2M3W4D", 450), ("p90d", 90)),
        *(("P90DT0H", 90), ("P90DT23H59M", 90), ("PT5M", 0), ("P0D", 0), ("P0.5D", 0), ("P999999999D", 999999999)),
    ],
)
def test_durations(text: str, told: int) -> None:
    assert days(text) == told


@pytest.mark.parametrize(
    "text",
    ["90 days", "", "P", "D", "90", "P90", "-P1D", "P90D\n", " P90D", "P٣D", f"P{'9' * 30}D", f"P{'9' * 30}Y"],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        days(text)


@pytest.mark.parametrize("member", ["expires", "rotate", "notify"])
def test_a_duration_beyond_all_time_is_refused_with_its_place(member: str, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps({**FILE, "key": {"name": "k", member: f"P{'9' * 30}D"}}))
    with pytest.raises(BadInputError, match=f"key.{member}: 'P9+D' is not a duration such as P90D or P1Y"):
        reading.read(path)
