"""A key by what its vault says, for who keeps keys and may see nothing of what is under them."""

from __future__ import annotations

from datetime import datetime

from amlmigrate.cloud.session import Side
from amlmigrate.keys import profiles
from amlmigrate.keys.model import KeyInUse, KeyName, KeySurvey, UnreadPlace
from amlmigrate.keys.reading import KeyRules, in_order
from amlmigrate.posture.facts import KeyRef
from amlmigrate.posture.reading import Read, tried_vault

_UNSEEN = "The key's vault is in no subscription that this caller sees: neither is what is under the key."


async def read(side: Side, name: KeyName, now: datetime, held: KeyRules) -> KeySurvey:
    """The versions and the rotation policy of a key. Raises ServiceError for what is transient."""
    versions = await tried_vault(side.vaults.versions(name.vault, name.name))
    ordered = await in_order(side, KeyRef("", name.vault, name.name, ""), versions.value or ())
    known = Read(ordered or None, versions.refused, versions.code)
    tags = [one.tags for one in ordered]
    key = KeyInUse(
        name,
        "",
        profiles.of(held.profiles, tags, held.profile),
        (),
        versions=known,
        rotation=await tried_vault(side.vaults.rotation(name.vault, name.name)),
    )
    return KeySurvey((key,), (), (UnreadPlace(name.id, "Microsoft.KeyVault/vaults/read", _UNSEEN),), now)
