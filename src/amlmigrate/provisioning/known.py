"""What is learned on the way: ids and addresses that the service makes, and how the vaults give access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from amlmigrate.desired.known import UNKNOWN, Known
from amlmigrate.desired.parts import DesiredPart
from amlmigrate.provisioning.members import Offer


@dataclass(frozen=True, slots=True)
class KnownValues(Known):
    """Values of what exists by now; `UNKNOWN` before."""

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


# A resource of the file, with what is learned on the way to it.
ProvisioningPart = DesiredPart[KnownValues]
