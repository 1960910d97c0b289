"""`migrate figures`, as its users run it: scans, vaults and alerts of a local Azure, told in four ways."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.acceptance import alone
from tests.acceptance.world import World, make_world

from azsandbox import Sandbox

# It looks at all that the caller can see.
sandbox = alone.sandbox


def _json(world: World, *more: str, code: int = 0) -> dict[str, Any]:
    ran = world.migrate("figures", "--format", "json", *more)
    assert ran.code == code, ran.out + ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_figures_from_a_scan_to_what_azure_forgets(sandbox: Sandbox, tmp_path: Path) -> None:
    world = make_world(sandbox, tmp_path)
    for side in ("source", "target"):
        document = world.documents[side]
        world.arm("PATCH", document["id"], "2025-12-01", {"tags": {"environment": "prod"}})
    assert world.migrate("figures").code == 2
    world.ok("scan")
    offline = _json(world, "--offline")
    production = offline["production"]
    assert (production["total"], production["under_cmk"], production["share"]) == (2, 1, 0.5)
    assert production["by"]["tag"]["total"] == 2
    assert (offline["rotations"], offline["alerts"]) == (None, None)
    assert (offline["mttr_days"]["open"], offline["mttr_days"]["open_bound"]) == (1, "at least")

    # An alarm fires.
    key = world.documents["target"]["properties"]["encryption"]["keyVaultProperties"]
    vault = key["keyVaultArmId"]
    rule = f"{vault.partition('/providers/')[0]}/providers/Microsoft.Insights/metricAlerts/guard-vault-refusals"
    criterion = {
        "name": "refused", "criterionType": "StaticThresholdCriterion", "metricNamespace": "Microsoft.KeyVault/vaults",
        "metricName": "ServiceApiResult", "operator": "GreaterThan", "threshold": 0, "timeAggregation": "Count",
    }  # fmt: skip
    body = {
        "severity": 2, "enabled": True, "scopes": [vault], "evaluationFrequency": "PT5M", "windowSize": "PT15M",
        "criteria": {
            "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "allOf": [criterion],
        },
    }  # fmt: skip
    world.arm("PUT", rule, "2018-03-01", {"location": "global", "properties": body})
    sandbox.alert(rule)
    live = _json(world)
    assert (live["rotations"]["keys"], live["rotations"]["made"], live["rotations"]["within"]) == (1, 0, 1)
    assert live["alerts"]["by_rule"] == {"vault-refusals": 1}
    assert live["alerts"]["by_severity"] == {"Sev2": 1}

    # What was kept is counted also when Azure shows it no more.
    assert _json(world, "--offline")["alerts"]["total"] == 1

    # Nothing that cannot be read makes a figure better, and the code says so.
    refusal = {"match": {"path": r".*/Microsoft\.AlertsManagement/alerts"}, "action": "status", "status": 403}
    refused = world.with_faults([refusal], "figures", "--format", "json")
    assert refused.code == 3, refused.out + refused.err
    told = json.loads(refused.out)
    assert (told["alerts"]["total"], told["whole"]) == (1, False)
    assert any("alerts of subscription" in one for one in told["bounds"])

    # The other forms; a file is in its place whole.
    page = world.ok("figures", "--format", "html", "--offline", "--out", "page.html")
    assert page.out == "" and "1 of 2 production workspaces" in (tmp_path / "page.html").read_text(
        encoding="utf-8"
    )
    assert "50.0 % of 2 production workspaces under a customer's key" in world.ok("figures", "--offline").out

    # A scan that was changed is no scan, and what was kept is not believed once it was changed.
    [scan] = (tmp_path / "scans").glob("SCAN-*.jsonl")
    shutil.copy(scan, scan.with_name("SCAN-0.jsonl"))
    scan.with_name("SCAN-0.jsonl").write_bytes(scan.read_bytes()[:-10])
    assert _json(world, "--offline", code=3)["scans"]["count"] == 1
    kept = tmp_path / "scans" / "figures.jsonl"
    kept.write_bytes(kept.read_bytes()[:-1])
    assert world.migrate("figures", "--offline").code == 2
