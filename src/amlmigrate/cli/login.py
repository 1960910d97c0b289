"""From the options to a session with Azure on both sides."""

from __future__ import annotations

import re

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.session import Logins, Session
from amlmigrate.core.errors import BadInputError

# azure-identity takes these signs and no others (`validate_tenant_id`); a dot alone would lead elsewhere.
_TENANT = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.IGNORECASE | re.ASCII)


def session(shared: CommonOptions) -> Session:
    """Signs in when it is first used; both sides are one where their options are."""
    source = Login(_tenant(shared.source_tenant or shared.tenant), shared.client_id, shared.cloud)
    target = Login(_tenant(shared.target_tenant or shared.tenant), shared.client_id, shared.cloud)
    return Session(Logins(source, target))


def _tenant(text: str | None) -> str | None:
    """An id or a domain of a tenant, in lower case, as a URL takes it. Raises BadInputError for anything else."""
    if text is not None and not _TENANT.fullmatch(text):
        raise BadInputError(
            f"'{text}' is not a tenant.",
            remedy="Write its id, a GUID, or a domain of it; `az account show --query tenantId` shows yours.",
        )
    return text and text.lower()
