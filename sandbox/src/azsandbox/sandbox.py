"""`with Sandbox() as azure:`: a sandbox in a process of its own, for as long as a block takes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from azsandbox import faultrules, lifetime, requestlog
from azsandbox.settings import Options, environment
from azsandbox.state import StateFolder, write_secret

if TYPE_CHECKING:
    from azsandbox.client import Client

UNTHROTTLED = Options(arm_limits="off")


class Sandbox:
    """A local Azure for the time of a `with` block, in a process that ends with the block and with this process.

    `env` is what the environment of a client must hold, `state` the folder of its state: a temporary one unless a
    `folder` is named, which stays. ARM's limits are off unless `options` say otherwise. Several may run at once
    and share nothing. Entering raises CannotStart, and AlreadyRunning for a folder that another sandbox has.

    Example:

        with Sandbox() as azure:
            subprocess.run(["az", "group", "list"], env={**os.environ, **azure.env}, check=True)
    """

    def __init__(self, folder: Path | None = None, options: Options = UNTHROTTLED) -> None:
        self._folder, self._options = folder, options
        self._open = ExitStack()
        self._state: StateFolder | None = None
        self.env: dict[str, str] = {}

    @property
    def state(self) -> Path:
        """The folder with its state. Raises RuntimeError outside of the block."""
        return self._running().root

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            folder = self._folder or Path(
                opened.enter_context(tempfile.TemporaryDirectory(prefix="azsandbox-state-"))
            )
            state = StateFolder(folder)
            opened.callback(lifetime.end, lifetime.detach(state, self._options, tied=True))
            self.env = environment(state, state.announced()["port"])
            self._state, self._open = state, opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state = None
        self._open.close()

    def _running(self) -> StateFolder:
        if self._state is None:
            raise RuntimeError("the sandbox does not run: use it inside `with Sandbox() as azure:`")
        return self._state

    def client(self) -> Client:
        """An HTTP client with a token for this sandbox: `async with azure.client() as client:`."""
        from azsandbox.client import Client

        self._running()
        return Client(self.env)

    @contextmanager
    def faults(self, rules: Sequence[Mapping[str, Any]]) -> Iterator[None]:
        """Has chosen requests fail for the time of a block; rules as in a faults file. Raises BadRules."""
        state, text = self._running(), json.dumps({"rules": list(rules)})
        faultrules.parse(text)
        write_secret(state.faults, text)
        try:
            yield
        finally:
            state.faults.unlink(missing_ok=True)

    def alert(self, rule: str, target: str = "", *, resolved: bool = False) -> None:
        """Has a rule of Azure Monitor, an ARM id, fire with the next request; or resolves what it fired."""
        from azsandbox.arm.monitor.byhand import ask

        ask(self._running().arm, rule, target, resolved=resolved)

    def requests(self, *, since: str = "", **filters: str) -> list[dict[str, Any]]:
        """The request log, oldest first, from a time on as the log writes it; it is a moment behind the answers.

        `filters` are regular expressions by field, without case: `host`, `method`, `path`, `status`, `principal`.
        """
        return list(requestlog.read(self._running().log, filters, since=since))
