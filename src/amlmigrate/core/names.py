"""Names that people and files give, whole, before they become part of a URL or a path.

What is no name, as `..`, a line feed, a blank, `/`, `?`, `#` or `%`, would lead to another place than was shown.
Whether Azure takes a name is Azure's to say; here is only what may stand in an address as it is.
"""

from __future__ import annotations

import re

from amlmigrate.core.armid import ArmId

# Azure's rules for resource groups, which are the widest of those here: letters of any script, digits, and these
# signs; not a dot at the end (learn.microsoft.com: resource-name-rules).
_NAME = re.compile(r"[-\w.()]{1,260}")
# In lower case.
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GUID = re.compile(GUID, re.IGNORECASE | re.ASCII)


def is_name(text: str) -> bool:
    """Whether a text is the name of a group or a resource, and nothing else."""
    return _NAME.fullmatch(text) is not None and not text.endswith(".")


def is_guid(text: str) -> bool:
    """Whether a text is an id of Entra or of a subscription, as Azure writes them, in either letter case."""
    return _GUID.fullmatch(text) is not None


def is_arm_id(text: str) -> bool:
    """Whether a text is the ARM id of a resource in a group, each part of it a name. It may end in one slash."""
    id_ = ArmId(text.removesuffix("/"))
    of_group = id_.whole and bool(id_.types and id_.group)
    return of_group and is_guid(id_.subscription) and all(map(is_name, id_.parts))
