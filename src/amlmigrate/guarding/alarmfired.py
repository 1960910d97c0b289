"""Which alarms fired lately: information, since one that never fired may have had nothing to tell. Only reads."""

from __future__ import annotations

from collections import Counter

from amlmigrate.alarms.rules import rule_of
from amlmigrate.cloud.arm import Arm
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import MigrateError
from amlmigrate.core.few import many
from amlmigrate.guarding.wanted import Alarms


async def told(arm: Arm, alarms: Alarms) -> str:
    """A sentence on the last 30 days, which is as long as Azure remembers (AZ-FIRED-1)."""
    path, fired = f"{alarms.subscription}/providers/Microsoft.AlertsManagement/alerts", Counter[str]()
    try:
        async for one in arm.pages(path, {"timeRange": "30d", "pageCount": "250"}):
            essentials: Document = properties_of(one).get("essentials") or {}
            if rule := rule_of(str(essentials.get("alertRule") or ""), alarms.name):
                fired[rule.title] += 1
    except MigrateError as error:
        return f"Whether an alarm fired in the last 30 days is not known: {error.summary}"
    if not fired:
        return "No alarm fired in the last 30 days, which is no fault: nothing may have happened."
    every = "; ".join(f"{title} ({many(times, 'time')})" for title, times in sorted(fired.items()))
    return f"Alarms that fired in the last 30 days: {every}."
