"""The definition that a body names: it has to be there, in the version that is asked for, and in reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azsandbox.arm.context import Context
from azsandbox.arm.policy import versions
from azsandbox.arm.policy.definitions import definition
from azsandbox.arm.policy.refusals import not_found, refused, unbuilt


def resolved(context: Context, id_: str, version: str, *types: str) -> Mapping[str, Any]:
    """A definition of one of these types that has to be there. Raises ArmError 404, 400 or 501."""
    word = "PolicySetDefinition" if "/policysetdefinitions/" in id_.lower() else "PolicyDefinition"
    document = definition(context.store, id_)
    if document is None or document["type"].lower() not in types:
        raise not_found(word, id_)
    if not version:
        return document
    if not versions.is_pattern(version):
        text = f"The definition version '{version}' is not valid: it has the form 1.*.* or 1.0.*."
        raise refused("InvalidPolicyDefinitionVersion", text)
    found = versions.newest(version, versions.every(document))
    if found is None:
        raise refused("PolicyDefinitionVersionNotFound", _no_version(id_, version, versions.every(document)))
    if found != versions.own(document) and document["properties"]["policyType"] == "BuiltIn":
        raise unbuilt(f"the version {found} of '{id_}'")
    return definition(context.store, id_, version) or document


def _no_version(id_: str, version: str, there: list[str]) -> str:
    """The words are recorded (Azure/enterprise-azure-policy-as-code#1384); the code is ours (AZ-LOCAL-2)."""
    available = ", ".join(f"'{each}'" for each in there)
    return (
        f"Could not find a version of policy definition: '{id_}' that matches '{version}'. "
        f"The available versions are: {available}."
    )


def is_at_or_above(context: Context, id_: str, scope: str) -> bool:
    """Whether a definition is where what is at the scope may name it."""
    record = context.store.get(id_.lower())
    return record is None or record.parent in context.access.chain(scope)


def check_members(context: Context, document: Mapping[str, Any]) -> None:
    """That the definitions of an initiative are here: Microsoft's name some that are not. Raises ArmError 501."""
    for member in document["properties"].get("policyDefinitions") or ():
        id_ = str(member["policyDefinitionId"])
        if definition(context.store, id_) is None:
            raise unbuilt(f"the definition '{id_}'")
