"""Whether copies get from one storage account to the other, and whether keys are allowed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import SYSTEM_DATASTORES


@dataclass(frozen=True, slots=True)
class Reached:
    """How an account answered this machine: `refused` is empty where its containers could be listed."""

    account: Document
    refused: str = ""
    by_firewall: bool = False


def paths(source: Reached, target: Reached, *, same_tenant: bool) -> Iterator[Finding]:
    """What would stop the copies, which the target's storage makes by reading the source's (AZ-BLOB-11)."""
    yield from _closed("source", source)
    yield from _closed("target", target)
    yield from _scope(source.account, target.account, same_tenant=same_tenant)


def _closed(side: str, reached: Reached) -> Iterator[Finding]:
    """A copy gets through firewalls where whoever asks for it reaches both accounts."""
    id_, properties = str(reached.account.get("id")), properties_of(reached.account)
    private = str(properties.get("publicNetworkAccess") or "").lower() == "disabled"
    denied = str((properties.get("networkAcls") or {}).get("defaultAction") or "Allow").lower() == "deny"
    if not (private or denied or reached.by_firewall):
        return
    endpoints = len(properties.get("privateEndpointConnections") or ())
    how = "has no public network access" if private else "lets only chosen networks in"
    how = how if private or denied else f"does not answer this machine ({reached.refused})"
    more = f" ({endpoints} private endpoints)" if endpoints else ""
    if reached.by_firewall:
        yield Finding(
            "error",
            id_,
            f"The {side}'s storage account {how}{more}, and this machine is not let in: no blob can be copied.",
            f"az storage account network-rule add --account-name {name_of(id_)} --ip-address ADDRESS,"
            " or run the move in a network that reaches both accounts.",
            code="network-closed",
        )
    else:
        yield Finding(
            "warning",
            id_,
            f"The {side}'s storage account {how}{more}; copies work only from networks that reach both accounts.",
            "Run the move from this network. Where a copy fails with CannotVerifyCopySource, give the target's"
            " account a private endpoint in the source's network.",
            code="network-restricted",
        )


def _scope(source: Document, target: Document, *, same_tenant: bool) -> Iterator[Finding]:
    """`allowedCopyScope` counts on the destination of a copy only (AZ-BLOB-12)."""
    id_, properties = str(target.get("id")), properties_of(target)
    scope = str(properties.get("allowedCopyScope") or "")
    if not scope or (scope.lower() == "aad" and same_tenant):
        return
    linked = bool(properties_of(source).get("privateEndpointConnections"))
    yield Finding(
        "warning" if scope.lower() == "privatelink" and linked else "error",
        id_,
        f"The target's storage account takes copies only from accounts within '{scope}'.",
        f"For the time of the move: az resource update --ids {id_} --remove properties.allowedCopyScope",
        code="copy-scope",
    )


def keys_refused(
    datastores: Iterable[Document], accounts: Mapping[str, Document], *, side: str
) -> Iterator[Finding]:
    """Datastores with an account key over an account that takes no keys, an error for each such account.

    The source's own datastores are left out: bytes move with the identity's token, not with their keys.
    """
    named: dict[str, list[str]] = defaultdict(list)
    for one in datastores:
        properties = properties_of(one)
        kind = str((properties.get("credentials") or {}).get("credentialsType", ""))
        if kind == "AccountKey" and not (side == "source" and one.get("name") in SYSTEM_DATASTORES):
            named[str(properties.get("accountName", "")).lower()].append(str(one.get("name")))
    for account, names in sorted(named.items()):
        document: Mapping[str, Any] = accounts.get(account) or {}
        if properties_of(document).get("allowSharedKeyAccess") is not False:
            continue
        shown = ", ".join(sorted(names))
        yield Finding(
            "error",
            str(document.get("id")),
            f"The storage account takes no keys, but datastores of the {side} have its key: {shown}.",
            "Make them identity-based (az ml datastore update --set credentials={}), or for system datastores"
            " az ml workspace update --system-datastores-auth-mode identity; or allow keys:"
            f" az storage account update --ids {document.get('id')} --allow-shared-key-access true",
            code="keys-refused",
        )
