"""The storage accounts of a sandbox: their keys, kept in the state folder, and what ARM asks of them."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from xml.etree import ElementTree

from azsandbox.azurite import KNOWN_SCOPES, Azurite
from azsandbox.listednames import name_of
from azsandbox.messages import ContainerShown, Held, ShareShown
from azsandbox.principals import ServicePrincipal
from azsandbox.shares.index import Share
from azsandbox.shares.store import ShareStore
from azsandbox.shares.times import since_1970
from azsandbox.state import StateFolder, write_secret
from azsandbox.tokens import Tokens

_VERSION = "2023-11-03"
_LEASED = (409, 412)  # what changes of a leased container are answered without its lease
_PAGE = 5000
# What Azure calls the account's own key among encryption scopes (azure-rest-api-specs, ContainerProperties).
ACCOUNT_KEY = "$account-encryption-key"
NO_HEADERS: Mapping[str, str] = {}
_SANDBOX = ServicePrincipal(
    "azsandbox", "0" * 8 + "-0000-0000-0000-" + "0" * 12, "0" * 8 + "-0000-0000-0000-" + "0" * 12, ""
)


class StorageFailed(Exception):
    """Azurite refused something that the sandbox itself asked for."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class ServedAccounts:
    """Implements `messages.Accounts` on Azurite and on the sandbox's own file shares."""

    def __init__(self, state: StateFolder, azurite: Azurite, shares: ShareStore, tokens: Tokens) -> None:
        self._state, self._azurite, self._shares, self._tokens = state, azurite, shares, tokens
        self._keys: dict[str, tuple[str, str]] = {}
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Takes over the accounts of earlier runs."""
        if self._state.accounts.exists():
            rows = json.loads(self._state.accounts.read_text(encoding="utf-8"))
            self._keys = {name: (keys[0], keys[1]) for name, keys in rows.items()}
        await self._azurite.set_accounts(self._keys)

    async def _save(self) -> None:
        write_secret(self._state.accounts, json.dumps(self._keys, indent=2))
        await self._azurite.set_accounts(self._keys)

    def __contains__(self, account: str) -> bool:
        return account in self._keys

    async def create(self, account: str) -> None:
        """Makes an account with two fresh keys; nothing happens if it is there already."""
        async with self._changing:
            if account not in self._keys:
                self._keys[account] = (_new_key(), _new_key())
                await self._save()

    async def delete(self, account: str) -> None:
        """Removes an account with all it holds; nothing happens if there is none."""
        async with self._changing:
            if account in self._keys:
                for container in await self.containers(account):
                    await self._ask("DELETE", account, f"/{container.name}?restype=container")
                self._shares.delete_account(account)
                del self._keys[account]
                await self._save()

    def keys(self, account: str) -> tuple[str, str]:
        """The two base64 keys. Raises KeyError for an unknown account."""
        return self._keys[account]

    async def regenerate(self, account: str, number: int) -> None:
        """Replaces the first (0) or the second (1) key. Raises KeyError for an unknown account."""
        async with self._changing:
            keys = list(self._keys[account])
            keys[number] = _new_key()
            self._keys[account] = (keys[0], keys[1])
            await self._save()

    async def create_container(
        self, account: str, container: str, encryption: tuple[str, bool] | None = None
    ) -> None:
        """Makes a blob container; nothing happens if it is there already."""
        headers = {}
        if encryption:
            scope, deny = encryption
            headers = {
                "x-ms-default-encryption-scope": scope,
                "x-ms-deny-encryption-scope-override": str(deny).lower(),
                KNOWN_SCOPES: json.dumps({scope: None}),
            }
        await self._ask("PUT", account, f"/{container}?restype=container", also=409, headers=headers)

    async def container(self, account: str, container: str) -> ContainerShown | None:
        """A blob container, by whomever it was made; None where there is none."""
        return next((one for one in await self.containers(account, container) if one.name == container), None)

    async def containers(self, account: str, prefix: str = "") -> list[ContainerShown]:
        """All blob containers of an account whose names start with `prefix`, by name."""
        found = []
        async for page in self._pages(account, f"/?comp=list&include=metadata&prefix={quote(prefix, safe='')}"):
            found += [_container(one) for one in page.iterfind("Containers/Container")]
        return found

    async def change_container(
        self, account: str, container: str, *, metadata: Mapping[str, str] | None = None, public: str | None = None
    ) -> None:
        """Sets what is given. Raises Held."""
        if metadata is not None:
            headers = {f"x-ms-meta-{name}": value for name, value in metadata.items()}
            await self._free("PUT", account, f"/{container}?restype=container&comp=metadata", headers)
        if public is not None:
            headers = {} if public == "None" else {"x-ms-blob-public-access": public.lower()}
            await self._free("PUT", account, f"/{container}?restype=container&comp=acl", headers)

    async def delete_container(self, account: str, container: str) -> None:
        """Removes a blob container with all it holds; nothing happens if there is none. Raises Held."""
        await self._free("DELETE", account, f"/{container}?restype=container", also=404)

    async def _free(
        self, method: str, account: str, target: str, headers: Mapping[str, str] = NO_HEADERS, *, also: int = 0
    ) -> None:
        try:
            await self._ask(method, account, target, also=also, headers=headers)
        except StorageFailed as failed:
            if failed.status not in _LEASED:
                raise
            raise Held(target) from failed

    async def create_share(self, account: str, share: str) -> None:
        """Makes a file share; nothing happens if it is there already."""
        self._shares.create_share(account, share)

    def share(self, account: str, share: str) -> ShareShown | None:
        """A file share, by whomever it was made; None where there is none."""
        found = self._shares.index.share(account, share)
        return _share(found) if found else None

    def shares(self, account: str) -> list[ShareShown]:
        """All file shares of an account, by name."""
        return [_share(one) for one in self._shares.all_shares(account)]

    def change_share(
        self,
        account: str,
        share: str,
        *,
        quota: int | None = None,
        tier: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Sets what is given."""
        self._shares.change_share(account, share, quota=quota, tier=tier, metadata=metadata)

    def delete_share(self, account: str, share: str) -> None:
        """Removes a file share with all it holds; nothing happens if there is none."""
        self._shares.delete_share(account, share)

    def container_sas(self, account: str, container: str, *, permissions: str, hours: float) -> str:
        """A service SAS (query string without `?`) for one container."""
        from azure.storage.blob import ContainerSasPermissions, generate_container_sas

        return generate_container_sas(
            account,
            container,
            self.keys(account)[0],
            permission=ContainerSasPermissions.from_string(permissions),
            expiry=datetime.now(UTC) + timedelta(hours=hours),
            protocol="https",
        )

    def account_sas(self, account: str, *, permissions: str, hours: float) -> str:
        """An account SAS (query string without `?`) for containers and objects of blobs and files."""
        from azure.storage.blob import ResourceTypes, generate_account_sas

        return generate_account_sas(
            account,
            self.keys(account)[0],
            ResourceTypes(container=True, object=True),
            permissions,
            datetime.now(UTC) + timedelta(hours=hours),
            services="bf",
            protocol="https",
        )

    async def blobs(self, account: str, container: str, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """Names and lengths of the blobs whose name starts with `prefix`; none for a missing container."""
        query = f"/{container}?restype=container&comp=list&maxresults={_PAGE}&prefix={quote(prefix, safe='')}"
        async for page in self._pages(account, query):
            for blob in page.iterfind("Blobs/Blob"):
                yield name_of(blob.find("Name")), int(blob.findtext("Properties/Content-Length", "0"))

    async def shown(self, account: str, container: str, blob: str) -> ElementTree.Element | None:
        """The properties of a blob as a listing shows them; None where there is none."""
        # Of all names that begin with it, it is the first itself.
        query = f"/{container}?restype=container&comp=list&maxresults=1&prefix={quote(blob, safe='')}"
        async for page in self._pages(account, query):
            one = page.find("Blobs/Blob")
            return one.find("Properties") if one is not None and name_of(one.find("Name")) == blob else None
        return None

    async def make_directory(self, account: str, container: str, path: str) -> None:
        """A blob without bytes that stands for a directory; nothing happens where there is something.

        Clients know a directory by its metadata (fsspec/adlfs#277; azure-ai-ml, `_artifacts/_constants.py`).
        """
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-meta-hdi_isfolder": "true", "If-None-Match": "*"}
        await self._ask("PUT", account, f"/{container}/{quote(path)}", also=409, headers=headers)

    async def _pages(self, account: str, target: str) -> AsyncIterator[ElementTree.Element]:
        marker: str | None = ""
        while marker is not None:
            text = await self._ask("GET", account, f"{target}&marker={quote(marker, safe='')}", also=404)
            page = ElementTree.fromstring(text)  # noqa: S314 (written by our own child process)
            yield page
            marker = page.findtext("NextMarker") or None

    async def _ask(
        self, method: str, account: str, target: str, *, also: int = 0, headers: Mapping[str, str] = NO_HEADERS
    ) -> str:
        headers = {
            **headers,
            "Authorization": f"Bearer {self._tokens.issue(_SANDBOX, 'https://storage.azure.com')}",
            "x-ms-version": _VERSION,
            "Content-Length": "0",
        }
        host = f"{account}.blob.core.windows.net"
        async with await self._azurite.request(method, host, target, headers) as response:
            text = await response.text()
            if response.status >= 400 and response.status != also:
                raise StorageFailed(f"{method} {host}{target}: {response.status} {text}", response.status)
            return text


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _container(one: ElementTree.Element) -> ContainerShown:
    return ContainerShown(
        one.findtext("Name", ""),
        one.findtext("Properties/DefaultEncryptionScope") or ACCOUNT_KEY,
        one.findtext("Properties/DenyEncryptionScopeOverride") == "true",
        {each.tag: each.text or "" for each in one.iterfind("Metadata/*")},
        (one.findtext("Properties/PublicAccess") or "None").capitalize(),
        one.findtext("Properties/Last-Modified", ""),
        (one.findtext("Properties/LeaseStatus", "unlocked"), one.findtext("Properties/LeaseState", "available")),
    )


def _share(one: Share) -> ShareShown:
    return ShareShown(one.name, one.quota, one.tier, one.metadata, since_1970(one.changed))
