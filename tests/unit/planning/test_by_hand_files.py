"""`by-hand/`: the whole definition of what is left by hand, the commands, and no text that may be a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.builders.world import MAPPING, NEW, NEW_BLOBS, OLD, OLD_ID, TARGET, containers, inventory, step
from tests.builders.world import by_hand as left_by_hand

from amlmigrate.core.address import Address, blob_address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import mapped
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.ownership_record import OwnershipRecord
from amlmigrate.core.plan import Action
from amlmigrate.core.select import Selection
from amlmigrate.kinds import all_kinds
from amlmigrate.planning import build, byhand, manual, planfile
from amlmigrate.planning.byhand import readable
from amlmigrate.planning.byhand.bodies import body
from amlmigrate.planning.placing import ANEW

SUFFIX = "core.windows.net"
# What is planted has the form of a name: where names are readable it would be seen.
CANARY = re.compile(r"Zq7cny\d{5}kX")


def _left(address: str, document: dict[str, Any], **more: Any) -> Asset:
    return left_by_hand(Address.parse(address), "this version cannot move it", "By hand.", document, **more)


def _written(folder: Path, *lefts: Asset) -> dict[str, str]:
    """Every file of a plan that is made of these, by its path."""
    source = inventory()
    source.by_hand.extend(lefts)
    header, steps = build.build(
        source, inventory(of=TARGET), containers(), name="p", selection=Selection(), prior=OwnershipRecord()
    )
    manual.write(folder, header, steps)
    manual.write_listings(folder, source.by_hand)
    byhand.write(folder, steps, source.by_hand, MAPPING, SUFFIX)
    planfile.write(folder, header, steps)
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def _bodies(shared: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Address and document of each of the real bodies; what is sent to something that is no item counts too."""
    lines = (shared / "real" / "rest-of-workspace-examples.jsonl").read_text().splitlines()
    for number, line in enumerate(map(json.loads, lines)):
        kind, _, below = str(line["kind"]).rpartition("/")[2].partition("(")
        document = {key: value for key, value in line.items() if key not in ("kind", "name", "source")}
        document.pop("bicep_2025_12_01", None)
        if document.get("properties") is None:
            document["properties"] = {
                key: document.pop(key) for key in ("body", "answer", "headers") if key in document
            }
        yield f"{kind}/item-{number}{below and '-answer'}", document


def _planted(document: dict[str, Any], form: Callable[[str, str], str], seen: dict[str, str]) -> dict[str, Any]:
    """The document with something planted in each string; `seen` is told where each is."""

    def plant(where: str, text: str) -> str:
        canary = f"Zq7cny{len(seen):05d}kX"
        seen[canary] = where
        return form(text, canary)

    return dict(mapped(document, plant))


def _member(where: str) -> str:
    return next(part for part in reversed(where.split("/")) if not part.isdigit())


FORMS: dict[str, Callable[[str, str], str]] = {
    "a query": lambda text, canary: f"https://account.blob.core.windows.net/c/p?sv=1&sig={canary}",
    "a user": lambda text, canary: f"https://me:{canary}@host.example/p",
    "beside it": lambda text, canary: f"{text}?sig={canary}",
    "a key": lambda text, canary: f"AccountName=a;AccountKey={canary};EndpointSuffix=core.windows.net",
    "a password": lambda text, canary: f"Server=tcp:h;User ID=sa;Password={canary} {canary};Encrypt=True",
    "a token": lambda text, canary: f"Bearer {canary}",
    "a private key": lambda text, canary: f"-----BEGIN PRIVATE KEY-----\n{canary}\n-----END PRIVATE KEY-----",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_of_any_form_in_any_string_is_in_no_file_of_the_plan(
    shared: Path, tmp_path: Path, form: str
) -> None:
    seen: dict[str, str] = {}
    lefts = [_left(address, _planted(document, FORMS[form], seen)) for address, document in _bodies(shared)]
    assert len(lefts) == 80 and len(seen) > 600
    found = _written(tmp_path, *lefts)
    assert len([name for name in found if name.endswith(".yaml")]) == 80
    shown = {canary: name for name, text in found.items() for canary in CANARY.findall(text)}
    assert {seen[canary]: name for canary, name in shown.items()} == {}


def test_a_bare_word_is_seen_only_in_members_that_are_listed_with_a_reason(shared: Path, tmp_path: Path) -> None:
    seen: dict[str, str] = {}
    lefts = [_left(a, _planted(document, lambda _, canary: canary, seen)) for a, document in _bodies(shared)]
    found = _written(tmp_path, *lefts)
    listed = {name for one in readable.READABLE for name in one.members}
    assert all(one.reason for one in readable.READABLE)
    shown = {seen[canary] for text in found.values() for canary in CANARY.findall(text)}
    assert {_member(where) for where in shown} <= listed
    # Nor are they below what is the customer's own, or opens something.
    assert not [where for where in shown if readable.CLOSED & set(where.split("/"))]
    assert {"name", "description", "value", "target", "endpointUrl", "query"} & {
        _member(where) for where in shown
    } == {"name"}


def test_names_of_members_and_the_documents_shape_are_kept(shared: Path, tmp_path: Path) -> None:
    bodies = dict(_bodies(shared))
    found = _written(tmp_path, *(_left(address, document) for address, document in bodies.items()))
    for address, document in bodies.items():
        told = yaml.safe_load(found[f"by-hand/{address}.yaml"])
        assert told["address"] == address and told["reason"].startswith("this version cannot move it")
        assert _shape(told["definition"]) == _shape(document), address


def _shape(value: Any) -> Any:
    """Names and places of all members, without what they hold."""
    if isinstance(value, dict):
        return {key: _shape(child) for key, child in value.items()}
    return [_shape(child) for child in value] if isinstance(value, list) else None


DEPLOYMENT = {
    "id": f"{OLD.id}/onlineEndpoints/e/deployments/blue",
    "location": "westeurope",
    "identity": {"type": "SystemAssigned", "principalId": "1"},
    "properties": {
        "provisioningState": "Succeeded",
        "environmentId": f"{OLD.id}/environments/py/versions/1",
        "environmentVariables": {"API_KEY": "hunter2", "PATH": "/opt/bin", "LEVEL": "INFO", "N": 7},
        "instanceType": "Standard_DS3_v2",
        "description": "the blue one",
    },
    "systemData": {"createdBy": "ada@example.com"},
}


def test_a_document_is_made_anew_by_its_body_with_the_values_that_a_person_fills_in(tmp_path: Path) -> None:
    left = _left("onlineEndpoints/e/deployments/blue", DEPLOYMENT)
    found = _written(tmp_path, left)
    name = "by-hand/onlineEndpoints/e/deployments/blue"
    told, body = yaml.safe_load(found[f"{name}.yaml"]), json.loads(found[f"{name}.json"])
    assert told["owner"] == "ada@example.com"
    assert told["definition"]["properties"]["environmentVariables"] == {
        "API_KEY": "${API_KEY}",
        "PATH": "${PATH_VALUE}",
        "LEVEL": "${LEVEL}",
        "N": "${N}",
    }
    assert body["properties"]["environmentId"] == f"{NEW.id}/environments/py/versions/1"
    assert body["location"] == "northeurope" and body["identity"] == {"type": "SystemAssigned"}
    assert body["properties"]["instanceType"] == "Standard_DS3_v2"
    assert "provisioningState" not in body["properties"] and "systemData" not in body
    # Filled in through the input: in no file, and in no list of processes.
    *_, send = told["commands"]
    assert send.startswith("envsubst ") and send.endswith(" --body @-") and f"< {name}.json |" in send
    assert f"{NEW.id}/onlineEndpoints/e/deployments/blue?api-version=" in send
    needed = set(re.findall(r"\$\{([A-Z0-9_]+)\}", found[f"{name}.json"]))
    assert needed == {"API_KEY", "PATH_VALUE", "LEVEL", "N", "DESCRIPTION"}
    assert all(f"${{{one}}}" in send and f"read -rs {one} && export {one}" in told["commands"] for one in needed)
    assert told["fill_in"]["API_KEY"] == "/properties/environmentVariables/API_KEY"
    assert told["see_all_texts"].startswith(f"az rest --method get --url '{OLD.id}/onlineEndpoints/e/")


def test_a_connection_gets_the_members_that_its_sign_in_takes(tmp_path: Path) -> None:
    document = {"properties": {"authType": "ServicePrincipal", "category": "Git", "credentials": None}}
    found = _written(tmp_path, _left("connections/c", document))
    body = json.loads(found["by-hand/connections/c.json"])
    assert body["properties"]["credentials"] == {
        "clientId": "${CLIENT_ID}",
        "clientSecret": "${CLIENT_SECRET}",
        "tenantId": "${TENANT_ID}",
    }


def test_a_schedule_is_made_anew_disabled(tmp_path: Path) -> None:
    found = _written(tmp_path, _left("schedules/s", {"properties": {"isEnabled": True, "trigger": {}}}))
    assert json.loads(found["by-hand/schedules/s.json"])["properties"]["isEnabled"] is False


SHARES = {
    f"azureml-filestore-{OLD_ID}": ("azureml-filestore-9f8e7d6c-5b4a-4938-a726-ba9876543210", False),
    "code-391ff5ac-6576-460f-ba4d-7e03433c68b6": ("code-391ff5ac-6576-460f-ba4d-7e03433c68b6", False),
    "reports": ("reports", True),
}


@pytest.mark.parametrize("share", SHARES)
def test_a_share_has_the_line_of_azcopy_with_both_urls(tmp_path: Path, share: str) -> None:
    goal, made = SHARES[share]
    listing = ({"path": "a", "length": 1, "etag": "x"},)
    left = _left(f"shares/{share}", {"files": 1, "bytes": 1, "sha256": "0" * 64}, listing=listing, account="acct")
    told = yaml.safe_load(_written(tmp_path, left)[f"by-hand/shares/{share}.yaml"])
    *before, copy = told["commands"]
    assert copy == (
        f"azcopy copy https://acct.file.{SUFFIX}/{share} https://cmkacct.file.{SUFFIX}/{goal}"
        " --recursive --preserve-smb-info=true"
    )
    account = TARGET.storage_account_id
    create = f"az storage share-rm create --storage-account {account} --name {goal}"
    # Of an account's id the CLI takes the group and the name alone.
    assert before == ([f"{create} --subscription {account.split('/')[2]}"] if made else [])
    assert told["definition"]["share"] == share and told["definition"]["listing_sha256"] == "0" * 64


CODE = f"{OLD_ID}-75avxbx6"
# What is copied, and where to. Without the sign at its end AzCopy makes `…/75avxbx6/CONTAINER/train.py` of it.
CONTAINERS = {
    "snapshotzips": ("https://acct.blob.core.windows.net/snapshotzips", "snapshotzips"),
    CODE: (f"'https://acct.blob.core.windows.net/{CODE}/*'", f"{NEW_BLOBS}/migrated-code/75avxbx6"),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_blobs_that_stay_have_a_line_for_their_container(tmp_path: Path, container: str) -> None:
    steps = [step(str(blob_address(container)), action=Action.MANUAL, source_sha256="ab")]
    byhand.write(tmp_path, steps, [], MAPPING, SUFFIX)
    told = yaml.safe_load((tmp_path / f"by-hand/blobs/{container}.yaml").read_text())
    source, goal = CONTAINERS[container]
    assert told["commands"] == [
        f"azcopy copy {source} https://cmkacct.blob.{SUFFIX}/{goal} --recursive --overwrite=false"
    ]


def test_roles_and_locks_have_their_commands(tmp_path: Path) -> None:
    line = {
        "scope": f"{OLD.id}/onlineEndpoints/e",
        "principalId": "p",
        "roleDefinitionId": "/r",
        "description": "Zq",
    }
    below = _left("roleAssignments/b/onlineEndpoints/e", {"id": "/x", "properties": line})
    own = _left("roleAssignments/o", {"id": "/y", "properties": line | {"scope": OLD.id}})
    own = replace(own, beside={ANEW: {"principalId": "the object id of the identity of computes/cpu"}})
    lock = _left("locks/keep", {"id": f"{OLD.id}/x", "properties": {"level": "ReadOnly", "notes": "Zq"}})
    found = _written(tmp_path, below, own, lock)
    told = yaml.safe_load(found["by-hand/roleAssignments/o.yaml"])
    assert told["commands"][1] == (
        f'az role assignment create --assignee-object-id "${{PRINCIPAL_ID}}" --role /r --scope {NEW.id}'
    )
    assert told["fill_in"] == {"PRINCIPAL_ID": "the object id of the identity of computes/cpu"}
    [role] = yaml.safe_load(found["by-hand/roleAssignments/b/onlineEndpoints/e.yaml"])["commands"]
    assert role == (
        f"az role assignment create --assignee-object-id p --role /r --scope {NEW.id}/onlineEndpoints/e"
    )
    [put] = yaml.safe_load(found["by-hand/locks/keep.yaml"])["commands"]
    assert (
        put
        == f"az lock create --name keep --lock-type ReadOnly --resource {NEW.id} --subscription {NEW.subscription}"
    )
    assert not [name for name, text in found.items() if "Zq" in text]


@pytest.mark.parametrize("name", ["..", ".", "a/../../../b", "n\0ul", "x" * 250, "=1+1", "é"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    lefts = [_left(f"schedules/{name}", {"properties": {}})]
    inside = tmp_path / "plans" / "p"
    inside.mkdir(parents=True)
    steps = [step("schedules/x", action=Action.MANUAL)]
    steps[0] = type(steps[0])(Address.of("schedules", name), Action.MANUAL)
    byhand.write(inside, steps, lefts, MAPPING, SUFFIX)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and all(path.is_relative_to(inside / "by-hand") for path in files)


def test_names_that_differ_in_case_only_have_two_files(tmp_path: Path) -> None:
    steps = [step(f"computes/{name}", action=Action.MANUAL) for name in ("cpu", "CPU")]
    byhand.write(tmp_path, steps, [], MAPPING, SUFFIX)
    assert len({path.name.lower() for path in (tmp_path / "by-hand/computes").iterdir()}) == 2


def test_only_what_is_left_by_hand_has_a_file(tmp_path: Path) -> None:
    byhand.write(tmp_path, [step("models/m/1"), step("data/d/1", action=Action.SKIP)], [], MAPPING, SUFFIX)
    assert not (tmp_path / "by-hand").exists()


@pytest.mark.parametrize("shared", [True, False])
def test_of_an_account_of_several_the_lines_take_what_is_chosen_alone(tmp_path: Path, shared: bool) -> None:
    own = f"azureml-blobstore-{OLD_ID}"
    lefts = [
        _left(f"shares/{name}", {"files": 1}, listing=({"path": "a"},), account="acct") for name in (*SHARES, own)
    ]
    steps = [step(str(left.address), action=Action.MANUAL) for left in lefts[:3]]
    steps += [step(str(blob_address(name)), action=Action.MANUAL, source_sha256="ab") for name in ("azureml", own)]
    byhand.write(tmp_path, steps, lefts, MAPPING, SUFFIX, shared=shared)
    for path in (tmp_path / "by-hand").rglob("*.yaml"):
        told = yaml.safe_load(path.read_text())
        chosen = shared and OLD_ID not in path.name
        assert told["commands"][-1].endswith(' --include-path "${PATHS:?}"') is chosen, path
        assert ("read -r PATHS" in told["commands"]) is chosen and ("PATHS" in told.get("fill_in", {})) is chosen


def test_a_body_leaves_out_what_the_service_writes_and_nothing_of_the_customers() -> None:
    job = {"jobType": "Command", "status": "NotStarted", "parameters": {"a": 1}, "command": "x", "properties": {}}
    job["services"] = {"ssh": {"jobServiceType": "SSH", "status": "Running", "errorMessage": "e", "port": 22}}
    made = body(
        all_kinds()["schedules"],
        {"properties": {"action": {"actionType": "CreateJob", "jobDefinition": job}}},
        MAPPING,
    )
    assert made["properties"]["action"]["jobDefinition"] == {
        "jobType": "Command",
        "command": "x",
        "properties": {},
        "services": {"ssh": {"jobServiceType": "SSH", "port": 22}},
    }
    schedules = {"computeStartStop": [{"id": "1", "provisioningStatus": "Completed", "status": "Enabled"}]}
    typed = {
        "vmSize": "S",
        "errors": [],
        "sshSettings": {"sshPort": 1, "adminUserName": "u", "sshPublicAccess": "x"},
    }
    instance = {"computeType": "ComputeInstance", "properties": typed | {"schedules": schedules}}
    made = body(all_kinds()["computes"], {"properties": instance}, MAPPING)
    assert made["properties"]["properties"] == {
        "vmSize": "S",
        "sshSettings": {"sshPublicAccess": "x"},
        "schedules": {"computeStartStop": [{"status": "Enabled"}]},
    }
    own = {"group": "g", "createdBy": "us", "versions": "3", "status": "x", "AzureAsyncOperationUri": "u"}
    made = body(all_kinds()["onlineEndpoints"], {"properties": {"authMode": "Key", "properties": own}}, MAPPING)
    assert made["properties"]["properties"] == {"group": "g", "createdBy": "us", "versions": "3", "status": "x"}


@pytest.mark.parametrize(
    ("kind", "place", "moved"),
    [
        ("ComputeInstance", "West Europe", True),
        ("AmlCompute", "westeurope", True),
        ("AmlCompute", "westus2", False),
        # Its machine stays where it is.
        ("VirtualMachine", "westeurope", False),
    ],
)
def test_a_compute_by_hand_lies_in_the_targets_region(kind: str, place: str, moved: bool) -> None:
    source, target = (
        replace(one, document={**one.document, "location": region})
        for one, region in ((MAPPING.source, "westeurope"), (MAPPING.target, "northeurope"))
    )
    mapping = replace(MAPPING, source=source, target=target)
    made = body(all_kinds()["computes"], {"properties": {"computeType": kind, "computeLocation": place}}, mapping)
    assert made["properties"]["computeLocation"] == ("northeurope" if moved else place)


@pytest.mark.parametrize("region", ["westeurope", "northeurope"])
def test_what_has_another_name_in_the_same_region_is_referred_to_by_it(tmp_path: Path, region: str) -> None:
    job = {"jobType": "Command", "computeId": f"{OLD.id.lower()}/COMPUTES/gpu-1", "resources": {"x": OLD.id}}
    source = Mapping(replace(MAPPING.source, document={**MAPPING.source.document, "location": region}), TARGET)
    document = {"properties": {"action": {"actionType": "CreateJob", "jobDefinition": job}}}
    left = _left("schedules/s", document)
    byhand.write(tmp_path, [step("schedules/s", action=Action.MANUAL)], [left], source, SUFFIX)
    sent = json.loads((tmp_path / "by-hand/schedules/s.json").read_text())
    told = yaml.safe_load((tmp_path / "by-hand/schedules/s.yaml").read_text())
    found = sent["properties"]["action"]["jobDefinition"]["computeId"]
    if region == TARGET.location:
        assert re.fullmatch(rf"{re.escape(NEW.id)}/computes/\$\{{NEW_NAME_OF_GPU_1_VALUE\}}", found, re.IGNORECASE)
        assert "gpu-1 is called in the target" in told["fill_in"]["NEW_NAME_OF_GPU_1_VALUE"]
        assert "read -rs NEW_NAME_OF_GPU_1_VALUE && export NEW_NAME_OF_GPU_1_VALUE" in told["commands"]
    else:
        assert found.lower() == f"{NEW.id}/computes/gpu-1".lower() and "NEW_NAME" not in str(told)


def test_what_every_workspace_has_under_its_name_keeps_that_in_the_same_region(tmp_path: Path) -> None:
    near = Mapping(
        replace(MAPPING.source, document={**MAPPING.source.document, "location": TARGET.location}), TARGET
    )
    job = {"jobType": "Command", "computeId": f"{OLD.id}/computes/serverless"}
    left = _left("schedules/s", {"properties": {"action": {"actionType": "CreateJob", "jobDefinition": job}}})
    byhand.write(tmp_path, [step("schedules/s", action=Action.MANUAL)], [left], near, SUFFIX)
    sent = json.loads((tmp_path / "by-hand/schedules/s.json").read_text())
    assert sent["properties"]["action"]["jobDefinition"]["computeId"] == f"{NEW.id}/computes/serverless"


def test_what_needs_another_name_asks_for_it_and_says_why(tmp_path: Path) -> None:
    near = Mapping(
        replace(MAPPING.source, document={**MAPPING.source.document, "location": TARGET.location}), TARGET
    )
    left = _left("batchEndpoints/e/deployments/one", {"properties": {"description": "d"}})
    byhand.write(tmp_path, [step(str(left.address), action=Action.MANUAL)], [left], near, SUFFIX)
    told = yaml.safe_load((tmp_path / "by-hand/batchEndpoints/e/deployments/one.yaml").read_text())
    assert "one in a region" in told["fill_in"]["NEW_NAME"]
    assert "read -rs NEW_NAME && export NEW_NAME" in told["commands"]
    assert "/batchEndpoints/${NEW_NAME}/deployments/one?api-version=" in told["commands"][-1]


@pytest.mark.parametrize("cloud", ["", "AzureUSGovernment"])
def test_the_cloud_is_named_before_commands_that_would_go_to_another(tmp_path: Path, cloud: str) -> None:
    left = left_by_hand(Address.of("connections", "c"), "no", "do", {"properties": {"category": "Git"}})
    byhand.write(tmp_path, [step("connections/c", action=Action.MANUAL)], [left], MAPPING, SUFFIX, cloud=cloud)
    text = (tmp_path / "by-hand/connections/c.yaml").read_text()
    assert text.startswith(f"# Before the first command: az cloud set --name {cloud} && az login\n") is bool(cloud)
    assert "az cloud set" in text or not cloud
