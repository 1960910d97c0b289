"""What a provider of another distribution is written with.

It names its module in an entry point of the group `azsandbox.providers`, and registers kinds there:

    @register
    class Widgets(TrackedKind):
        type = "Contoso.Widgets/widgets"
        api_versions = ("2026-01-01",)

`TrackedKind` has location, tags and identity, `ExtensionKind` lies at any scope, `Kind` reads, lists and deletes.
Their methods say what may be overridden. `guard` makes a check of every changing call known, `gate` one of every
call.
"""

from azsandbox.arm.calls import Call, Guard
from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.kinds import Kind, action
from azsandbox.arm.paging import page
from azsandbox.arm.registry import gate, guard, register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import TrackedKind
from azsandbox.messages import Response

__all__ = [
    "ArmError",
    "Call",
    "ExtensionKind",
    "Guard",
    "Kind",
    "Record",
    "Response",
    "TrackedKind",
    "action",
    "answer",
    "gate",
    "gateway",
    "guard",
    "page",
    "register",
]
