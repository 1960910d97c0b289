"""What is learned on the way: ids and addresses that the service makes, and how the vaults give access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from amlmigrate.provisioning.members import Offer
from amlmigrate.provisioning.ownership import OtherOwner

# Stands in a plan for what the service has yet to make; no call is made with it.
UNKNOWN = "(known once it is made)"


@dataclass(frozen=True, slots=True)
class KnownValues:
    """Values of what exists by now; `UNKNOWN` before."""

    principal_id: str = UNKNOWN
    client_id: str = UNKNOWN
    tenant_id: str = UNKNOWN
    # The newest version of the key, `https://VAULT/keys/NAME/VERSION`.
    key_version: str = UNKNOWN
    # Versions of the key, by their identifiers in lower case, to when they expire (None: never). One that is
    # missing is not known.
    expiries: Mapping[str, datetime | None] = field(default_factory=dict)
    # Versions of the key, as in `expiries`, that cannot be used though they have not expired, and why.
    unusable: Mapping[str, str] = field(default_factory=dict)
    # What Azure ML offers for workspaces in the subscription; None: not shown.
    offer: Offer | None = None
    # Vault id, in lower case, to whether it goes by roles; vaults that are not there yet are missing.
    by_roles: Mapping[str, bool] = field(default_factory=dict)
    # What exists and is not this file's, by ARM id in lower case.
    others: Mapping[str, OtherOwner] = field(default_factory=dict)
