"""A condition on a row of the audit log, as a tree that is evaluated here and written in the Kusto Query Language.

A number that a row does not have is in no order with another and none of any list (AZ-MONITOR-57); no test can be
turned round as a whole, since in that language what is not known of nothing stays so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from amlmigrate.alarms.rows import AuditRow, LogColumn, quoted


class RowTest(ABC):
    """What a row may be or not."""

    @abstractmethod
    def holds(self, row: AuditRow) -> bool:
        """Whether it is so of a row."""

    @abstractmethod
    def kql(self) -> str:
        """The same for `where`."""


@dataclass(frozen=True, slots=True)
class _Listed(RowTest):
    """A column and values, of which there is one at least: the language has no empty list."""

    column: LogColumn
    values: tuple[str | int, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError(f"{self.column.name} is compared with nothing")
        wanted = int if self.column.type == "int" else str
        if not all(isinstance(one, wanted) for one in self.values):
            raise ValueError(f"{self.column.name} is of type {self.column.type}")

    @property
    def _folded(self) -> tuple[str | int, ...]:
        if not self.column.folded:
            return self.values
        return tuple(dict.fromkeys(str(one).lower() for one in self.values))

    def _written(self, operator: str) -> str:
        shown = (quoted(one) if isinstance(one, str) else str(one) for one in self._folded)
        return f"{self.column.name} {operator} ({', '.join(shown)})"


class Among(_Listed):
    """It has one of the values."""

    __slots__ = ()

    def holds(self, row: AuditRow) -> bool:
        """Whether it has."""
        return row.value(self.column) in self._folded

    def kql(self) -> str:
        """By `in`."""
        return self._written("in")


class NotAmong(_Listed):
    """It has none of the values: another, or nothing."""

    __slots__ = ()

    def holds(self, row: AuditRow) -> bool:
        """Whether it has none."""
        return row.value(self.column) not in self._folded

    def kql(self) -> str:
        """By `!in`."""
        return self._written("!in")


@dataclass(frozen=True, slots=True)
class AtLeast(RowTest):
    """A number that is not smaller."""

    column: LogColumn
    number: int

    def holds(self, row: AuditRow) -> bool:
        """Whether it is so large."""
        value = row.value(self.column)
        return value is not None and value >= self.number

    def kql(self) -> str:
        """By `>=`."""
        return f"{self.column.name} >= {self.number}"


@dataclass(frozen=True, slots=True)
class All(RowTest):
    """Each of several tests holds."""

    tests: tuple[RowTest, ...]

    def holds(self, row: AuditRow) -> bool:
        """Whether each does."""
        return all(one.holds(row) for one in self.tests)

    def kql(self) -> str:
        """By `and`."""
        return " and ".join(one.kql() for one in self.tests)
