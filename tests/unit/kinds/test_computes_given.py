"""Computes and connections whose secrets nobody is shown: they move, or get them, where somebody gives these."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders.world import CONTEXT, asset
from tests.contract.kinds.workspace_of import InMemory

from amlmigrate.core.allowed import Allowed
from amlmigrate.core.asset import Asset
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.given import GivenSecret
from amlmigrate.kinds import moving_kinds

KIND, CONNECTIONS = moving_kinds()["computes"], moving_kinds()["connections"]
SECRET = "TOP-SECRET-1"


def attached(kind: str, **inner: Any) -> Asset:
    return asset("computes/c", computeType=kind, isAttachedCompute=True, resourceId="/r", properties=inner)


def allowed(found: Asset, *fields: str) -> Allowed:
    return Allowed({found.address: frozenset(fields)})


async def scanned(found: Asset) -> Asset:
    [one] = await KIND.scan(InMemory({"computes/c": found.document | {"name": "c"}}))
    return one


VM = attached("VirtualMachine", sshPort=22, address="1.2.3.4", administratorAccount=None)
KNOWN = attached("HDInsight", sshPort=22, administratorAccount={"username": "me", "password": None})
DBX = attached("Databricks", workspaceUrl="https://x", databricksAccessToken=None)


@pytest.mark.parametrize(
    ("found", "fields", "moves"),
    [
        (VM, ("username", "password"), True),
        (VM, ("username", "privateKeyData", "publicKeyData"), True),
        (VM, ("password",), False),
        (VM, ("username",), False),
        (VM, (), False),
        (KNOWN, ("password",), True),
        (DBX, ("databricksAccessToken",), True),
        (DBX, ("password",), False),
        (attached("AKS"), ("password",), False),
        (attached("DataLakeAnalytics"), ("username", "password"), False),
    ],
)
async def test_which_move_with_what(found: Asset, fields: tuple[str, ...], moves: bool) -> None:
    left = await scanned(found)
    assert KIND.let(left, frozenset(fields), frozenset({"instances"})) is moves
    assert ("--secrets" in left.remedy) is (
        found.properties["computeType"] in ("VirtualMachine", "HDInsight", "Databricks")
    )


async def test_what_to_write_is_told() -> None:
    left = await scanned(VM)
    wanted = "`computes/c#username` and `computes/c#password` or `computes/c#privateKeyData`"
    assert f"Write where its secret is into a file for `plan --secrets FILE`: {wanted}." in left.remedy
    left = await scanned(KNOWN)
    assert "#username" not in left.remedy


def test_a_plan_has_what_stands_for_them_and_the_rest_as_it_is() -> None:
    context = replace(CONTEXT, allowed=allowed(VM, "username", "password"))
    found = KIND.desired(VM, context)
    inner = found.first.body["properties"]["properties"]
    assert inner["administratorAccount"] == {
        name: {"$secret": name, "given": "computes/c"} for name in ("username", "password")
    }
    assert (inner["sshPort"], inner["address"]) == (22, "1.2.3.4")
    assert [one.code for one in found.findings] == ["secret-given"]
    assert "username, password" in found.findings[0].summary
    # The service answers without them, or with whom it signs in as.
    for shown in (None, {"username": "me", "password": None}):
        there = {
            "properties": {
                **found.first.body["properties"],
                "properties": {**inner, "administratorAccount": shown},
            }
        }
        assert KIND.differences(VM.address, found.first.body, there) == []
    other = {"properties": {**found.first.body["properties"], "properties": {**inner, "sshPort": 23}}}
    assert [one.field for one in KIND.differences(VM.address, found.first.body, other)] == [
        "/properties/properties/sshPort"
    ]


def test_who_signs_in_stays_where_it_is_shown_and_a_secret_that_is_shown_is_not_planned() -> None:
    shown = attached("HDInsight", administratorAccount={"username": "me", "password": SECRET})
    found = KIND.desired(shown, replace(CONTEXT, allowed=allowed(shown, "privateKeyData")))
    account = found.first.body["properties"]["properties"]["administratorAccount"]
    assert account == {"username": "me", "privateKeyData": GivenSecret(shown.address, "privateKeyData").marker}
    token = attached("Databricks", databricksAccessToken=SECRET)
    assert SECRET not in repr(KIND.desired(token, CONTEXT)) + repr(found)


def test_a_cluster_keeps_its_password_for_ssh_where_that_is_given() -> None:
    login = {"adminUserName": "me", "adminUserPassword": None}
    typed = {"vmSize": "A", "scaleSettings": {"minNodeCount": 1}, "userAccountCredentials": login}
    cluster = asset("computes/c", computeType="AmlCompute", properties=typed)
    found = KIND.desired(cluster, replace(CONTEXT, allowed=allowed(cluster, "adminUserPassword")))
    marker = GivenSecret(cluster.address, "adminUserPassword").marker
    for write in found.writes:
        inner = write.body["properties"]["properties"]
        assert inner["userAccountCredentials"] == {"adminUserName": "me", "adminUserPassword": marker}
    least = "/properties/properties/scaleSettings/minNodeCount"
    assert "$secret" not in repr(KIND.setting(found.writes[1].body, {least: 1}).sent), "the cutover needs none"
    assert [one.code for one in found.findings] == ["secret-given"]
    there = {
        "properties": {**found.first.body["properties"], "properties": {**inner, "userAccountCredentials": login}}
    }
    assert [one.field for one in KIND.differences(cluster.address, found.writes[1].body, there)] == []
    [told] = KIND.desired(cluster, CONTEXT).findings
    assert "`computes/c#adminUserPassword`" in told.remedy


async def test_a_connection_whose_credentials_the_source_does_not_give_gets_those_that_are() -> None:
    git = asset("connections/git", authType="UsernamePassword", category="Git", credentials=None, target="t")
    found = CONNECTIONS.desired(git, replace(CONTEXT, allowed=allowed(git, "username", "password")))
    given = found.first.body["properties"]["credentials"]
    assert given == {name: GivenSecret(git.address, name).marker for name in ("username", "password")}
    port = InMemory()
    assert await CONNECTIONS.secrets(port, port, git.address, found.first.body) == found.first.body
    assert port.calls == [], "nobody asks the source for them"
    assert not CONNECTIONS.compares_secrets(found.first.body)
    plain = CONNECTIONS.desired(git, CONTEXT).first.body
    assert plain["properties"]["credentials"] == {"$secret": "credentials"} and CONNECTIONS.compares_secrets(plain)
    assert CONNECTIONS.differences(git.address, found.first.body, plain) == []


@pytest.mark.parametrize(("auth", "names"), [("UsernamePassword", ["username"]), ("OAuth2", ["clientId"])])
async def test_what_else_a_connection_signs_in_with_is_the_sources(auth: str, names: list[str]) -> None:
    """Else a line for one of them would take all others away, and nobody would compare them."""
    git = asset("connections/git", authType=auth, category="Git", credentials=None, target="t")
    body = CONNECTIONS.desired(git, replace(CONTEXT, allowed=allowed(git, *names))).first.body
    port = InMemory(
        secrets={f"{git.address}/listsecrets": {"properties": {"credentials": {"password": "p-of-it"}}}}
    )
    found = await CONNECTIONS.secrets(port, port, git.address, body)
    markers = {name: GivenSecret(git.address, name).marker for name in names}
    assert found["properties"]["credentials"] == {"password": "p-of-it", **markers}
    port.secrets = {f"{git.address}/listsecrets": {"properties": {"credentials": None}}}
    if auth == "OAuth2":
        # Which of its members it signs in with nobody knows.
        assert await CONNECTIONS.secrets(port, port, git.address, body) == body
        return
    with pytest.raises(MigrateError, match="nobody gives: password") as caught:
        await CONNECTIONS.secrets(port, port, git.address, body)
    assert "`connections/git#password`" in caught.value.remedy
