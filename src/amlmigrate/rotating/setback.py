"""What infrastructure code will want to set back after a rotation, for whoever owns it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.keys.model import Dependant, DependantKind

# Terraform's provider makes a workspace anew where anything in its block `encryption` changes
# (hashicorp/terraform-provider-azurerm, internal/services/machinelearning/machine_learning_workspace_resource.go:
# `encryption` has ForceNew).
_SAID = {
    DependantKind.WORKSPACE: (
        "`keyIdentifier` in Bicep and ARM templates is set back to the old version by the next deployment;"
        " Terraform's azurerm_machine_learning_workspace plans to DESTROY the workspace and make it anew (a change"
        " of `encryption` forces that): change the code first, or have it ignore changes of `encryption`"
    ),
    DependantKind.ACCOUNT: (
        "`keyversion` in Bicep and ARM templates, and the key's version in Terraform, are set back by the next"
        " deployment"
    ),
    DependantKind.SCOPE: "`keyUri` in Bicep and ARM templates, and `key_vault_key_id` in Terraform, are set back",
    DependantKind.REGISTRY: (
        "`keyIdentifier` in Bicep and ARM templates, and `encryption.key_vault_key_id` in Terraform, are set back"
    ),
}


def told(dependants: tuple[Dependant, ...]) -> Iterator[str]:
    """A line for each dependant that is pointed to a version: those that follow by themselves name none."""
    for one in dependants:
        if one.follows is None:
            yield f"{one.called}: {_SAID[one.kind]}"
