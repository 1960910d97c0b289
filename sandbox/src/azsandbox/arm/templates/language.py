"""A template with its parameters: what is declared is checked, and values are worked out as they are needed."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azsandbox.arm.errors import ArmError, gateway
from azsandbox.arm.policy.expressions import Expressions, Unsupported

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "securestring": str,
    "int": int,
    "bool": bool,
    "object": dict,
    "secureobject": dict,
    "array": list,
}
_UNIQUE = 13  # characters of `uniqueString`


@dataclass(frozen=True, slots=True)
class Scope:
    """The group that a template is deployed to, and how a resource of it is looked up by its id."""

    subscription: str
    tenant: str
    group: str
    location: str
    reference: Callable[[str], Mapping[str, Any] | None]


def invalid(why: str) -> ArmError:
    """400 `InvalidTemplate`; the frame is ARM's, the reasons are ours (AZ-LOCAL-3)."""
    return gateway(400, "InvalidTemplate", f"Deployment template validation failed: '{why}'.")


@dataclass(slots=True)
class Template:
    """One template in one scope. `values` are the parameters that were sent, without their wrapping."""

    document: Mapping[str, Any]
    values: Mapping[str, Any]
    scope: Scope
    _known: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raises ArmError for parameters that are missing, unknown or of another type or value."""
        declared = self.document.get("parameters") or {}
        for name in self.values:
            if name not in declared:
                raise invalid(f"The parameter '{name}' is not declared by the template")
        for name, one in declared.items():
            if name not in self.values and "defaultValue" not in one:
                raise invalid(f"The value for the template parameter '{name}' is not provided")
            value = self.parameter(name)
            expected = _TYPES.get(str(one.get("type", "")).lower())
            if expected is None or not isinstance(value, expected):
                raise invalid(
                    f"The value of the template parameter '{name}' is not of the type '{one.get('type')}'"
                )
            if one.get("allowedValues") and value not in one["allowedValues"]:
                raise invalid(f"The value of the template parameter '{name}' is not among those allowed")
            if not _within_limits(one, value):
                raise invalid(f"The value of the template parameter '{name}' is not within its limits")

    def parameter(self, name: str) -> Any:
        """A parameter's value. Raises ArmError."""
        if name in self.values:
            return self.values[name]
        return self._once(f"p {name}", (self.document.get("parameters") or {}).get(name), "defaultValue")

    def _variable(self, name: str) -> Any:
        return self._once(f"v {name}", {"value": (self.document.get("variables") or {}).get(name)}, "value")

    def _once(self, key: str, holder: Any, member: str) -> Any:
        if key not in self._known:
            if not isinstance(holder, dict) or member not in holder:
                raise invalid(f"'{key[2:]}' is not declared by the template")
            self._known[key] = self.worked_out(holder[member])
        return self._known[key]

    def worked_out(self, value: Any) -> Any:
        """A value with all expressions in it worked out. Raises ArmError."""
        if isinstance(value, dict):
            return {self.worked_out(name): self.worked_out(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.worked_out(each) for each in value]
        try:
            return Expressions(self._functions()).value(value)
        except Unsupported as problem:
            raise invalid(str(problem)) from problem
        except (TypeError, ValueError, LookupError) as problem:
            raise invalid(f"The expression {value!r} cannot be evaluated") from problem

    def _functions(self) -> dict[str, Callable[..., Any]]:
        scope = self.scope
        subscription = f"/subscriptions/{scope.subscription}"
        group = {
            "id": f"{subscription}/resourceGroups/{scope.group}",
            "name": scope.group,
            "location": scope.location,
        }
        return {
            "parameters": self.parameter,
            "variables": self._variable,
            "subscription": lambda: {
                "id": subscription,
                "subscriptionId": scope.subscription,
                "tenantId": scope.tenant,
            },
            "resourcegroup": lambda: group,
            "resourceid": self._resource_id,
            "subscriptionresourceid": lambda *parts: f"{subscription}{_below(parts)}",
            "reference": lambda id_, *_: scope.reference(id_) or {},
            "and": lambda *each: all(each),
            "or": lambda *each: any(each),
            "array": lambda value: value if isinstance(value, list) else [value],
            "json": json.loads,
            # Azure's own hashes are not told; these are as long, and as constant (AZ-LOCAL-8).
            "uniquestring": lambda *parts: _hash(parts),
            "guid": lambda *parts: str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(map(str, parts)))),
            "newguid": lambda: str(uuid.uuid4()),
        }

    def _resource_id(self, *parts: str) -> str:
        first = next(index for index, part in enumerate(parts) if "/" in part)
        before = parts[:first]
        group = before[-1] if before else self.scope.group
        subscription = before[0] if len(before) > 1 else self.scope.subscription
        return f"/subscriptions/{subscription}/resourceGroups/{group}{_below(parts[first:])}"


def _within_limits(declared: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, bool | dict):
        return True
    size, what = (value, "Value") if isinstance(value, int) else (len(value), "Length")
    return bool(declared.get(f"min{what}", size) <= size <= declared.get(f"max{what}", size))


def _below(parts: tuple[str, ...]) -> str:
    namespace, _, types = parts[0].partition("/")
    pairs = "".join(f"/{kind}/{name}" for kind, name in zip(types.split("/"), parts[1:], strict=True))
    return f"/providers/{namespace}{pairs}"


def _hash(parts: tuple[Any, ...]) -> str:
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_UNIQUE]
