"""Real keys: made, shown as JSON Web Keys, used to wrap, encrypt and sign."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from azsandbox.arm.keystore.errors import VaultError, bad_parameter

SIZES = (2048, 3072, 4096)
_CURVES: dict[str, type[ec.EllipticCurve]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
OPERATIONS = {
    "RSA": ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"),
    "EC": ("sign", "verify"),
}
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def encoded(data: bytes) -> str:
    """Base64url without padding, as JSON Web Keys have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: Any) -> bytes:
    """The bytes of base64url. Raises VaultError 400."""
    try:
        return base64.urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4))
    except (ValueError, binascii.Error) as error:
        raise bad_parameter("Property value has invalid value.") from error  # AZ-LOCAL-6


def _number(value: int, length: int = 0) -> str:
    return encoded(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def checked_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """`kty`, and `key_size` or `crv`, of a key to make. Raises VaultError 400 for what no vault makes."""
    kty = str(spec.get("kty") or "")
    family = kty.removesuffix("-HSM")
    if family == "RSA":
        size = spec.get("key_size") or 2048
        if size not in SIZES:
            raise bad_parameter(f"The specified RSA key size {size} is not supported.")  # AZ-LOCAL-6
        return {"kty": kty, "key_size": size}
    if family == "EC":
        curve = str(spec.get("crv") or "P-256")
        if curve not in _CURVES:
            raise bad_parameter(f"The specified curve {curve} is not supported.")  # AZ-LOCAL-6
        return {"kty": kty, "crv": curve}
    raise bad_parameter(f"Property kty has invalid value {kty!r}.")  # AZ-LOCAL-6


def imported(web_key: dict[str, Any]) -> tuple[dict[str, Any], Private]:
    """The spec and the key of a JSON Web Key with its private part. Raises VaultError 400."""
    family = str(web_key.get("kty") or "").removesuffix("-HSM")
    try:
        if family == "RSA":
            key = _rsa_of(web_key)
            return checked_spec({"kty": family, "key_size": key.key_size}), key
        if family == "EC":
            spec = checked_spec({"kty": family, "crv": web_key.get("crv")})
            return spec, _ec_of(web_key, _CURVES[spec["crv"]]())
    except (KeyError, ValueError) as error:
        raise bad_parameter("Property key has invalid value.") from error  # AZ-LOCAL-6
    raise bad_parameter(f"Property kty has invalid value {web_key.get('kty')!r}.")  # AZ-LOCAL-6


def _whole(web_key: dict[str, Any], name: str) -> int:
    return int.from_bytes(decoded(web_key[name]), "big")


def _rsa_of(web_key: dict[str, Any]) -> rsa.RSAPrivateKey:
    public = rsa.RSAPublicNumbers(_whole(web_key, "e"), _whole(web_key, "n"))
    p, q, d, dp, dq, qi = (_whole(web_key, name) for name in ("p", "q", "d", "dp", "dq", "qi"))
    return rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key()


def _ec_of(web_key: dict[str, Any], curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    public = ec.EllipticCurvePublicNumbers(_whole(web_key, "x"), _whole(web_key, "y"), curve)
    return ec.EllipticCurvePrivateNumbers(_whole(web_key, "d"), public).private_key()


def made(spec: dict[str, Any]) -> Private:
    """A fresh key for a checked spec; a 4096-bit one takes a second of a processor."""
    if "crv" in spec:
        return ec.generate_private_key(_CURVES[spec["crv"]]())
    return rsa.generate_private_key(public_exponent=65537, key_size=spec["key_size"])


def to_pem(key: Private) -> str:
    """The private key as the state folder keeps it."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


@lru_cache(maxsize=256)
def from_pem(text: str) -> Private:
    """The kept private key. It was made or checked here: to test its primes again takes a third of a second."""
    key = serialization.load_pem_private_key(text.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey))
    return key


def public_part(key: Private, spec: dict[str, Any]) -> dict[str, Any]:
    """The members of the JSON Web Key that say what the key is."""
    numbers = key.public_key().public_numbers()
    if isinstance(numbers, rsa.RSAPublicNumbers):
        return {"kty": spec["kty"], "n": _number(numbers.n), "e": _number(numbers.e)}
    length = (key.key_size + 7) // 8
    return {
        "kty": spec["kty"],
        "crv": spec["crv"],
        "x": _number(numbers.x, length),
        "y": _number(numbers.y, length),
    }


def _encryption_padding(algorithm: str) -> padding.AsymmetricPadding:
    if algorithm == "RSA1_5":
        return padding.PKCS1v15()
    kinds: dict[str, hashes.HashAlgorithm] = {"RSA-OAEP": hashes.SHA1(), "RSA-OAEP-256": hashes.SHA256()}  # noqa: S303 (the name fixes the hash)
    if algorithm not in kinds:
        raise _unsupported(algorithm)
    return padding.OAEP(padding.MGF1(kinds[algorithm]), kinds[algorithm], None)


def _unsupported(algorithm: str) -> VaultError:
    return bad_parameter(f"The algorithm {algorithm!r} is not supported for this key.")  # AZ-LOCAL-6


def encrypted(key: Private, algorithm: str, data: bytes) -> bytes:
    """For `encrypt` and `wrapKey`. Raises VaultError 400."""
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _unsupported(algorithm)
    try:
        return key.public_key().encrypt(data, _encryption_padding(algorithm))
    except ValueError as error:
        raise bad_parameter("The parameter is incorrect.") from error


def decrypted(key: Private, algorithm: str, data: bytes) -> bytes:
    """For `decrypt` and `unwrapKey`. Raises VaultError 400."""
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _unsupported(algorithm)
    try:
        return key.decrypt(data, _encryption_padding(algorithm))
    except ValueError as error:
        raise bad_parameter("The parameter is incorrect.") from error


def _signature_scheme(algorithm: str, digest: bytes) -> tuple[str, hashes.HashAlgorithm]:
    family, bits = algorithm[:2], algorithm[2:]
    if family not in {"RS", "PS", "ES"} or bits not in _HASHES:
        raise _unsupported(algorithm)
    kind = _HASHES[bits]()
    if len(digest) != kind.digest_size:
        raise bad_parameter(f"Invalid length of 'value': {len(digest)} bytes.")  # AZ-LOCAL-6
    return family, kind


def signed(key: Private, algorithm: str, digest: bytes) -> bytes:
    """The signature of a digest. Raises VaultError 400."""
    family, kind = _signature_scheme(algorithm, digest)
    scheme = utils.Prehashed(kind)
    if isinstance(key, rsa.RSAPrivateKey) and family != "ES":
        return key.sign(digest, _signature_padding(family, kind), scheme)
    if isinstance(key, ec.EllipticCurvePrivateKey) and family == "ES":
        length = (key.key_size + 7) // 8
        pair = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(scheme)))
        return b"".join(number.to_bytes(length, "big") for number in pair)
    raise _unsupported(algorithm)


def is_signed(key: Private, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Whether a signature is this key's. Raises VaultError 400."""
    family, kind = _signature_scheme(algorithm, digest)
    scheme = utils.Prehashed(kind)
    try:
        if isinstance(key, rsa.RSAPrivateKey) and family != "ES":
            key.public_key().verify(signature, digest, _signature_padding(family, kind), scheme)
            return True
        if isinstance(key, ec.EllipticCurvePrivateKey) and family == "ES":
            half = len(signature) // 2
            pair = (int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
            key.public_key().verify(utils.encode_dss_signature(*pair), digest, ec.ECDSA(scheme))
            return True
    except InvalidSignature:
        return False
    raise _unsupported(algorithm)


def _signature_padding(family: str, kind: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if family == "RS":
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(kind), kind.digest_size)
