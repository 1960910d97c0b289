"""What a template deploys: its resources with their paths and bodies, those first that others depend on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from azsandbox.arm.templates.language import Template, invalid

_NOT_OF_THE_BODY = ("condition", "type", "apiVersion", "name", "dependsOn", "resources", "scope", "comments")
_ELSEWHERE = ("resourceGroup", "subscriptionId")


@dataclass(frozen=True, slots=True)
class Step:
    """One resource of a template; `source` is it as the template has it, with its whole type and name."""

    type: str
    name: str
    version: str
    id: str
    after: tuple[str, ...]
    source: dict[str, Any]

    def body(self, template: Template) -> dict[str, Any]:
        """What is put, worked out now. Raises ArmError."""
        left = {name: value for name, value in self.source.items() if name not in (*_NOT_OF_THE_BODY, *_ELSEWHERE)}
        found: dict[str, Any] = template.worked_out(left)
        return found


def ordered(template: Template) -> list[Step]:
    """The steps of a template in an order that keeps `dependsOn`. Raises ArmError."""
    left = list(_steps(template, template.document.get("resources") or [], "", ""))
    names, done, found = {step.id.lower() for step in left}, set[str](), list[Step]()
    while left:
        ready = [step for step in left if {each.lower() for each in step.after} & names <= done]
        if not ready:
            raise invalid("Circular dependency detected")
        found += ready
        done |= {step.id.lower() for step in ready}
        left = [step for step in left if step not in ready]
    return found


def _steps(template: Template, resources: Any, outer_type: str, outer_name: str) -> Iterator[Step]:
    if not isinstance(resources, list):
        raise invalid("resources is not a list")
    for one in resources:
        if not isinstance(one, dict) or not all(
            isinstance(one.get(each), str) for each in ("type", "name", "apiVersion")
        ):
            raise invalid("A resource needs type, name and apiVersion")
        if "copy" in one:
            raise invalid("The sandbox makes no copies of resources")
        if not template.worked_out(one.get("condition", True)):
            continue
        type_ = f"{outer_type}/{one['type']}" if outer_type else one["type"]
        name = str(template.worked_out(one["name"]))
        name = f"{outer_name}/{name}" if outer_name else name
        after = tuple(str(each) for each in template.worked_out(one.get("dependsOn") or []))
        version = str(template.worked_out(one["apiVersion"]))
        yield Step(type_, name, version, _id(template, one, type_, name), after, one)
        yield from _steps(template, one.get("resources") or [], type_, name)


def _id(template: Template, one: dict[str, Any], type_: str, name: str) -> str:
    namespace, _, types = type_.partition("/")
    kinds, names = types.split("/"), name.split("/")
    if len(kinds) != len(names):
        raise invalid(f"The type '{type_}' and the name '{name}' have not as many segments")
    pairs = "".join(f"/{kind}/{each}" for kind, each in zip(kinds, names, strict=True))
    scope = template.worked_out(one.get("scope"))
    if not scope:
        subscription = template.worked_out(one.get("subscriptionId")) or template.scope.subscription
        group = template.worked_out(one.get("resourceGroup")) or template.scope.group
        scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return f"{str(scope).rstrip('/')}/providers/{namespace}{pairs}"
