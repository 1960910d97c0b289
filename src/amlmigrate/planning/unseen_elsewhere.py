"""What ARM does not show of what an identity may do elsewhere, or did not: a person looks, with the commands."""

from __future__ import annotations

from collections.abc import Iterator

from amlmigrate.core.finding import Finding
from amlmigrate.inventory.elsewhere import HeldElsewhere
from amlmigrate.kinds import IdentityHolder

# What is not looked at, and what a person types there: OLD and NEW for both object ids, GRAPH for the host.
_ELSEWHERE = (
    (
        "groups of Entra",
        "az rest --method get --url GRAPH/v1.0/servicePrincipals/OLD/transitiveMemberOf; for each: az ad group"
        " member add --group GROUP --member-id NEW",
    ),
    (
        "app roles of Entra",
        "az rest --method get --url GRAPH/v1.0/servicePrincipals/OLD/appRoleAssignments; for each: az rest"
        " --method post --url GRAPH/v1.0/servicePrincipals/NEW/appRoleAssignments --body"
        ' \'{"principalId": "NEW", "resourceId": "RESOURCE", "appRoleId": "ROLE"}\'',
    ),
    (
        "federated credentials whose subject is the old identity",
        "az identity federated-credential list --identity-name NAME --resource-group GROUP --query"
        " \"[?subject=='OLD']\"; az identity federated-credential update --subject NEW --name CREDENTIAL"
        " --identity-name NAME --resource-group GROUP; for an application az ad app federated-credential list",
    ),
    (
        "users of SQL databases",
        "in each database, SELECT name, CAST(CAST(sid AS uniqueidentifier) AS char(36)) FROM"
        " sys.database_principals WHERE type = 'E', as the identities of the source are named there; then CREATE"
        " USER [name] FROM EXTERNAL PROVIDER for NEW, with the roles of OLD",
    ),
    (
        "access lists (ACLs) of Data Lake Storage",
        "az storage fs access show --file-system FILESYSTEM --path PATH --account-name ACCOUNT --auth-mode login"
        " | grep OLD; az storage fs access update-recursive --acl user:NEW:PERMISSIONS --file-system FILESYSTEM"
        " --path PATH --account-name ACCOUNT --auth-mode login",
    ),
    (
        "roles of Synapse workspaces",
        "az synapse role assignment list --workspace-name SYNAPSE --assignee-object-id OLD; az synapse role"
        " assignment create --workspace-name SYNAPSE --assignee-object-id NEW --assignee-principal-type"
        " ServicePrincipal --role ROLE",
    ),
    (
        "service principals of Databricks workspaces",
        "databricks service-principals list --output json, and the application that az ad sp show --id OLD --query"
        " appId names; databricks service-principals create --application-id of that of NEW, with the same groups",
    ),
)


def findings(found: HeldElsewhere, about: str, graph: str) -> Iterator[Finding]:
    """What nobody looked at as one, which each command repeats, and what could not be read; about the source.

    None where that has no identity of its own. `graph`: the URL of Graph.
    """
    if not found.holders:
        return
    told = ", ".join(what for what, _ in _ELSEWHERE)
    commands = " ".join(f"For {what}: {command.replace('GRAPH', graph)}." for what, command in _ELSEWHERE)
    yield Finding(
        "warning",
        about,
        f"Not looked at: {told}, and subscriptions that you do not see, for {_pairs(found.holders)}.",
        f"Look there, with the ids in place of OLD and NEW. {commands}",
        code="not-looked-at",
    )
    for why in dict.fromkeys(found.unread):
        yield Finding(
            "warning",
            about,
            f"Not checked: what the source's identities may do elsewhere: {why}.",
            "Plan again with the right to read there, or have somebody look who has it.",
            code="not-checked",
        )
    if found.group:
        yield Finding(
            "warning",
            about,
            f"The service gave the source's identity '{found.group}' on its resource group, and the target's has"
            " no such role on its own: it may do less.",
            "Nothing is needed unless jobs rely on it; then give it the least role that does.",
            code="identity-has-less",
        )


def _pairs(holders: tuple[IdentityHolder, ...]) -> str:
    return ", ".join(f"{one.item} {one.old} -> {one.new or 'not known yet'}" for one in holders)
