"""What jobs name: each address whole, so that the blobs it leads to are said to be theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.kinds import all_kinds

ADDRESS = "azureml://datastores/workspaceblobstore/paths/raw data/x, y (1).csv"


class Port:
    """One that has one job."""

    def __init__(self, properties: dict[str, Any]) -> None:
        self._properties = properties

    async def pages(self, path: str, query: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        assert (path, query) == ("jobs", {"listViewType": "All"})
        yield {"name": "j", "properties": self._properties}


@pytest.mark.parametrize(
    "properties",
    [
        {"inputs": {"a": {"jobInputType": "uri_file", "uri": ADDRESS}}},
        {"inputs": {"a": {"jobInputType": "literal", "value": ADDRESS}}},
        {"environmentVariables": {"DATA": ADDRESS}},
        {"command": f"train --data '{ADDRESS}'"},
    ],
)
async def test_an_address_of_a_job_is_taken_whole(properties: dict[str, Any]) -> None:
    [found] = await all_kinds()["jobs"].scan(cast(WorkspaceClient, Port(properties)))
    assert [one.path for one in found.many.names] == ["raw data/x, y (1).csv"]
