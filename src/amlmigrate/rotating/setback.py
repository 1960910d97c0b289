"""What infrastructure code will want to set back after a rotation, for whoever owns it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.keys.model import Dependant, DependantKind

# The members of Terraform's provider: hashicorp/terraform-provider-azurerm, website/docs/r (storage_account,
# storage_account_customer_managed_key, storage_encryption_scope) and container_registry_resource.go. Of a
# workspace machine_learning_workspace_resource.go has: the block `encryption` forces a new one, and an update
# sends none of it. Such a flag counts when the block comes or goes; for a change within it the provider plans an
# update in place where the member has no flag of its own, as `key_id` (its issue 26298, and
# pulumi/pulumi-terraform-bridge#2753).
_SAID = {
    DependantKind.WORKSPACE: (
        "`keyIdentifier` in Bicep and ARM templates is set back to the old version by the next deployment;"
        " Terraform's azurerm_machine_learning_workspace differs in `encryption.key_id` from now on, and its"
        " provider marks `encryption` as what forces a new workspace: change the code first, or have it ignore"
        " changes of `encryption`, and apply no plan that would DESTROY or replace the workspace"
    ),
    DependantKind.ACCOUNT: (
        "`keyversion` in Bicep and ARM templates, and in Terraform `key_version`, or the version in"
        " `customer_managed_key.key_vault_key_id`, are set back by the next deployment"
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
