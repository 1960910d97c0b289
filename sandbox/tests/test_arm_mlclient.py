"""The real MLClient, unmodified, through the running sandbox: every kind written, read, listed and archived."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from arm_harness import usual_version
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import HttpTransport

from azsandbox.client import Client
from azsandbox.seed import Seeder

# azure-ai-ml and what it imports warn of their own plans.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clients ask after an operation every half minute, where nothing tells when; what they ask stays the same."""
    monkeypatch.setattr(HttpTransport, "sleep", lambda _, seconds: time.sleep(min(seconds, 0.1)))


class Workspace:
    """A workspace of its own in the running sandbox, and the client that a user would make for it."""

    def __init__(self, subscription: str) -> None:
        from azure.ai.ml import MLClient
        from azure.identity import EnvironmentCredential

        short = uuid.uuid4().hex[:8]
        self.name, self.account = f"ml{short}", f"mlacct{short}"
        self.group = f"/subscriptions/{subscription}/resourceGroups/rg-{short}"
        self.id = f"{self.group}/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        credential = EnvironmentCredential()
        token = credential.get_token("https://management.azure.com/.default").token
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._make()
        self.client = MLClient(credential, subscription, f"rg-{short}", self.name, enable_telemetry=False)

    def arm(self, method: str, path: str, body: Any = None) -> Any:
        """One request; its JSON, or the headers of a 202."""
        url = f"https://management.azure.com{path}"
        response = self._session.request(method, url, params={"api-version": usual_version(path)}, json=body)
        assert response.ok, (path, response.status_code, response.text)
        return response.headers if response.status_code == 202 else response.json() if response.content else None

    def _make(self) -> None:
        self.arm("PUT", self.group, {"location": "eastus2"})
        properties = {}
        for property_, type_, name in (
            ("storageAccount", "Microsoft.Storage/storageAccounts", self.account),
            ("keyVault", "Microsoft.KeyVault/vaults", f"kv{self.name}"),
            ("applicationInsights", "Microsoft.Insights/components", f"ai{self.name}"),
        ):
            path = f"{self.group}/providers/{type_}/{name}"
            self.arm("PUT", path, {"location": "eastus2", "properties": {}})
            properties[property_] = path
        body = {"location": "eastus2", "identity": {"type": "SystemAssigned"}, "properties": properties}
        headers = self.arm("PUT", self.id, body)
        while self._session.get(headers["Azure-AsyncOperation"]).json()["status"] == "InProgress":
            asyncio.run(asyncio.sleep(0.05))


@pytest.fixture(scope="session")
def made() -> dict[str, Workspace]:
    return {}


@pytest.fixture
def workspace(azure_env: Any, made: dict[str, Workspace]) -> Workspace:
    """One workspace a test process."""
    if not made:
        made["one"] = Workspace(azure_env.env["AZURE_SUBSCRIPTION_ID"])
    return made["one"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "deeper").mkdir(parents=True)
    (source / "run.py").write_text(f"print('{uuid.uuid4()}')\n")
    (source / "deeper" / "more.py").write_text("print(2)\n")
    return source


def _names(items: Iterator[Any]) -> list[str]:
    return [item.name for item in items]


def _archived_and_back(operations: Any, name: str, version: str) -> None:
    """Archives and restores a version, then the container, and sees each go and come back."""

    def versions() -> list[str]:
        return [item.version for item in operations.list(name)]

    def containers() -> list[str]:
        return _names(operations.list())

    for seen, what, arguments in ((versions, version, (name, version)), (containers, name, (name,))):
        assert what in seen()
        operations.archive(*arguments)
        assert what not in seen()
        operations.restore(*arguments)
        assert what in seen()


def _archived_by_label(operations: Any, name: str) -> None:
    """`latest` is the newest that is not archived; it comes back by its version, as it has no label then."""
    newest, *_ = versions = [item.version for item in operations.list(name)]
    operations.archive(name, label="latest")
    assert [item.version for item in operations.list(name)] == versions[1:]
    operations.restore(name, newest)
    assert [item.version for item in operations.list(name)] == versions
    # A label that names an active version restores that one, which changes nothing.
    operations.restore(name, label="latest")
    assert [item.version for item in operations.list(name)] == versions


def test_workspaces(workspace: Workspace) -> None:
    found = workspace.client.workspaces.get(workspace.name)
    assert found.discovery_url == "https://eastus2.api.azureml.ms/discovery"
    assert found.storage_account.endswith(workspace.account)
    assert workspace.name in _names(workspace.client.workspaces.list())


def test_models(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    models = workspace.client.models
    model = Model(name="model", version="1", path=str(folder), type="custom_model", tags={"a": "b"})
    made = models.create_or_update(model)
    assert (made.name, made.version, made.stage, made.tags) == ("model", "1", "Development", {"a": "b"})
    again = models.create_or_update(Model(name="model", path=str(folder), type="custom_model"))
    assert again.version == "2"
    assert models.get("model", label="latest").version == "2"
    assert [item.version for item in models.list("model")] == ["2", "1"]
    _archived_and_back(models, "model", "1")
    _archived_by_label(models, "model")
    models.download("model", "1", str(tmp_path / "here"))
    assert (tmp_path / "here" / "model" / "source" / "deeper" / "more.py").read_text() == "print(2)\n"


def test_model_of_other_bytes_is_refused(workspace: Workspace, folder: Path) -> None:
    from azure.ai.ml.entities import Model

    models = workspace.client.models
    models.create_or_update(Model(name="fixed", version="1", path=str(folder), type="custom_model"))
    (folder / "run.py").write_text("print('other')\n")
    with pytest.raises(Exception, match="Asset paths cannot be updated"):
        models.create_or_update(Model(name="fixed", version="1", path=str(folder), type="custom_model"))


def test_data(workspace: Workspace, folder: Path) -> None:
    from azure.ai.ml.entities import Data

    data = workspace.client.data
    made = data.create_or_update(Data(name="files", version="1", path=str(folder), type="uri_folder"))
    assert f"/workspaces/{workspace.name}/datastores/workspaceblobstore/paths/LocalUpload/" in made.path
    assert data.create_or_update(Data(name="files", path=str(folder), type="uri_folder")).version == "2"
    assert data.get("files", label="latest").version == "2"
    assert data.get("files", "1").path == made.path
    _archived_and_back(data, "files", "1")
    _archived_by_label(data, "files")


def test_environments(workspace: Workspace, folder: Path) -> None:
    from azure.ai.ml.entities import BuildContext, Environment

    environments = workspace.client.environments
    image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
    conda = {"name": "first", "dependencies": ["python=3.10", {"pip": ["numpy"]}]}
    (folder / "conda.json").write_text(json.dumps(conda))
    first = Environment(name="env", version="1", image=image, conda_file=str(folder / "conda.json"))
    assert environments.create_or_update(first).conda_file == conda
    assert environments.create_or_update(Environment(name="env", image=image)).version == "2"
    assert environments.get("env", label="latest").version == "2"
    assert environments.get("env", "1").conda_file == conda
    (folder / "Dockerfile").write_text("FROM scratch\n")
    built = environments.create_or_update(Environment(name="built", build=BuildContext(path=str(folder))))
    assert environments.get("built", built.version).build.dockerfile_path == "Dockerfile"
    _archived_and_back(environments, "env", "1")
    _archived_by_label(environments, "env")


_STEP = """
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: {name}
version: 1
display_name: {shown}
type: command
code: ./source
command: python run.py --data ${{{{inputs.data}}}} $[[--count ${{{{inputs.count}}}}]] --out ${{{{outputs.out}}}}
environment:
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04
inputs:
  count: {{type: integer, default: 3, optional: true}}
  data: {{type: uri_folder}}
outputs:
  out: {{type: uri_folder}}
"""


def _component(folder: Path, name: str, shown: str = "Step") -> Any:
    from azure.ai.ml import load_component

    file = folder.parent / f"{name}.yml"
    file.write_text(_STEP.format(name=name, shown=shown))
    return load_component(str(file))


def test_components_and_their_codes(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    components = workspace.client.components
    made = components.create_or_update(_component(folder, "step"))
    assert list(made.inputs) == ["data", "count"]
    code = made.code.rpartition("/codes/")[2].split("/versions/")
    uri = workspace.client._code.get(*code).path
    assert uri.startswith(f"https://{workspace.account}.blob.core.windows.net:443/")
    assert components.create_or_update(_component(folder, "step", "Other")).display_name == "Other"
    assert components.create_or_update(_component(folder, "twin")).code == made.code  # found by its hash
    assert components.get("step").version == "1"
    assert [item.version for item in components.list("step")] == ["1"]
    _archived_and_back(components, "step", "1")
    components.download("step", str(tmp_path / "here"), version="1")
    assert (tmp_path / "here" / "code" / "deeper" / "more.py").read_text() == "print(2)\n"


def test_codes_by_themselves(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    from azure.ai.ml.entities._assets import Code

    codes = workspace.client._code
    made = codes.create_or_update(Code(path=str(folder)))
    found = codes.get(made.name, made.version)
    assert found.path == made.path and found.path.startswith(f"https://{workspace.account}.blob.core.windows.net")
    # The same bytes are the same code.
    again = codes.create_or_update(Code(path=str(folder)))
    assert (again.name, again.version) == (made.name, made.version)
    codes.download(made.name, made.version, tmp_path / "here")
    files = {file.name: file.read_text() for file in (tmp_path / "here").rglob("*.py")}
    assert files["more.py"] == "print(2)\n" and files["run.py"] == (folder / "run.py").read_text()


def test_component_of_other_code_is_refused(workspace: Workspace, folder: Path) -> None:
    components = workspace.client.components
    components.create_or_update(_component(folder, "fixed"))
    (folder / "run.py").write_text("print('other')\n")
    with pytest.raises(Exception, match='since field "code" is immutable'):
        components.create_or_update(_component(folder, "fixed"))


def test_pipeline_components(workspace: Workspace, folder: Path) -> None:
    from azure.ai.ml import load_component

    workspace.client.components.create_or_update(_component(folder, "part"))
    inline = {
        "type": "command",
        "command": "echo ${{inputs.data}}",
        "environment": {"image": "docker.io/library/python:3.11"},
        "inputs": {"data": {"type": "uri_folder"}},
    }
    given = {"data": "${{parent.inputs.data}}"}
    pipeline = {
        "type": "pipeline",
        "name": "whole",
        "version": "1",
        "inputs": {"data": {"type": "uri_folder"}},
        "jobs": {
            "first": {"type": "command", "component": inline, "inputs": given},
            "second": {"type": "command", "component": "azureml:part:1", "inputs": given},
        },
    }
    file = folder.parent / "whole.yml"
    file.write_text(json.dumps(pipeline))
    workspace.client.components.create_or_update(load_component(str(file)))
    assert list(workspace.client.components.get("whole", "1").jobs) == ["first", "second"]
    assert "azureml_anonymous" in _names(workspace.client.components.list())


def test_feature_store_entities(workspace: Workspace) -> None:
    from azure.ai.ml.entities import DataColumn, FeatureStoreEntity

    entities = workspace.client.feature_store_entities
    column = DataColumn(name="id", type="string")
    made = entities.begin_create_or_update(
        FeatureStoreEntity(name="account", version="1", index_columns=[column], description="of a customer")
    ).result()
    assert (made.name, made.version, made.description) == ("account", "1", "of a customer")
    assert [each.version for each in entities.list("account")] == ["1"]
    assert [each.name for each in entities.list()] == ["account"]


def test_datastores(workspace: Workspace) -> None:
    from azure.ai.ml.entities import AccountKeyConfiguration, AzureBlobDatastore, AzureDataLakeGen2Datastore

    datastores = workspace.client.datastores
    key = AccountKeyConfiguration(account_key="a2V5")
    blobs = AzureBlobDatastore(name="blobs", account_name=workspace.account, container_name="c", credentials=key)
    assert datastores.create_or_update(blobs).container_name == "c"
    datastores.create_or_update(
        AzureDataLakeGen2Datastore(name="lake", account_name=workspace.account, filesystem="f")
    )
    assert {"blobs", "lake", "workspaceblobstore"} <= set(_names(datastores.list()))
    assert datastores.get_default().name == "workspaceblobstore"
    # azure-ai-ml asks for an expiring secret, which for a key is a SAS.
    secret = datastores.get("blobs", include_secrets=True).credentials.sas_token
    assert "sig=" in secret
    listed = {store.name: store for store in datastores.list(include_secrets=True)}
    assert "sig=" in listed["blobs"].credentials.sas_token
    assert "sig=" in datastores.get_default(include_secrets=True).credentials.sas_token
    datastores.delete("blobs")
    assert "blobs" not in _names(datastores.list())


async def _uploaded(env: dict[str, str], workspace: str, rows: list[Any]) -> None:
    async with Client(env) as client:
        await (await Seeder.of(client, workspace)).blobs(rows)


def test_every_real_resource_is_accepted_and_can_be_read(
    azure_env: Any, workspace: Workspace, shared: Path
) -> None:
    client = workspace.client
    readers: dict[str, Callable[[str, str], Any]] = {
        "codes": client._code.get,
        "environments": client.environments.get,
        "data": client.data.get,
        "models": client.models.get,
        "components": client.components.get,
    }
    path = workspace.id.lstrip("/").replace("resourceGroups", "resourcegroups").split("/")
    short = "/".join((*path[:4], *path[6:]))
    rows = []
    for line in (shared / "real" / "azureml-examples" / "resources.jsonl").read_text().splitlines():
        filled = line.replace("{workspace}", workspace.id).replace("{account}", workspace.account)
        rows.append(json.loads(filled.replace("{workspace_path}", short)))
    models = [row["properties"]["modelUri"].partition("/paths/")[2] for row in rows if row["kind"] == "models"]
    blobs = map(json.loads, (shared / "real" / "azureml-examples" / "blobs.jsonl").read_text().splitlines())
    asyncio.run(
        _uploaded(azure_env.env, workspace.id, [row for row in blobs if row["path"].startswith(tuple(models))])
    )
    for row in rows:
        version = f"{workspace.id}/{row['kind']}/{row['name']}/versions/{row['version']}"
        workspace.arm("PUT", version, {"properties": row["properties"]})
    unreadable = []
    for row in rows:
        try:
            readers[row["kind"]](row["name"], row["version"])
        except Exception:  # noqa: BLE001 - whatever the client raises, it cannot read it
            unreadable.append(row["name"])
    # It names components and a label of models that are not in the workspace.
    assert (len(rows), unreadable) == (257, ["batch_scoring_uci_heart"])


def test_clusters_and_instances(workspace: Workspace) -> None:
    from azure.ai.ml.entities import AmlCompute, AssignedUserConfiguration, ComputeInstance

    computes, name = workspace.client.compute, f"c{workspace.name[2:]}"
    user = AssignedUserConfiguration(user_tenant_id=str(uuid.uuid4()), user_object_id=str(uuid.uuid4()))
    cluster = AmlCompute(name=name, size="STANDARD_DS3_v2", min_instances=1, max_instances=3, tier="low_priority")
    made = computes.begin_create_or_update(cluster).result()
    assert (made.size, made.min_instances, made.provisioning_state) == ("STANDARD_DS3_V2", 1, "Succeeded")
    made.min_instances = 0
    assert computes.begin_update(made).result().min_instances == 0
    instance = ComputeInstance(name=f"i{name}", size="STANDARD_DS3_v2", create_on_behalf_of=user)
    assert computes.begin_create_or_update(instance).result().state == "Running"
    computes.begin_stop(instance.name).result()
    stopped = computes.get(instance.name)
    assert (stopped.state, stopped.create_on_behalf_of.user_object_id) == ("Stopped", user.user_object_id)
    assert {size.name for size in computes.list_sizes()} >= {"Standard_DS3_v2", "Standard_NC6"}
    assert list(computes.list_usage())
    assert sorted(_names(computes.list())) == sorted((name, instance.name))
    with pytest.raises(HttpResponseError, match="not supported"):
        computes.begin_create_or_update(AmlCompute(name=f"x{name}", size="STANDARD_Z1", max_instances=1)).result()
    for one in (name, instance.name):
        computes.begin_delete(one).result()


def test_connections_with_their_secrets(workspace: Workspace) -> None:
    from azure.ai.ml.entities import ApiKeyConfiguration, PatTokenConfiguration, WorkspaceConnection

    connections = workspace.client.connections
    git = WorkspaceConnection(
        name="git", type="git", target="https://example.com", credentials=PatTokenConfiguration(pat="hush")
    )
    made = connections.create_or_update(git)
    assert (made.name, made.credentials.pat) == ("git", None)
    key = WorkspaceConnection(
        name="one", type="api_key", target="https://example.com", credentials=ApiKeyConfiguration(key="hush")
    )
    # The client asks for the secrets of this kind alone.
    assert connections.create_or_update(key).credentials.key is None
    assert connections.get("one", populate_secrets=True).credentials.key == "hush"
    assert sorted(_names(connections.list())) == ["git", "one"]
    for name in ("git", "one"):
        connections.delete(name)


def test_schedules_are_made_fired_disabled_and_deleted(workspace: Workspace) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.constants import TimeZone
    from azure.ai.ml.dsl import pipeline
    from azure.ai.ml.entities import CronTrigger, Environment, JobSchedule, RecurrencePattern, RecurrenceTrigger

    client, schedules = workspace.client, workspace.client.schedules
    environment = client.environments.create_or_update(Environment(name="scheduled", image="python:3"))
    step = command(command="echo 1", environment=f"{environment.name}:{environment.version}")

    @pipeline(compute="serverless")  # type: ignore[untyped-decorator] # the client has no types for it
    def steps() -> None:
        step()

    job = steps()
    cron = CronTrigger(expression="15 3 * * 1-5", time_zone=TimeZone.PACIFIC_STANDARD_TIME)
    every = RecurrenceTrigger(frequency="week", interval=2, schedule=RecurrencePattern(hours=[4], minutes=[0, 30], week_days=["monday"]))  # fmt: skip
    for name, trigger in (("nightly", cron), ("weekly", every)):
        made = schedules.begin_create_or_update(JobSchedule(name=name, trigger=trigger, create_job=job)).result()
        assert (made.name, made.is_enabled, made.provisioning_state) == (name, True, "Succeeded")
    fired = schedules.trigger("nightly")
    assert fired.schedule_action_type == "CreateJob"
    assert client.jobs.get(fired.job_name).display_name == fired.job_name
    assert schedules.begin_disable("nightly").result().is_enabled is False
    assert _names(schedules.list()) == ["weekly"]
    with pytest.raises(HttpResponseError, match="disabled"):
        schedules.trigger("nightly")
    with pytest.raises(HttpResponseError, match="Disable it"):
        schedules.begin_delete("weekly").result()
    assert schedules.begin_enable("nightly").result().is_enabled is True
    for name in ("nightly", "weekly"):
        schedules.begin_disable(name).result()
        schedules.begin_delete(name).result()
    wrong = JobSchedule(name="wrong", trigger=CronTrigger(expression="0 25 * * *"), create_job=job)
    with pytest.raises(HttpResponseError, match="cron expression"):
        schedules.begin_create_or_update(wrong).result()
