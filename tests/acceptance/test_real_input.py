"""The whole way on real input: 257 resources and 229 blobs."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from typing import Any

from tests.acceptance.removing import removal
from tests.acceptance.underway import under_way
from tests.acceptance.world import LEASE, World, items

from azsandbox.client import Client

ANONYMOUS = {"components": {"azureml_anonymous"}, "environments": {"CliV2AnonymousEnvironment"}}
KINDS = ("codes", "environments", "data", "models", "components")


def _documents(world: World, which: str) -> dict[str, Any]:
    """Every version of every kind, read through plain ARM lists."""

    async def work(client: Client) -> dict[str, Any]:
        base, found = world.documents[which]["id"], {}
        for kind in KINDS:
            view = "" if kind == "codes" else "?listViewType=All"
            names = {item["name"] async for item in items(client, f"{base}/{kind}{view}")}
            names |= ANONYMOUS.get(kind, set())
            for name in names:
                async for item in items(client, f"{base}/{kind}/{name}/versions{view}"):
                    found[f"{kind}/{name}/{item['name']}"] = item
        return found

    found: dict[str, Any] = world.azure(work)
    return found


def check_target(world: World, real_input: Any) -> None:
    """All of it is in the target, and no document there names the source."""
    resources, blobs = real_input
    target = _documents(world, "target")
    assert set(target) == {f"{r['kind']}/{r['name']}/{r['version']}" for r in resources}
    source = world.documents["source"]
    words = (world.source, world.account("source"), source["properties"]["workspaceId"], world.container("source"))
    for address, document in target.items():
        own = document["properties"]
        # The old id is kept on purpose, in properties that say so.
        kept = {k: v for k, v in (own.get("properties") or {}).items() if not k.startswith("migratedFrom.")}
        text = json.dumps(own | {"properties": kept})
        assert not [word for word in words if word in text], (address, text)
    listed = {path: blob.size for path, blob in world.blobs("target").items()}
    assert listed == {blob["path"]: blob["bytes"] for blob in blobs}


def _check_no_bytes_passed(rows: list[dict[str, Any]]) -> None:
    """Of storage the client asked for listings and server-side copies only, and sent no body."""
    storage = [row for row in rows if ".blob." in row["host"] and not row["path"].endswith(f"/{LEASE}")]
    assert {row["method"] for row in storage} == {"GET", "PUT"}
    for row in storage:
        assert row["request_bytes"] == 0, row
        assert row["method"] == "PUT" or "comp=list" in row["query"], row
    assert sum(row["method"] == "PUT" for row in storage) == 229


def test_the_whole_way(real_world: World, real_input: Any) -> None:
    world = real_world
    header = world.ok("plan", *world.names, "--json").event("plan.header")
    refused = world.migrate(*removal(world))
    assert refused.code == 4 and "no evidence" in refused.err
    assert {f["severity"] for f in header["findings"]} == {"warning"}
    warned = Counter(f["address"].split("/")[0] for f in world.asset_findings())
    assert set(warned) == {"data", "components"} and warned["data"] == 9
    assert {f["address"] for f in header["findings"] if f["address"].startswith("components")} == {
        # Labels of components and models that are not in the workspace, and an environment that is none of its own.
        "components/batch_scoring_uci_heart/1!reference-missing",
        "components/model_inference/1!reference-missing",
    }

    begun = world.now()
    run = world.ok("run", "--json")
    _check_no_bytes_passed(world.log(begun))
    assert run.event("run.end")["left"] == []
    end = world.ok("verify", "--depth", "sdk", "--json").event("verify.end")
    assert end["green"] is True
    # MLClient follows a component's reference to a model that is in neither workspace.
    [alike] = [what for what in end["not_checked"] if "MLClient" in what]
    assert "itself reads them on neither side, 1 asset " in alike and "heart-classifier-transforms" in alike
    assert "; 1 it can read on neither side." in end["text"]
    check_target(world, real_input)

    again = world.ok("plan", *world.names, "--json").event("plan.header")
    actions = {action for counts in again["counts"].values() for action in counts}
    assert actions == {"adopt", "skip"}

    assert world.migrate(*removal(world)[:2], "--confirm", "some/other").code == 2
    soaking = world.migrate(*removal(world)[:4])
    assert soaking.code == 4 and "soak" in soaking.err
    world.ok(*removal(world))
    assert (world.status("source"), world.status("target")) == (404, 200)
    evidence = world.folder / "plans" / world.source / "evidence"
    tombstone = json.loads((evidence / "0003-decommission.json").read_text())
    assert tombstone["recoverable_until"] and tombstone["remains"]


def test_killed_in_the_middle_it_resumes_to_the_same_end(real_world: World, real_input: Any) -> None:
    world = real_world
    world.ok("plan", *world.names)
    seed = random.randrange(10_000)
    print("seed", seed)
    with under_way(world, [], "run") as command:
        for _ in range(random.Random(seed).randrange(60, 180)):
            command.until("step.done")
        command.signal(signal.SIGKILL)
        assert command.end().code == -signal.SIGKILL, "it ended before it was killed"

    refused = world.migrate("run")
    assert refused.code == 4 and "--resume" in refused.err
    world.ok("run", "--resume")
    assert world.ok("verify", "--json").event("verify.end")["green"] is True
    check_target(world, real_input)
    # What is done is known by the ledger: nobody is asked.
    since = world.now()
    world.ok("run", "--resume")
    assert not world.log(since)
