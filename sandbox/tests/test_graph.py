"""Microsoft Graph: filters filter, managed identities are found, and what it does not know it refuses."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from arm_harness import GROUP, principal
from arm_harness import client as arm_client
from live import azure, unique
from people import nobody

from azsandbox import Sandbox, provision
from azsandbox.arm.identities import Identities
from azsandbox.client import Client
from azsandbox.graph import Graph
from azsandbox.messages import COSMOS_APP_ID, COSMOS_OBJECT_ID, IdentityShown, Request
from azsandbox.principals import Directory
from azsandbox.state import StateFolder

GRAPH = "https://graph.microsoft.com"
IDENTITY = IdentityShown(
    "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000001", "uami", "/r"
)


class Asking:
    """Graph in one process, with three applications and an identity."""

    def __init__(self, folder: Path) -> None:
        self.directory = Directory(StateFolder(folder))
        self.ann, self.annie = (self.directory.add(name)[0] for name in ("ann", "annie o'neil"))
        self._graph = Graph(self.directory, lambda: [IDENTITY])

    async def ask(self, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        options = {f"${name}": value for name, value in query.items()}
        sent = json.dumps(body).encode() if body is not None else b""
        method = "GET" if body is None else "POST"
        who = principal(audience=GRAPH)
        request = Request(method, "graph.microsoft.com", f"/v1.0/{path}", options, {}, sent, who, path)
        response = await self._graph.handle(request)
        return response.status, json.loads(response.body)

    async def found(self, text: str) -> set[str]:
        status, listed = await self.ask("servicePrincipals", filter=text)
        assert status == 200, listed
        return {one["displayName"] for one in listed["value"]}


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    return Asking(tmp_path)


async def test_filters_filter(asking: Asking) -> None:
    ann, annie = asking.ann, asking.annie
    for text, wanted in (
        (f"servicePrincipalNames/any(c:c eq '{ann.client_id}')", {"ann"}),
        (f"servicePrincipalNames/any(c:c eq '{ann.client_id.upper()}')", {"ann"}),
        (f"servicePrincipalNames/any(c:c eq '{ann.object_id}')", set()),
        ("servicePrincipalNames/any(n:startswith(n, 'https://identity.azure.net/'))", {"uami"}),
        (f"appId eq '{annie.client_id}'", {"annie o'neil"}),
        (f"id eq '{IDENTITY.object_id}'", {"uami"}),
        (f"appId in ('{ann.client_id}', '{COSMOS_APP_ID}')", {"ann", "Azure Cosmos DB"}),
        ("displayName eq 'annie o''neil'", {"annie o'neil"}),
        ("startswith(displayName,'AN')", {"ann", "annie o'neil"}),
        (
            "startswith(displayName,'an') and servicePrincipalType eq 'Application' and displayName eq 'ann'",
            {"ann"},
        ),
        ("displayName eq 'uami' or displayName eq 'ann' and appId eq 'none'", {"uami"}),
        (
            "(displayName eq 'uami' or displayName eq 'ann') and servicePrincipalType eq 'ManagedIdentity'",
            {"uami"},
        ),
        ("accountEnabled eq false", set()),
        ("alternativeNames/any(a:a eq '/r')", {"uami"}),
    ):
        assert await asking.found(text) == wanted, text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nothing eq 'x'", "BadRequest"),
        ("nothing/any(c:c eq 'x')", "BadRequest"),
        ("displayName ne 'x'", "Request_UnsupportedQuery"),
        ("not(displayName eq 'x')", "Request_UnsupportedQuery"),
        ("endswith(displayName,'x')", "Request_UnsupportedQuery"),
        ("displayName/any(c:c eq 'x')", "Request_UnsupportedQuery"),
        ("servicePrincipalNames eq 'x'", "Request_UnsupportedQuery"),
        ("displayName eq 'x", "BadRequest"),
        ("displayName eq", "BadRequest"),
        ("displayName eq 'x' 'y'", "BadRequest"),
        ("(displayName eq 'x'", "BadRequest"),
        ("servicePrincipalNames/any(c:d eq 'x')", "BadRequest"),
        ("", "BadRequest"),
    ],
)
async def test_a_filter_that_is_not_understood_is_refused(asking: Asking, text: str, code: str) -> None:
    status, answer = await asking.ask("servicePrincipals", filter=text)
    assert (status, answer["error"]["code"]) == (400, code)


async def test_options(asking: Asking) -> None:
    _, chosen = await asking.ask("servicePrincipals", select="id, appId", filter="displayName eq 'ann'")
    assert chosen["value"] == [{"id": asking.ann.object_id, "appId": asking.ann.client_id}]
    _, page = await asking.ask("servicePrincipals", top="2", count="true")
    assert (len(page["value"]), page["@odata.count"]) == (2, 5)
    assert "$skiptoken=2" in page["@odata.nextLink"]
    _, rest = await asking.ask("servicePrincipals", top="3", skiptoken="2")
    assert len(rest["value"]) == 3
    assert "@odata.nextLink" not in rest
    for option in ({"orderby": "displayName"}, {"search": "x"}, {"top": "0"}, {"select": "nothing"}):
        assert (await asking.ask("servicePrincipals", **option))[0] == 400


async def test_objects_by_their_ids(asking: Asking) -> None:
    missing = str(uuid.uuid4())
    _, found = await asking.ask(
        "directoryObjects/getByIds", {"ids": [IDENTITY.object_id, missing, COSMOS_OBJECT_ID.upper()]}
    )
    assert [one["displayName"] for one in found["value"]] == ["Azure Cosmos DB", "uami"]
    assert {one["@odata.type"] for one in found["value"]} == {"#microsoft.graph.servicePrincipal"}
    _, users = await asking.ask("directoryObjects/getByIds", {"ids": [IDENTITY.object_id], "types": ["user"]})
    assert users["value"] == []
    for body in ({}, {"ids": []}, {"ids": "x"}, []):
        assert (await asking.ask("directoryObjects/getByIds", body))[0] == 400
    assert (await asking.ask(f"servicePrincipals/{IDENTITY.object_id}"))[1]["displayName"] == "uami"
    assert (await asking.ask(f"directoryObjects/{IDENTITY.object_id}"))[1]["displayName"] == "uami"
    assert (await asking.ask(f"servicePrincipals/{missing}"))[0] == 404


async def test_identities_of_resources_are_known(tmp_path: Path) -> None:
    arm = arm_client(tmp_path)
    workspace = await arm.workspace()
    path = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine"
    user = await arm.ok("PUT", path, {"location": "eastus2"})
    shown = {one.object_id: one for one in Identities(arm.arm._context)()}
    assert shown[user["properties"]["principalId"]].app_id == user["properties"]["clientId"]
    assert shown[workspace["identity"]["principalId"]].name == "source"
    await arm.send("DELETE", path)
    assert user["properties"]["principalId"] not in {one.object_id for one in Identities(arm.arm._context)()}


def test_a_role_goes_to_the_principal_that_was_named(sandbox: Sandbox) -> None:
    """As `az role assignment create --assignee` looks principals up, by either of their ids."""
    person = nobody(sandbox)

    async def resolved(client: Client, assignee: str) -> str:
        text = quote(f"servicePrincipalNames/any(c:c eq '{assignee}')")
        _, _, found = await client.send("GET", f"{GRAPH}/v1.0/servicePrincipals?$filter={text}", GRAPH)
        value = json.loads(found)["value"]
        if not value:
            body = {
                "ids": [assignee],
                "types": ["user", "group", "servicePrincipal", "directoryObjectPartnerReference"],
            }
            _, _, found = await client.send("POST", f"{GRAPH}/v1.0/directoryObjects/getByIds", GRAPH, json=body)
            value = json.loads(found)["value"]
        [one] = value
        return str(one["id"])

    async def work(client: Client) -> tuple[set[str], provision.Identity, set[str]]:
        user = await provision.identity(client, await provision.group(client, unique("graph-")), "user")
        mine = {await resolved(client, person.env["AZURE_CLIENT_ID"]), await resolved(client, person.object_id)}
        return mine, user, {await resolved(client, user.client_id), await resolved(client, user.principal_id)}

    mine, user, theirs = azure(sandbox.env, work)
    assert (mine, theirs) == ({person.object_id}, {user.principal_id})


@pytest.mark.parametrize(
    "query",
    [{"top": "x"}, {"top": "0"}, {"top": "1000"}, {"skiptoken": "x"}, {"skiptoken": "-1"}, {"count": "maybe"}],
)
async def test_a_value_that_cannot_be_read_is_refused(asking: Asking, query: dict[str, str]) -> None:
    status, refused = await asking.ask("servicePrincipals", **query)
    assert (status, refused["error"]["code"]) == (400, "BadRequest")


async def test_one_of_them_takes_no_option_but_its_properties(asking: Asking) -> None:
    path = f"servicePrincipals/{asking.ann.object_id}"
    assert (await asking.ask(path, select="id"))[1]["id"] == asking.ann.object_id
    for query in ({"expand": "owners"}, {"filter": "displayName eq 'annie'"}):
        status, refused = await asking.ask(path, **query)
        assert (status, refused["error"]["code"]) == (400, "Request_UnsupportedQuery")


async def test_the_link_to_the_next_page_asks_the_same(asking: Asking) -> None:
    asked = {"filter": "startswith(displayName, 'ann') or displayName eq 'a&b=c+d'", "top": "1"}
    _, first = await asking.ask("servicePrincipals", **asked)
    link = dict(parse_qsl(urlsplit(first["@odata.nextLink"]).query, strict_parsing=True))
    assert {name.removeprefix("$"): value for name, value in link.items()} == {**asked, "skiptoken": "1"}
    assert " " not in first["@odata.nextLink"]
