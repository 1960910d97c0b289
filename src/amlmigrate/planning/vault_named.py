"""What names the source's vault by its address: it goes on to read there, as long as the vault is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from amlmigrate.cloud.credentials import CLOUDS
from amlmigrate.core.armid import name_of
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import mapped
from amlmigrate.core.few import few
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Workspace
from amlmigrate.inventory.shared_vault import one_vault
from amlmigrate.kinds import kind_of

_NAMED = 3
_CLOUDS = "|".join(re.escape(cloud.vault_suffix) for cloud in CLOUDS.values())
_SUFFIX = rf"\.(?:{_CLOUDS})(?![a-z0-9-])"


def vault_named(assets: Iterable[Asset], source: Workspace, target: Workspace) -> Iterator[Finding]:
    """A warning for each item in which the source's vault is named, as its URL or its ARM id.

    Where both workspaces have one vault there is nothing to say. The text is not repeated: it may have a secret.
    """
    vault = str(source.properties.get("keyVault") or "")
    if not vault or one_vault(source, target):
        return
    host, id_ = re.escape(name_of(vault).lower()), re.escape(vault.strip("/").lower())
    pattern = re.compile(rf"(?<![a-z0-9-]){host}{_SUFFIX}|{id_}(?![a-z0-9-])")
    for asset in assets:
        kind = kind_of(asset.address)
        if kind is None or kind.in_vault or getattr(kind, "inherent", False):
            continue
        if places := list(_places(asset, pattern)):
            yield Finding(
                "warning",
                str(asset.address),
                f"It names the source's key vault at {few(places, _NAMED)}, and goes on to read there.",
                "Move what it reads (`migrate plan --vault-secrets FILE`), then have it name the target's vault;"
                " or keep the source's, and give whoever runs it in the target its rights there.",
                code="vault-named",
            )


def _places(asset: Asset, pattern: re.Pattern[str]) -> Iterator[str]:
    found: list[str] = []

    def look(where: str, text: str) -> str:
        if pattern.search(text.lower()):
            found.append(where)
        return text

    mapped({"properties": asset.properties, "tags": asset.document.get("tags")}, look)
    yield from found
