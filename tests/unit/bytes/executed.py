"""Copier and deleter over accounts that a test makes up, with tasks performed in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amlmigrate.bytes.copying import Copier
from amlmigrate.bytes.deleting import Deleter
from amlmigrate.bytes.executing import LocalExecutor
from amlmigrate.cloud.store import StorePair
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.parallel import never
from amlmigrate.core.workspace import Service


@dataclass
class One:
    """One side, all of whose accounts are one."""

    account: Any

    def store(self, service: Service) -> Any:
        assert service is getattr(self.account, "service", service)
        return self.account


def stores(source: Any, target: Any) -> StorePair:
    """Both sides, of which each is one account."""
    return StorePair(One(source), One(target))


def executor(source: Any, target: Any, stopping: Callable[[], bool] = never) -> LocalExecutor:
    """What performs tasks between two accounts."""
    return LocalExecutor(stores(source, target), stopping=stopping)


def copier(source: Any, target: Any, mapping: Mapping, stopping: Callable[[], bool] = never) -> Copier:
    """One that copies between two accounts."""
    return Copier(stores(source, target), mapping, executor(source, target, stopping), stopping=stopping)


def deleter(source: Any, target: Any, stopping: Callable[[], bool] = never) -> Deleter:
    """One that deletes in the second of them."""
    return Deleter(stores(source, target), executor(source, target, stopping), stopping=stopping)
