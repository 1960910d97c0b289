"""The log of a sign-in has the id by which Microsoft's support finds it."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from typing import Any

import pytest

from amlmigrate.cloud.credentials import Credential, Login

ARM_SCOPE = "https://management.azure.com/.default"
WORDS = "Signed in for " + ARM_SCOPE


def test_each_answer_and_the_token_have_its_id_and_no_secret(
    azure_env: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> str:
        async with Credential(Login()) as credential:
            token = (await credential.get_token(ARM_SCOPE)).token
            assert (await credential.get_token(ARM_SCOPE)).token == token
            return token

    with caplog.at_level(logging.INFO, "amlmigrate.cloud.credentials"):
        token = asyncio.run(work())
    lines = [one for one in caplog.records if one.name == "amlmigrate.cloud.credentials"]
    asked = [one for one in lines if re.fullmatch(r"POST https://[^?]+/token was answered 200", one.getMessage())]
    signed_in = [one for one in lines if one.getMessage() == WORDS]
    assert len(asked) == len(signed_in) == 1
    assert re.fullmatch(r"[0-9a-f-]{36}", signed_in[0].request_id)  # type: ignore[attr-defined]  # a request of ours has an id
    assert signed_in[0].request_id == asked[0].request_id  # type: ignore[attr-defined]  # a request of ours has an id
    said = " ".join(one.getMessage() for one in caplog.records)
    assert token not in said and os.environ["AZURE_CLIENT_SECRET"] not in said
