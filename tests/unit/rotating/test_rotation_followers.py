"""What becomes of each thing under a key: pointed to the version, waited for, or left as it is. Never set back."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rotations import KEY, NEW, NOW, OLD, account, registry, version, workspace

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.errors import MigrateError, RefusedError
from amlmigrate.desired.steps import DesiredVerb
from amlmigrate.keys.model import Dependant
from amlmigrate.rotating import setback
from amlmigrate.rotating.followers import DependantPart
from amlmigrate.rotating.known import RotationKnown

KNOWN = RotationKnown(version=f"{KEY}/{NEW}", begins=NOW)


def decided(
    one: Dependant, known: RotationKnown = KNOWN, now: datetime = NOW, found: Any = ...
) -> tuple[str, str]:
    part = DependantPart(one, lambda: now)
    step = part.decide(one.document if found is ... else found, known)
    return step.verb.value, "; ".join(step.notes)


@pytest.mark.parametrize("make", [workspace, account, registry])
def test_what_uses_the_version_stays_as_it_is(make: Any) -> None:
    assert decided(make(NEW))[0] == "exists"


@pytest.mark.parametrize("fixed", [True, False])
def test_what_uses_a_newer_version_than_the_one_that_counts_is_not_pointed_back(*, fixed: bool) -> None:
    versions = (version(NEW, 1, enabled=False), version(OLD, 9))
    known = RotationKnown.of(versions[1], versions, NOW)
    for one in (workspace(NEW.upper()), account(NEW, fixed=fixed), registry(NEW, fixed=fixed)):
        verb, note = decided(one, known)
        assert (verb, "nothing goes back" in note) == ("refuse", True)


@pytest.mark.parametrize("fixed", [True, False])
def test_what_uses_a_version_that_was_made_since_they_were_read_is_not_pointed_back(*, fixed: bool) -> None:
    """Somebody may have made a newer one, and had it used, after this command read the key's versions."""
    versions = (version(NEW, 1), version(OLD, 9))
    known = RotationKnown.of(versions[0], versions, NOW)
    for one in (workspace("c" * 32), account("c" * 32, fixed=fixed), registry("c" * 32, fixed=fixed)):
        verb, note = decided(one, known)
        assert (verb, "may be newer" in note) == ("refuse", True)
    assert decided(workspace(OLD.upper()), known)[0] == "update"
    # Without a version Azure does not say which it uses.
    assert decided(workspace(""), known)[0] == "update"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"enabled": False}, "is disabled"),
        ({"expires": NOW}, "expired on"),
        ({"not_before": NOW + timedelta(seconds=1)}, "is not valid before"),
    ],
)
def test_nothing_is_pointed_to_a_version_with_which_nobody_can_wrap(state: Any, told: str) -> None:
    one = version(NEW, 1, **state)
    known = RotationKnown.of(one, (one, version(OLD, 9)), NOW)
    verb, note = decided(workspace(OLD), known)
    assert (verb, told in note) == ("refuse", True)
    # What is on it already is told as it is.
    assert decided(workspace(NEW), known)[0] == "exists"


def test_a_workspace_is_pointed_to_the_version_and_nothing_else_of_it_is_sent() -> None:
    step = DependantPart(workspace(OLD), lambda: NOW).decide(workspace(OLD).document, KNOWN)
    assert step.verb is DesiredVerb.UPDATE
    assert step.change
    assert step.change.method == "PATCH"
    assert step.change.body == {
        "properties": {"encryption": {"keyVaultProperties": {"keyIdentifier": f"{KEY}/{NEW}"}}}
    }


def test_a_workspace_that_names_no_version_is_pointed_to_one() -> None:
    """It does not follow, as far as is documented (AZ-KEY-14)."""
    verb, note = decided(workspace(""))
    assert (verb, "without a version" in note) == ("update", True)


def test_a_fixed_account_is_sent_its_encryption_as_it_is_but_for_the_version() -> None:
    one = account(OLD, fixed=True)
    step = DependantPart(one, lambda: NOW).decide(one.document, KNOWN)
    assert step.change
    assert step.change.body
    sent = step.change.body["properties"]["encryption"]
    assert sent["keyvaultproperties"] == {
        "keyvaulturi": "https://kv.vault.azure.net/",
        "keyname": "cmk",
        "keyversion": NEW,
    }
    assert sent["identity"] == {"userAssignedIdentity": "/user"}
    assert sent["services"] == {"blob": {"keyType": "Account", "enabled": True}}


def test_a_fixed_registry_keeps_its_identity_and_is_sent_nothing_that_only_azure_writes() -> None:
    one = registry(OLD, fixed=True)
    step = DependantPart(one, lambda: NOW).decide(one.document, KNOWN)
    assert step.change
    assert step.change.body
    sent = step.change.body["properties"]["encryption"]
    assert sent == {
        "status": "enabled",
        "keyVaultProperties": {"keyIdentifier": f"{KEY}/{NEW}", "identity": "client"},
    }


@pytest.mark.parametrize(("make", "hours"), [(account, 24), (registry, 1)])
def test_what_follows_is_waited_for_until_its_time_and_told_as_late_after_it(make: Any, hours: int) -> None:
    end = NOW + timedelta(hours=hours)
    verb, note = decided(make(OLD), now=end - timedelta(seconds=1))
    assert (verb, f"waiting until {end:%Y-%m-%d %H:%M} UTC" in note) == ("wait", True)
    verb, note = decided(make(OLD), now=end)
    assert (verb, note.startswith("late:")) == ("wait", True)
    # Before the version is there, nothing counts down.
    assert "after the version is made" in decided(make(OLD), RotationKnown())[1]


@pytest.mark.parametrize(
    "found",
    [
        None,
        {**workspace().document, "properties": {"workspaceId": "w"}},
        {
            **workspace().document,
            "properties": {
                "encryption": {
                    "status": "Enabled",
                    "keyVaultProperties": {"keyIdentifier": f"https://kv.vault.azure.net/keys/other/{OLD}"},
                }
            },
        },
    ],
    ids=["gone", "not under a key", "under another key"],
)
def test_what_is_no_longer_under_the_key_is_refused(found: Any) -> None:
    assert decided(workspace(), found=found)[0] == "refuse"


def test_only_what_names_a_version_is_set_back_by_code_and_a_workspace_must_not_be_replaced() -> None:
    told = list(setback.told((workspace(), account(), registry(fixed=True))))
    assert [line.split(":")[0] for line in told] == ["the workspace 'ws'", "the container registry 'reg'"]
    assert "apply no plan that would DESTROY" in told[0]
    # What the provider does with a change depends on its version: it is not said to destroy.
    assert "plans to" not in told[0]
    assert version().version == OLD


class Refusing:
    """Resources whose every write is refused."""

    def __init__(self, error: ServiceError) -> None:
        self.error = error

    async def write(self, method: str, path: str, body: Any) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("status", "code", "message", "told", "helps"),
    [
        (400, "BadRequest", "The identity has no permission wrapKey in the key vault 'kv'.", RefusedError, "wrap"),
        (409, "KeyVaultAuthenticationFailure", "The key cannot be used.", RefusedError, "wrap"),
        (403, "RequestDisallowedByPolicy", "Resource was disallowed by policy.", RefusedError, "exemption"),
        (409, "Conflict", "Another operation is under way.", ServiceError, ""),
        (500, "InternalServerError", "An error.", ServiceError, ""),
    ],
)
async def test_a_refused_change_says_what_helps_where_that_is_known(
    status: int, code: str, message: str, told: type[MigrateError], helps: str
) -> None:
    part = DependantPart(account(OLD, fixed=True), lambda: NOW)
    step = part.decide(account(OLD, fixed=True).document, KNOWN)
    error = ServiceError(status, code, message, method="PATCH", url="https://management.azure.com/x")
    with pytest.raises(told) as caught:
        await part.act(SimpleNamespace(resources=Refusing(error)), step)  # type: ignore[arg-type]  # a stand-in: it has what is asked of it
    assert helps in caught.value.remedy
    # Nothing speaks of a file or an option that this command has not.
    assert told is ServiceError or not {"--wait", "file"} & set(caught.value.remedy.split())
