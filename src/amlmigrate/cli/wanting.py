"""Asks for the approval that an option of a command needs, in whoever's name it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.who import who
from amlmigrate.cloud.session import Session
from amlmigrate.core.plan import Plan
from amlmigrate.ledger import Ledger, decisions


async def ask(
    shared: CommonOptions, clouds: Session, plan: Plan, ledger: Ledger, command: str, options: Mapping[str, Any]
) -> None:
    """Raises RefusedError with the digest to approve until somebody else has, and DeniedError for nobody."""
    if plan.header.require_approval:
        decisions.wanted(plan, ledger, command, options, await who(shared, clouds.target.credential))
