"""What a team writes by hand: one loop over MLClient that reads each asset, downloads its bytes, and makes it anew.

Run as a program: `python sdk_loop.py SUBSCRIPTION GROUP SOURCE TARGET FOLDER`. The last line on standard output is
JSON: how many assets were made, and what could not be, with the client's reason. Latest versions first or last, job
lineage, archived states and the versions' order are not its concern; it is the simplest thing that carries bytes.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from azure.ai.ml import MLClient  # noqa: E402
from azure.ai.ml.entities import BuildContext, Data, Environment, Model  # noqa: E402
from azure.identity import DefaultAzureCredential  # noqa: E402
from azure.storage.blob import ContainerClient  # noqa: E402


class Loop:
    """Both workspaces, and a folder for the bytes on their way."""

    def __init__(self, subscription: str, group: str, source: str, target: str, folder: Path) -> None:
        credential = DefaultAzureCredential()
        self.source = MLClient(credential, subscription, group, source, enable_telemetry=False)
        self.target = MLClient(credential, subscription, group, target, enable_telemetry=False)
        store = self.source.datastores.get("workspaceblobstore")
        self.account, self.container = store.account_name, store.container_name
        url = f"https://{self.account}.blob.core.windows.net"
        self.bytes = ContainerClient(url, self.container, credential=credential)
        self.folder = folder
        self.made = 0
        self.skipped: dict[str, str] = {}

    def run(self) -> None:
        """Every version of every kind, in the order in which they refer to each other."""
        for kind, make in (
            ("environments", self.environment),
            ("data", self.data),
            ("models", self.model),
            ("components", self.component),
        ):
            operations, goal = getattr(self.source, kind), getattr(self.target, kind)
            for container in operations.list():
                for listed in operations.list(name=container.name):
                    address = f"{kind}/{listed.name}/{listed.version}"
                    try:
                        goal.create_or_update(make(operations.get(listed.name, listed.version)))
                        self.made += 1
                    except Exception as error:  # noqa: BLE001 - what it cannot do is told, and the loop goes on
                        self.skipped[address] = f"{type(error).__name__}: {str(error).strip()[:200]}"

    def download(self, uri: str) -> str:
        """The bytes that a URI of the workspace names, in a local folder; a URI of elsewhere as it is."""
        if uri.startswith("azureml://") and "/workspaceblobstore/paths/" in uri:
            path = uri.partition("/workspaceblobstore/paths/")[2]
        elif f"//{self.account}.blob." in uri and f"/{self.container}/" in uri:
            path = uri.partition(f"/{self.container}/")[2]
        else:
            return uri
        path = path.rstrip("/")
        place = self.folder / path
        for blob in self.bytes.list_blobs(name_starts_with=path):
            if blob.name == path or blob.name.startswith(f"{path}/"):
                file = self.folder / blob.name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(self.bytes.download_blob(blob.name).readall())
        return str(place)

    def environment(self, asset: Any) -> Environment:
        """With its build context, where it has one."""
        build = asset.build and BuildContext(
            path=self.download(asset.build.path), dockerfile_path=asset.build.dockerfile_path
        )
        image = None if build else asset.image
        return Environment(name=asset.name, version=asset.version, description=asset.description, tags=asset.tags,
                           image=image, build=build, conda_file=asset.conda_file or None)  # fmt: skip

    def data(self, asset: Any) -> Data:
        """With its bytes."""
        return Data(name=asset.name, version=asset.version, description=asset.description, tags=asset.tags,
                    type=asset.type, path=self.download(asset.path))  # fmt: skip

    def model(self, asset: Any) -> Model:
        """With its bytes."""
        return Model(name=asset.name, version=asset.version, description=asset.description, tags=asset.tags,
                     type=asset.type, path=self.download(asset.path))  # fmt: skip

    def component(self, asset: Any) -> Any:
        """With its code, which the client uploads as a code asset of its own."""
        if code := getattr(asset, "code", None):
            name, _, version = str(code).partition("/codes/")[2].partition("/versions/")
            # MLClient has no public way to codes; this is what its own operations use.
            asset.code = self.download(self.source._code.get(name, version).path)
        if (
            str(getattr(asset, "environment", "")).startswith("/subscriptions/")
            and "/environments/" in asset.environment
        ):
            name, _, version = asset.environment.partition("/environments/")[2].partition("/versions/")
            asset.environment = f"azureml:{name}:{version}"
        return asset


if __name__ == "__main__":
    loop = Loop(*sys.argv[1:5], Path(sys.argv[5]))
    loop.run()
    print(json.dumps({"made": loop.made, "skipped": loop.skipped}))
