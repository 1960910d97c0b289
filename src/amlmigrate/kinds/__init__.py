"""The asset kinds: one file each, found by listing this folder."""

from amlmigrate.kinds._base import Kind
from amlmigrate.kinds._collected import collectable, settling
from amlmigrate.kinds._digests import document_digests, versions_digest
from amlmigrate.kinds._registry import all_kinds

# Addresses are compared by what the kinds say of their names: before any is.
all_kinds()

__all__ = ["Kind", "all_kinds", "collectable", "document_digests", "settling", "versions_digest"]
