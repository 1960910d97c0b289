"""Who used and changed the keys of a vault, by its audit log in Log Analytics.

A vault writes no log by itself: a diagnostic setting sends it, to the table AZKVAuditLogs or, where the setting
does not ask for a table of its own, to AzureDiagnostics (AZ-LOG-4). Both are asked, by a query each: one query
over both is answered as incomplete where one of them does not exist (AZ-LOG-6). What was done in the last minutes
may not be there yet (AZ-LOG-5), and what is older than the workspace keeps it is gone.

A table that does not exist, one without a row and one that the caller may not read all look alike (AZ-LOG-11): a
log is only known where a row of the vault was seen, and without one it is not known, never empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from operator import add

from amlmigrate.alarms.rows import CHANGES, COPIES, TABLES, USES, VAULT, projected, quoted
from amlmigrate.cloud.errors import OutOfReachError, ServiceError
from amlmigrate.cloud.logs import Row, is_missing
from amlmigrate.cloud.session import Side
from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.errors import DeniedError
from amlmigrate.core.parallel import gathered
from amlmigrate.keys.model import AuditLog, LoggedUse
from amlmigrate.posture.reading import Read, tried, tried_list

# The most that Azure Monitor keeps of an activity log, and what a drill asks of this one.
SPAN = timedelta(days=90)
OPERATIONS = (*USES, *COPIES, *CHANGES)
_CATEGORY, _GROUPS = "auditevent", ("audit", "alllogs")
_NO_ROW = (
    f"No row of this vault is seen in {' or '.join(TABLES)}. Either none was written in 90 days, or you may not"
    " read them: Log Analytics answers both alike."
)


async def read(side: Side, vault_id: str, now: datetime) -> Read[AuditLog]:
    """What the vault's log shows of the last 90 days; refused where it cannot be read, or there is none.

    Settings may send it to several places, each for a time of its own: what any of them has counts, and a place or
    a table that cannot be read is told beside what the others have. Raises ServiceError and OutOfReachError where
    ARM is out of order.
    """
    settings = await tried_list(side.arm, f"{vault_id}/providers/Microsoft.Insights/diagnosticSettings")
    if settings.value is None:
        return Read(refused=f"Its diagnostic settings cannot be read. {settings.refused}", code=settings.code)
    places = list(_places(settings.value))
    if not places:
        told = "No diagnostic setting sends the vault's audit log to Log Analytics."
        return Read(refused=told, code="NoAuditLog")
    found = await gathered({place: _asked(side, place, vault_id) for place in dict.fromkeys(places)})
    read = {place: one.value for place, one in found.items() if one.value}
    refusals = " ".join(f"{place}: {one.refused}" for place, one in found.items() if one.refused)
    if not read:
        return Read(refused=refusals)
    every = _merged((one for uses in read.values() for one in uses), max)
    since = min(one.first for one in every)
    own = tuple(one for one in every if one.operation)
    return Read(AuditLog(own, since, tuple(read), now - SPAN), refused=refusals)


def _merged(uses: Iterable[LoggedUse], calls: Callable[[int, int], int]) -> list[LoggedUse]:
    """What is about the same operation, key and caller as one: by `max` where the same calls are shown twice, by
    `add` where they are others.
    """
    found: dict[tuple[str, ...], LoggedUse] = {}
    for one in uses:
        what = (one.operation, one.key.lower(), one.caller, one.application)
        known = found.get(what)
        found[what] = (
            one
            if known is None
            else replace(
                one,
                calls=calls(one.calls, known.calls),
                refused=calls(one.refused, known.refused),
                first=min(one.first, known.first),
                last=max(one.last, known.last),
            )
        )
    return list(found.values())


def _places(settings: Iterable[Document]) -> Iterator[str]:
    """The ARM ids of the workspaces that get the audit log."""
    for one in settings:
        properties = properties_of(one)
        if properties.get("workspaceId") and any(map(audits, properties.get("logs") or ())):
            yield str(properties["workspaceId"])


def audits(log: Document) -> bool:
    """Whether an entry of a diagnostic setting is the audit log, and on (AZ-LOG-4)."""
    named = str(log.get("category") or "").lower() == _CATEGORY
    grouped = str(log.get("categoryGroup") or "").lower() in _GROUPS
    return log.get("enabled") is True and (named or grouped)


async def _asked(side: Side, place: str, vault_id: str) -> Read[tuple[LoggedUse, ...]]:
    workspace = await tried(side.arm.get(place))
    customer_id = str(properties_of(workspace.value).get("customerId") or "")
    if not customer_id:
        return Read(refused=workspace.refused or "The Log Analytics workspace is not there.", code=workspace.code)
    tables = [(table, await _table(side, customer_id, table, vault_id)) for table in TABLES]
    refused = {table: one.refused for table, one in tables if one.refused}
    uses = tuple(_merged((use for _, one in tables for use in one.value or ()), add))
    if len(refused) == len(TABLES) and len(set(refused.values())) == 1:
        # What is refused of the whole workspace is told once.
        return Read(refused=next(iter(refused.values())))
    if not uses and not refused:
        return Read(refused=_NO_ROW)
    return Read(uses or None, " ".join(f"{table}: {why}" for table, why in refused.items()))


async def _table(side: Side, customer_id: str, table: str, vault_id: str) -> Read[tuple[LoggedUse, ...]]:
    """What one table has; nothing of one that is not there (AZ-LOG-6)."""
    try:
        return Read(tuple(map(_use, await side.logs.query(customer_id, query(table, vault_id), SPAN))))
    except ServiceError as error:
        return Read(()) if is_missing(error, table) else Read(refused=error.summary, code=error.code)
    except (OutOfReachError, DeniedError) as error:
        return Read(refused=error.summary)
    except (KeyError, TypeError, ValueError):
        return Read(refused="The rows of the log have another form than they were asked for.")


def query(table: str, vault_id: str) -> str:
    """The query, in the Kusto Query Language: calls summed up by operation, key and caller, and all others as one.

    The others show since when there is a log.
    """
    return (
        f"{projected(table)} | where {VAULT.name} == {quoted(vault_id.lower())}"
        f" | extend Kept = OperationName in ({', '.join(map(quoted, OPERATIONS))})"
        " | extend OperationName = iff(Kept, OperationName, ''), KeyId = iff(Kept, KeyId, ''),"
        " Caller = iff(Kept, Caller, ''), Application = iff(Kept, Application, '')"
        " | summarize Calls = count(), Refused = countif(Status >= 400), First = min(TimeGenerated),"
        " Last = max(TimeGenerated) by OperationName, KeyId, Caller, Application"
    )


def _use(row: Row) -> LoggedUse:
    first, last = (moment(row[name]) for name in ("First", "Last"))
    if first is None or last is None:
        raise ValueError("a row has no time")
    return LoggedUse(
        str(row["OperationName"]),
        str(row["KeyId"] or ""),
        str(row["Caller"] or "").lower(),
        str(row["Application"] or ""),
        int(row["Calls"]),
        int(row["Refused"]),
        first,
        last,
    )
