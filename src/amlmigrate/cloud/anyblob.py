"""Any one blob of an account, for who only wants to see whether it can be read."""

from __future__ import annotations

from azure.storage.blob.aio import BlobServiceClient

from amlmigrate.cloud.calling import Caller
from amlmigrate.cloud.credentials import Credential, Login
from amlmigrate.cloud.pacing import Crowd
from amlmigrate.cloud.transport import PLAIN, Transport
from amlmigrate.core.workspace import Location

# So many containers are looked into.
_CONTAINERS = 20


async def any_blob(login: Login, credential: Credential, account: str) -> Location | None:
    """The first that is listed; None where the containers that were looked into have none.

    Lists go on while the key of an account cannot be used. Raises ServiceError and OutOfReachError.
    """
    url = f"https://{account.lower()}.blob.{login.endpoints.storage_suffix}"
    transport = Transport(credential, None)
    service = BlobServiceClient(url, credential=credential, transport=transport, **PLAIN)

    async def call() -> Location | None:
        containers = service.list_containers(results_per_page=_CONTAINERS).by_page()
        async for page in containers:
            async for one in page:
                blobs = service.get_container_client(one.name).list_blobs(results_per_page=1).by_page()
                async for listed in blobs:
                    async for blob in listed:
                        return Location(account, str(one.name), str(blob.name))
                    break
            break
        return None

    try:
        return await Caller(Crowd(1)).call("GET", url, call)
    finally:
        await service.close()
