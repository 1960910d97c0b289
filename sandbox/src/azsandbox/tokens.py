"""Access tokens of the local Entra: signed with RS256, checked on the way in."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from azsandbox.messages import TENANT_ID, Principal
from azsandbox.principals import ServicePrincipal
from azsandbox.state import StateFolder, write_secret

# Azurite accepts tokens of this issuer only; it is the one that version 1 tokens of Entra carry.
ISSUER = f"https://sts.windows.net/{TENANT_ID}/"
LIFETIME_SECONDS = 3600
_CACHE_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class BadToken(Exception):
    """A bearer token that does not hold; `code` is ARM's error code for it."""

    code: str
    message: str


def _load_key(state: StateFolder) -> rsa.RSAPrivateKey:
    if not state.token_key.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_secret(state.token_key, pem.decode())
    key = serialization.load_pem_private_key(state.token_key.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


class Tokens:
    """Signs and checks; a token once found good is not verified again before it expires."""

    def __init__(self, state: StateFolder, *, lifetime: int = LIFETIME_SECONDS) -> None:
        self._key = _load_key(state)
        self.key_id = "azsandbox-1"
        self.lifetime = lifetime
        self._good: dict[str, tuple[float, Principal]] = {}

    def issue(self, principal: ServicePrincipal, audience: str) -> str:
        """A token for `audience` that holds for `lifetime` seconds."""
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": ISSUER,
            "iat": now,
            "nbf": now - 300,
            "exp": now + self.lifetime,
            "aio": "",
            "appid": principal.client_id,
            "appidacr": "1",
            "idp": ISSUER,
            "idtyp": "app",
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": TENANT_ID,
            "uti": uuid.uuid4().hex[:22],
            "ver": "1.0",
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id, "x5t": self.key_id})

    def check(self, authorization: str | None) -> Principal | None:
        """Who speaks, by the Authorization header; None without a bearer token. Raises BadToken."""
        if authorization is None or not authorization.lower().startswith("bearer "):
            return None
        token = authorization[7:].strip()
        known = self._good.get(token)
        if known is not None and known[0] > time.time():
            return known[1]
        return self._verify(token)

    def _verify(self, token: str) -> Principal:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                issuer=ISSUER,
                options={"verify_aud": False, "require": ["exp", "tid", "oid", "appid", "aud"]},
            )
        except jwt.ExpiredSignatureError:
            raise BadToken("ExpiredAuthenticationToken", _expired(token)) from None
        except jwt.InvalidTokenError:
            raise BadToken("InvalidAuthenticationToken", "The access token is invalid.") from None
        principal = Principal(claims["tid"], claims["oid"], claims["appid"], claims["aud"])
        if len(self._good) >= _CACHE_LIMIT:
            self._good.clear()
        self._good[token] = (float(claims["exp"]), principal)
        return principal

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set that openid-configuration points to."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "use": "sig", "kid": self.key_id, "x5t": self.key_id, "issuer": ISSUER}]}


def _expired(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    moments = (datetime.fromtimestamp(claims["exp"], UTC), datetime.now(UTC))
    expiry, now = (moment.strftime("%m/%d/%Y %I:%M:%S %p").lstrip("0") for moment in moments)
    return f"The access token expiry UTC time '{expiry}' is earlier than current UTC time '{now}'."
