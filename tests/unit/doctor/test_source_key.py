"""What is told of a source under a customer's key, and which targets stay with that key or its vault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.builders.world import SOURCE, TARGET

from amlmigrate.core.claim import Claim
from amlmigrate.core.findingcodes import CODES
from amlmigrate.doctor.source_key import SourceKey, judged
from amlmigrate.posture.facts import KeyRef, PostureFacts
from amlmigrate.posture.holders import users_of
from amlmigrate.posture.reading import NOTHING, Read

UNDER, KEPT = "source-under-key", "key-of-source"
OLD, ACCOUNTS = "https://kv-old.vault.azure.net", "https://kv-data.vault.azure.net"


def _found(*claims: Claim) -> SourceKey:
    ref = KeyRef("/subscriptions/s/v", OLD, "cmk", "1")
    facts = PostureFacts(SOURCE, ref, None, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
    keys = ((ref, "the workspace"), (KeyRef("", ACCOUNTS, "data", "7"), "the storage account 'stold'"))
    return SourceKey(SOURCE, facts, keys, claims)


def _of_target(*keys: str, name: str = "vault.place") -> list[Claim]:
    return [Claim(name, True, "error", f"/vaults/{number}", "", key=key) for number, key in enumerate(keys)]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (("https://kv-new.vault.azure.net/keys/cmk/1",), ""),
        ((f"{OLD}/keys/cmk/1",), "the source's own key"),
        # A new version of it is the same key, and a vault's name has no upper case.
        (("https://KV-Old.vault.azure.net/keys/CMK/2",), "the source's own key"),
        ((f"{OLD}/keys/cmk",), "the source's own key"),
        ((f"{OLD}:443/keys/cmk/1",), "the source's own key"),
        ((f"{OLD}:443/keys/cmk2/1/",), "a key in the source's vault"),
        ((f"{OLD}/keys/cmk2/1",), "a key in the source's vault"),
        ((f"{OLD}/keys/a/1", f"{OLD}/keys/b/1"), "keys in the source's vault"),
        # The workspace under a new key, its account under the old one.
        (("https://kv-new.vault.azure.net/keys/cmk/1", f"{ACCOUNTS}/keys/data/7"), "the source's own key"),
        (("https://kv-old.vault.azure.net.evil/keys/cmk/1",), ""),
    ],
)
def test_a_target_that_stays_with_a_key_or_a_vault_of_the_source_is_an_error(
    keys: tuple[str, ...], told: str
) -> None:
    kept = [one for one in judged(_found(), TARGET, _of_target(*keys)) if one.code == KEPT]
    assert [one.severity for one in kept] == (["error"] if told else [])
    if told:
        assert told in kept[0].summary and keys[-1] in kept[0].summary
        assert kept[0].address == f"{TARGET.id}!{KEPT}" and f"migrate waive '{kept[0].address}'" in kept[0].remedy


def test_what_does_not_hold_of_the_old_key_is_a_warning_and_told_once() -> None:
    off = Claim("key.enabled", False, "error", f"{OLD}/keys/cmk/1", "The key is disabled.", "Enable it.")
    unknown = Claim("key.rotation", None, "warning", f"{OLD}/keys/cmk/1", "Not read.", "Grant it.")
    holds = Claim("key.type", True, "error", f"{OLD}/keys/cmk/1", "RSA.")
    found = judged(_found(off, unknown, holds), TARGET, [])
    assert [(one.code, one.severity) for one in found] == [
        (UNDER, "warning"), ("key.enabled", "warning"), ("key.rotation", "warning"),
    ]  # fmt: skip
    assert found[1].summary == "Of the source's key: The key is disabled."
    # Where the target's claims say it already, as of a vault that both use, that stays as grave as it is there.
    assert [one.code for one in judged(_found(off), TARGET, [off])] == [UNDER]


def test_who_has_rights_on_a_vault_that_could_not_be_read_is_not_known() -> None:
    [under] = judged(_found(), None, [])
    assert f"the workspace under {OLD}/keys/cmk/1, the storage account 'stold' under" in under.summary
    assert "Who may change or use the workspace's key is not known." in under.summary


def test_of_a_source_under_microsofts_key_nothing_is_said() -> None:
    assert judged(None, TARGET, _of_target(f"{OLD}/keys/cmk/1")) == []


def test_a_source_that_names_no_key_is_told_so() -> None:
    found = _found()
    bare = replace(found, keys=(), facts=replace(found.facts, key_ref=None))
    [under] = judged(bare, TARGET, _of_target(f"{OLD}/keys/cmk/1"))
    assert "names no key that could be looked at" in under.summary


@pytest.mark.parametrize("code", [UNDER, KEPT])
def test_the_runbook_has_each_finding_with_its_severity(code: str) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "crypto-shredding.md"
    [severity] = CODES[code].severities
    assert f"| `{code}` | {severity} |" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("keys", "uses"),
    [
        (["Get", "WrapKey", "UnwrapKey"], True),
        (["decrypt"], True),
        (["All"], True),
        (["get", "wrapKey", "encrypt", "backup"], False),
        ([], False),
    ],
)
def test_by_access_policies_who_may_unwrap_or_decrypt_may_use_the_key(keys: list[str], uses: bool) -> None:
    policy = {"objectId": "6f0c3b52-0000-4000-8000-000000000001", "permissions": {"keys": keys}}
    vault = {"properties": {"enableRbacAuthorization": False, "accessPolicies": [policy]}}
    found = _found()
    facts = replace(found.facts, vault=Read(vault), on_vault=Read([]))
    assert set(users_of(facts, found.keys[0][0]).all) == ({str(policy["objectId"])} if uses else set())
