"""Object replication of a storage account: out of and into which of its containers. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.armid import name_of
from amlmigrate.core.documents import Document, properties_of


def ways(account: str, policies: Iterable[Document]) -> set[tuple[str, str]]:
    """Each way, "out of" or "into", with the container that it is about; '' where a policy does not tell.

    Both accounts list a policy; it names each by its id, or by its name alone (storage description,
    `ObjectReplicationPolicyProperties`).
    """
    found = set()
    for policy in policies:
        told = properties_of(policy)
        into = name_of(told.get("destinationAccount")).lower() == account.lower()
        way, member = ("into", "destinationContainer") if into else ("out of", "sourceContainer")
        found |= {(way, str(rule.get(member) or "").lower()) for rule in told.get("rules") or [{}]}
    return found
