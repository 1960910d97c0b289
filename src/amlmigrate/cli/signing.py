"""From the options to a session with Azure on both sides."""

from __future__ import annotations

from amlmigrate.cli.execute import Shared
from amlmigrate.cloud.credentials import Login
from amlmigrate.cloud.session import Logins, Session


def session(shared: Shared) -> Session:
    """Signs in when it is first used; both sides are one where their options are."""
    source = Login(shared.source_tenant or shared.tenant, shared.client_id, shared.cloud)
    target = Login(shared.target_tenant or shared.tenant, shared.client_id, shared.cloud)
    return Session(Logins(source, target))
