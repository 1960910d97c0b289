"""What a listing does not show is found: snapshots at the local Azure, the rest in the service's own words."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.acceptance.world import World, make_world

from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.remnants import remnants
from amlmigrate.cloud.session import Side
from amlmigrate.core.workspace import Location


def _found(world: World) -> dict[str, int]:
    async def read() -> dict[str, int]:
        side = Side(Login())
        try:
            return await remnants(side.blobs, Location(world.account("source"), world.container("source")))
        finally:
            await side.close()

    return asyncio.run(read())


@pytest.mark.usefixtures("azure_env")
def test_snapshots(sandbox: Any, tmp_path: Any) -> None:
    world = make_world(sandbox, tmp_path)
    with world.container_client("source") as client:
        blob = client.upload_blob("a", b"1")
        assert _found(world) == {}
        blob.create_snapshot()
        blob.create_snapshot()
    assert _found(world) == {"snapshots": 2}


# learn.microsoft.com/rest/api/storageservices: list-blobs and list-containers2, their response bodies.
CONTAINERS = """<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://a/"><Containers>
<Container><Name>c-other</Name><Properties><HasLegalHold>true</HasLegalHold></Properties></Container>
<Container><Name>c</Name><Properties><HasImmutabilityPolicy>true</HasImmutabilityPolicy><HasLegalHold>true</HasLegalHold>
</Properties></Container></Containers><NextMarker /></EnumerationResults>"""
BLOBS = (
    """<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="https://a/c"><Blobs>
<Blob><Name>x</Name><VersionId>1</VersionId><Properties><LegalHold>true</LegalHold></Properties></Blob>
<Blob><Name>x</Name><VersionId>2</VersionId><IsCurrentVersion>true</IsCurrentVersion><Properties /></Blob>
</Blobs><NextMarker>more</NextMarker></EnumerationResults>""",
    """<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="https://a/c"><Blobs>
<Blob><Name>y</Name><Properties><ImmutabilityPolicyUntilDate>Fri, 01 Jan 2027 00:00:00 GMT</ImmutabilityPolicyUntilDate>
<LegalHold>false</LegalHold></Properties></Blob></Blobs><NextMarker /></EnumerationResults>""",
)


class _Pages:
    """The blob service's pages, for what the local Azure does not have."""

    async def listed(self, place: Location, asked: dict[str, str]) -> bytes:
        if not place.container:
            return CONTAINERS.encode()
        return BLOBS[asked["marker"] == "more"].encode()


def test_versions_holds_and_policies() -> None:
    pages: Any = _Pages()
    assert asyncio.run(remnants(pages, Location("a", "c"))) == {
        "legal holds on it": 1,
        "immutability policies on it": 1,
        "earlier versions": 1,
        "blobs under a legal hold": 1,
        "blobs under an immutability policy": 1,
    }
