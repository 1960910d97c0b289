"""A session with Azure in which nothing is read, and secrets of which nobody gives any."""

from __future__ import annotations

from types import SimpleNamespace

from amlmigrate.cloud.givensecrets import GivenSecrets
from amlmigrate.core.secretsources import NO_SECRETS


def nothing_given() -> GivenSecrets:
    """No secret is given, and no vault is asked."""
    return GivenSecrets(NO_SECRETS, {}, SimpleNamespace())  # type: ignore[arg-type] - nothing is asked of it


class Session:
    """Only its clock and who signed in are asked; `done` is told when it begins, when somebody signs in, and when it ends."""

    def __init__(self, done: list[str]) -> None:
        async def identity() -> None:
            done.append("signed in")

        self.source = self.target = SimpleNamespace(
            arm=SimpleNamespace(service_clock=SimpleNamespace(now=lambda: None)),
            credential=SimpleNamespace(identity=identity),
            blobs=None,
            workspace=lambda ref: ref,
        )
        self._done = done

    async def __aenter__(self) -> Session:
        self._done.append("session")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._done.append("closed")
