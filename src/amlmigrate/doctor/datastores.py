"""Whether the new workspace's identity can read what the datastores that move point to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from amlmigrate.cloud.roles import Roles
from amlmigrate.core.armid import key_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.finding import Finding
from amlmigrate.core.rights import permissions
from amlmigrate.core.workspace import SYSTEM_DATASTORES, Workspace
from amlmigrate.doctor.effective import Effective, covers
from amlmigrate.doctor.need import ACCOUNT
from amlmigrate.kinds import holding
from amlmigrate.posture.reading import tried

[_READ] = holding().permissions.data.read


async def unread_datastores(
    roles: Roles, target: Workspace, datastores: Iterable[Document], accounts: Mapping[str, Document]
) -> list[Finding]:
    """A warning for each account that the identity has to read for a datastore without credentials, and may not.

    `datastores` are the source's. Those with credentials carry their own right, which is not tried. The system's
    are the target's own, and read with its identity where `systemDatastoresAuthMode` says so. Users who submit
    jobs may read with their own identity, so a missing right is never an error.
    """
    named: dict[str, list[str]] = defaultdict(list)
    for one in datastores:
        properties = properties_of(one)
        kind = str((properties.get("credentials") or {}).get("credentialsType") or "None")
        if one.get("name") not in SYSTEM_DATASTORES and kind == "None" and properties.get("accountName"):
            named[str(properties["accountName"]).lower()].append(str(one.get("name")))
    if str(target.properties.get("systemDatastoresAuthMode") or "").lower() == "identity":
        named[target.storage_account.lower()] += sorted(SYSTEM_DATASTORES)
    principal = principal_of(target)
    found = []
    for account, names in sorted(named.items()):
        may = await _may(roles, str((accounts.get(account) or {}).get("id") or ""), principal)
        if may is not True:
            found.append(_finding(account, names, accounts.get(account), principal, may))
    return found


async def _may(roles: Roles, account_id: str, principal: str) -> bool | None:
    if not account_id or not principal:
        return None
    assigned = await tried(roles.assigned(account_id, principal))
    if assigned.value is None:
        return None
    above = [one for one in assigned.value if covers(one, account_id)]
    ids = {str(properties_of(one).get("roleDefinitionId")) for one in above}
    read = [await tried(roles.definition_at(account_id, id_)) for id_ in sorted(ids)]
    entries = tuple(entry for one in read if one.value for entry in permissions(one.value))
    # A role on one container may be on the right one, which is not looked into.
    whole = all(one.value is not None for one in read) and len(above) == len(assigned.value)
    return Effective(entries, whole, whole).allows(_READ, data=True)


def _finding(
    account: str, names: list[str], document: Document | None, principal: str, may: bool | None
) -> Finding:
    id_ = str((document or {}).get("id") or account)
    whom = principal or "IDENTITY"
    told = "may not read" if may is False else "is not known to be able to read"
    return Finding(
        "warning",
        id_,
        f"The target workspace's identity {told} the storage account '{account}' of {', '.join(sorted(names))}.",
        f"az role assignment create --role 'Storage Blob Data Reader' --assignee-object-id {whom}"
        f" --assignee-principal-type ServicePrincipal --scope {id_}"
        + ("" if document else f" (its id: az resource list --resource-type {ACCOUNT} --name {account})"),
        code="datastore-identity",
    )


def principal_of(workspace: Workspace) -> str:
    """The object id with which a workspace reads data: its primary identity's, else the system's."""
    identity = workspace.document.get("identity") or {}
    primary = key_of(workspace.properties.get("primaryUserAssignedIdentity"))
    for id_, one in (identity.get("userAssignedIdentities") or {}).items():
        if key_of(id_) == primary:
            return str((one or {}).get("principalId") or "")
    return str(identity.get("principalId") or "")
