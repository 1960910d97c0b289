"""`azureml://` addresses of bytes, written out in full as the service answers them."""

from __future__ import annotations

import re

from azsandbox.arm.providers.ml.base import workspace_path
from azsandbox.arm.store import Record

_SHORT = re.compile(r"^azureml://(datastores/[^/]+/.*)$", re.DOTALL)
_LONG = re.compile(r"^(azureml://subscriptions/[^/]+/)(resourcegroups)(/.*)$", re.IGNORECASE | re.DOTALL)


def expanded(uri: str, workspace: Record, groups: str) -> str:
    """The long form of a short datastore URI; anything else as it is. `groups`: see `workspace_path`."""
    match = _SHORT.match(uri)
    return f"azureml://{workspace_path(workspace, groups)}/{match[1]}" if match else uri


def with_camel_groups(uri: str) -> str:
    """`resourceGroups` instead of `resourcegroups`, as model URIs come back (AZ-ARM-7)."""
    match = _LONG.match(uri)
    return f"{match[1]}resourceGroups{match[3]}" if match else uri
