"""Tokens of the local Entra, by the clients that ask for them."""

from __future__ import annotations

import os

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential

pytestmark = pytest.mark.usefixtures("azure_env")
SCOPE = "https://management.azure.com/.default"


def _arguments(**changed: str) -> dict[str, str]:
    names = {
        "tenant_id": "AZURE_TENANT_ID",
        "client_id": "AZURE_CLIENT_ID",
        "client_secret": "AZURE_CLIENT_SECRET",
    }
    return {name: os.environ[variable] for name, variable in names.items()} | changed


def test_a_secret_gets_a_token_that_arm_takes() -> None:
    with ClientSecretCredential(**_arguments()) as credential:
        token = credential.get_token(SCOPE).token
    url = (
        f"https://management.azure.com/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}?api-version=2022-12-01"
    )
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert answer.status_code == 200
    assert answer.json()["tenantId"] == os.environ["AZURE_TENANT_ID"]


async def test_the_async_credential_works_too() -> None:
    async with AsyncClientSecretCredential(**_arguments()) as credential:
        assert (await credential.get_token(SCOPE)).token


def test_a_wrong_secret_is_refused_in_entras_words() -> None:
    with (
        ClientSecretCredential(**_arguments(client_secret="no")) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(SCOPE)


@pytest.mark.parametrize(
    ("changed", "scope", "number"),
    [
        ({"client_id": "00000000-0000-0000-0000-000000000001"}, SCOPE, "AADSTS700016"),
        ({}, "https://example.com/.default", "AADSTS500011"),
        ({}, "https://management.azure.com", "AADSTS1002012"),
    ],
)
def test_other_refusals(changed: dict[str, str], scope: str, number: str) -> None:
    with (
        ClientSecretCredential(**_arguments(**changed)) as credential,
        pytest.raises(ClientAuthenticationError, match=number),
    ):
        credential.get_token(scope)
