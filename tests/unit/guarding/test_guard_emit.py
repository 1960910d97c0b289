"""Files for git say what the bodies say: read back by the readers of their languages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import hcl2
import pytest
from tests.unit.guarding.guards import SCOPE, S, alarms, guardrail, old, workspace_id

from amlmigrate.cli.guard import _elsewhere, _write
from amlmigrate.cloud.arm import api_version
from amlmigrate.core.errors import BadInputError
from amlmigrate.guarding import alarmrules, bodies
from amlmigrate.guarding.emitting import EmitFormat, emitted
from amlmigrate.guarding.estate import GuardedEstate, OldWorkspace
from amlmigrate.guarding.members import MEMBERS
from amlmigrate.guarding.stage import GuardRequest
from amlmigrate.guarding.wanted import Guardrail, Stage

UNTIL = date(2027, 3, 31)
GROUP = "/providers/Microsoft.Management/managementGroups/corp"


def terraform(wanted: Guardrail) -> dict[str, dict[str, Any]]:
    """Each resource's members by its type and name; values that are JSON text are taken as values."""
    text = emitted(wanted, [(old("a", wave=2), UNTIL)], EmitFormat.TERRAFORM)["guard.tf"]
    parsed = hcl2.loads(text.replace("jsonencode(", "").replace("})\n", "}\n"))
    return {
        f"{_plain(type_)}.{_plain(name)}": _plain(members)
        for resource in parsed["resource"]
        for type_, named in resource.items()
        for name, members in named.items()
    }


def _plain(value: Any) -> Any:
    """Without the marks of the parser: quotes around texts, and its own members."""
    if isinstance(value, dict):
        return {_plain(name): _plain(one) for name, one in value.items() if not str(name).startswith("__")}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, str):
        return value
    if value.startswith('"') and value.endswith('"'):
        return json.loads(value).replace("$${", "${").replace("%%{", "%{")
    return value


@pytest.mark.parametrize("stage", Stage)
def test_terraform_says_what_the_bodies_say(stage: Stage) -> None:
    wanted = guardrail(stage, message='Ask "platform" for ${help}, 100 %{sure}.')
    found = terraform(wanted)
    definition = found["azurerm_policy_definition.cmk"]
    said = bodies.definition(wanted)["properties"]
    assert (definition["policy_rule"], definition["parameters"]) == (said["policyRule"], said["parameters"])
    initiative = found["azurerm_policy_set_definition.cmk"]
    members = bodies.initiative(wanted)["properties"]["policyDefinitions"]
    versions = [one.get("version") for one in initiative["policy_definition_reference"]]
    assert versions == [one.get("definitionVersion") for one in members]
    assert len([one for one in versions if one]) == len(MEMBERS)
    assert [one["parameter_values"] for one in initiative["policy_definition_reference"]] == [
        one["parameters"] for one in members
    ]
    assignment = found["azurerm_subscription_policy_assignment.cmk"]
    properties = bodies.assignment(wanted)["properties"]
    enforced = "${var.enforced}" if stage is Stage.DENY_NEW else stage is not Stage.DRY_DENY
    assert (assignment["enforce"], assignment["parameters"]) == (enforced, properties["parameters"])
    assert [one["content"] for one in assignment["non_compliance_message"]] == [
        one["message"] for one in properties["nonComplianceMessages"]
    ]
    [exemption] = [one for name, one in found.items() if "policy_exemption" in name]
    assert (exemption["resource_id"], exemption["expires_on"]) == (old("a").id, "2027-03-31T23:59:59Z")


def alarmed(**given: Any) -> Guardrail:
    return guardrail(alarms=alarms(**{"workspaces": (workspace_id("ws"),), **given}))


def test_json_files_of_alarms_are_the_resources_themselves() -> None:
    wanted = alarmed()
    assert wanted.alarms
    files = emitted(wanted, [], EmitFormat.JSON)
    made = {json.loads(text)["id"]: (name, json.loads(text)) for name, text in files.items()}
    for one in alarmrules.everything(wanted, wanted.alarms):
        name, document = made[one.id]
        assert {key: document[key] for key in one.body} == one.body
        assert name.startswith(f"{document['type'].partition('/')[2]}/")
    assert f"diagnosticSettings/{S}/g/vaults-kv-aml-cmk.json" in files


def test_terraform_of_alarms_says_what_the_bodies_say() -> None:
    wanted = alarmed(name='a"${b}')
    assert wanted.alarms
    text = emitted(wanted, [], EmitFormat.TERRAFORM)["alarms.tf"]
    found = {
        f"{one['parent_id']}/providers/{one['type'].partition('@')[0]}/{one['name']}": one
        for each in hcl2.loads(text)["resource"]
        for named in each.values()
        for one in map(_plain, named.values())
    }
    bodies_ = {one.id: one.body for one in alarmrules.everything(wanted, wanted.alarms)}
    assert found.keys() == bodies_.keys()
    for id_, body in bodies_.items():
        block = found[id_]
        assert block["type"].partition("@")[2] == api_version(id_)
        assert {name: block.get(name) for name in ("location", "tags")} == {
            name: body.get(name) for name in ("location", "tags")
        }
        assert block["body"] == {"properties": body["properties"]}
        # A rule comes after the group that it names.
        assert block.get("depends_on") == (["${azapi_resource.told}"] if "actions" in body["properties"] else None)


def test_without_the_region_of_the_logs_no_alarms_are_written() -> None:
    with pytest.raises(BadInputError) as refused:
        emitted(alarmed(location=""), [], EmitFormat.JSON)
    assert "alarms.location" in str(refused.value.remedy)
    assert "alarms.tf" in emitted(alarmed(location="", logs=""), [], EmitFormat.TERRAFORM)


@pytest.mark.parametrize("stage", Stage)
def test_terraform_can_make_exemptions_before_anything_is_refused_and_enforces_by_itself(stage: Stage) -> None:
    text = emitted(guardrail(stage), [], EmitFormat.TERRAFORM)["guard.tf"]
    declared = [
        {_plain(name): _plain(one) for name, one in each.items()} for each in hcl2.loads(text).get("variable", [])
    ]
    default = {"enforced": {"type": "bool", "default": True}}
    assert declared == ([default] if stage is Stage.DENY_NEW else [])


@pytest.mark.parametrize(
    ("scope", "type_", "member"),
    [
        (SCOPE, "azurerm_subscription_policy_assignment", "subscription_id"),
        (f"{SCOPE}/resourceGroups/g", "azurerm_resource_group_policy_assignment", "resource_group_id"),
        (GROUP, "azurerm_management_group_policy_assignment", "management_group_id"),
    ],
)
def test_each_scope_has_its_own_type_of_assignment(scope: str, type_: str, member: str) -> None:
    found = terraform(guardrail(scope=scope))
    assert found[f"{type_}.cmk"][member] == scope
    at_group = found["azurerm_policy_definition.cmk"].get("management_group_id")
    assert at_group == (GROUP if scope == GROUP else None)
    initiative = f"azurerm_{'management_group_' if scope == GROUP else ''}policy_set_definition.cmk"
    assert found[initiative].get("management_group_id") == at_group
    assert found[f"{type_}.cmk"]["policy_definition_id"] == f"${{{initiative}.id}}"


def test_json_files_are_the_resources_themselves() -> None:
    wanted = guardrail(Stage.DENY_NEW)
    files = emitted(wanted, [(old("a"), UNTIL), (old("b"), UNTIL)], EmitFormat.JSON)
    documents = {name: json.loads(text) for name, text in files.items()}
    assert set(documents) == {
        "policyDefinitions/aml-cmk.json",
        "policySetDefinitions/aml-cmk.json",
        "policyAssignments/aml-cmk.json",
        f"policyExemptions/{S}/old-rg/a-aml-cmk.json",
        f"policyExemptions/{S}/old-rg/b-aml-cmk.json",
    }
    exemption = documents[f"policyExemptions/{S}/old-rg/a-aml-cmk.json"]
    assert exemption["id"] == wanted.exemption_id(old("a").id)
    assert exemption["type"] == "Microsoft.Authorization/policyExemptions"
    assert exemption["properties"] == bodies.exemption(wanted, UNTIL, None)["properties"]


def test_workspaces_of_one_name_have_a_file_each() -> None:
    wanted, groups = guardrail(Stage.DENY_NEW), ("one", "two")
    exempt = [(OldWorkspace(workspace_id("ws", group), {}, None, {}), UNTIL) for group in groups]
    files = emitted(wanted, exempt, EmitFormat.JSON)
    made = [json.loads(text)["id"] for name, text in files.items() if name.startswith("policyExemptions/")]
    assert made == [wanted.exemption_id(one.id) for one, _ in exempt]


ALIKE = [
    (OldWorkspace(workspace_id(name, group), {}, None, {}), UNTIL)
    for name, group in (("ws", "one"), ("ws", "other"), ("b-c", "a"), ("c", "a-b"))
]


@pytest.mark.parametrize("form", EmitFormat)
def test_workspaces_of_like_names_have_an_exemption_each(form: EmitFormat) -> None:
    text = "".join(emitted(guardrail(Stage.DENY_NEW), ALIKE, form).values())
    for one, _ in ALIKE:
        assert re.search(rf'"{one.id}[/"]', text), one.id
    labels = re.findall(r'"azurerm_resource_policy_exemption" "(.*)"', text)
    assert len(set(labels)) == len(labels)


def test_an_exemption_in_terraform_keeps_its_name_when_another_goes() -> None:
    def labels(exempt: list[Any]) -> list[str]:
        text = emitted(guardrail(Stage.DENY_NEW), exempt, EmitFormat.TERRAFORM)["guard.tf"]
        return re.findall(r'"azurerm_resource_policy_exemption" "(.*)"', text)

    assert labels(ALIKE)[1:] == labels(ALIKE[1:])


def test_terraform_has_no_escape_that_it_does_not_read() -> None:
    # HCL reads these alone: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md, "Template Expressions".
    message = 'bell\x07 back\b feed\f line\n tab\t \x1b[31m \\b "${x}"'
    text = emitted(guardrail(message=message), [], EmitFormat.TERRAFORM)["guard.tf"]
    escapes = re.findall(r"\\(u[0-9a-f]{4}|.)", text)
    assert {one[0] for one in escapes} <= set('nrt"\\u')
    assert "\\u0008" in text and "\\u000c" in text and "\x1b" not in text


FILES = {"policyDefinitions/x.json": "one", "policyAssignments/x.json": "other"}


def _folder_leads_elsewhere(out: Path) -> None:
    (out / "elsewhere").mkdir(parents=True)
    (out / "policyAssignments").symlink_to(out / "elsewhere")


def _file_leads_elsewhere(out: Path) -> None:
    (out / "policyAssignments").mkdir(parents=True)
    (out / "policyAssignments" / "x.json").symlink_to(out / "nowhere")


def _is_a_folder(out: Path) -> None:
    (out / "policyAssignments" / "x.json").mkdir(parents=True)


def _is_no_text(out: Path) -> None:
    (out / "policyAssignments").mkdir(parents=True)
    (out / "policyAssignments" / "x.json").write_bytes(b"\xff\xfe")


def _out_is_a_file(out: Path) -> None:
    out.write_text("x")


@pytest.mark.parametrize(
    "there", [_folder_leads_elsewhere, _file_leads_elsewhere, _is_a_folder, _is_no_text, _out_is_a_file]
)
def test_what_lies_in_the_folder_already_is_never_written_over_or_through(
    tmp_path: Path, there: Callable[[Path], None]
) -> None:
    there(tmp_path / "out")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadInputError, match="other files already"):
        _write(tmp_path / "out", FILES)
    assert sorted(tmp_path.rglob("*")) == before


def test_files_that_are_there_already_stay(tmp_path: Path) -> None:
    for _ in range(2):
        _write(tmp_path / "out", FILES)
    assert {name: (tmp_path / "out" / name).read_text() for name in FILES} == FILES


@pytest.mark.parametrize(
    ("scope", "stage", "told"),
    [(GROUP, Stage.DENY_NEW, True), (GROUP, Stage.DENY, False), (SCOPE, Stage.DENY_NEW, False)],
)
def test_exemptions_that_may_lie_elsewhere_are_told(scope: str, stage: Stage, told: bool) -> None:
    """What lies below a management group only Azure knows, which is not asked."""
    met = GuardedEstate("x", (old("a"),), scanned=frozenset({S}))
    request = GuardRequest(guardrail(stage, scope=scope), met, datetime(2026, 12, 1, tzinfo=UTC))
    assert ("workspaces elsewhere" in _elsewhere(request)) is told
