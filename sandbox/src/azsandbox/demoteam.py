"""What the demo's team has beside its assets: what runs by itself, what signs in elsewhere, machines, files.

`azsandbox seed demo --realistic` makes it. Paths below the workspace with their whole bodies, in an order in which
they can be made; `{workspace}` stands for its ARM id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from azsandbox.demoassets import TEAM, code_id
from azsandbox.demofiles import file, notebook
from azsandbox.messages import SUBSCRIPTION_ID

Row = dict[str, Any]
Made = tuple[str, dict[str, Any]]

_LOCATION = "eastus2"
_SIZE = "Standard_DS3_v2"
# Whoever looks for secrets that leaked finds each of these by itself.
SECRET = "demo-secret-"  # noqa: S105 - what each of them begins with
_PEOPLE = ("ann", "bo", "cem", "dana", "eli", "fay", "gus", "hana", "ivo", "jun")
_PROJECTS = ("credit-risk", "churn", "fraud", "macro", "scratch")
_WHOM = "c2d1e0f9-0000-4000-8000-0000000000"

DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
COMPUTE_OPERATOR = "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
# Below the workspace: where, which role, whose, and what they are.
ROLES = (
    ("", DATA_SCIENTIST, f"{_WHOM}01", "User"),
    ("", DATA_SCIENTIST, f"{_WHOM}02", "User"),
    ("", READER, f"{_WHOM}03", "Group"),
    ("", COMPUTE_OPERATOR, f"{_WHOM}04", "ServicePrincipal"),
    ("/onlineEndpoints/credit-score", DATA_SCIENTIST, f"{_WHOM}05", "ServicePrincipal"),
)


def secret(name: str) -> str:
    """A secret that follows from a name."""
    return SECRET + hashlib.sha256(name.encode()).hexdigest()[:24]


def made() -> list[Made]:
    """All but files, role assignments and diagnostic settings."""
    return [*_computes(), *_connections(), *_schedules(), *_online(), *_batch()]


def diagnostics(logs: str) -> dict[str, Any]:
    """The setting that sends the workspace's logs to a Log Analytics workspace."""
    categories = ("AmlComputeClusterEvent", "AmlRunStatusChangedEvent")
    return {
        "properties": {
            "workspaceId": logs,
            "logs": [{"category": name, "enabled": True} for name in categories],
            "metrics": [{"category": "AllMetrics", "enabled": True}],
        }
    }


def _computes() -> Iterator[Made]:
    """Two clusters, one of which keeps a node, and an instance."""
    for name, least, most in (("cpu-cluster", 0, 4), ("train-cluster", 1, 3)):
        scale = {"minNodeCount": least, "maxNodeCount": most, "nodeIdleTimeBeforeScaleDown": "PT5M"}
        inner = {"vmSize": _SIZE, "scaleSettings": scale}
        yield f"computes/{name}", _compute("AmlCompute", inner, identity={"type": "SystemAssigned"})
    yield "computes/ann-ci", _compute("ComputeInstance", {"vmSize": _SIZE})


def _compute(kind: str, inner: dict[str, Any], **top: Any) -> dict[str, Any]:
    properties = {"computeType": kind, "properties": inner}
    return {"location": _LOCATION, "tags": TEAM, "properties": properties, **top}


def _connections() -> Iterator[Made]:
    """A dozen, of most sorts."""
    password = {"username": "risk", "password": secret("password")}
    rows: tuple[tuple[str, str, str, str, dict[str, Any] | None], ...] = (
        ("team-git", "Git", "https://dev.azure.com/contoso/risk/_git/risk", "PAT", {"pat": secret("git")}),
        (
            "python-feed",
            "PythonFeed",
            "https://pkgs.dev.azure.com/contoso/_packaging/risk/pypi/simple",
            "PAT",
            {"pat": secret("feed")},
        ),
        ("images", "ContainerRegistry", "contoso.azurecr.io", "UsernamePassword", password),
        (
            "loans-sql",
            "AzureSqlDb",
            "Server=tcp:contoso.database.windows.net,1433;Database=loans",
            "UsernamePassword",
            {**password, "password": secret("sql")},
        ),
        (
            "warehouse",
            "Snowflake",
            "jdbc:snowflake://contoso.snowflakecomputing.com/?db=risk&warehouse=small",
            "UsernamePassword",
            {**password, "password": secret("snowflake")},
        ),
        (
            "bureau-s3",
            "S3",
            "credit-bureau",
            "AccessKey",
            {"accessKeyId": secret("s3 id"), "secretAccessKey": secret("s3")},
        ),
        ("openai", "AzureOpenAI", "https://contoso.openai.azure.com/", "ApiKey", {"key": secret("openai")}),
        ("search", "CognitiveSearch", "https://contoso.search.windows.net", "ApiKey", {"key": secret("search")}),
        ("serp", "Serp", "https://serpapi.com", "ApiKey", {"key": secret("serp")}),
        ("bureau", "CustomKeys", "_", "CustomKeys", {"keys": {"token": secret("bureau"), "id": secret("id")}}),
        ("drop-zone", "AzureBlob", "https://contosodrop.blob.core.windows.net/in", "SAS", {"sas": secret("sas")}),
        ("public-feed", "PythonFeed", "https://pypi.org/simple", "None", None),
    )
    for name, category, target, auth, credentials in rows:
        properties: dict[str, Any] = {"category": category, "target": target, "authType": auth, "metadata": TEAM}
        if credentials:
            properties["credentials"] = credentials
        yield f"connections/{name}", {"properties": properties}


def _schedules() -> Iterator[Made]:
    """Five: a pipeline, a command, one that is disabled, one that runs as a person, a monitor of data."""
    pipeline = {
        "jobType": "Pipeline",
        "displayName": "credit pipeline",
        "experimentName": "credit-risk",
        "settings": {"default_compute": "{workspace}/computes/cpu-cluster"},
        "inputs": {
            "raw": {"jobInputType": "uri_folder", "uri": "{workspace}/data/loans-raw/versions/2"},
            "labels": {"jobInputType": "uri_file", "uri": "{workspace}/data/loans-labels/versions/1"},
        },
        "jobs": {
            "train": {
                "name": "train",
                "type": "pipeline",
                "componentId": "{workspace}/components/credit_pipeline/versions/1",
                "inputs": {
                    "raw": {"job_input_type": "literal", "value": "${{parent.inputs.raw}}"},
                    "labels": {"job_input_type": "literal", "value": "${{parent.inputs.labels}}"},
                },
            }
        },
    }
    daily = {"triggerType": "Cron", "expression": "15 3 * * *", "timeZone": "W. Europe Standard Time"}
    yield _schedule("nightly-training", {**daily, "startTime": "2026-01-05T03:15:00"}, _job(pipeline))
    yield _schedule(
        "weekly-scoring", _every("Week", 6), _job(_command("score", "credit-serve/versions/1", "train-cluster"))
    )
    report = _job(_command("prep", "credit-train/versions/2"))
    yield _schedule("monthly-report", _every("Month", 7), report, enabled=False)
    own = _command("train", "credit-train/versions/2") | {"identity": {"identityType": "UserIdentity"}}
    yield _schedule("anns-experiment", _every("Day", 20), _job(own))
    yield _schedule("loans-drift", _every("Day", 5), _monitor())


def _schedule(name: str, trigger: dict[str, Any], action: dict[str, Any], *, enabled: bool = True) -> Made:
    properties = {
        "displayName": name.replace("-", " "),
        "isEnabled": enabled,
        "tags": TEAM,
        "trigger": trigger,
        "action": action,
    }
    return f"schedules/{name}", {"properties": properties}


def _every(frequency: str, hour: int) -> dict[str, Any]:
    return {
        "triggerType": "Recurrence",
        "frequency": frequency,
        "interval": 1,
        "timeZone": "UTC",
        "startTime": f"2026-01-05T{hour:02}:30:00",
        "schedule": {"hours": [hour], "minutes": [30]},
    }


def _job(definition: dict[str, Any]) -> dict[str, Any]:
    return {"actionType": "CreateJob", "jobDefinition": definition}


def _command(folder: str, environment: str, compute: str = "serverless") -> dict[str, Any]:
    return {
        "jobType": "Command",
        "displayName": folder,
        "experimentName": "credit-risk",
        "command": f"python {folder}.py",
        "codeId": code_id(folder),
        "environmentId": f"{{workspace}}/environments/{environment}",
        # azure-ai-ml spells serverless compute as a compute of this name.
        "computeId": f"{{workspace}}/computes/{compute}",
    }


def _monitor() -> dict[str, Any]:
    def data(version: int, context: str, **window: str) -> dict[str, Any]:
        uri = f"{{workspace}}/data/loans-raw/versions/{version}"
        kind = "Rolling" if window else "Fixed"
        return {
            "inputDataType": kind,
            "jobInputType": "uri_folder",
            "uri": uri,
            "dataContext": context,
            **window,
        }

    bounds = [{"dataType": "Numerical", "metric": "JensenShannonDistance", "threshold": {"value": 0.01}}]
    signal = {
        "signalType": "DataDrift",
        "referenceData": data(1, "Training"),
        "productionData": data(2, "ModelInputs", windowOffset="P0D", windowSize="P1D"),
        "metricThresholds": bounds,
    }
    machine = {
        "computeType": "ServerlessSpark",
        "instanceType": "standard_e4s_v3",
        "runtimeVersion": "3.4",
        "computeIdentity": {"computeIdentityType": "AmlToken"},
    }
    definition = {"computeConfiguration": machine, "signals": {"drift": signal}}
    return {"actionType": "CreateMonitor", "monitorDefinition": definition}


def _online() -> Iterator[Made]:
    path = "onlineEndpoints/credit-score"
    endpoint: dict[str, Any] = {"authMode": "Key", "properties": {}}
    top = {"location": _LOCATION, "tags": TEAM, "identity": {"type": "SystemAssigned"}}
    yield path, {**top, "properties": endpoint}
    deployment = {
        "endpointComputeType": "Managed",
        "model": "{workspace}/models/credit-risk/versions/4",
        "codeConfiguration": {"codeId": code_id("score"), "scoringScript": "score.py"},
        "environmentId": "{workspace}/environments/credit-serve/versions/1",
        "instanceType": _SIZE,
    }
    sku = {"name": "Default", "capacity": 1}
    yield f"{path}/deployments/blue", {"location": _LOCATION, "sku": sku, "properties": deployment}
    yield path, {**top, "properties": {**endpoint, "traffic": {"blue": 100}}}


def _batch() -> Iterator[Made]:
    path = "batchEndpoints/credit-batch"
    top = {"location": _LOCATION, "tags": TEAM}
    yield path, {**top, "properties": {"authMode": "AADToken", "properties": {}}}
    deployment = {
        "model": {"referenceType": "Id", "assetId": "{workspace}/models/credit-risk/versions/4"},
        "codeConfiguration": {"codeId": code_id("score"), "scoringScript": "score.py"},
        "environmentId": "{workspace}/environments/credit-serve/versions/1",
        "compute": "{workspace}/computes/cpu-cluster",
        "resources": {"instanceCount": 1},
    }
    yield f"{path}/deployments/nightly", {"location": _LOCATION, "properties": deployment}
    defaults = {"deploymentName": "nightly"}
    yield path, {**top, "properties": {"authMode": "AADToken", "properties": {}, "defaults": defaults}}


def files(count: int) -> list[Row]:
    """So many notebooks, and what lies beside them, in folders of people and their projects."""
    return [_file(number) for number in range(count)]


def _file(number: int) -> Row:
    person, project = _PEOPLE[number % 10], _PROJECTS[number // 10 % 5]
    folder, which = f"Users/{person}/{project}", number // 50
    if which == 0:
        # As the studio offers it for download: it names the workspace, and whoever reads it goes on doing so.
        about = {"subscription_id": SUBSCRIPTION_ID, "resource_group": "demo-rg", "workspace_name": "demo-source"}
        return file(f"{folder}/config.json", text=json.dumps(about, indent=4) + "\n")
    if which % 4 == 1:
        return file(
            f"{folder}/src/step_{which:02}.py", text=f"def step():\n    return {number}\n" * (which % 7 + 1)
        )
    if which % 10 == 9:
        return file(f"{folder}/data/part {which:02}.csv", 2_000 + 900 * (number % 90))
    title = f"# {project}, part {which}, by {person}"
    return file(f"{folder}/{which:02} {project}.ipynb", text=notebook(title, f"print({number})"))
