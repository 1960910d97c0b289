"""What compares the bytes of both sides, over accounts that a test makes up."""

from __future__ import annotations

from typing import Any

from tests.builders.world import MAPPING
from tests.unit.bytes.executed import executor, stores

from amlmigrate.bytes.executing import Executor
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.places import Places
from amlmigrate.verifying.blobs import BlobVerifier


def verifier(
    listed: Containers, left: Any = None, right: Any = None, *, hashing: bool = False, by: Executor | None = None
) -> BlobVerifier:
    """One of what both sides list."""
    return BlobVerifier(
        stores(left, right),
        by or executor(left, right),
        listed,
        mapping=MAPPING,
        places=Places(MAPPING),
        hashing=hashing,
        emit=lambda _: None,
    )
