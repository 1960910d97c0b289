"""The guard that holds names and bodies of a PUT to Microsoft's descriptions."""

from __future__ import annotations

from azsandbox.arm.bodies.checking import pattern, problems
from azsandbox.arm.bodies.descriptions import description_of
from azsandbox.arm.calls import Call
from azsandbox.arm.providers.ml.base import NAMESPACE, WorkspaceKind
from azsandbox.arm.registry import guard


@guard
def check_described(call: Call) -> None:
    """Refuses (400) a name or a body that the description of the api-version does not allow.

    PATCH is not described and not held to it. A resource that is there keeps its name, whatever it is.
    """
    kind = call.route.kind
    if call.request.method != "PUT" or call.route.action is not None or not isinstance(kind, WorkspaceKind):
        return
    described = description_of(call.api_version)
    now = kind.find(call)
    for level in call.route.levels if now is None else ():
        type_ = _below(level.kind.type)
        if type_ in described.names and not pattern(described.names[type_]).search(level.name):
            raise kind.illegal_name(call, level.name)
    number = described.bodies.get(_below(kind.type))
    if number is None:
        return
    shown = kind.view(call, now) if now is not None else None
    found = [str(each) for each in problems(described, number, call.body(), shown)]
    if found := [each for each in found if not kind.beyond(call, each)]:
        raise kind.illegal_body(call, found)


def _below(type_: str) -> str:
    return type_.removeprefix(f"{NAMESPACE}/").lower()
