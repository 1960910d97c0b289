"""Where things of the source are in the target: pure look-ups and rewriting of references."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from amlmigrate.core.reference import HADOOP_URL, HTTPS_URL, REGION_URI, WORKSPACE_URI, Reference, Scope
from amlmigrate.core.workspace import Datastore, Location, Workspace

# Code uploads have containers of their own in the source; in the target they get a folder each below this
# one in the default container, since only the service itself can make such containers.
CODE_FOLDER = "migrated-code"
# `ExperimentRun/dcid.<job>` below the artifact store holds what a job wrote (azure-facts: system datastores).
ARTIFACT_STORE = "workspaceartifactstore"
DEFAULT_STORE = "workspaceblobstore"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One string of a body that names another place than the source document did."""

    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Mapping:
    """From the source workspace to the target workspace."""

    source: Workspace
    target: Workspace

    def in_source(self, scope: Scope) -> bool:
        """Whether a reference's workspace is the source."""
        if scope.local:
            return True
        if scope.workspace_id:
            return scope.workspace_id.lower() == self.source.workspace_id.lower()
        ref = self.source.ref
        named = (scope.subscription, scope.group, scope.workspace)
        return all(
            str(left).lower() == right.lower()
            for left, right in zip(named, (ref.subscription, ref.group, ref.name), strict=True)
        )

    def locate(self, reference: Reference) -> Location | None:
        """Where in blob storage the bytes lie that a reference names; None where that cannot be known."""
        if reference.location:
            return reference.location
        if reference.job and reference.path is not None:
            return self._job_path(reference.job, reference.output or "", reference.path)
        if reference.datastore and self.in_source(reference.scope):
            store = self.source.datastore(reference.datastore)
            if store and store.root:
                return store.root.below(reference.path or "")
        return None

    def place(self, location: Location) -> Location | None:
        """Where bytes of the source's own containers go in the target; None for bytes of anybody else's."""
        for root, goal in self.roots():
            if (location.account.lower(), location.container) == (root.account.lower(), root.container):
                return goal.below(location.path)
        folder = self._code_folder(location)
        default = self.target.datastore(DEFAULT_STORE)
        if folder and default and default.root:
            return default.root.below(f"{CODE_FOLDER}/{folder}").below(location.path)
        return None

    def roots(self) -> Iterator[tuple[Location, Location]]:
        """The containers of the source's system datastores, each with its counterpart."""
        for store in self.source.datastores:
            twin = self.target.datastore(store.name)
            if store.system and store.root and twin and twin.root:
                yield store.root, twin.root

    def rewrite(self, text: str) -> str:
        """The text with each reference to the source turned into one to the target; all else is left alone."""
        text = WORKSPACE_URI.sub(self._workspace_uri, text)
        text = REGION_URI.sub(self._region_uri, text)
        text = HTTPS_URL.sub(self._https_url, text)
        text = HADOOP_URL.sub(self._hadoop_url, text)
        if text.startswith(("azureml://jobs/", "runs:/")):
            return self._job_uri(text)
        return text

    def _workspace_uri(self, match: re.Match[str]) -> str:
        if not self.in_source(Scope(match["subscription"], match["group"], match["workspace"])):
            return match[0]
        ref = self.target.ref
        groups = "resourceGroups" if match["provider"] else "resourcegroups"
        return (
            f"{match['scheme']}subscriptions/{ref.subscription}/{groups}/{ref.group}"
            f"/{match['provider'] or ''}workspaces/{ref.name}{match['tail']}"
        )

    def _region_uri(self, match: re.Match[str]) -> str:
        if not self.in_source(Scope(workspace_id=match["workspace_id"])):
            return match[0]
        return f"azureml://locations/{self.target.location}/workspaces/{self.target.workspace_id}{match['tail']}"

    def _https_url(self, match: re.Match[str]) -> str:
        path = match["path"]
        goal = self.place(Location(match["account"].lower(), match["container"], path.lstrip("/").rstrip("/")))
        if goal is None:
            return match[0]
        slash = "/" if path.endswith("/") and not goal.path.endswith("/") else ""
        service = match[0].split(".", 2)[1]
        return f"https://{goal.account}.{service}.{match['suffix']}/{goal.container}/{goal.path}{slash}"

    def _hadoop_url(self, match: re.Match[str]) -> str:
        path = match["path"]
        goal = self.place(Location(match["account"].lower(), match["container"], path.lstrip("/").rstrip("/")))
        if goal is None:
            return match[0]
        slash = "/" if path.endswith("/") and not goal.path.endswith("/") else ""
        return f"{match['scheme']}://{goal.container}@{goal.account}.{match['service']}.{match['suffix']}/{goal.path}{slash}"

    def _job_uri(self, text: str) -> str:
        from amlmigrate.core.reference import references

        reference = next(references(text), None)
        location = self.locate(reference) if reference else None
        goal = self.place(location) if location else None
        if goal is None:
            return text
        store = next((s for s in self.target.datastores if s.system and _holds(s, goal)), None)
        if store is None or store.root is None:
            return text
        ref = self.target.ref
        return (
            f"azureml://subscriptions/{ref.subscription}/resourcegroups/{ref.group}/workspaces/{ref.name}"
            f"/datastores/{store.name}/paths/{goal.path}"
        )

    def _job_path(self, job: str, output: str, path: str) -> Location | None:
        store = self.source.datastore(ARTIFACT_STORE)
        if output != "artifacts" or store is None or store.root is None:
            return None
        return store.root.below(f"ExperimentRun/dcid.{job}").below(path)

    def _code_folder(self, location: Location) -> str | None:
        """The folder for a container of code uploads: the part of its name that is its own.

        The service names them `<workspaceId>-<26 characters>`, before 2023 `<first 10 characters>-<guid>`
        (wire-facts, section 5); any other container that a code lies in is known by that code.
        """
        if location.account.lower() != self.source.storage_account.lower():
            return None
        if any(root.container == location.container for root, _ in self.roots()):
            return None
        workspace_id = self.source.workspace_id
        for start in (f"{workspace_id}-", f"{workspace_id[:10]}-"):
            if workspace_id and location.container.startswith(start):
                return location.container.removeprefix(start)
        return location.container if location.container in self.source.upload_containers else None


def _holds(store: Datastore, location: Location) -> bool:
    root = store.root
    return root is not None and (root.account, root.container) == (location.account, location.container)
