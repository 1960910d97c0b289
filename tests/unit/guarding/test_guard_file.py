"""Files of `migrate guard`: their defaults, and what is refused with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from amlmigrate.core.errors import BadInputError
from amlmigrate.guarding import reading
from amlmigrate.guarding.members import MEMBERS
from amlmigrate.guarding.wanted import Guardrail, KeyLimits, Stage
from amlmigrate.posture.catalogue import CATALOGUE

S = "11111111-2222-4333-8444-555555555555"
EXAMPLE = Path(__file__).parents[3] / "docs" / "how-to" / "guard-example.yaml"


ONE, OTHER = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
CUSTODY = {
    "vaults": [f"/subscriptions/{S}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"],
    "eligible": [ONE],
    "approvers": [{"id": OTHER, "type": "Group"}],
}


ALARMS = {"vaults": CUSTODY["vaults"]}
ELSEWHERE = f"/subscriptions/{OTHER}/resourceGroups/h/providers/Microsoft.KeyVault/vaults/kv"
GROUP = "/providers/Microsoft.Insights/actionGroups/pager"


def read(folder: Path, document: Any) -> Guardrail:
    path = folder / "guard.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return reading.read(path, subscription=S)


def test_an_empty_map_is_a_guardrail_that_reports(tmp_path: Path) -> None:
    found = read(tmp_path, {})
    assert (found.scope, found.stage, found.name) == (f"/subscriptions/{S}", Stage.AUDIT, "aml-cmk")
    assert (found.tag, found.harmless, found.untagged_needs_key) == (
        "data-classification",
        ("public", "internal"),
        True,
    )
    assert (found.members, found.keys) == (tuple(MEMBERS), KeyLimits())


def test_the_example_is_read_and_its_schema_agrees() -> None:
    found = reading.read(EXAMPLE, subscription=S)
    assert (found.stage, found.exemptions.until) == (Stage.AUDIT, date(2027, 3, 31))
    Draft202012Validator.check_schema(reading.schema())
    text = yaml.load(EXAMPLE.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    assert text["exemptions"]["until"] == "2027-03-31"


ABOVE = "/providers/Microsoft.Management/managementGroups"


@pytest.mark.parametrize("name", ["..", ".", "corp?x=1", "corp#x", "%2e%2e", "corp\n", "corp ", "corp.", "co\\rp"])
@pytest.mark.parametrize("above", [ABOVE, f"/subscriptions/{S}/resourceGroups"])
def test_a_scope_whose_url_would_be_of_something_else_is_refused(tmp_path: Path, above: str, name: str) -> None:
    with pytest.raises(BadInputError, match="scope: "):
        read(tmp_path, {"scope": f"{above}/{name}"})


@pytest.mark.parametrize("name", ["corp", "a", "Corp_1.(x)-y", "büro"])
def test_a_scope_may_have_any_name_that_azure_gives(tmp_path: Path, name: str) -> None:
    for above in (ABOVE, f"/subscriptions/{S}/resourceGroups"):
        assert read(tmp_path, {"scope": f"{above}/{name}"}).scope == f"{above}/{name}"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"stages": "audit"}, "the member 'stages' is unknown"),
        ({"stage": "block"}, "stage: 'block' is not one of"),
        (
            {"scope": "old-rg"},
            "scope: 'old-rg' is not the ARM id of a subscription, resource group or management group (example: /subsc",
        ),
        ({"scope": f"/subscriptions/{S}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"}, "scope: "),
        ({"harmless": ["open"]}, "harmless.0: 'open' is not a level of the tagging standard"),
        ({"harmless": ["public", "internal", "confidential", "restricted"]}, "nothing would be guarded"),
        ({"exemptions": {"until": "2027-02-30"}}, "exemptions.until: '2027-02-30' is not a day"),
        ({"exemptions": {"waves": {"1": "2027-13-01"}}}, "exemptions.waves.1: '2027-13-01' is not a day"),
        (
            {"exemptions": {"waves": {"first": "2027-12-01"}}},
            "exemptions.waves.first: 'first' is not the number of a wave (ex",
        ),
        ({"custodians": {}}, "custodians: 'approvers' is missing"),
        ({"custodians": {**CUSTODY, "vaults": []}}, "custodians.vaults: it is empty, and needs"),
        ({"custodians": {**CUSTODY, "vaults": [f"/subscriptions/{S}"]}}, "custodians.vaults.0"),
        (
            {"custodians": {**CUSTODY, "eligible": ["mallory@contoso.com"]}},
            "custodians.eligible.0: 'mallory@contoso.com' is not a GUID (example: 1",
        ),
        ({"custodians": {**CUSTODY, "approvers": [{"id": OTHER}]}}, "custodians.approvers.0: 'type' is missing"),
        ({"custodians": {**CUSTODY, "hours": 24}}, "custodians.hours"),
        ({"custodians": {**CUSTODY, "days": 60}}, "custodians.days"),
        (
            {"custodians": {**CUSTODY, "approvers": [{"id": ONE.upper(), "type": "User"}]}},
            "nobody approves their own request",
        ),
        ({"without": ["kvFirewall"]}, "without.0: 'kvFirewall' is not one of"),
        ({"keys": {"rsaSize": 1024}}, "keys.rsaSize: 1024 is not one of"),
        ({"keys": {"daysBeforeExpiry": 0}}, "keys.daysBeforeExpiry: 0 is less than the minimum of 1"),
        ({"name": "a-name-of-more-than-24-signs"}, "name: "),
        ({"alarms": {}}, "alarms.vaults: names no vault"),
        (
            {"alarms": {**ALARMS, "emails": ["nobody"]}},
            "alarms.emails.0: 'nobody' is not an e-mail address (example: k",
        ),
        ({"alarms": {**ALARMS, "without": ["vault-gone"]}}, "alarms.without.0: 'vault-gone' is not one of"),
        (
            {"alarms": {**ALARMS, "resourceGroup": f"/subscriptions/{S}"}},
            "is not the ARM id of a resource group (ex",
        ),
        ({"message": ""}, "message: it is empty, and needs a text"),
        ({"message": "x" * 401}, "message: it has 401 characters, and 400 is the most"),
        (
            {"alarms": {**ALARMS, "actionGroups": [f"/subscriptions/{S}/resourceGroups/g{GROUP}"] * 5}},
            "it has 5 entries",
        ),
        ({"alarms": {**ALARMS, "callers": [{"id": "mallory"}]}}, "alarms.callers.0.id"),
        ({"alarms": {"vaults": [ELSEWHERE, *CUSTODY["vaults"]]}}, "in another subscription than"),
        (
            {"alarms": {**ALARMS, "resourceGroup": f"/subscriptions/{ONE}/resourceGroups/g"}},
            "in another subscription",
        ),
        (
            {"alarms": {**ALARMS, "actionGroups": [f"{ELSEWHERE.partition('/providers')[0]}{GROUP}"]}},
            "another subscr",
        ),
        ([], "holds no mapping"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, document: Any, told: str) -> None:
    with pytest.raises(BadInputError) as refused:
        read(tmp_path, document)
    assert told in refused.value.summary
    assert refused.value.remedy


def test_without_a_scope_and_a_subscription_nothing_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "guard.yaml"
    path.write_text("stage: audit\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="names no scope"):
        reading.read(path)


def test_a_standard_of_ones_own_decides_tag_and_levels(tmp_path: Path) -> None:
    facts = {
        "sensitivity": {"tag": "Class", "levels": ["c1", "confidential", "c4"]},
        "environment": {"tag": "env", "levels": ["dev", "prod"]},
    }
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({"format": 1, "facts": facts}), encoding="utf-8")
    found = read(tmp_path, {"tagging": "own.yaml"})
    assert (found.tag, found.harmless) == ("Class", ("c1",))


def test_each_built_in_member_speaks_for_a_claim_that_there_is() -> None:
    claims = {one.name for one in CATALOGUE}
    assert {one.claim for one in MEMBERS.values() if one.claim} <= claims


def test_custodians_have_a_role_some_hours_and_a_year_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, {}).custody is None
    found = read(tmp_path, {"custodians": CUSTODY}).custody
    assert found is not None
    assert (found.roles, found.hours, found.days) == (("14b46e9e-c2b7-41b4-b07b-48a6ebf60603",), 4, 365)
    assert [(one.id, one.kind) for one in found.approvers] == [(OTHER, "Group")]


def test_alarms_lie_with_the_first_vault_and_tell_nobody_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, {}).alarms is None
    found = read(tmp_path, {"alarms": {}, "custodians": CUSTODY, "name": "own"}).alarms
    assert found is not None
    assert (found.vaults, found.group, found.name) == (
        tuple(CUSTODY["vaults"]),
        f"/subscriptions/{S}/resourceGroups/g",
        "own",
    )
    assert (found.receives, found.logs, found.callers) == (False, "", {})
    in_group = read(tmp_path, {"alarms": ALARMS, "scope": f"/subscriptions/{S}/resourceGroups/ml"}).alarms
    assert in_group is not None and in_group.group.endswith("/resourceGroups/ml")
    named = {**ALARMS, "emails": ["k@contoso.com"], "callers": [{"id": ONE.upper(), "what": "ws"}]}
    told = read(tmp_path, {"alarms": named}).alarms
    assert told is not None
    assert (told.receives, told.callers) == (True, {ONE: "ws"})
    twice = read(tmp_path, {"alarms": {**ALARMS, "emails": ["k@contoso.com", "K@contoso.com"]}}).alarms
    assert twice is not None and len(twice.emails) == 1


def test_the_alarms_of_the_example_can_be_asked_for_as_they_stand_there(tmp_path: Path) -> None:
    _, found, text = EXAMPLE.read_text(encoding="utf-8").partition("# alarms:")
    asked = (found + text).replace("# ", "").replace("SUBSCRIPTION", S).replace("OBJECT-ID", ONE)
    (tmp_path / "guard.yaml").write_text(asked, encoding="utf-8")
    alarms = reading.read(tmp_path / "guard.yaml", subscription=S).alarms
    assert alarms is not None
    assert (alarms.receives, alarms.callers, bool(alarms.logs)) == (True, {ONE: "identity of the workspace"}, True)
