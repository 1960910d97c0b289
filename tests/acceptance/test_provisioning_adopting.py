"""`migrate provision` on a file that names what others use: refused, adopted, and never beyond its owner's word."""

from __future__ import annotations

import os
import pty
import subprocess

import yaml
from tests.acceptance.provisioning import OWNED, VAULT_API, VAULTS, Place
from tests.acceptance.world import MIGRATE

from azsandbox import provision

STORAGE_API = "2023-05-01"


def _anothers(place: Place) -> dict[str, str]:
    """Another workspace, whose account and vault the file names as its own; their ids."""
    place.put(place.group, "2022-09-01", {"location": "eastus2", "tags": {"team": "risk"}})
    account = place.account(f"sto{place.number}")
    vault = place.vault(f"kv-s{place.number}")
    user = place.world.azure(
        provision.workspace, place.group, f"user{place.number}", storage_id=account, vault_id=vault
    )
    place.file["storage"] = {"name": f"sto{place.number}", "network": {"publicAccess": "Disabled"}}
    return {"account": account, "vault": vault, "user": str(user["id"])}


def test_anothers_account_and_vault_are_refused_with_who_uses_them(place: Place) -> None:
    ids = _anothers(place)
    before = [place.get(ids["account"], STORAGE_API), place.get(ids["vault"], VAULT_API)]
    since = place.now()
    result = place.run()
    assert result.code == 4, result.out
    error, plan = result.event("error"), result.event("provision.plan")
    for id_, what, name in (
        (ids["account"], "storage account", f"storage/sto{place.number}"),
        (ids["vault"], "key vault for secrets", f"keyVault/kv-s{place.number}"),
    ):
        reasons = [one for one in error["reasons"] if one.startswith(f"{what} {id_}: ")]
        assert any("does not belong to this file" in one and f"--adopt {name}" in one for one in reasons)
        # Who uses it is shown with the plan, and is no reason to settle.
        shown = [
            note for step in plan["steps"] if (step["id"], step["what"]) == (id_, what) for note in step["notes"]
        ]
        assert f"used by: the workspace {ids['user']}" in shown
        assert not any("used by" in one for one in reasons)
    told = " ".join(error["reasons"])
    for change in ("encryption", "network", "grants"):
        assert f"`adopted: {{storage/sto{place.number}: {{allow: [{change}]}}}}`" in told
    # Adopted without a word for any change, it is refused all the same, and so is a part of the word.
    place.adopt(f"kv-s{place.number}", "grants")
    place.adopt(f"storage/sto{place.number}", "grants", "encryption")
    told = " ".join(place.refused()["reasons"])
    assert "allow: [network]" in told and "allow: [grants]" not in told and "allow: [encryption]" not in told
    assert place.writes(since) == []
    assert [place.get(ids["account"], STORAGE_API), place.get(ids["vault"], VAULT_API)] == before


def test_an_adopted_vault_is_changed_as_far_as_was_said_and_a_group_not_at_all(place: Place) -> None:
    place.put(place.group, "2022-09-01", {"location": "eastus2", "tags": {"team": "risk"}})
    vault = place.vault(f"kv-s{place.number}")
    before = place.get(vault, VAULT_API)
    place.adopt(f"kv-s{place.number}", "grants")
    plan = place.ok().event("provision.plan")
    [step] = [one for one in plan["steps"] if one["what"] == "key vault for secrets"]
    assert step["action"] == "exists" and any("it is others'" in note for note in step["notes"])
    assert place.get(vault, VAULT_API) == before
    assert place.get(place.group, "2022-09-01")["tags"] == {"team": "risk"}
    own = place.get(place.id(VAULTS, f"kv-p{place.number}"), VAULT_API)
    assert own["tags"] == {**OWNED, "aml-cmk-migrate-for": place.owner}
    since = place.now()
    assert place.ok().event("provision.plan")["changes"] == 0
    assert place.writes(since) == []
    place.adopted = []
    assert any("does not belong to this file" in one for one in place.refused()["reasons"])


def test_without_a_yes_nothing_is_written(place: Place) -> None:
    place.path.write_text(yaml.safe_dump(place.file))
    since = place.now()
    result = place.world.migrate("provision", str(place.path), "--json")
    assert result.code == 4, result.out
    error = result.event("error")
    assert "no terminal to ask at; nothing was changed." in error["summary"] and error["remedy"].endswith("--yes")
    told = " ".join(error["reasons"])
    for what in (f"'kv-p{place.number}' gets purge protection", "the key 'cmk'", f"'pw{place.number}'"):
        assert what in told
    code, shown = _at_a_terminal(place, "no\n")
    assert (
        code == 4 and "This cannot be undone" in shown and "You did not answer yes; nothing was changed." in shown
    )
    assert place.writes(since) == []
    code, shown = _at_a_terminal(place, "yes\n")
    assert code == 0 and "is there, under a customer's key" in shown


def _at_a_terminal(place: Place, answer: str) -> tuple[int, str]:
    """Runs it as a person does; the exit code and all that was shown."""
    ours, theirs = pty.openpty()
    command = [str(MIGRATE), "provision", str(place.path)]
    env = {**os.environ, **place.world.env, "TERM": "dumb"}
    shown = b""
    with subprocess.Popen(command, env=env, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True) as process:
        os.close(theirs)
        while chunk := _chunk(ours):
            shown += chunk
            if b"Type yes" in shown and answer:
                os.write(ours, answer.encode())
                answer = ""
        code = process.wait(30)
    os.close(ours)
    return code, shown.decode()


def _chunk(terminal: int) -> bytes:
    """What comes next; nothing once the other end is closed, which Linux says by an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
