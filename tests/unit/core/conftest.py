"""How names in addresses are spelled is declared by the kinds."""

from __future__ import annotations

import amlmigrate.inventory  # noqa: F401
