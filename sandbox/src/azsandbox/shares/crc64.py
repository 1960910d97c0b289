"""The CRC-64 of the storage services: reflected, with the polynomial that azure-storage-blob's clients use."""

from __future__ import annotations

import base64

_POLYNOMIAL = 0x9A6C9329AC4BC9B5
_ALL = 2**64 - 1


def _row(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_TABLE = [_row(byte) for byte in range(256)]


def of(data: bytes) -> str:
    """As headers have it: eight bytes, the lowest first, in base64."""
    value = _ALL
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return base64.b64encode((value ^ _ALL).to_bytes(8, "little")).decode()
