"""A row of a vault's audit log as one type, whichever of the two tables has it, and the query for such rows.

A diagnostic setting sends the log to the table AZKVAuditLogs or, where it does not ask for a table of its own, to
AzureDiagnostics, under other names (AZ-LOG-4). What a column is made of stands once, in `COLUMNS`: rows are read
by it, and queries are written by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from amlmigrate.core.clock import moment

OWN, SHARED = TABLES = ("AZKVAuditLogs", "AzureDiagnostics")
TIME, OPERATION_NAME = "TimeGenerated", "OperationName"
# The operations of the data plane by the names that the log has for them (AZ-LOG-10).
USES = ("KeyWrap", "KeyUnwrap", "KeyEncrypt", "KeyDecrypt", "KeySign", "KeyVerify", "KeyRelease")
COPIES = ("KeyBackup", "KeyRestore")
CHANGES = (
    *("KeyCreate", "KeyImport", "KeyUpdate", "KeyDelete", "KeyPurge", "KeyRecover"),
    *("KeyRotate", "KeyRotateIfDue", "KeyRotationPolicySet"),
)
_OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
# What AzureDiagnostics has of every service. Of its other columns a workspace has those that some row needed.
_ALWAYS = (TIME, OPERATION_NAME, "ResourceId")


@dataclass(frozen=True, slots=True)
class LogColumn:
    """A column of a query and a member of a row, with the ways to it in each table.

    Of several the first that is not empty counts. What is `folded` has no letter case, and is in lower case.
    """

    name: str
    type: Literal["string", "int"]
    own: tuple[tuple[str, ...], ...]
    shared: tuple[str, ...]
    folded: bool = False

    def written(self, table: str) -> str:
        """As a query computes it."""
        if self.name == OPERATION_NAME:
            return self.name
        ways = [_way(one) for one in self.own] if table == OWN else [_kept(one, self.type) for one in self.shared]
        if self.type == "int":
            return f"{self.name} = toint({ways[0]})"
        texts = [f"tostring({one})" for one in ways]
        text = texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
        return f"{self.name} = tolower({text})" if self.folded else f"{self.name} = {text}"

    def read(self, row: Mapping[str, Any], table: str) -> Any:
        """Of a row as the table has it."""
        ways = self.own if table == OWN else [(one,) for one in self.shared]
        found = next((value for way in ways if (value := _at(row, way)) not in (None, "")), None)
        if self.type == "int":
            return None if found is None else int(found)
        text = "" if found is None else str(found)
        return text.lower() if self.folded else text


OPERATION = LogColumn(OPERATION_NAME, "string", ((OPERATION_NAME,),), (OPERATION_NAME,))
KEY = LogColumn("KeyId", "string", (("Id",),), ("id_s",))
STATUS = LogColumn("Status", "int", (("HttpStatusCode",),), ("httpStatusCode_d",))
# The two claims by which a caller is named (AZ-LOG-9), in the one table and as columns of the other.
CALLER = LogColumn(
    "Caller",
    "string",
    (("Identity", "claim", "oid"), ("Identity", "claim", _OID)),
    ("identity_claim_oid_g", "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"),
    folded=True,
)
APPLICATION = LogColumn("Application", "string", (("Identity", "claim", "appid"),), ("identity_claim_appid_g",))
ADDRESS = LogColumn("Address", "string", (("CallerIpAddress",),), ("CallerIPAddress",))
VAULT = LogColumn("Vault", "string", (("_ResourceId",),), ("ResourceId",), folded=True)
COLUMNS = (OPERATION, KEY, STATUS, CALLER, APPLICATION, ADDRESS, VAULT)
_MEMBERS = ("operation", "key", "status", "caller", "application", "address", "vault")


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One call of a vault, or one of its notices. `caller` is an object id, `vault` an ARM id, both in lower case.

    Without a caller it is empty, as of a notice; without a status that is None.
    """

    at: datetime | None
    operation: str
    key: str
    status: int | None
    caller: str
    application: str
    address: str
    vault: str

    @classmethod
    def of(cls, row: Mapping[str, Any], table: str) -> AuditRow:
        """A row as one of the two tables has it. Raises ValueError for a status that is no number."""
        return cls(moment(row.get(TIME)), *(column.read(row, table) for column in COLUMNS))

    @property
    def calls(self) -> int:
        """How many calls it is of."""
        return 1

    @property
    def refused(self) -> int:
        """How many of them were answered with an error."""
        return int(self.status is not None and self.status >= 400)

    def value(self, column: LogColumn) -> Any:
        """What it has in a column."""
        return getattr(self, _MEMBERS[COLUMNS.index(column)])


def projected(table: str) -> str:
    """The query for all rows of one table, by the names of `COLUMNS`."""
    only = "" if table == OWN else " | where ResourceProvider =~ 'MICROSOFT.KEYVAULT' and Category =~ 'AuditEvent'"
    return f"{table}{only} | project {', '.join((TIME, *(one.written(table) for one in COLUMNS)))}"


def both() -> str:
    """The query for all rows of both tables.

    A table that never got a row does not exist, and a union that is fuzzy leaves it out (AZ-LOG-6); the first leg
    is always there, since one of which no leg is there is refused (AZ-MONITOR-4).
    """
    shape = ", ".join((f"{TIME}: datetime", *(f"{one.name}: {one.type}" for one in COLUMNS)))
    return f"union isfuzzy=true (datatable({shape})[]), {', '.join(f'({projected(one)})' for one in TABLES)}"


def quoted(text: str) -> str:
    """A text as a literal of the query language: in it a backslash and a quote have a backslash before them."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _way(names: Iterable[str]) -> str:
    first, *rest = names
    return first + "".join(f".{one}" if one.isidentifier() else f"[{quoted(one)}]" for one in rest)


def _kept(name: str, type_: str) -> str:
    return name if name in _ALWAYS else f"column_ifexists({quoted(name)}, {0 if type_ == 'int' else quoted('')})"


def _at(row: Mapping[str, Any], way: Iterable[str]) -> Any:
    found: Any = row
    for name in way:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
