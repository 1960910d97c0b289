"""The claim that a key is as strict as its profile asks for: its attributes, and its rotation policy. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from amlmigrate.core.claim import Claim
from amlmigrate.core.durations import days
from amlmigrate.core.few import many
from amlmigrate.core.keys import Key, Rotation
from amlmigrate.core.keystandard import TAG, KeyStandard, of_tags
from amlmigrate.core.rotations import stricter
from amlmigrate.posture import profiles
from amlmigrate.posture.facts import KeyFacts
from amlmigrate.posture.unproven import beside, unread

NAME = "key.policy"
_ROTATION_READ = "Microsoft.KeyVault/vaults/keyrotationpolicies/read"
# A version's times are whole seconds, and are written by two clocks.
_SLACK = timedelta(days=1)


def policy_claim(facts: KeyFacts, key: Key) -> Iterator[Claim]:
    """What a key's tag says was asked for, against what there is; stricter is as good."""
    ref = facts.ref
    newest = facts.newest.value.version.tags if facts.newest.value else {}
    try:
        table = profiles.shipped()
        profile = of_tags(key.version.tags, table) or of_tags(newest, table)
    except ValueError as error:
        said = f"Not shown: the tag {TAG} of the key cannot be read: {error}"
        yield Claim(NAME, None, "warning", ref.id, said, "Write the name of a profile, as HIPAA, or remove it.")
        return
    if profile is None:
        yield from beside((NAME,), ref.id, f"no tag {TAG} says by which profile the key was made")
    elif profile.rotation and facts.rotation.refused:
        yield from unread((NAME,), ref.id, "the rotation policy of the key", facts.rotation, _ROTATION_READ)
    else:
        yield _judged(facts, key, profile, profile.told(table))


def _judged(facts: KeyFacts, key: Key, profile: KeyStandard, name: str) -> Claim:
    try:
        less = [*_attributes(key, profile), *_rotation(facts.rotation.value, profile.rotation)]
    except ValueError as error:
        said = f"Not shown: a duration of the key's rotation policy cannot be read: {error}"
        return Claim(NAME, None, "warning", facts.ref.id, said, "Set the rotation policy again.")
    return Claim(
        NAME,
        not less,
        "warning",
        facts.ref.id,
        f"The key is not as strict as {name}: {'; '.join(less)}." if less else f"The key is as strict as {name}.",
        "Set its rotation policy and make a new version of it: az keyvault key rotation-policy update, az keyvault"
        " key rotate; then point what uses the key to that version."
        if less
        else "",
        {"profile": profile.words},
    )


def _attributes(key: Key, profile: KeyStandard) -> Iterator[str]:
    if profile.kind == "RSA-HSM" and key.kind.upper() != "RSA-HSM":
        yield f"its type is {key.kind} instead of {profile.kind}"
    if (key.size or 0) < profile.size:
        yield f"it has {many(key.size or 0, 'bit')} instead of {profile.size}"
    if not profile.expires:
        return
    begins = key.version.not_before or key.version.created
    if key.version.expires is None:
        yield f"its version never expires instead of after {profile.expires}"
    elif begins and key.version.expires - begins > timedelta(days=days(profile.expires)) + _SLACK:
        valid = many((key.version.expires - begins).days, "day")
        yield f"its version is valid for {valid} instead of {profile.expires}"


def _rotation(there: Rotation | None, wanted: Rotation | None) -> Iterator[str]:
    if wanted is None or (there is not None and stricter(there, wanted) == there):
        return
    asked = _told(wanted)
    yield (
        f"its rotation policy is '{_told(there)}' instead of '{asked}'"
        if there
        else (f"it has no rotation policy instead of '{asked}'")
    )


def _told(rotation: Rotation) -> str:
    times = {
        "expires": rotation.expires_in,
        "rotated": rotation.after_create,
        "rotated before the end": rotation.before_expiry,
        "notice": rotation.notify_before_expiry,
    }
    return ", ".join(f"{name} {value}" for name, value in times.items() if value)
