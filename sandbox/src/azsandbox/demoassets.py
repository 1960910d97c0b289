"""The demo's source workspace: the assets of a small credit-risk team, in the rows that `seed` takes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from azsandbox.seed import DEFAULT_CONTAINER

Row = dict[str, Any]

_STORE = "azureml://{workspace_path}/datastores/workspaceblobstore/paths"
TEAM = {"team": "credit-risk"}
# Code uploaded by current clients lies in a container of its own, older code below the default container.
_OWN_CONTAINER = "2f7c1c0e-demo-code-upload"
_KIB, _MIB = 1024, 1024 * 1024

_CONDA = """channels:
- conda-forge
dependencies:
- python=3.11
- pip
- pip:
  - scikit-learn=={sklearn}
  - pandas==2.2.3
  - mlflow-skinny==2.16.2
name: {name}
"""
_MLTABLE = """type: mltable
paths:
  - pattern: azureml://{workspace_path}/datastores/workspaceblobstore/paths/loans/raw/2/*.parquet
transformations:
  - read_parquet
"""
_DOCKERFILE = """FROM mcr.microsoft.com/azureml/minimal-ubuntu22.04-py311-cpu-inference:latest
COPY requirements.txt .
RUN pip install -r requirements.txt
"""


def blob(path: str, size: int = 0, *, text: str | None = None, container: str = DEFAULT_CONTAINER) -> Row:
    """A blob of `size` made bytes, or of the text."""
    return {"container": container, "path": path, **({"text": text} if text is not None else {"bytes": size})}


def _version(kind: str, name: str, version: int | str, **properties: Any) -> Row:
    plain = {"isAnonymous": False, "isArchived": False, "properties": {}, "tags": {}}
    return {"kind": kind, "name": name, "version": str(version), "properties": {**plain, **properties}}


def _archived(row: Row) -> Row:
    kept = {name: value for name, value in row["properties"].items() if name != "stage"}
    return {**row, "properties": {**kept, "isArchived": True}}


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _code(folder: str) -> tuple[str, str]:
    digest = _sha(folder)
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}", digest


_CODES = {
    "prep": (DEFAULT_CONTAINER, "LocalUpload/{0}/prep", {"prep.py": 3 * _KIB, "rules.yml": 900}),
    "train": (DEFAULT_CONTAINER, "LocalUpload/{0}/train", {"train.py": 6 * _KIB, "lib/features.py": 11 * _KIB}),
    "score": (_OWN_CONTAINER, "score", {"score.py": 2 * _KIB}),
}


def code_id(folder: str) -> str:
    """The ARM id of the code version made of a folder."""
    return f"{{workspace}}/codes/{_code(folder)[0]}/versions/1"


def _codes() -> Iterator[Row]:
    for folder, (container, path, _) in _CODES.items():
        name, digest = _code(folder)
        uri = f"https://{{account}}.blob.core.windows.net/{container}/{path.format(digest)}"
        yield {
            "kind": "codes",
            "name": name,
            "version": "1",
            "properties": {
                "codeUri": uri,
                "isAnonymous": True,
                "isArchived": False,
                "properties": {"hash_sha256": digest, "hash_version": "202208"},
                "tags": {},
            },
        }


def _environments() -> Iterator[Row]:
    image = "mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest"
    for version, sklearn in ((1, "1.4.2"), (2, "1.5.2")):
        yield _version(
            "environments",
            "credit-train",
            version,
            image=image,
            condaFile=_CONDA.format(sklearn=sklearn, name="credit-train"),
            description=f"Training with scikit-learn {sklearn}.",
            osType="Linux",
            tags=TEAM,
        )
    context = f"https://{{account}}.blob.core.windows.net/{DEFAULT_CONTAINER}/LocalUpload/{_sha('serve')}/serve/"
    yield _version(
        "environments",
        "credit-serve",
        1,
        build={"contextUri": context, "dockerfilePath": "Dockerfile"},
        description="Serving image, built from its context.",
        osType="Linux",
        tags=TEAM,
    )
    yield _version("environments", "plain-image", 1, image="python:3.11-slim", osType="Linux")
    legacy = _version("environments", "credit-train-py36", 1, image=f"{image}-py36", osType="Linux")
    yield legacy
    yield _archived(legacy)


def _data() -> Iterator[Row]:
    for version in (1, 2):
        yield _version(
            "data",
            "loans-raw",
            version,
            dataType="uri_folder",
            dataUri=f"{_STORE}/loans/raw/{version}/",
            description=f"Loan applications, delivery {version}.",
            tags={**TEAM, "pii": "pseudonymized"},
        )
    yield _version("data", "loans-labels", 1, dataType="uri_file", dataUri=f"{_STORE}/loans/labels.csv", tags=TEAM)
    yield _version("data", "loans-table", 1, dataType="mltable", dataUri=f"{_STORE}/loans/table/", tags=TEAM)
    lake = "azureml://{workspace_path}/datastores/lake/paths/macro/2024/"
    yield _version("data", "macro-indicators", "2024-12", dataType="uri_folder", dataUri=lake, tags=TEAM)
    old = _version("data", "loans-sample", 1, dataType="uri_file", dataUri=f"{_STORE}/loans/sample.csv")
    yield old
    yield _archived(old)


def _models() -> Iterator[Row]:
    for version, auc in ((1, "0.81"), (2, "0.79"), (4, "0.86")):
        row = _version(
            "models",
            "credit-risk",
            version,
            modelType="custom_model",
            modelUri=f"{_STORE}/models/credit-risk/{version}/model.pkl",
            description="Probability of default within twelve months.",
            tags={**TEAM, "auc": auc},
            properties={"trained.by": "credit-pipeline"},
            stage="Production" if version == 4 else "Development",
        )
        yield row
        if version == 2:
            yield _archived(row)
    for version in (1, 2):
        yield _version(
            "models",
            "churn",
            version,
            modelType="mlflow_model",
            modelUri=f"{_STORE}/models/churn/{version}",
            flavors={"python_function": {"data": {"loader_module": "mlflow.sklearn", "model_path": "model.pkl"}}},
            stage="Development",
        )


def _command(name: str, version: str, folder: str, environment: str, inputs: Row, outputs: Row) -> Row:
    arguments = " ".join(f"--{one} ${{{{inputs.{one}}}}}" for one in inputs)
    arguments += "".join(f" --{one} ${{{{outputs.{one}}}}}" for one in outputs)
    spec = {
        "$schema": "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json",
        "name": name,
        "version": version,
        "display_name": name.replace("_", " "),
        "type": "command",
        "is_deterministic": "True",
        "code": code_id(folder),
        "environment": f"{{workspace}}/environments/{environment}",
        "command": f"python {folder}.py {arguments}",
        "inputs": inputs,
        "outputs": outputs,
        "tags": TEAM,
    }
    digest, _ = _code(f"{name} {version}")
    return _version(
        "components",
        name,
        version,
        componentSpec=spec,
        description=f"{name} of the credit pipeline",
        properties={"client_component_hash": digest},
        tags=TEAM,
    )


def _components() -> Iterator[Row]:
    folder, file = {"type": "uri_folder"}, {"type": "uri_file"}
    trained = {"model": {"type": "custom_model"}}
    yield _command("credit_prep", "1", "prep", "credit-train/versions/2", {"raw": folder}, {"clean": folder})
    yield _command("credit_train", "1", "train", "credit-train/versions/1", {"clean": folder}, trained)
    rate = {"type": "number", "default": "0.1"}
    second = {"clean": folder, "labels": file, "learning_rate": rate}
    yield _command("credit_train", "2", "train", "credit-train/versions/2", second, trained)
    yield _command("credit_score", "1.0.0", "score", "credit-serve/versions/1", {"model": file}, {"scores": file})
    yield _pipeline()


def _pipeline() -> Row:
    component = "{workspace}/components"
    spec = {
        "$schema": "https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json",
        "name": "credit_pipeline",
        "version": "1",
        "display_name": "credit pipeline",
        "type": "pipeline",
        "inputs": {"raw": {"type": "uri_folder"}, "labels": {"type": "uri_file"}},
        "outputs": {"model": {"type": "custom_model"}},
        "jobs": {
            "prep": {
                "type": "command",
                "name": "prep",
                "componentId": f"{component}/credit_prep/versions/1",
                "inputs": {"raw": {"job_input_type": "literal", "value": "${{parent.inputs.raw}}"}},
            },
            "train": {
                "type": "command",
                "name": "train",
                "componentId": f"{component}/credit_train/versions/2",
                "inputs": {
                    "clean": {"job_input_type": "literal", "value": "${{parent.jobs.prep.outputs.clean}}"},
                    "labels": {"job_input_type": "literal", "value": "${{parent.inputs.labels}}"},
                },
                "outputs": {"model": {"type": "literal", "value": "${{parent.outputs.model}}"}},
            },
        },
        "tags": TEAM,
    }
    description = "Preparation and training, end to end."
    return _version("components", "credit_pipeline", "1", componentSpec=spec, description=description, tags=TEAM)


def resources() -> list[Row]:
    """The assets, each after what it refers to."""
    return [*_codes(), *_environments(), *_data(), *_models(), *_components()]


def blobs() -> list[Row]:
    """The bytes behind the assets, and some that no asset refers to."""
    return [*_code_blobs(), *_asset_blobs(), *_stray_blobs()]


def _code_blobs() -> Iterator[Row]:
    for folder, (container, path, files) in _CODES.items():
        for name, size in files.items():
            yield blob(f"{path.format(_code(folder)[1])}/{name}", size, container=container)
    context = f"LocalUpload/{_sha('serve')}/serve"
    yield blob(f"{context}/Dockerfile", text=_DOCKERFILE)
    yield blob(f"{context}/requirements.txt", text="azureml-inference-server-http\nscikit-learn==1.5.2\n")


def _asset_blobs() -> Iterator[Row]:
    for version, parts in ((1, 3), (2, 8)):
        for part in range(parts):
            yield blob(f"loans/raw/{version}/part-{part:05}.parquet", 180 * _KIB + 7919 * part)
    yield blob("loans/raw/2/history.parquet", 9 * _MIB)
    yield blob("loans/labels.csv", 310 * _KIB)
    yield blob("loans/sample.csv", 12 * _KIB)
    yield blob("loans/table/MLTable", text=_MLTABLE)
    for version in (1, 2, 4):
        yield blob(f"models/credit-risk/{version}/model.pkl", 420 * _KIB + version)
    for version in (1, 2):
        yield blob(
            f"models/churn/{version}/MLmodel", text=f"flavors:\n  python_function: {{}}\nrun_id: r{version}\n"
        )
        yield blob(f"models/churn/{version}/model.pkl", 95 * _KIB + version)
        yield blob(f"models/churn/{version}/conda.yaml", text=_CONDA.format(sklearn="1.4.2", name="churn"))


def _stray_blobs() -> Iterator[Row]:
    for number in range(4):
        yield blob(f"scratch/notes {number}.txt", 700 + number)
    yield blob("UI/2024-05-02_091500_UTC/upload.csv", 48 * _KIB)
    run = "ExperimentRun/dcid.credit_train_1714640000"
    for name in ("user_logs/std_log.txt", "outputs/metrics.json", "system_logs/lifecycler.log"):
        yield blob(f"{run}/{name}", 5 * _KIB, container="azureml")


def lake_blobs() -> list[Row]:
    """Bytes in the customer's own account, behind the datastore `lake`."""
    months = [f"macro/2024/{month:02}.csv" for month in range(1, 13)]
    return [blob(path, 20 * _KIB, container="macro") for path in months]
