"""What every kind works with: the ground, what is under way, who may do what, which keys hold, the other kinds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from azsandbox.arm.access.evaluation import Access
from azsandbox.arm.customerkeys import CustomerKeys
from azsandbox.arm.declared import Declared
from azsandbox.arm.ground import Ground
from azsandbox.arm.operations import Operations
from azsandbox.arm.store import Record
from azsandbox.messages import Request, Response


class _Own(Declared):
    type = ""


_OWN = _Own()


@dataclass(frozen=True, slots=True)
class Context(Ground):
    """The parts of one sandbox's ARM. `kinds` are by lower-case path type.

    `send` gives ARM's answer to a request that comes from inside, such as those of a deployment.
    """

    kinds: Mapping[str, Declared]
    operations: Operations
    access: Access
    keys: CustomerKeys
    send: Callable[[Request], Awaitable[Response]]

    def kind_of(self, record: Record) -> Declared:
        """What the kind of a stored resource declares.

        What the sandbox keeps beside resources, such as an account's deleted blobs, has no kind and is in no list.
        """
        return self.kinds.get(record.type, _OWN)
