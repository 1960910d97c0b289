"""The secrets of a workspace's vault as documents of the form that Azure Resource Manager gives them.

They are read and written on the data plane of the vault: Azure Resource Manager has no values and no versions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from amlmigrate.cloud import absence
from amlmigrate.cloud.arm import Arm
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.twice import HARMLESS, found_by
from amlmigrate.cloud.vault import Vaults
from amlmigrate.core.armid import name_of
from amlmigrate.core.asked import SETTINGS
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import ConflictError
from amlmigrate.core.held_secrets import hold
from amlmigrate.core.writes import Accepted

_TYPE = "Microsoft.KeyVault/vaults/secrets"


class WorkspaceVault:
    """The vault of one workspace, whose document it is given. Names have no case.

    A document has `id`, `name`, `tags` and in `properties` the content type and the attributes of its newest
    version; where it was asked for by itself `versions` too, the ids of all, the oldest first.
    """

    def __init__(self, vaults: Vaults, arm: Arm, workspace: Document) -> None:
        self._vaults, self._arm, self._workspace = vaults, arm, workspace
        self._id = str(properties_of(workspace).get("keyVault") or "")
        self._uri = vaults.uri(self._id) if self._id else ""

    async def items(self) -> AsyncIterator[Document]:
        """All that either of its two lists shows, without values: the vault's, and the workspace's own.

        `throughWorkspace` says whether the workspace's own list has one (AZ-SECRET-1), and is missing where that
        list was not given; `inVault` that the vault's has it. Raises ServiceError or OutOfReachError where the
        vault does not give its list, once the workspace's own was told.
        """
        if not self._id:
            return
        own = await self._through_workspace()
        try:
            listed = {_name_of(one): one for one in await self._vaults.listed(f"{self._uri}/secrets")}
        except (ServiceError, OutOfReachError):
            for name in own or ():
                yield self._only_listed(name)
            raise
        mine = {name.lower() for name in own or ()}
        for name, item in listed.items():
            told = {} if own is None else {"throughWorkspace": name.lower() in mine}
            yield self._document(name, item, {"inVault": True, **told})
        there = {name.lower() for name in listed}
        for name in own or ():
            if name.lower() not in there:
                yield self._only_listed(name)

    async def get(self, name: str) -> Document | None:
        """One with the ids of its versions; None where the vault says that it has none of that name.

        By its versions, which takes no right to a value, and shows a disabled one. Every secret has a version
        (AZ-SECRET-3).
        """
        try:
            versions = await self._vaults.listed(f"{self._of(name)}/versions")
        except ServiceError as error:
            if absence.of_secret(error, name):
                return None
            raise
        if not versions:
            return None
        versions.sort(key=lambda one: (_created(one), str(one.get("id"))))
        if len(versions) > 1 and _created(versions[-2]) == _created(versions[-1]):
            versions = await self._settled(name, versions)
        ids = [str(one.get("id") or "").rpartition("/")[2] for one in versions]
        return self._document(_name_of(versions[-1], versioned=True) or name, versions[-1], {"versions": ids})

    async def _settled(self, name: str, versions: list[Document]) -> list[Document]:
        """The same with the newest last, where two are of one second: only the vault knows which that is.

        It says so with the value. Without the right to that they stay in an order that a restore keeps.
        """
        try:
            newest = str((await self.post(name, "value")).get("id"))
        except ServiceError as error:
            if error.status != 403:
                raise
            return versions
        return sorted(versions, key=lambda one: one.get("id") == newest)

    async def put(self, name: str, body: Document) -> Accepted:
        """Restores a secret from its backup, or sets its newest version, whichever the body has.

        Raises ConflictError where a deleted secret still has the name.
        """
        properties = properties_of(body)
        try:
            if "backup" in properties:
                await self._restore(name, str(properties["backup"]))
            else:
                await self._set(name, body)
        except ServiceError as error:
            if error.status == 409:
                await self._refuse_deleted(name, error)
            raise
        return Accepted(await self.get(name) or {})

    async def post(self, name: str, action: str) -> Document:
        """`value`: the newest version with its value. `backup`: all versions, as only vaults read them."""
        if action == "backup":
            return await self._vaults.asked("POST", f"{self._of(name)}/backup", twice=HARMLESS)
        found = await self._vaults.asked("GET", self._of(name))
        hold(found.get("value"))
        return found

    async def _restore(self, name: str, backup: str) -> None:
        """A restore never replaces: what is there after an answer was lost, the lost attempt made."""
        await self._vaults.asked(
            "POST", f"{self._uri}/secrets/restore", {"value": backup}, twice=found_by(lambda: self.get(name))
        )

    async def _set(self, name: str, body: Document) -> None:
        """Each such call makes a version: after one whose answer was lost it is looked for first."""
        before = properties_of(await self.get(name)).get("versions")
        properties = properties_of(body)
        sent = {
            "value": properties["value"],
            "contentType": properties.get("contentType"),
            "attributes": {key: value for key, value in _attributes(properties).items() if key in SETTINGS},
            "tags": body.get("tags"),
        }

        async def look() -> Document | None:
            there = await self.get(name)
            return there if properties_of(there).get("versions") != before else None

        given = {key: value for key, value in sent.items() if value is not None}
        await self._vaults.asked("PUT", self._of(name), given, twice=found_by(look))

    async def _refuse_deleted(self, name: str, error: ServiceError) -> None:
        """Says of a name that the vault refuses whether a deleted secret has it. Raises ConflictError."""
        if await self.get(name) is not None:
            return
        of = f"--vault-name {name_of(self._id)} --name {name}"
        known = "ObjectIsDeletedButRecoverable" in error.codes
        told = "a deleted secret still has it" if known else "it shows none, and a deleted one may still have it"
        raise ConflictError(
            f"The vault gives the name to nothing new: {told} ({error.code}).",
            address=f"{self._id}/secrets/{name}",
            remedy=f"If the deleted one is what is wanted, bring it back (az keyvault secret recover {of}); if"
            f" nobody needs it, remove it for good (az keyvault secret purge {of}). Then continue with"
            " `migrate run --resume`.",
        ) from error

    async def _through_workspace(self) -> list[str] | None:
        """The names that the workspace's own list has; None where it is not given, or nobody can tell where it is.

        It only tells whose a secret is, which the vault's list has all the same.
        """
        host = urlsplit(str(properties_of(self._workspace).get("discoveryUrl") or "")).hostname or ""
        if not self._arm.serves(host):
            return None
        path = f"https://{host}/credential/v2.0{self._workspace['id']}/secrets"
        try:
            answer = await self._arm.call("GET", path)
        except (ServiceError, OutOfReachError):
            return None
        body = answer.body if isinstance(answer.body, dict) else {}
        names = [one.get("name") for one in body.get("value") or () if isinstance(one, dict)]
        # A list of more than one page, whose next nobody has recorded, is no knowledge of what it lacks.
        if body.get("continuationToken") or not isinstance(body.get("value"), list):
            return None
        return [str(name) for name in names if name]

    def _only_listed(self, name: str) -> Document:
        return self._document(name, {}, {"throughWorkspace": True})

    def _of(self, name: str) -> str:
        return f"{self._uri}/secrets/{quote(name, safe='')}"

    def _document(self, name: str, item: Document, told: Document) -> Document:
        properties = dict(_properties(item)) | told
        document = {"id": f"{self._id}/secrets/{name}", "name": name, "type": _TYPE, "tags": item.get("tags")}
        return document | {"properties": properties}


def _properties(item: Document) -> Iterator[tuple[str, Any]]:
    yield "contentType", item.get("contentType")
    yield "attributes", _attributes(item)
    if item.get("managed"):
        yield "managed", True


def _created(version: Document) -> int:
    return int(_attributes(version).get("created") or 0)


def _attributes(item: Document) -> Document:
    found: Document = item.get("attributes") or {}
    return found


def _name_of(item: Document, *, versioned: bool = False) -> str:
    """The name in an identifier: `https://HOST/secrets/NAME[/VERSION]`."""
    parts = urlsplit(str(item.get("id") or "")).path.strip("/").split("/")
    return parts[1] if len(parts) > 1 + versioned and parts[0] == "secrets" else ""
