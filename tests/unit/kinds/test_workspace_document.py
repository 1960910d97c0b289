"""The workspace's own document: what is equal or stricter is adopted, what is weaker or lost is a finding."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.builders.world import TARGET, header, inventory, step
from tests.contract.kinds.workspace_of import InMemory
from tests.unit.planning.planned import plan

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.plan import Action, Plan
from amlmigrate.inventory.shown import set_right
from amlmigrate.kinds import all_kinds
from amlmigrate.verifying.document_comparison import compare_documents

ADDRESS = Address.of("workspace")
KIND = all_kinds()["workspace"]
USER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
MODE = "properties|managedNetwork|isolationMode"
APPROVED = "AllowOnlyApprovedOutbound"
PUBLIC = "properties|publicNetworkAccess"
RULES = "properties|managedNetwork|outboundRules"
ACLS = "properties|networkAcls"
ALLOWED = "properties|ipAllowlist"
FQDN = {"type": "FQDN", "destination": "pypi.org", "category": "UserDefined", "status": "Active"}
OTHER = {"type": "FQDN", "destination": "example.com", "category": "UserDefined"}
SERVICE = {"type": "FQDN", "destination": "azure.com", "category": "Required"}
OWN_ENDPOINT = {"type": "PrivateEndpoint", "destination": {"serviceResourceId": "/s"}, "category": "Required"}


def document(**members: Any) -> Document:
    """A workspace's document with members, `|` between the names on the way to each."""
    made: Document = {"id": "/x", "name": "ws", "location": "eastus2", "properties": {"workspaceId": "1"}}
    for path, value in members.items():
        *way, last = path.split("|")
        place = made
        for name in way:
            place = place.setdefault(name, {})
        place[last] = value
    return made


def found(source: Document, target: Document) -> dict[str, str]:
    """Code to severity of what the target is not as good in."""
    shortfalls = KIND.shortfalls(Asset(ADDRESS, source), target)
    assert all(one.about == "workspace" and one.summary and one.remedy for one in shortfalls)
    return {one.code: one.severity for one in shortfalls}


OPENED, WEAKER, LOST = {"setting-opened": "error"}, {"setting-weaker": "blocks"}, {"setting-lost": "blocks"}
UNKNOWN, DIFFERS = {"setting-unknown": "blocks"}, {"setting-differs": "warning"}
# Member; source's value, target's value, what it comes to; and the other way round.
PAIRS = [
    (PUBLIC, "Disabled", "Enabled", OPENED, {}),
    (PUBLIC, "Disabled", None, OPENED, {}),
    (PUBLIC, "disabled", "Disabled", {}, {}),
    (PUBLIC, "SecuredByPerimeter", "Enabled", UNKNOWN, UNKNOWN),
    ("properties|allowPublicAccessWhenBehindVnet", False, True, OPENED, {}),
    (ALLOWED, ["1.2.3.4"], [], OPENED, {}),
    (ALLOWED, ["1.2.3.4"], ["1.2.3.4", "5.6.7.8"], WEAKER, {}),
    (ACLS, {"defaultAction": "Deny"}, {"defaultAction": "Allow"}, OPENED, {}),
    (
        ACLS,
        {"defaultAction": "Deny", "ipRules": []},
        {"defaultAction": "Deny", "ipRules": [{"value": "0.0.0.0/0"}]},
        WEAKER,
        {},
    ),
    (MODE, APPROVED, "AllowInternetOutbound", WEAKER, {}),
    (MODE, "AllowInternetOutbound", "Disabled", WEAKER, {}),
    (MODE, APPROVED, "Everything", UNKNOWN, UNKNOWN),
    ("properties|managedNetwork|managedNetworkKind", "V2", "V1", WEAKER, {}),
    ("properties|managedNetwork|firewallSku", "Standard", "Basic", DIFFERS, DIFFERS),
    ("properties|v1LegacyMode", True, False, WEAKER, {}),
    ("properties|hbiWorkspace", True, False, WEAKER, {}),
    ("properties|hbiWorkspace", True, None, WEAKER, {}),
    ("properties|hbiWorkspace", "perhaps", False, UNKNOWN, UNKNOWN),
    ("properties|enableDataIsolation", True, False, WEAKER, {}),
    ("properties|systemDatastoresAuthMode", "Identity", "accesskey", WEAKER, {}),
    ("properties|systemDatastoresAuthMode", "Identity", "UserDelegationSAS", DIFFERS, DIFFERS),
    ("properties|allowRoleAssignmentOnRG", False, True, WEAKER, {}),
    # What is not set there is true.
    ("properties|allowRoleAssignmentOnRG", False, None, WEAKER, {}),
    ("properties|allowRoleAssignmentOnRG", True, None, {}, {}),
    ("properties|encryption|status", "Enabled", "Disabled", WEAKER, {}),
    ("properties|serverlessComputeSettings|serverlessComputeNoPublicIP", True, False, WEAKER, {}),
    ("properties|serverlessComputeSettings|serverlessComputeCustomSubnet", "/subnets/a", None, WEAKER, {}),
    ("properties|sharedPrivateLinkResources", [{"name": "a"}], [], LOST, {}),
    ("identity|type", "SystemAssigned", "SystemAssigned,UserAssigned", {}, LOST),
    ("identity|userAssignedIdentities", {USER: {}}, {USER.upper(): {"clientId": "1"}}, {}, {}),
    ("identity|userAssignedIdentities", {USER: {}}, {}, LOST, {}),
    ("tags", {"team": "fraud"}, {"Team": "fraud", "more": "1"}, {}, LOST),
    ("tags", {"team": "fraud"}, {"team": "risk"}, LOST, LOST),
    ("tags", {"checked": ""}, {}, LOST, {}),
    ("properties|description", "Fraud", "", LOST, {}),
    ("properties|description", "Fraud", "Risk", LOST, LOST),
    ("properties|friendlyName", "Fraud team", "ws", LOST, {}),
    ("properties|friendlyName", "Fraud team", "Risk team", DIFFERS, DIFFERS),
    ("properties|imageBuildCompute", "builder", None, LOST, {}),
    ("properties|imageBuildCompute", "builder", "builder2", DIFFERS, DIFFERS),
    ("properties|applicationInsights", "/insights/a", "/insights/b", {}, {}),
    ("properties|applicationInsights", "/insights/a", None, LOST, {}),
    ("properties|storageAccount", "/accounts/a", "/accounts/b", {}, {}),
    ("sku|name", "Enterprise", "Basic", DIFFERS, DIFFERS),
    ("location", "westeurope", "eastus2", DIFFERS, DIFFERS),
    # What no description has today.
    ("properties|allowEverybody", False, True, UNKNOWN, UNKNOWN),
    ("properties|shield|level", 3, 1, UNKNOWN, UNKNOWN),
    ("shield", ["a"], None, UNKNOWN, UNKNOWN),
]


@pytest.mark.parametrize(("member", "left", "right", "there", "back"), PAIRS)
def test_a_setting_is_judged_by_what_is_stricter(
    member: str, left: Any, right: Any, there: dict[str, str], back: dict[str, str]
) -> None:
    source, target = document(**{member: left}), document(**{member: right})
    assert found(source, target) == there
    assert found(target, source) == back
    assert found(source, copy.deepcopy(source)) == {}


def test_what_a_closed_target_lets_in_by_address_does_not_count() -> None:
    source = document(**{ALLOWED: ["1.2.3.4"], ACLS: {"defaultAction": "Deny"}})
    assert found(source, document(**{PUBLIC: "Disabled"})) == {}
    assert found(source, document(**{PUBLIC: "Enabled"})) == OPENED


def _denied(*values: str, **more: Any) -> dict[str, Any]:
    return {"defaultAction": "Deny", "ipRules": [{"value": value} for value in values], **more}


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        # Two members say who gets in: neither makes up for what the other lets in.
        ({ALLOWED: ["1.2.3.4"]}, {ACLS: _denied("0.0.0.0/0")}, WEAKER),
        ({ALLOWED: ["1.2.3.4"]}, {ACLS: _denied("1.2.3.4")}, {}),
        ({ALLOWED: ["1.2.3.4"]}, {ALLOWED: ["1.2.3.4"], ACLS: _denied("9.9.9.9")}, WEAKER),
        ({ACLS: _denied("1.2.3.4")}, {ACLS: _denied("1.2.3.4"), ALLOWED: ["9.9.9.9"]}, WEAKER),
        ({ACLS: _denied("1.2.3.4")}, {ALLOWED: ["0.0.0.0/0"]}, WEAKER | UNKNOWN),
        ({ACLS: _denied()}, {ACLS: {"defaultAction": "Allow"}, ALLOWED: ["1.2.3.4"]}, WEAKER | UNKNOWN),
        ({ALLOWED: ["1.2.3.4"], ACLS: _denied()}, {ALLOWED: ["1.2.3.4"], ACLS: _denied("1.2.3.4")}, WEAKER),
        # A range within the source's lets in less, in whatever way it is written.
        ({ALLOWED: ["1.2.3.0/24"]}, {ALLOWED: ["1.2.3.4", "1.2.3.128/25"]}, {}),
        ({ALLOWED: ["1.2.3.4"]}, {ALLOWED: ["1.2.3.4/32"]}, {}),
        ({ALLOWED: ["1.2.3.0/25", "1.2.3.128/25"]}, {ALLOWED: ["1.2.3.0/24"]}, {}),
        ({ALLOWED: ["1.2.3.0/25"]}, {ALLOWED: ["1.2.3.0/24"]}, WEAKER),
        ({ALLOWED: ["::/0"]}, {ALLOWED: ["1.2.3.4"]}, WEAKER),
        ({ALLOWED: ["1.2.3.4"]}, {ALLOWED: ["::1"]}, WEAKER),
        ({ALLOWED: ["our office"]}, {ALLOWED: ["our office"], ACLS: None}, {}),
        ({ALLOWED: ["1.2.3.4"]}, {ALLOWED: ["our office"]}, WEAKER),
        ({ACLS: _denied("1.2.3.4")}, {ACLS: {**_denied(), "ipRules": [{"value": "1.2.3.4", "x": 1}]}}, WEAKER),
        ({ACLS: _denied()}, {ACLS: _denied(resourceAccessRules=[{"resourceId": "/r"}])}, WEAKER),
        ({ACLS: _denied(bypass="None")}, {ACLS: _denied(bypass="AzureServices")}, UNKNOWN),
        ({ACLS: _denied("1.2.3.4")}, {ACLS: _denied("1.2.3.4"), ALLOWED: ["1.2.3.4"]}, {}),
        ({ALLOWED: ["1.2.3.4/24"]}, {ALLOWED: ["1.2.3.9"]}, {}),
        ({PUBLIC: "Disabled", ALLOWED: ["1.2.3.4"]}, {PUBLIC: "Enabled", ALLOWED: ["9.9.9.9"]}, OPENED),
        # What no description has today.
        ({ACLS: _denied()}, {ACLS: _denied(virtualNetworkRules=[{"id": "/v"}])}, UNKNOWN),
        # All get into the source; none into the target; none into the source, which is judged by itself.
        ({}, {ALLOWED: ["1.2.3.4"], ACLS: _denied("1.2.3.4")}, {}),
        ({ACLS: _denied()}, {PUBLIC: "Disabled", ACLS: _denied("0.0.0.0/0"), ALLOWED: ["0.0.0.0/0"]}, {}),
        ({PUBLIC: "Disabled", ALLOWED: ["1.2.3.4"]}, {PUBLIC: "Enabled", ALLOWED: ["1.2.3.4"]}, OPENED),
    ],
)
def test_no_address_gets_in_that_was_kept_out(
    source: dict[str, Any], target: dict[str, Any], says: dict[str, str]
) -> None:
    assert found(document(**source), document(**target)) == says


@pytest.mark.parametrize(
    ("modes", "rules", "says"),
    [
        ((APPROVED, APPROVED), ({"a": FQDN}, {"a": FQDN, "b": OTHER}), WEAKER),
        # Of each that the target lacks there is an item of its own.
        ((APPROVED, APPROVED), ({"a": FQDN, "b": OTHER}, {"a": FQDN}), {}),
        ((APPROVED, APPROVED), ({"a": FQDN}, {"a": OTHER}), WEAKER),
        ((APPROVED, APPROVED), ({"a": FQDN}, {"b": FQDN}), {}),
        ((APPROVED, APPROVED), ({}, {"of the service": SERVICE}), DIFFERS),
        ((APPROVED, APPROVED), ({}, {"b": {"type": "FQDN", "destination": "pypi.org"}}), WEAKER),
        # Whoever makes a rule may say that it is the service's own.
        ((APPROVED, APPROVED), ({"a": OTHER}, {"a": OTHER, "b": {**FQDN, "category": "Recommended"}}), DIFFERS),
        ((APPROVED, APPROVED), ({"x": SERVICE}, {"y": SERVICE | {"status": "Inactive"}}), {}),
        ((APPROVED, APPROVED), ({}, {"to its own account": OWN_ENDPOINT}), {}),
        ((APPROVED, APPROVED), ({"a": FQDN}, {"a": FQDN | {"destination": "PyPI.org"}}), {}),
        (("AllowInternetOutbound", APPROVED), ({}, {"b": OTHER}), {}),
        (("AllowInternetOutbound", "AllowInternetOutbound"), ({"a": FQDN}, {"a": OTHER}), UNKNOWN),
    ],
)
def test_rules_let_out_no_more_than_the_sources(
    modes: tuple[str, str], rules: tuple[Any, Any], says: dict[str, str]
) -> None:
    sides = [document(**{MODE: mode, RULES: rule}) for mode, rule in zip(modes, rules, strict=True)]
    assert found(*sides) == says


def test_what_is_said_names_the_member_and_both_values_and_no_secret() -> None:
    source = document(tags={"team": "fraud", "url": "https://x.blob.core.windows.net/c?sig=abcdef%3D"})
    [one] = KIND.shortfalls(Asset(ADDRESS, source), document(**{"properties|x": 1, "tags": {}}))[:1]
    assert "tags is not set, in the source" in one.summary and "without team, url" in one.summary
    assert "abcdef" not in one.summary


# The plan and the verification.


def _sides(target: Document, source: Document | None = None) -> tuple[Inventory, Inventory]:
    left = source or document(**{PUBLIC: "Enabled", "tags": {"a": "1"}})
    return inventory(Asset(ADDRESS, left)), inventory(Asset(ADDRESS, target), of=TARGET)


def _planned(target: Document) -> Any:
    left, right = _sides(target)
    return plan(left.assets[ADDRESS], there=(right.assets[ADDRESS],))


def test_it_is_adopted_and_its_findings_say_what_is_not_as_good() -> None:
    good = _planned(document(**{PUBLIC: "Disabled", "tags": {"a": "1"}}))
    assert good["workspace"].action is Action.ADOPT and "equal or stricter" in good["workspace"].reason
    assert not [one for one in good.findings if one.about == "workspace"]
    bad = _planned(document())
    assert bad["workspace"].action is Action.ADOPT and "1 setting is" in bad["workspace"].reason
    assert [one.address for one in bad.findings if one.about == "workspace"] == ["workspace!setting-lost"]


def test_it_is_never_made_where_the_target_shows_none() -> None:
    left, _ = _sides(document())
    step = plan(left.assets[ADDRESS])["workspace"]
    assert step.action is Action.CONFLICT and step.body is None


def test_it_is_compared_whatever_is_selected_unless_it_is_excluded() -> None:
    left, right = _sides(document())
    assets = {"there": (right.assets[ADDRESS],)}
    assert plan(left.assets[ADDRESS], **assets, select=("models/*",))["workspace"].action is Action.ADOPT
    assert plan(left.assets[ADDRESS], **assets, exclude=("workspace",))["workspace"].action is Action.SKIP


def _compared(planned: Document, now: Document, waived: str = "", done: str = "") -> list[str]:
    """The fields in which the target is found to differ: planned as one thing, found as another."""
    left, right = _sides(now)
    asset = left.assets[ADDRESS]
    told = header(findings=tuple(KIND.shortfalls(asset, planned)))
    made = Plan(told, (step("workspace", action=Action.ADOPT, source_sha256=KIND.digest(asset)),), "")
    settled = frozenset({waived, done} - {""})
    documents = compare_documents(made, left, right, settled, frozenset({done} - {""}))
    assert "workspace" not in documents.same, "stricter is not the same"
    return [one.field for one in documents.differences if one.address == "workspace"]


def test_verify_finds_what_is_weaker_than_it_was_planned() -> None:
    good, lost = document(tags={"a": "1"}), document()
    assert _compared(good, good) == []
    assert _compared(good, document(**{PUBLIC: "Disabled", "tags": {"a": "1", "b": "2"}})) == []
    assert _compared(good, lost) == ["setting-lost"]
    # What the plan told of is an open finding or one that was let go, and no difference beside.
    assert _compared(lost, lost) == []
    assert _compared(lost, lost, waived="workspace!setting-lost") == []
    # It is another than was let go.
    assert _compared(lost, document(tags={"a": "2"}), waived="workspace!setting-lost") == ["setting-lost"]


def test_what_was_set_right_by_hand_has_to_be_right() -> None:
    lost, mark = document(), "workspace!setting-lost"
    assert _compared(lost, document(tags={"a": "1"}), done=mark) == []
    assert _compared(lost, lost, done=mark) == ["setting-lost"]


def test_a_change_of_the_source_is_a_difference_and_what_the_service_counts_is_none() -> None:
    left, right = _sides(document(tags={"a": "1"}))
    asset = left.assets[ADDRESS]
    made = Plan(header(), (step("workspace", action=Action.ADOPT, source_sha256=KIND.digest(asset)),), "")
    for member, value, fields in (
        ("properties|privateLinkCount", 3, []),
        ("properties|encryption|keyVaultProperties", {"keyIdentifier": "https://v/keys/k/2"}, []),
        ("properties|provisioningState", "Updating", []),
        (RULES, {"of the service": SERVICE}, []),
        (RULES, {"a": FQDN}, ["source"]),
        ("properties|hbiWorkspace", True, ["source"]),
        ("properties|whatever", 1, ["source"]),
    ):
        changed = document(**{PUBLIC: "Enabled", "tags": {"a": "1"}, member: value})
        now = inventory(Asset(ADDRESS, changed))
        assert [
            one.field for one in compare_documents(made, now, right).differences if one.address == "workspace"
        ] == fields


# Reading it.


class _Port(InMemory):
    """A workspace of which the older api-version shows more, or is refused."""

    older: Document | int | None = None

    async def get(self, path: str, query: Any = None) -> Document | None:
        self.calls.append(("GET", path))
        if not query:
            return self.documents.get(path)
        if isinstance(self.older, int):
            raise ServiceError(self.older, "InvalidApiVersionParameter", "no", method="GET", url=path)
        return self.older


async def _read(older: Document | int) -> Asset:
    port = _Port({"": document(**{PUBLIC: "Enabled"})})
    port.older = older
    [asset] = await KIND.scan(port)
    assert await KIND.read(port, asset.address) == asset.document
    return asset


async def test_what_only_an_older_version_shows_is_read_too() -> None:
    asset = await _read(document(**{PUBLIC: "Disabled", ACLS: {"defaultAction": "Deny"}}))
    assert asset.properties[ACLS.partition("|")[2]] == {"defaultAction": "Deny"}
    assert asset.properties["publicNetworkAccess"] == "Enabled", "the newer version's own word counts"


async def test_that_an_older_version_is_refused_is_told_and_is_no_change() -> None:
    asset = await _read(400)
    [one] = KIND.shortfalls(asset, document(**{PUBLIC: "Enabled"}))
    assert (one.address, one.severity) == ("workspace!settings-unread", "blocks")
    assert KIND.digest(asset) == KIND.digest(Asset(ADDRESS, document(**{PUBLIC: "Enabled"})))
    with pytest.raises(ServiceError):
        await _read(403)


@pytest.mark.parametrize(
    ("older", "rules", "right"),
    [
        (400, {}, None),
        ({}, {}, True),
        ({}, {"tags": {}}, False),
        (400, {"tags": {}}, False),
    ],
)
async def test_nobody_has_seen_set_right_what_could_not_be_read(
    older: Document | int, rules: Document, right: bool | None
) -> None:
    source, target = _Port({"": document(tags={"a": "1"})}), _Port({"": document(**{"tags": {"a": "1"}, **rules})})
    source.older = target.older = older
    assert await set_right(source, target, "workspace!setting-lost") is right  # type: ignore[arg-type] # as far as it goes


async def test_one_that_is_shown_and_then_is_not_is_no_document_without_its_rules() -> None:
    port = _Port({"": document()})
    with pytest.raises(BadInputError, match="and then was not"):
        await KIND.scan(port)


async def test_a_workspace_that_has_gone_has_none() -> None:
    assert await KIND.scan(_Port()) == []
