"""`migrate provision` asks before its first write what would be refused on the way."""

from __future__ import annotations

import yaml
from tests.acceptance.provisioning import VAULT_API, Place
from tests.builders import fault

STORAGE_API = "2023-05-01"


def test_names_that_others_have_anywhere_and_a_quota_that_is_used_up(place: Place) -> None:
    place.account(f"stp{place.number}", f"other{place.number}")
    gone = place.vault(f"kv-p{place.number}", f"other{place.number}", location="westus")
    place.world.arm("DELETE", gone, VAULT_API)
    place.vault(f"kv-s{place.number}", f"other{place.number}")
    full = {"name": {"value": "StorageAccounts"}, "currentValue": 250, "limit": 250, "unit": "Count"}
    rule = fault(
        "GET", "/Microsoft.Storage/locations/eastus2/usages$", times=0, status=200, body={"value": [full]}
    )
    place.put(place.group, "2022-09-01", {"location": "eastus2"})
    logs = place.id("Microsoft.OperationalInsights/workspaces", f"log-{place.number}")
    place.put(logs, "2023-09-01", {"location": "eastus2", "properties": {}})
    place.world.arm("DELETE", logs, "2023-09-01")
    place.file["logAnalytics"] = {"name": f"log-{place.number}"}
    since = place.now()
    with place.world.faults(rule):
        error = place.refused()
    told = "\n".join(error["reasons"])
    assert f"The storage account named stp{place.number} is already taken." in told
    assert "The subscription has 250 of 250 in eastus2" in told
    assert "deleted in westus" in told and f"az keyvault recover --name kv-p{place.number}" in told
    assert f"A deleted one of the name 'log-{place.number}' would come back" in told
    assert f"The vault name 'kv-s{place.number}' is already in use." in told
    assert place.writes(since) == []


def test_an_account_that_could_still_be_recovered_is_given_up_by_a_yes_alone(place: Place) -> None:
    account = place.account(f"stp{place.number}")
    place.world.arm("DELETE", account, STORAGE_API)
    place.path.write_text(yaml.safe_dump(place.file))
    since = place.now()
    result = place.world.migrate("provision", str(place.path), "--json")
    assert result.code == 4, result.out
    [told] = [one for one in result.event("error")["reasons"] if account in one]
    assert "was deleted on" in told and "only until one of its name is made" in told
    notes = {one["what"]: one["notes"] for one in place.ok("--dry-run").event("provision.plan")["steps"]}
    assert told in notes["storage account"]
    assert place.writes(since) == []
