"""One sign-in on each side, and what is reached with it."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from amlmigrate.cloud.fence import Fence
from amlmigrate.core.documents import Document
from amlmigrate.core.workspace import Service, WorkspaceRef

if TYPE_CHECKING:
    from amlmigrate.cloud.credentials import Login
    from amlmigrate.cloud.logs import Logs
    from amlmigrate.cloud.shares import Shares
    from amlmigrate.cloud.store import Store
    from amlmigrate.cloud.vault import Vaults
    from amlmigrate.cloud.vaultsecrets import WorkspaceVault
    from amlmigrate.cloud.workspaces import WorkspaceClient


class Side:
    """ARM, storage and vaults as one principal of one tenant reaches them.

    Their clients are loaded by who signs in: most of what only reads files knows this type too.
    """

    def __init__(self, login: Login, fence: Fence | None = None) -> None:
        from amlmigrate.cloud.arm import Arm
        from amlmigrate.cloud.blobs import Blobs
        from amlmigrate.cloud.credentials import Credential
        from amlmigrate.cloud.leases import Leases
        from amlmigrate.cloud.pacing import Pacer
        from amlmigrate.cloud.roles import Roles

        self.login = login
        self.fence = fence = fence or Fence()
        self.credential = Credential(login)
        self.pacer = Pacer()
        self.arm = Arm(login, self.credential, self.pacer, fence)
        self.blobs = Blobs(login, self.credential, fence)
        # It asks no fence: the service itself refuses who does not have the lease.
        self.leases = Leases(login, self.credential)
        self.roles = Roles(self.arm)
        # Role assignments that `freeze` took of what is reached so: they are there all the same for who reads it.
        self.frozen: tuple[Document, ...] = ()
        self._shares: Shares | None = None
        self._vaults: Vaults | None = None
        self._logs: Logs | None = None

    @property
    def shares(self) -> Shares:
        """File shares; their client is loaded by whoever asks for it."""
        if self._shares is None:
            from amlmigrate.cloud.shares import Shares

            self._shares = Shares(self.login, self.credential, self.fence)
        return self._shares

    @property
    def vaults(self) -> Vaults:
        """Keys in vaults; their client is loaded by whoever asks for it."""
        if self._vaults is None:
            from amlmigrate.cloud.vault import Vaults

            self._vaults = Vaults(self.login, self.credential, self.fence)
        return self._vaults

    @property
    def logs(self) -> Logs:
        """Logs in Log Analytics; their client is loaded by whoever asks for it."""
        if self._logs is None:
            from amlmigrate.cloud.logs import Logs

            self._logs = Logs(self.login, self.credential, self.fence)
        return self._logs

    def store(self, service: Service) -> Store:
        """The store of that service."""
        return self.shares if service is Service.FILE else self.blobs

    def workspace(self, ref: WorkspaceRef) -> WorkspaceClient:
        """One workspace through this side."""
        from amlmigrate.cloud.workspaces import WorkspaceClient

        return WorkspaceClient(self.arm, ref, vaults=self.vault_of, frozen=self.frozen)

    def vault_of(self, workspace: Document) -> WorkspaceVault:
        """The vault of a workspace, by its document."""
        from amlmigrate.cloud.vaultsecrets import WorkspaceVault

        return WorkspaceVault(self.vaults, self.arm, workspace)

    async def close(self) -> None:
        """Ends all connections."""
        await self.arm.close()
        await self.blobs.close()
        await self.leases.close()
        if self._shares:
            await self._shares.close()
        if self._vaults:
            await self._vaults.close()
        if self._logs:
            await self._logs.close()
        await self.credential.close()


@dataclass(frozen=True, slots=True)
class Logins:
    """How to sign in on each side."""

    source: Login
    target: Login


class Session:
    """Both sides, behind one fence; where one sign-in serves both they are one, and so are their token buckets."""

    def __init__(self, logins: Logins) -> None:
        self.fence = Fence()
        self.source = Side(logins.source, self.fence)
        self.target = self.source if logins.source == logins.target else Side(logins.target, self.fence)

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.source.close()
        if self.target is not self.source:
            await self.target.close()
