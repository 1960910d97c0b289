"""What a front end says of a type, and its api-version, is declared by the kinds."""

from __future__ import annotations

import amlmigrate.kinds  # noqa: F401
