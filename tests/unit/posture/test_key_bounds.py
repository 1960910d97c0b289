"""The bounds of what a key and its vault must be, on both sides of each: of a workspace's key, an account's, an HSM's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.posture.exemplary import KEY, KEY_ID, NOW, VAULT, VAULT_DOCUMENT, exemplary

from amlmigrate.core.claim import Claim
from amlmigrate.core.keys import Key
from amlmigrate.posture.facts import KeyFacts, KeyRef
from amlmigrate.posture.keys import KEY_NAMES, WRAPS, key_claims, vault_claims
from amlmigrate.posture.reading import Read

SECOND = timedelta(seconds=1)
VERSION = KEY_ID.rpartition("/")[2]
REF = KeyRef(VAULT, "https://kv.vault.azure.net", "k", VERSION)
HSM = replace(REF, vault="https://kv.managedhsm.azure.net")


def facts(key: Key | Read[Key] = KEY, ref: KeyRef = REF, **more: Any) -> KeyFacts:
    read: dict[str, Any] = {
        "key": key if isinstance(key, Read) else Read(key),
        "newest": Read(KEY),
        "vault": Read(VAULT_DOCUMENT),
        "wraps": Read(True),
    }
    return KeyFacts(ref, **(read | more))


def claim(name: str, found: KeyFacts, user: str = "the account") -> Claim:
    [one] = [one for one in (*vault_claims(found, user), *key_claims(found, user, NOW)) if one.name == name]
    return one


def version(**changed: Any) -> Key:
    return replace(KEY, version=replace(KEY.version, **changed))


@pytest.mark.parametrize(
    ("name", "key", "holds", "severity"),
    [
        ("key.size", replace(KEY, size=None), False, "error"),
        ("key.size", replace(KEY, size=2047), False, "error"),
        ("key.size", replace(KEY, size=2048), False, "warning"),
        ("key.size", replace(KEY, size=3071), False, "warning"),
        ("key.size", replace(KEY, size=3072), True, "warning"),
        ("key.type", replace(KEY, kind="rsa-hsm"), True, "error"),
        ("key.type", replace(KEY, kind="oct-HSM"), False, "error"),
        ("key.enabled", version(not_before=NOW), True, "error"),
        ("key.enabled", version(not_before=NOW + SECOND), False, "error"),
        ("key.enabled", version(not_before=NOW - SECOND, enabled=False), False, "error"),
        ("key.expiry", version(expires=NOW), False, "error"),
        ("key.expiry", version(expires=NOW + SECOND), False, "warning"),
        ("key.expiry", version(expires=NOW + timedelta(days=30)), False, "warning"),
        ("key.expiry", version(expires=NOW + timedelta(days=30) + SECOND), True, "warning"),
        ("key.expiry", version(expires=None), False, "warning"),
        # That it has expired is an error of its own.
        ("key.pinned", version(expires=NOW), False, "warning"),
        ("key.pinned", version(expires=NOW + SECOND), False, "error"),
        ("key.pinned", version(expires=NOW + timedelta(hours=168)), False, "error"),
        ("key.pinned", version(expires=NOW + timedelta(hours=168) + SECOND), False, "warning"),
        ("key.pinned", version(expires=None), True, "warning"),
    ],
)
def test_each_bound_of_a_key(name: str, key: Key, holds: bool, severity: str) -> None:
    found = claim(name, facts(key))
    assert (found.holds, found.severity) == (holds, severity)
    assert bool(found.remedy) is not holds and found.address == REF.id


@pytest.mark.parametrize(
    ("name", "key", "evidence"),
    [
        ("key.enabled", version(not_before=NOW), {"notBefore": NOW.isoformat()}),
        ("key.enabled", version(not_before=None), {"notBefore": None}),
        ("key.expiry", version(expires=NOW), {"expires": NOW.isoformat()}),
        ("key.expiry", version(expires=None), {"expires": None}),
        ("key.pinned", version(expires=NOW), {"expires": NOW.isoformat()}),
    ],
)
def test_the_times_of_a_key_are_in_the_evidence(name: str, key: Key, evidence: dict[str, Any]) -> None:
    found = claim(name, facts(key)).evidence
    assert {one: found[one] for one in evidence} == evidence


def test_a_key_of_another_type_is_not_measured() -> None:
    assert claim("key.size", facts(replace(KEY, kind="EC"))).holds is None


@pytest.mark.parametrize(
    ("ref", "newest", "holds"),
    [
        (REF, KEY_ID, True),
        (replace(REF, version=VERSION.upper()), KEY_ID, True),
        (REF, KEY_ID[:-1] + "2", False),
        (replace(REF, version="", follows=True), KEY_ID, True),
        (replace(REF, follows=True), KEY_ID[:-1] + "2", True),
        # Which version it uses is not shown.
        (replace(REF, version=""), KEY_ID, None),
    ],
)
def test_whether_the_newest_version_is_in_use(ref: KeyRef, newest: str, holds: bool | None) -> None:
    newer = replace(KEY, version=replace(KEY.version, id=newest))
    assert claim("key.version", facts(ref=ref, newest=Read(newer))).holds is holds
    off = replace(newer, version=replace(newer.version, enabled=False))
    assert claim("key.version", facts(ref=ref, newest=Read(off))).holds is (None if holds is None else True)


@pytest.mark.parametrize(
    ("ref", "holds"), [(replace(REF, follows=True), True), (replace(REF, version=""), False), (REF, False)]
)
def test_only_what_follows_is_not_pinned_to_a_version_that_ends(ref: KeyRef, holds: bool) -> None:
    assert claim("key.pinned", facts(ref=ref)).holds is holds


@pytest.mark.parametrize(
    ("name", "properties", "holds"),
    [
        ("vault.softDelete", {}, True),
        ("vault.softDelete", {"enableSoftDelete": None}, True),
        ("vault.softDelete", {"enableSoftDelete": False}, False),
        ("vault.purgeProtection", {}, False),
        ("vault.purgeProtection", {"enablePurgeProtection": None}, False),
        ("vault.purgeProtection", {"enablePurgeProtection": True}, True),
        ("vault.purgeProtection", {"enablePurgeProtection": "true"}, False),
    ],
)
def test_only_what_is_shown_of_a_vault_counts(name: str, properties: dict[str, Any], holds: bool) -> None:
    """Soft delete cannot be switched off any more, and purge protection is off unless it is said to be on."""
    found = claim(name, facts(vault=Read({"location": "x", "properties": properties})))
    assert (found.holds, found.severity, bool(found.remedy)) == (holds, "error", not holds)


def test_the_vault_of_an_account_may_lie_anywhere_and_that_of_a_workspace_beside_it() -> None:
    workspace = exemplary().workspace
    assert claim("vault.place", facts(vault=Read({"location": "nowhere"}))).holds is True
    for location, vault, holds in (
        ("East US 2", VAULT, True),
        ("westus", VAULT, False),
        ("East US 2", VAULT.replace("22222222", "33333333"), False),
        ("East US 2", VAULT.upper(), True),
    ):
        found = facts(ref=replace(REF, vault_id=vault), vault=Read({"location": location, "properties": {}}))
        [place] = [one for one in vault_claims(found, "the workspace", workspace) if one.name == "vault.place"]
        assert place.holds is holds, (location, vault)


@pytest.mark.parametrize("ref", [REF, HSM])
def test_each_claim_is_made_once_whatever_was_read(ref: KeyRef) -> None:
    for key in (Read(KEY), Read(), Read(refused="403")):
        names = [one.name for one in key_claims(facts(ref=ref, key=key), "the account", NOW)]
        assert sorted(names) == sorted((*KEY_NAMES, WRAPS))
    told = "hsm" if ref is HSM else "vault"
    for found in (
        facts(ref=ref, vault=Read()),
        facts(ref=ref, vault=Read({"properties": {"enableSoftDelete": False}})),
    ):
        remedies = " ".join(one.remedy for one in vault_claims(found, "the account") if one.holds is False)
        assert (" --hsm-name kv" in remedies) is (told == "hsm") and (" --name kv" in remedies) is (
            told == "vault"
        )


@pytest.mark.parametrize(
    ("read", "holds", "severity"),
    [
        (Read(True), True, "error"),
        (Read(False), False, "error"),
        (Read(), None, "information"),
        (Read(refused="403", code="Forbidden"), None, "information"),
        (Read(refused="403", code="KeyDisabled"), False, "error"),
        (Read(refused="403", code="KeyOperationForbidden"), False, "error"),
    ],
)
def test_what_does_not_wrap_is_known_from_what_was_not_tried(
    read: Read[bool], holds: bool | None, severity: str
) -> None:
    found = claim("key.wraps", facts(wraps=read))
    assert (found.holds, found.severity) == (holds, severity)
