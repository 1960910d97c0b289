"""The local Azure knows every api-version that the product sends: it refuses all that no source names."""

from __future__ import annotations

import pytest

from amlmigrate.cloud.arm import API_VERSIONS, api_version
from amlmigrate.kinds import all_kinds
from azsandbox.arm import apiversions


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in API_VERSIONS if name.count("/") or name in ("", "microsoft.storage")),
        *(type_.lower() for kind in all_kinds().values() for type_ in kind.arm_types()),
    ],
)
def test_what_the_product_sends_is_known(name: str) -> None:
    type_ = {"": "microsoft.resources", "microsoft.storage": "microsoft.storage/storageaccounts"}.get(name, name)
    assert api_version(f"/subscriptions/s/providers/{type_}" if name else "/subscriptions/s") in (
        apiversions.versions(type_)
    )
