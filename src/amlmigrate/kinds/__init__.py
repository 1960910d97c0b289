"""The kinds: one file each, found by listing this folder."""

from amlmigrate.kinds._base import STATE, Kind
from amlmigrate.kinds._collected import collectable, settling
from amlmigrate.kinds._context import Context
from amlmigrate.kinds._digests import document_digests, planned_digests, state_digest, versions_digest
from amlmigrate.kinds._elsewhere import PRINCIPAL, Elsewhere, GoneError, GrantWay, Held, IdentityHolder
from amlmigrate.kinds._extension import not_listed
from amlmigrate.kinds._holding import Holding, Rest, Whose
from amlmigrate.kinds._listed import Listed, Way
from amlmigrate.kinds._losses import Loss
from amlmigrate.kinds._machines import Machines
from amlmigrate.kinds._permissions import Permissions
from amlmigrate.kinds._registry import (
    all_kinds,
    children,
    holding,
    holdings,
    kind_of,
    moving_kinds,
    own_places,
    root_of,
)
from amlmigrate.kinds._settings import NO_NAMES

# Addresses are compared by what the kinds say of their names: before any is.
all_kinds()

__all__ = [
    "NO_NAMES",
    "PRINCIPAL",
    "STATE",
    "Context",
    "Elsewhere",
    "GoneError",
    "GrantWay",
    "Held",
    "Holding",
    "IdentityHolder",
    "Kind",
    "Listed",
    "Loss",
    "Machines",
    "Permissions",
    "Rest",
    "Way",
    "Whose",
    "all_kinds",
    "children",
    "collectable",
    "document_digests",
    "holding",
    "holdings",
    "kind_of",
    "moving_kinds",
    "not_listed",
    "own_places",
    "planned_digests",
    "root_of",
    "settling",
    "state_digest",
    "versions_digest",
]
