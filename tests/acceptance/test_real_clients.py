"""Users' own clients, unmodified: what MLClient creates migrates, and it reads all that was migrated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.world import World

CONDA = "name: e\nchannels: [conda-forge]\ndependencies: [python=3.10, pip]\n"


@pytest.fixture
def local_files(tmp_path: Path) -> Path:
    """A model, a script and a conda file."""
    folder = tmp_path / "local"
    (folder / "src").mkdir(parents=True)
    (folder / "model.pkl").write_bytes(bytes(range(256)) * 40)
    (folder / "src" / "train.py").write_text("print('trained')\n")
    (folder / "conda.yaml").write_text(CONDA)
    return folder


@pytest.mark.filterwarnings("ignore")
def test_what_mlclient_creates_is_migrated(world: World, azure_env: Any, local_files: Path) -> None:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import CommandComponent, Environment, Model
    from azure.identity import DefaultAzureCredential

    def client(name: str) -> MLClient:
        subscription = world.env["AZURE_SUBSCRIPTION_ID"]
        return MLClient(DefaultAzureCredential(), subscription, world.group, name, enable_telemetry=False)

    old = client(world.source)
    old.models.create_or_update(
        Model(name="risk", version="4", path=str(local_files / "model.pkl"), tags={"team": "credit"})
    )
    old.environments.create_or_update(
        Environment(
            name="sk", version="2", image="mcr.microsoft.com/x:1", conda_file=str(local_files / "conda.yaml")
        )
    )
    old.components.create_or_update(
        CommandComponent(
            name="train",
            version="1",
            command="python train.py",
            code=str(local_files / "src"),
            environment="azureml:sk:2",
        )
    )
    world.ok("plan", *world.names)
    world.ok("run")
    assert world.ok("verify", "--depth", "sdk", "--json").event("verify.end")["green"] is True
    new = client(world.target)
    model = new.models.get("risk", "4")
    assert model.tags["team"] == "credit" and world.target in model.path
    assert new.environments.get("sk", "2").conda_file["dependencies"][0] == "python=3.10"
    component = new.components.get("train", "1")
    assert f"/workspaces/{world.target}/" in component.code
    new.models.download("risk", version="4", download_path=str(local_files / "back"))
    assert (local_files / "back" / "risk" / "model.pkl").read_bytes() == (local_files / "model.pkl").read_bytes()


def test_what_azure_refuses_mlclient_is_never_green(moved_world: World) -> None:
    """MLClient has api-versions of its own, but of data; what the tool itself reads is answered."""
    own = r"api-version=(?!2025-12-01)"
    rule = {
        "match": {
            "method": "GET",
            "path": "/((models|environments|components)/.+|data/[^/]+/versions/[^/]+)$",
            "query": own,
            "times": 0,
        }
    }
    refused = moved_world.with_faults(
        [{**rule, "action": "status", "status": 403}], "verify", "--depth", "sdk", "--json"
    )
    assert refused.code == 3
    end = refused.event("verify.end")
    assert end["green"] is False
    assert {one["field"] for one in end["differences"]} == {"sdk"}
    assert len(end["differences"]) == 5 and "MLClient reads 0 of 5" in end["text"]
    assert [what for what in end["not_checked"] if what.startswith("with MLClient in the source, 5 assets")]
