"""What every rule has, whatever it watches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from amlmigrate.alarms.context import AlarmContext
from amlmigrate.core.documents import Document


class About(StrEnum):
    """What an alarm is about: figures count the two apart."""

    KEYS = "keys"
    ACCESS = "access"


@dataclass(frozen=True, slots=True)
class AlarmRule(ABC):
    """A rule: `id` is a part of its resources' names, `title` what a person is told, `severity` 0 (worst) to 4."""

    kind: ClassVar[str]

    id: str
    title: str
    severity: int
    about: About

    def lacks(self, context: AlarmContext) -> str:
        """Why it cannot be made; empty where it can."""
        return ""

    @abstractmethod
    def bodies(self, context: AlarmContext) -> Iterator[tuple[str, Document]]:
        """The end of the name of each of its resources, with a hyphen before it, and the body of each."""


@dataclass(frozen=True, slots=True)
class AlarmResource:
    """One ARM resource of a rule: `type` below Microsoft.Insights, as `metricAlerts`."""

    rule: AlarmRule
    id: str
    type: str
    body: Document
