"""Which api-version a path is asked with: that of the longest of its types that the table has."""

from __future__ import annotations

import pytest

from amlmigrate.cloud.arm import api_version

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
PREVIEW = "2023-04-01-preview"


@pytest.mark.parametrize(
    ("path", "version"),
    [
        (WORKSPACE, "2025-12-01"),
        (f"{WORKSPACE}/data", "2025-12-01"),
        (f"{WORKSPACE}/data/d", "2025-12-01"),
        # Later ones neither show nor take when the service deletes a data asset.
        (f"{WORKSPACE}/data/d/versions", PREVIEW),
        (f"{WORKSPACE}/data/d/versions/1", PREVIEW),
        (f"{WORKSPACE}/Data/d/Versions/1".replace("Microsoft", "microsoft"), PREVIEW),
        (f"{WORKSPACE}/models/data/versions/1", "2025-12-01"),
        (f"{WORKSPACE}/data/versions", "2025-12-01"),
        (f"{WORKSPACE}/providers/Microsoft.Authorization/locks/l", "2020-05-01"),
        (f"{WORKSPACE}/providers/Microsoft.Authorization/roleAssignments/r", "2022-04-01"),
        ("/subscriptions/s/providers/microsoft.insights/diagnosticSettings", "2021-05-01-preview"),
        # Earlier ones do not show the IPv6 rules of an account's firewall, which a PATCH would then take away.
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a", "2025-06-01"),
        ("/subscriptions/s/providers/Microsoft.Storage/deletedAccounts", "2024-01-01"),
        ("/subscriptions/s/providers/Microsoft.Storage/locations/westeurope/usages", "2024-01-01"),
        ("/subscriptions/s/resourceGroups/g", "2022-09-01"),
        ("/subscriptions/s/providers/Microsoft.Unknown/x/y", "2022-09-01"),
    ],
)
def test_the_longest_type_decides(path: str, version: str) -> None:
    assert api_version(path) == version
