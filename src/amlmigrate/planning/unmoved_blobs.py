"""Blobs that stay: what is said of those of a container that do not move, and whose they may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amlmigrate.bytes.listings import Listing, ListingDigest
from amlmigrate.bytes.prefixes import PrefixSet
from amlmigrate.core.asset import Blob
from amlmigrate.core.finding import Finding
from amlmigrate.core.workspace import Location, SurveyedWorkspace
from amlmigrate.kinds import Rest

EMPTY_REASON = "it is empty"


@dataclass(frozen=True, slots=True)
class OtherUsers:
    """Who else uses the source's account, in words, and why there may be more; both empty where nobody does."""

    names: str = ""
    unknown: str = ""

    def __bool__(self) -> bool:
        return bool(self.names or self.unknown)

    @property
    def says(self) -> str:
        """What is told of it."""
        if self.names:
            return f"the account serves others too: {self.names}"
        return f"whether the account serves other workspaces is not known: {self.unknown}"

    @property
    def beside(self) -> str:
        """The same, of what may be another's."""
        return f"; {self.says}, and they may be theirs"

    def findings(self, workspace: SurveyedWorkspace) -> list[Finding]:
        """The same for the plan's header."""
        if not self:
            return []
        return [
            Finding(
                "warning",
                workspace.id,
                f"Of the storage account '{workspace.storage_account}': {self.says}. Containers that bear"
                " another workspace's number are not part of this plan.",
                "What lies in containers that all have is copied only where something of this workspace names it.",
                code="account-of-others",
            )
        ]


@dataclass(frozen=True, slots=True)
class NamedBlobs:
    """What names blobs that do not move: assets that stay, and jobs, which are never moved.

    `whole`: whether every collection of assets could be listed, so that no asset is unknown.
    """

    staying: PrefixSet
    of_jobs: PrefixSet
    whole: bool = True

    def sort(self, place: Location) -> str:
        """What is said of a blob at a place."""
        if self.staying.prefix(place) is not None:
            return "of assets that stay"
        if self.of_jobs.prefix(place) is not None:
            return "of jobs"
        return "that no asset refers to" if self.whole else "that no asset refers to of those that could be listed"


def job_folders(workspace: SurveyedWorkspace, root: Location) -> Iterator[Location]:
    """Where the service puts what a job writes, for each job that is listed (AZ-WS-2)."""
    for job in workspace.jobs:
        yield root.below(f"ExperimentRun/dcid.{job}")
        yield root.below(f"azureml/{job}")


def copied_roots(listing: Listing, workspace: SurveyedWorkspace, others: OtherUsers) -> Iterable[Location]:
    """What `--unreferenced copy` copies of a container: all, if it is the workspace's alone, else its jobs'."""
    root = listing.place
    return [root] if workspace.owns(root.container) or not others else job_folders(workspace, root)


class UnmovedBlobs:
    """The blobs of a container that do not move, one after the other, in the order of their paths."""

    def __init__(self, place: Location, known: NamedBlobs) -> None:
        self._place = place
        self._known = known
        self._sorts: Counter[str] = Counter()
        self._digest = ListingDigest()

    def add(self, blob: Blob) -> None:
        """The next one."""
        self._sorts[self._known.sort(self._place.at(blob.path))] += 1
        self._digest.add(blob)

    def __bool__(self) -> bool:
        return self._digest.blobs > 0

    def rest(self) -> Rest:
        """What there is of them."""
        found = self._digest
        return Rest(found.blobs, found.bytes, found.hexdigest(), dict(self._sorts.most_common()))
