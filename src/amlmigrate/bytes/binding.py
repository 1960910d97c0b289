"""What binds evidence to both sides as they are: the digests of their documents and their listed blobs. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from amlmigrate.bytes.storage_containers import Containers, digested
from amlmigrate.core.plan import Plan
from amlmigrate.core.seal import PARTS, seal

Documents = tuple[dict[str, str], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Bound:
    """`digests`: one for each of the four of `core.seal.PARTS`; `parts`: the four by address, to name a change."""

    digests: dict[str, str]
    parts: dict[str, dict[str, str]]

    @property
    def data(self) -> bytes:
        """The parts as the file beside a report (`core.seal.FILE`) has them."""
        return json.dumps(self.parts, sort_keys=True).encode() + b"\n"


def bound(plan: Plan, documents: Documents, listed: Containers) -> Bound:
    """Both sides as they were read; `documents` are the digests of the source's and of the target's."""
    source = digested(listed.source, plan.places(source=True))
    target = digested(listed.target, plan.places(source=False))
    parts = (*documents, source.parts, target.parts)
    return Bound(seal(*documents, source.whole, target.whole), dict(zip(PARTS, parts, strict=True)))
