"""Puts the servers of a sandbox together on a state folder, runs them in this process, and takes them down."""

from __future__ import annotations

import asyncio
import os
from typing import IO

from azsandbox import entra, graph, prices
from azsandbox.accounts import ServedAccounts
from azsandbox.arm import Arm, build, logqueries
from azsandbox.arm.access.evaluation import Terms
from azsandbox.arm.clock import Clock
from azsandbox.azurite import Azurite
from azsandbox.blobs import BlobEndpoint
from azsandbox.calls import Endpoint
from azsandbox.capture import Capture
from azsandbox.certificates import Authority
from azsandbox.denials import Denials
from azsandbox.faults import Faults
from azsandbox.front import Front
from azsandbox.hierarchy import Hierarchy
from azsandbox.immutable import Immutability
from azsandbox.madeup import MadeUp
from azsandbox.principals import Directory
from azsandbox.proxy import Tunnel
from azsandbox.requestlog import RequestLog
from azsandbox.roledelay import delay_of, set_delay
from azsandbox.services import ServiceEndpoint, vault_bad_token
from azsandbox.settings import Options, environment
from azsandbox.shares.endpoint import FileShares
from azsandbox.shares.store import ShareStore
from azsandbox.softdelete import SoftDelete
from azsandbox.state import StateFolder
from azsandbox.timeahead import time_of
from azsandbox.tokens import Tokens


def _build_arm(state: StateFolder, accounts: ServedAccounts, options: Options, directory: Directory) -> Arm:
    state.arm.mkdir(mode=0o700, exist_ok=True)
    set_delay(state, options.role_delay)
    terms = Terms(directory.begins_with_rights, lambda: delay_of(state), Denials(state.denials))
    return build(
        state.arm,
        accounts,
        limits=options.arm_limits,
        location=options.location,
        terms=terms,
        clock=Clock(time_of(state)),
    )


class Server:
    """One sandbox in this process and its event loop; `start`, then `stop`."""

    def __init__(self, state: StateFolder, options: Options) -> None:
        self.state, self._options = state, options
        self._hold: IO[bytes] | None = None
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Claims the folder, starts Azurite, listens. Raises AlreadyRunning, Azurite's errors."""
        state = self.state
        self._hold = state.take()
        self._azurite = Azurite(state.blobs, state.server_output)
        storage = asyncio.create_task(self._azurite.start(self._hold))
        await asyncio.sleep(0)  # the child starts while the keys are made
        self._authority = Authority(state)
        self._directory = Directory(state)
        self._tokens = Tokens(state)
        self._log = RequestLog(state.log)
        await storage
        self._shares = ShareStore(state.shares)
        self.accounts = ServedAccounts(state, self._azurite, self._shares, self._tokens)
        await self.accounts.load()
        self._arm = _build_arm(state, self.accounts, self._options, self._directory)
        self._faults = Faults(state.faults, latency_ms=self._options.latency_ms)
        self._endpoints = self._wire()
        self._front = Front(self._find, self._tokens, self._log)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._tunnel, "127.0.0.1", self._options.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]
        state.announce({"pid": os.getpid(), "port": self.port})

    def _tunnel(self) -> Tunnel:
        return Tunnel(self._authority.context, self._front.protocol, self._front.refused)

    def _wire(self) -> dict[str, Endpoint]:
        arm = self._arm
        answers: Endpoint = ServiceEndpoint(arm, self._tokens, location=self._options.location)
        if self._options.capture:
            answers = Capture(answers, self.state.capture)
        accounts = self.accounts
        held = Immutability(arm.storage_holds, accounts.blobs)
        deep = Hierarchy(arm.storage_hierarchical, accounts)
        kept = SoftDelete(arm.storage_past, accounts.shown)
        refuse, scopes, deletions = arm.storage_refusal, arm.storage_scopes, arm.storage_deletions
        made_up = MadeUp(self.state.made_up)
        blobs = BlobEndpoint(self._azurite, self._tokens, refuse, scopes, deletions, held, deep, kept, made_up)
        plain: dict[str, Endpoint] = {
            entra.HOST: ServiceEndpoint(entra.Entra(self._directory, self._tokens), self._tokens),
            graph.HOST: ServiceEndpoint(graph.Graph(self._directory, arm.identities), self._tokens),
            "management.azure.com": answers,
            ".vault.azure.net": ServiceEndpoint(arm.vault, self._tokens, refuse=vault_bad_token),
            logqueries.HOST: ServiceEndpoint(arm.logs, self._tokens),
            prices.HOST: ServiceEndpoint(prices.Prices(), self._tokens),
            ".azurecr.io": ServiceEndpoint(arm.registries, self._tokens),
            ".api.azureml.ms": ServiceEndpoint(arm.discovery, self._tokens),
            ".blob.core.windows.net": blobs,
            ".file.core.windows.net": FileShares(
                self._shares, self._tokens, self.accounts.keys, refuse, deletions
            ),
        }
        return {host: self._faults.around(endpoint) for host, endpoint in plain.items()}

    def _find(self, host: str) -> Endpoint:
        return next(
            endpoint
            for name, endpoint in self._endpoints.items()
            if host == name or (name.startswith(".") and host.endswith(name))
        )

    def environment(self) -> dict[str, str]:
        """The variables that a client needs, and nothing else."""
        return environment(self.state, self.port)

    async def stop(self) -> None:
        """Stops listening, lets running requests end, has Azurite save, lets go of the state folder."""
        if self._hold is None:
            return  # the folder is another's
        self.state.withdraw()
        if self._server is not None:
            self._server.close()
            await self._front.close()
            await self._arm.close()
            self._shares.close()
            self._log.close()
        await self._azurite.close()
        self._hold.close()
