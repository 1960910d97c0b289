"""Who of the target refers to a blob, in whatever way the place is spelled."""

from __future__ import annotations

import pytest
from tests.unit.world import NEW_BLOBS, TARGET, asset, inventory

from amlmigrate.core.workspace import Location
from amlmigrate.planning.users import Users

STORE = "azureml://datastores/workspaceblobstore/paths"
HOST = "cmkacct.blob.core.windows.net"


def _who(uri: str, path: str = "d/sub/07.txt") -> str:
    own = asset("data/own/1", "2026-01-01T00:00:00+00:00", dataType="uri_folder", dataUri=uri)
    return Users(inventory(own, of=TARGET), set()).of(Location("cmkacct", NEW_BLOBS, path))


@pytest.mark.parametrize(
    "uri",
    [
        *(f"{STORE}/{path}" for path in ("", "d", "d/", "d/sub/07.txt", "d/*/07.txt", "d/**", "d/sub/0?.txt")),
        *(
            f"{STORE}/{path}"
            for path in ("/d/sub", "d//sub", "d%2Fsub", "d/./sub", "d/x/../sub", "./d", "%64/sub")
        ),
        STORE,
        f"https://{HOST}/{NEW_BLOBS}/d",
        f"HTTPS://{HOST.upper()}/{NEW_BLOBS}/d",
        f"https://{HOST}/{NEW_BLOBS}/d?sv=1&sig=x",
        f"wasbs://{NEW_BLOBS}@{HOST}/d",
        f"abfss://{NEW_BLOBS}@cmkacct.dfs.core.windows.net/d",
    ],
)
def test_a_blob_below_what_somebody_refers_to_is_theirs(uri: str) -> None:
    assert _who(uri) == "data/own/1"


@pytest.mark.parametrize("uri", [f"{STORE}/d/su", f"{STORE}/d/sub/07", f"{STORE}/e", f"{STORE}/d/sub/07.txt/x"])
def test_a_blob_beside_it_is_nobodys(uri: str) -> None:
    assert _who(uri) == ""
