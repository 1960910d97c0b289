"""The service principals of the sandbox: ids in one file, secrets only as hashes."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import asdict, dataclass

from azsandbox.messages import OWNER_OBJECT_ID
from azsandbox.state import StateFolder, write_secret

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class ServicePrincipal:
    """One registered application with its one secret, of which only the SHA-256 is kept."""

    name: str
    client_id: str
    object_id: str
    secret_sha256: str
    has_roles: bool = True  # whether it begins with every right, or with none

    def knows(self, secret: str) -> bool:
        """Whether this is its secret."""
        return hmac.compare_digest(self.secret_sha256, _digest(secret))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Directory:
    """Service principals by client id, read anew when another command changed the file."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._stamp = 0
        self._known: dict[str, ServicePrincipal] = {}
        if not state.principals.exists():
            write_secret(state.owner_secret, self.add(OWNER, object_id=OWNER_OBJECT_ID)[1])

    def _refresh(self) -> None:
        try:
            stamp = self._state.principals.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if stamp != self._stamp:
            rows = json.loads(self._state.principals.read_text(encoding="utf-8"))
            self._known = {row["client_id"]: ServicePrincipal(**row) for row in rows}
            self._stamp = stamp

    def all(self) -> list[ServicePrincipal]:
        """Every principal, the owner first."""
        self._refresh()
        return list(self._known.values())

    def find(self, client_id: str) -> ServicePrincipal | None:
        """The principal with this client id (letter case does not matter)."""
        self._refresh()
        return self._known.get(client_id.lower())

    def owner(self) -> tuple[ServicePrincipal, str]:
        """The first principal and its secret, which the state folder keeps so that `env` can print it."""
        secret = self._state.owner_secret.read_text(encoding="utf-8")
        return next(one for one in self.all() if one.name == OWNER), secret

    def begins_with_rights(self, object_id: str) -> bool:
        """Whether a principal of the sandbox may do everything from the start; others may not."""
        return any(one.has_roles for one in self.all() if one.object_id == object_id)

    def add(
        self, name: str, *, object_id: str | None = None, has_roles: bool = True
    ) -> tuple[ServicePrincipal, str]:
        """Registers a principal; returns it and its secret, told this once. Raises ValueError."""
        if any(one.name == name for one in self.all()):
            raise ValueError(f"a principal named {name} exists already")
        secret = secrets.token_hex(20)
        made = ServicePrincipal(
            name, str(uuid.uuid4()), object_id or str(uuid.uuid4()), _digest(secret), has_roles
        )
        rows = [asdict(one) for one in [*self.all(), made]]
        write_secret(self._state.principals, json.dumps(rows, indent=2))
        return made, secret
