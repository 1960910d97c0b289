"""Where things of the source are in the target: pure look-ups and rewriting of references."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from amlmigrate.core.address import Address
from amlmigrate.core.places import Places
from amlmigrate.core.reference import (
    HADOOP_URL,
    HTTPS_URL,
    JOB_TAIL,
    JOB_URI,
    REGION_URI,
    RUN_URI,
    WHOLE_HADOOP,
    WHOLE_HTTPS,
    WHOLE_JOB,
    WHOLE_REGION,
    WHOLE_RUN,
    WHOLE_WORKSPACE,
    WORKSPACE_URI,
    Reference,
    WorkspaceScope,
    item_below,
    references,
)
from amlmigrate.core.workspace import DATASTORES, Datastore, Location, Service, SurveyedWorkspace

# Code uploads have containers of their own in the source; in the target they get a folder each below this
# one in the default container, since only the service itself can make such containers.
CODE_FOLDER = "migrated-code"
# `ExperimentRun/dcid.<job>` below the artifact store holds what a job wrote (AZ-WS-2).
ARTIFACT_STORE = "workspaceartifactstore"
DEFAULT_STORE = "workspaceblobstore"
_ARTIFACTS = ("artifacts", "default")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One string of a body that names another place than the source document did."""

    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Mapping:
    """From the source workspace to the target workspace."""

    source: SurveyedWorkspace
    target: SurveyedWorkspace
    # What the target calls items of the source that have another name there.
    names: dict[Address, Address] = field(default_factory=dict)
    # The object ids that people, groups and applications have in the target's tenant, by those of the source's.
    principals: dict[str, str] = field(default_factory=dict)

    @cached_property
    def places(self) -> Places:
        """The places of the source as they stand in any text."""
        return Places(self)

    def called(self, address: Address) -> Address:
        """What the target calls an item of the source, and all that lies below it."""
        if not self.names:
            return address
        item, own = address.item, address.container
        if whole := self.names.get(item):
            return replace(whole, phase=address.phase)
        found = self.names.get(own)
        if found is None and own.parent is not None:
            parent = self.called(own.parent)
            found = Address(own.kind, (*parent.path, own.name))
        return replace(item, path=(*(found or own).path, *item.path[len(own.path) :]), phase=address.phase)

    def __reduce__(self) -> tuple[type[Mapping], tuple[Any, ...]]:
        """What it is made of: its places are made of itself, and anew."""
        return type(self), tuple(getattr(self, one.name) for one in fields(self))

    def in_source(self, scope: WorkspaceScope) -> bool:
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
        """Where in this cloud's blob storage the bytes lie that a reference names; None where it is not known."""
        found = self._located(reference)
        return None if found is None or found.elsewhere(self.source.storage_suffix) else found

    def _located(self, reference: Reference) -> Location | None:
        if reference.location:
            return reference.location
        if reference.job:
            found = self.output(reference.job, reference.output or "", reference.path or "")
            return self.locate(found) if found else None
        if reference.datastore and self.in_source(reference.scope):
            store = self.source.datastore(reference.datastore)
            if store and store.root:
                return store.root.below(reference.path or "")
        return None

    def place(self, location: Location) -> Location | None:
        """Where bytes of the source's own containers go in the target; None for bytes of anybody else's."""
        if location.elsewhere(self.source.storage_suffix):
            return None
        for root, goal in self.roots():
            if location.key == root.key:
                return goal.below(location.path)
        folder = self._code_folder(location)
        default = self.target.datastore(DEFAULT_STORE)
        if folder and default and default.root:
            return default.root.below(f"{CODE_FOLDER}/{folder}").below(location.path)
        return None

    def moves(self, location: Location) -> bool:
        """Whether they go to another container: not those of anybody else's, or of one that both sides have."""
        goal = self.place(location)
        return goal is not None and goal.key != location.key

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
        text = JOB_URI.sub(lambda match: self._job_uri(match[0], match, match["output"]), text)
        return RUN_URI.sub(lambda match: self._job_uri(match[0], match, "artifacts"), text)

    def rewrite_whole(self, text: str) -> str:
        """The same for a text that is one address to its end, whatever signs it holds."""
        forms: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
            (WHOLE_WORKSPACE, self._workspace_uri),
            (WHOLE_REGION, self._region_uri),
            (WHOLE_HTTPS, self._https_url),
            (WHOLE_HADOOP, self._hadoop_url),
            (WHOLE_JOB, lambda match: self._job_uri(match[0], match, match["output"])),
            (WHOLE_RUN, lambda match: self._job_uri(match[0], match, "artifacts")),
        )
        for pattern, change in forms:
            if match := pattern.match(text):
                return change(match) + text[match.end() :]
        return text

    def renamed(self, reference: Reference) -> str:
        """The text of a reference to something of the same workspace by its name alone, by the target's name."""
        if not self.names or not reference.scope.local or not reference.names or reference.version:
            return reference.text
        called, old = self.called(Address.of(str(reference.kind), *reference.names)).name, reference.names[-1]
        return reference.text if called == old else f"{reference.text.removesuffix(old)}{called}"

    def _workspace_uri(self, match: re.Match[str]) -> str:
        if not self.in_source(WorkspaceScope(match["subscription"], match["group"], match["workspace"])):
            return match[0]
        if job := JOB_TAIL.match(match["tail"]):
            return self._job_uri(match[0], job, job["output"])
        ref = self.target.ref
        groups = "resourceGroups" if match["provider"] else "resourcegroups"
        return (
            f"{match['scheme']}subscriptions/{ref.subscription}/{groups}/{ref.group}"
            f"/{match['provider'] or ''}workspaces/{ref.name}{self._tail(match['tail'])}"
        )

    def _region_uri(self, match: re.Match[str]) -> str:
        if not self.in_source(WorkspaceScope(workspace_id=match["workspace_id"])):
            return match[0]
        if job := JOB_TAIL.match(match["tail"]):
            return self._job_uri(match[0], job, job["output"])
        return f"azureml://locations/{self.target.location}/workspaces/{self.target.workspace_id}{self._tail(match['tail'])}"

    def _tail(self, tail: str) -> str:
        """What stands below a workspace, by the names that the target has."""
        if not self.names or (named := item_below(tail)) is None:
            return tail
        called = self.called(Address.of(str(named.kind), *named.names)).path
        segments = tail.split("/")
        for place, name in enumerate(called):
            segments[2 * place + 2] = name
        return "/".join(segments)

    def _https_url(self, match: re.Match[str]) -> str:
        goal = self._url_place(match)
        if goal is None:
            return match[0]
        service = match[0].split(".", 2)[1]
        host = f"{goal.account}.{service}.{match['suffix']}"
        return f"{match['http']}://{host}/{goal.container}{_url_path(match, goal)}"

    def _hadoop_url(self, match: re.Match[str]) -> str:
        goal = self._url_place(match)
        if goal is None:
            return match[0]
        host = f"{goal.account}.{match['service']}.{match['suffix']}"
        return f"{match['scheme']}://{goal.container}@{host}{_url_path(match, goal)}"

    def _url_place(self, match: re.Match[str]) -> Location | None:
        path = match["path"].removeprefix("/")
        return self.place(Location(match["account"], match["container"], path, match["suffix"]))

    def _job_uri(self, text: str, match: re.Match[str], output: str) -> str:
        """A job's output by the place at which it lies: the job itself is in no target."""
        found = self.output(match["job"], output, match["path"] or "")
        if found is None:
            return text
        if found.location:
            goal = self.place(found.location)
            store = next((s for s in self.target.datastores if s.system and goal and _holds(s, goal)), None)
            if goal is None:
                return found.text
            return self._store_uri(store.name, goal.path) if store else text
        return self._store_uri(str(found.datastore), found.path or "") if self._in_target(found) else text

    def _in_target(self, reference: Reference) -> bool:
        """Whether the target has, or will have, the datastore that a reference names."""
        store = self.source.datastore(str(reference.datastore))
        return store is not None and (not store.system or self.target.datastore(store.name) is not None)

    def _store_uri(self, store: str, path: str) -> str:
        ref = self.target.ref
        return (
            f"azureml://subscriptions/{ref.subscription}/resourcegroups/{ref.group}/workspaces/{ref.name}"
            f"/{DATASTORES}/{store}/paths/{path}"
        )

    def output(self, job: str, output: str, path: str) -> Reference | None:
        """Where a job put an output: as its document says, else by the service's defaults; None: not known.

        Artifacts lie below `ExperimentRun/dcid.<job>` of the artifact store, named outputs below
        `azureml/<job>/<output>` of the default datastore.
        """
        if uri := self.source.job_outputs.get((job, output)):
            named = next(references({"uri": uri}), None)
            if named is None or not self.in_source(named.scope):
                return None
            if named.location:
                return replace(named, text=_joined(named.text, path), location=named.location.below(path))
            if named.datastore:
                return replace(named, path=_joined(named.path or "", path))
        name, folder = (ARTIFACT_STORE, f"ExperimentRun/dcid.{job}")
        if output not in _ARTIFACTS:
            name, folder = (DEFAULT_STORE, f"azureml/{job}/{output}")
        return Reference("", "", datastore=name, path=_joined(folder, path))

    def _code_folder(self, location: Location) -> str | None:
        """The folder for a container of code uploads: the part of its name that is its own.

        The service names them `<workspaceId>-<26 characters>`, before 2023 `<first 10 characters>-<guid>`
        (AZ-ASSET-15); any other container that a code lies in is known by that code.
        """
        if location.account != self.source.storage_account or location.service is not Service.BLOB:
            return None
        if any(root.container == location.container for root, _ in self.roots()):
            return None
        workspace_id = self.source.workspace_id
        for start in (f"{workspace_id}-", f"{workspace_id[:10]}-"):
            if workspace_id and location.container.startswith(start):
                return location.container.removeprefix(start)
        return location.container if location.container in self.source.upload_containers else None


def _joined(folder: str, path: str) -> str:
    return "/".join(part for part in (folder.rstrip("/"), path) if part)


def _url_path(match: re.Match[str], goal: Location) -> str:
    """The path of a URL at its new place, with a slash at its end where there was one."""
    path = f"/{goal.path}" if goal.path else ""
    return f"{path}/" if match["path"].endswith("/") and not path.endswith("/") else path


def _holds(store: Datastore, location: Location) -> bool:
    root = store.root
    return root is not None and root.key == location.key
