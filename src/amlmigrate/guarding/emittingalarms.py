"""Alarms as files to check into git: a JSON file for each resource, or Terraform for the provider azapi. Pure.

The provider azurerm has no form for some of what the bodies say; azapi takes the bodies as they are
(learn.microsoft.com/azure/developer/terraform/overview-azapi-provider).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from amlmigrate.cloud.arm import api_version
from amlmigrate.core.armid import ArmId, key_of
from amlmigrate.core.documents import Document
from amlmigrate.core.errors import BadInputError
from amlmigrate.guarding import alarmrules
from amlmigrate.guarding.alarmrules import AlarmBody
from amlmigrate.guarding.hcl import HclCode, block, label
from amlmigrate.guarding.wanted import Guardrail

_NEEDS = """\
# For the provider Azure/azapi, version 2.0 or later: name it in `required_providers`, since it is not HashiCorp's.
"""
_GROUP = "azapi_resource.told"


def documents(guardrail: Guardrail) -> Iterator[tuple[str, Document]]:
    """Each resource by a path for its file. Raises BadInputError where the region of the logs is not known."""
    for one in _every(guardrail):
        id_ = ArmId.of(one.id)
        name, at = id_.name, ArmId.of(str(id_.scope))
        if at.types:
            # A setting is named alike at each resource.
            name = "/".join((at.subscription, at.group, f"{at.types[-1]}-{at.name}-{name}"))
        yield (
            f"{id_.types[-1]}/{name}.json",
            {"id": one.id, "name": id_.name, "type": id_.spelled_type, **one.body},
        )


def terraform(guardrail: Guardrail) -> Iterator[str]:
    """The blocks of a file. Raises like `documents`."""
    yield _NEEDS
    for one in _every(guardrail):
        own = guardrail.alarms is not None and key_of(one.id) == key_of(guardrail.alarms.action_group_id)
        name = _GROUP.partition(".")[2] if own else f"alarm_{label(one.id)}"
        yield block("resource", "azapi_resource", name, _resource(one))


def _resource(one: AlarmBody) -> dict[str, Any]:
    id_ = ArmId.of(one.id)
    found: dict[str, Any] = {
        "type": f"{id_.spelled_type}@{api_version(one.id)}",
        "parent_id": str(id_.scope),
        "name": id_.name,
        **{name: value for name, value in one.body.items() if name != "properties"},
        "body": {"properties": one.body["properties"]},
    }
    if "actions" in one.body["properties"]:
        # A rule comes after the action group that it names.
        found["depends_on"] = [HclCode(_GROUP)]
    return found


def _every(guardrail: Guardrail) -> Iterator[AlarmBody]:
    alarms = guardrail.alarms
    if alarms is None:
        return
    if alarms.logs and not alarms.location:
        raise BadInputError(
            "The file does not say in which region its Log Analytics workspace is, and Azure is not asked.",
            address=alarms.logs,
            remedy="Give `alarms.location`.",
        )
    yield from alarmrules.everything(guardrail, alarms)
