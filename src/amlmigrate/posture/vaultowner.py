"""The claim that a vault says whose it is, and whom to call when its key cannot be used. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from amlmigrate.core.claim import Claim
from amlmigrate.core.documents import Document

NAME = "vault.owner"
# Tags that `migrate provision` asks for, and writes on all that it creates. Names of tags have no letter case.
TAGS = ("owner", "contact")


def owner_claim(vault: Document, id_: str, name: str) -> Claim:
    """By the vault's tags."""
    there: Mapping[str, str] = {str(tag).lower(): str(value) for tag, value in (vault.get("tags") or {}).items()}
    lacking = [tag for tag in TAGS if not there.get(tag, "").strip()]
    tags, none = " ".join(f"{tag}=…" for tag in lacking), " and no ".join(lacking)
    return Claim(
        NAME,
        not lacking,
        "warning",
        id_,
        f"The vault '{name}' does not say by its tags whose it is, or whom to call: it has no {none}."
        if lacking
        else f"The vault '{name}' says by its tags whose it is, and whom to call.",
        f"az tag update --resource-id {id_} --operation Merge --tags {tags}" if lacking else "",
        {tag: there.get(tag) for tag in TAGS},
    )
