"""What an asset is to the storage of its workspace: a place, bytes of its own, files that name others."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.workspace import Datastore, Location


@dataclass(frozen=True, slots=True)
class AssetStorage:
    """Of one asset; most have bytes at the URIs of their document and nothing else.

    `datastore`: the datastore that it is, for references through it. `upload`: where the service put its bytes at
    upload, if it does so outside the default container. `files`: paths, below its bytes, of the files without
    which it means nothing. `tables`: whether files that name other places may lie anywhere among its bytes.
    `one_file`: whether its bytes are one file, which it names.
    """

    datastore: Datastore | None = None
    upload: Location | None = None
    files: tuple[str, ...] = ()
    tables: bool = False
    one_file: bool = False
