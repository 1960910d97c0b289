"""Limits of Azure's own that plans and copies go by.

AZ-BLOB-9: a block blob has up to 50,000 blocks, each of up to 4,000 MiB (from version 2019-12-12 on). Put Blob
From URL takes up to 5,000 MiB (from version 2020-04-08 on).
"""

from __future__ import annotations

_MIB = 2**20
MOST_BLOCKS = 50_000
LARGEST_BLOCK = 4_000 * _MIB
LARGEST_SINGLE = 5_000 * _MIB
# About 190.7 TiB.
LARGEST_BLOB = MOST_BLOCKS * LARGEST_BLOCK
