"""Which jobs count as running: every one that is not known to have ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import cast

import pytest

from amlmigrate.cloud.workspaces import WorkspaceClient
from amlmigrate.core.documents import Document
from amlmigrate.kinds import all_kinds

ENDED = ("Completed", "Failed", "Canceled")
GOING = ("Running", "Queued", "Paused", "NotResponding", "Unknown", "Scheduled", None)


class _Port:
    """A workspace with one job."""

    def __init__(self, status: str | None) -> None:
        self.status = status

    async def pages(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Document]:
        assert (path, query) == ("jobs", {"listViewType": "All"})
        yield {"name": "one", "properties": {"status": self.status}}


@pytest.mark.parametrize("status", (*ENDED, *GOING))
async def test_a_job_that_is_not_known_to_have_ended_is_running(status: str | None) -> None:
    [all_jobs] = await all_kinds()["jobs"].scan(cast(WorkspaceClient, _Port(status)))
    assert all_jobs.document["running"] == (status in GOING)
